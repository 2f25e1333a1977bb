package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whoever dies while a live object is made, changed or dropped, and whoever dies after: it has happened or not, and
 * no byte is lost.
 */
@Timeout(CrashHarness.LIMIT_SECONDS)
class LiveCrashTest {
    /** What is played where not all is: each way to change one. */
    private static final Set<String> USUAL = Set.of("set-text", "clear-text", "update-numbers", "update",
            "count-after-update");

    static Stream<String> names() {
        return CrashHarness.names(new LiveScenarios(), USUAL::contains);
    }

    @ParameterizedTest
    @MethodSource("names")
    void anOperationHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String names) throws InterruptedException {
        assertThat(CrashHarness.play(LiveScenarios.class, names)).isGreaterThan(5);
    }
}
