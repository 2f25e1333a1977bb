package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whoever dies while a live object is made, changed or dropped, and whoever dies after: it has happened or not, and
 * no byte is lost. With {@code CLEAVE_TEST_SCALE} of more than 2 each death is followed by another one, with {@code
 * -Dcleave.everySecondDeath=true} by one at each store.
 */
class LiveCrashTest {
    private static final boolean IS_LONG = Delays.PATIENCE.compareTo(Duration.ofMinutes(1)) > 0;

    /** Those that are played in one JVM where tests are not given more time than usual. */
    static Stream<String> names() {
        return IS_LONG ? new LiveScenarios().get().stream().map(CrashScenario::name)
                : Stream.of("set-text,clear-text,update-numbers,remove-object", "update,count-after-update");
    }

    private static CrashHarness.Seconds seconds() {
        if (Boolean.getBoolean("cleave.everySecondDeath")) {
            return CrashHarness.Seconds.ALL;
        }
        return IS_LONG ? CrashHarness.Seconds.NONE_AND_NTH : CrashHarness.Seconds.NONE_OR_NTH;
    }

    @ParameterizedTest
    @MethodSource("names")
    void anOperationHappensAsAWholeOrNotAtAllWhereverItIsCutOff(String names) throws InterruptedException {
        assertThat(CrashHarness.play(LiveScenarios.class, names, seconds())).isGreaterThan(5);
    }
}
