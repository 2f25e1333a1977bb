package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whoever dies while a structure is put into another or taken from it, and whoever dies after: it has happened or not, and
 * no byte is lost.
 */
class NestedCrashTest {
    private static final boolean IS_EVERY_SECOND = Boolean.getBoolean("cleave.everySecondDeath");

    static Stream<String> names() {
        return new NestedScenarios().get().stream().map(CrashScenario::name);
    }

    @ParameterizedTest
    @MethodSource("names")
    void anOperationHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String name) throws InterruptedException {
        assertThat(CrashHarness.play(NestedScenarios.class, name, IS_EVERY_SECOND)).isGreaterThan(20);
    }
}
