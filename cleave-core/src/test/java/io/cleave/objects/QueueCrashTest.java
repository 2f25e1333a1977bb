package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever dies in the middle of an operation on a queue, and whoever dies while it is finished: it has happened or not. */
class QueueCrashTest {
    /** As in {@link MapCrashTest}. */
    private static final boolean IS_EVERY_SECOND = Boolean.getBoolean("cleave.everySecondDeath");

    static Stream<String> names() {
        return new QueueScenarios().get().stream().map(CrashScenario::name);
    }

    @ParameterizedTest
    @MethodSource("names")
    void anOperationHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String name) throws InterruptedException {
        assertThat(CrashHarness.play(QueueScenarios.class, name, IS_EVERY_SECOND)).isPositive();
    }
}
