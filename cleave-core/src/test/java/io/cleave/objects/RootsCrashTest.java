package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever dies while a name is made or dropped, and whoever dies after: it is there or not, and no byte is lost. */
@Timeout(CrashHarness.LIMIT_SECONDS)
final class RootsCrashTest {
    static Stream<String> names() {
        return CrashHarness.names(new RootsScenarios(), _ -> true);
    }

    @ParameterizedTest
    @MethodSource("names")
    void aNameIsThereOrNotWhereverItsMakerIsCutOff(String names) throws InterruptedException {
        assertThat(CrashHarness.play(RootsScenarios.class, names)).isGreaterThan(10);
    }
}
