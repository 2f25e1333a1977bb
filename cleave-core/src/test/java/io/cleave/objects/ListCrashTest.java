package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whoever dies in the middle of an operation on a list, and whoever dies while it is finished: it has happened or not. With
 * {@code CLEAVE_TEST_SCALE} of more than 2 all scenarios are played.
 */
class ListCrashTest {
    /** As in {@link MapCrashTest}. */
    private static final boolean IS_EVERY_SECOND = Boolean.getBoolean("cleave.everySecondDeath");

    /** What is played where tests are not given more time than usual: one scenario for each way to change a list. */
    private static final Set<String> USUAL = Set.of("add", "add-block", "add-numbers", "add-larger-leaf", "set-block",
            "insert-splitting", "remove-joining", "clear", "sort");

    static Stream<String> names() {
        boolean isLong = Delays.PATIENCE.compareTo(Duration.ofMinutes(1)) > 0;
        return new ListScenarios().get().stream().map(CrashScenario::name)
                .filter(name -> isLong || USUAL.contains(name));
    }

    @ParameterizedTest
    @MethodSource("names")
    void anOperationHappensInItsStepsOrNotAtAllWhereverItIsCutOff(String name) throws InterruptedException {
        assertThat(CrashHarness.play(ListScenarios.class, name, IS_EVERY_SECOND)).isGreaterThanOrEqualTo(3);
    }
}
