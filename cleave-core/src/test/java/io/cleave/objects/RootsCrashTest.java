package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever dies while a name is made or dropped, and whoever dies after: it is there or not, and no byte is lost. */
final class RootsCrashTest {
    static Stream<String> names() {
        return new RootsScenarios().get().stream().map(CrashScenario::name);
    }

    @ParameterizedTest
    @MethodSource("names")
    void aNameIsThereOrNotWhereverItsMakerIsCutOff(String name) throws InterruptedException {
        assertThat(CrashHarness.play(RootsScenarios.class, name, false)).isGreaterThan(10);
    }
}
