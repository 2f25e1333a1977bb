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
 * Whoever dies in the middle of an operation on a queue, and whoever dies while it is finished: it has happened or not. With
 * {@code CLEAVE_TEST_SCALE} of more than 2 all scenarios are played.
 */
class QueueCrashTest {
    /** As in {@link MapCrashTest}. */
    private static final boolean IS_EVERY_SECOND = Boolean.getBoolean("cleave.everySecondDeath");
    private static final boolean IS_LONG = Delays.scaled(Duration.ofSeconds(1)).compareTo(Duration.ofSeconds(2)) > 0;
    /** What is played where tests are not given more time than usual: one scenario for each way to change a queue. */
    private static final Set<String> USUAL = Set.of("queue-put", "queue-put-long", "queue-take", "queue-remove-some",
            "queue-end", "stack-put", "stack-take-long");

    static Stream<String> names() {
        return new QueueScenarios().get().stream().map(CrashScenario::name)
                .filter(name -> IS_LONG || USUAL.contains(name));
    }

    static Stream<String> namesOfNumbers() {
        return new NumberQueueScenarios().get().stream().map(CrashScenario::name);
    }

    @ParameterizedTest
    @MethodSource("namesOfNumbers")
    void anOperationOnNumbersHappensAsAWholeOrNotAtAll(String name) throws InterruptedException {
        assertThat(CrashHarness.play(NumberQueueScenarios.class, name, IS_EVERY_SECOND)).isPositive();
    }

    @ParameterizedTest
    @MethodSource("names")
    void anOperationHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String name) throws InterruptedException {
        assertThat(CrashHarness.play(QueueScenarios.class, name, IS_EVERY_SECOND)).isPositive();
    }
}
