package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever dies in the middle of an operation on a map, and whoever dies while it is finished: it has happened or not. */
class MapCrashTest {
    /**
     * Whether each second death is played for each first one, which takes some minutes: in a run with
     * {@code -Dcleave.everySecondDeath=true} and {@code CLEAVE_TEST_SCALE=20}; else the n-th with the n-th.
     */
    private static final boolean IS_EVERY_SECOND = Boolean.getBoolean("cleave.everySecondDeath");

    static Stream<String> names() {
        return new MapScenarios().get().stream().map(CrashScenario::name);
    }

    @ParameterizedTest
    @MethodSource("names")
    void anOperationHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String name) throws InterruptedException {
        assertThat(CrashHarness.play(MapScenarios.class, name, IS_EVERY_SECOND)).isGreaterThan(8);
    }
}
