package io.cleave.heap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever dies in the middle of a change, and whoever dies while it is finished: it has happened or not, and no byte is lost. */
class HeapCrashTest {
    /** Those of which each second death is played for each first one; with the others it takes a minute or more. */
    private static final List<String> SHORT = List.of("replace-small", "raw-blocks", "small-by-large");

    static Stream<String> names() {
        return new HeapScenarios().get().stream().map(CrashScenario::name);
    }

    @ParameterizedTest
    @MethodSource("names")
    void aChangeHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String name) throws InterruptedException {
        assertThat(CrashHarness.play(HeapScenarios.class, name, SHORT.contains(name))).isGreaterThan(8);
    }
}
