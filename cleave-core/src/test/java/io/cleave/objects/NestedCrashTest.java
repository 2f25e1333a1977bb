package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whoever dies while a structure is put into another or taken from it, and whoever dies after: it has happened or not, and
 * no byte is lost.
 */
@Timeout(CrashHarness.LIMIT_SECONDS)
class NestedCrashTest {
    /** What is played where not all is: each way to put, remove, drop. */
    private static final Set<String> USUAL = Set.of("put-large", "replace", "set", "add-all", "remove-deep",
            "remove-if",
            "clear-list", "fail", "drop", "remove-and-add");

    static Stream<String> names() {
        return CrashHarness.names(new NestedScenarios(), USUAL::contains);
    }

    @ParameterizedTest
    @MethodSource("names")
    void anOperationHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String names) throws InterruptedException {
        assertThat(CrashHarness.play(NestedScenarios.class, names)).isGreaterThan(20);
    }
}
