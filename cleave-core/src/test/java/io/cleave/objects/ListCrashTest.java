package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whoever dies in the middle of an operation on a list, and whoever dies while it is finished: it has happened or not.
 */
@Timeout(CrashHarness.LIMIT_SECONDS)
class ListCrashTest {
    /** What is played where not all is: one scenario for each way to change a list. */
    private static final Set<String> USUAL = Set.of("add", "add-block", "add-numbers", "add-larger-leaf", "set-block",
            "insert-splitting", "remove-joining", "clear", "sort");

    static Stream<String> names() {
        return CrashHarness.names(new ListScenarios(), USUAL::contains);
    }

    @ParameterizedTest
    @MethodSource("names")
    void anOperationHappensInItsStepsOrNotAtAllWhereverItIsCutOff(String names) throws InterruptedException {
        assertThat(CrashHarness.play(ListScenarios.class, names)).isGreaterThanOrEqualTo(3);
    }
}
