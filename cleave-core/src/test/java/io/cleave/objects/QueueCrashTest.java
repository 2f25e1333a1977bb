package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whoever dies in the middle of an operation on a queue, and whoever dies while it is finished: it has happened or not.
 */
@Timeout(CrashHarness.LIMIT_SECONDS)
class QueueCrashTest {
    /** What is played where not all is: one scenario for each way to change a queue. */
    private static final Set<String> USUAL = Set.of("queue-put", "queue-put-long", "queue-take", "queue-remove-some",
            "queue-end", "stack-put", "stack-take-long");

    static Stream<String> names() {
        return CrashHarness.names(new QueueScenarios(), USUAL::contains);
    }

    static Stream<String> namesOfNumbers() {
        return CrashHarness.names(new NumberQueueScenarios(), _ -> true);
    }

    @ParameterizedTest
    @MethodSource("namesOfNumbers")
    void anOperationOnNumbersHappensAsAWholeOrNotAtAll(String names) throws InterruptedException {
        assertThat(CrashHarness.play(NumberQueueScenarios.class, names)).isPositive();
    }

    @ParameterizedTest
    @MethodSource("names")
    void anOperationHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String names) throws InterruptedException {
        assertThat(CrashHarness.play(QueueScenarios.class, names)).isPositive();
    }
}
