package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever dies in the middle of an operation on a map, and whoever dies while it is finished: it has happened or not. */
@Timeout(CrashHarness.LIMIT_SECONDS)
class MapCrashTest {
    static Stream<String> names() {
        return CrashHarness.names(new MapScenarios(), _ -> true);
    }

    @ParameterizedTest
    @MethodSource("names")
    void anOperationHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String names) throws InterruptedException {
        assertThat(CrashHarness.play(MapScenarios.class, names)).isGreaterThan(8);
    }
}
