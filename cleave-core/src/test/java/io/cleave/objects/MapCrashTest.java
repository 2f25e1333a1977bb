package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever dies in the middle of an operation on a map, and whoever dies while it is finished: it has happened or not. */
class MapCrashTest {
    /** Those whose second deaths take too long to be played for each first one. */
    private static final List<String> LONG = List.of("end", "logged");

    static Stream<String> names() {
        return new MapScenarios().get().stream().map(CrashScenario::name);
    }

    @ParameterizedTest
    @MethodSource("names")
    void anOperationHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String name) throws InterruptedException {
        assertThat(CrashHarness.play(MapScenarios.class, name, !LONG.contains(name))).isGreaterThan(8);
    }
}
