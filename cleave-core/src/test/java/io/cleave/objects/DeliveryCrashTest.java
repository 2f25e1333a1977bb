package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whoever dies between receiving an element and acknowledging it, and whoever dies while it is brought back: it is in the
 * queue, or was acknowledged. With {@code CLEAVE_TEST_SCALE} of more than 2 all scenarios are played.
 */
class DeliveryCrashTest {
    /** As in {@link MapCrashTest}. */
    private static final boolean IS_EVERY_SECOND = Boolean.getBoolean("cleave.everySecondDeath");
    private static final boolean IS_LONG = Delays.scaled(Duration.ofSeconds(1)).compareTo(Duration.ofSeconds(2)) > 0;
    private static final Set<String> USUAL = Set.of("queue-take", "queue-acknowledge-long", "queue-close",
            "stack-receive-returned", "queue-end-in-flight", "queue-close-some", "stack-remove-some-returned");

    static Stream<String> names() {
        return new DeliveryScenarios().get().stream().map(CrashScenario::name)
                .filter(name -> IS_LONG || USUAL.contains(name));
    }

    @ParameterizedTest
    @MethodSource("names")
    void whatWasNotAcknowledgedIsInTheQueueWhereverItsReceiverIsCutOff(String name) throws InterruptedException {
        assertThat(CrashHarness.play(DeliveryScenarios.class, name, IS_EVERY_SECOND)).isPositive();
    }
}
