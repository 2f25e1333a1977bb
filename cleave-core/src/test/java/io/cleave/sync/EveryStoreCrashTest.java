package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every operation of every object is cut off after each of its stores by the end of its process, and for each of those
 * the next who uses the object after each of its own; a third goes on in every case.
 */
@Timeout(600)
final class EveryStoreCrashTest {
    /** Interpreted only, with room for all that a process makes: a forked child has no compiler, nor a collector. */
    private static final List<String> OPTIONS = List.of("-Xint", "-XX:+UseSerialGC", "-Xmx320m", "-Xmn256m",
            "-XX:-UsePerfData", "-Dcleave.crashPoint=0", "-Dcleave.sliceNanos=4000000");

    /** How long one scene may take. */
    private static final Duration PATIENCE = Delays.PATIENCE.multipliedBy(4);

    static Stream<String> groups() {
        return CrashScenes.GROUPS.stream();
    }

    @ParameterizedTest
    @MethodSource("groups")
    void othersGoOnWhereverOneAndAnotherDied(String group) throws Exception {
        int scenes = CrashScenes.of(group).size();
        try (ChildJvm jvm = ChildJvm.start(OPTIONS, CrashRun.class, group)) {
            int seen = 0;
            while (seen < scenes) {
                int before = seen;
                boolean _ = Delays.within(PATIENCE, () -> played(jvm).size() > before || !jvm.handle().isAlive());
                seen = played(jvm).size();
                assertThat(seen).as("scenes of %s played by %s", group, jvm).isGreaterThan(before);
            }
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(played(jvm)).hasSize(scenes).noneMatch(line -> line.startsWith("stores 0"));
        }
    }

    private static List<String> played(ChildJvm jvm) {
        return jvm.lines().stream().filter(line -> line.startsWith("stores ")).toList();
    }
}
