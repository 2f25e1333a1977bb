package io.cleave.heap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever dies in the middle of a change, and whoever dies while it is finished: it has happened or not, and no byte is lost. */
class HeapCrashTest {
    /**
     * Whether each second death is played for each first one, which takes some minutes: in a run with
     * {@code -Dcleave.everySecondDeath=true} and {@code CLEAVE_TEST_SCALE=20}; else the n-th with the n-th.
     */
    private static final boolean IS_EVERY_SECOND = Boolean.getBoolean("cleave.everySecondDeath");

    static Stream<String> names() {
        return new HeapScenarios().get().stream().map(CrashScenario::name);
    }

    @ParameterizedTest
    @MethodSource("names")
    void aChangeHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String name) throws InterruptedException {
        assertThat(CrashHarness.play(HeapScenarios.class, name, IS_EVERY_SECOND)).isGreaterThan(8);
    }
}
