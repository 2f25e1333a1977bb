package io.cleave.heap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever dies in the middle of a change, and whoever dies while it is finished: it has happened or not, and no byte is lost. */
@Timeout(CrashHarness.LIMIT_SECONDS)
class HeapCrashTest {
    static Stream<String> names() {
        return CrashHarness.names(new HeapScenarios(), _ -> true);
    }

    @ParameterizedTest
    @MethodSource("names")
    void aChangeHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String names) throws InterruptedException {
        assertThat(CrashHarness.play(HeapScenarios.class, names)).isGreaterThan(8);
    }
}
