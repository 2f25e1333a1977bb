package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whoever dies between receiving an element and acknowledging it, and whoever dies while it is brought back: it is in the
 * queue, or was acknowledged.
 */
@Timeout(CrashHarness.LIMIT_SECONDS)
class DeliveryCrashTest {
    private static final Set<String> USUAL = Set.of("queue-take", "queue-acknowledge-long", "queue-close",
            "stack-receive-returned", "queue-end-in-flight", "queue-close-some", "stack-remove-some-returned");

    static Stream<String> names() {
        return CrashHarness.names(new DeliveryScenarios(), USUAL::contains);
    }

    @ParameterizedTest
    @MethodSource("names")
    void whatWasNotAcknowledgedIsInTheQueueWhereverItsReceiverIsCutOff(String names) throws InterruptedException {
        assertThat(CrashHarness.play(DeliveryScenarios.class, names)).isPositive();
    }
}
