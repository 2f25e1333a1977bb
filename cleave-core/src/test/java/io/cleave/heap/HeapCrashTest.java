package io.cleave.heap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever dies in the middle of a change, and whoever dies while it is finished: it has happened or not, and no byte is lost. */
class HeapCrashTest {
    /** Those whose second deaths take too long to be played for each first one. */
    private static final List<String> LONG = List.of("fills-a-heap-with-stocks", "out-of-a-full-heap");

    static Stream<String> names() {
        return new HeapScenarios().get().stream().map(CrashScenario::name);
    }

    @ParameterizedTest
    @MethodSource("names")
    void aChangeHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String name) throws InterruptedException {
        assertThat(CrashHarness.play(HeapScenarios.class, name, !LONG.contains(name))).isGreaterThan(8);
    }
}
