package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import io.cleave.testing.Exhaustive;
import io.cleave.testing.ForkedChild;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every operation of every object is cut off after each of its stores by the end of its process, and for each of those
 * the next who uses the object after one of its own; a third goes on in every case. In a run that is
 * {@link Exhaustive} the next is cut off after each of its own, which takes three times as long.
 */
@Timeout(900)
final class EveryStoreCrashTest {
    /** How long one scene may take. */
    private static final Duration PATIENCE = Delays.PATIENCE.multipliedBy(4);

    /** How many groups are played at once: most of the time they wait. */
    private static final int AT_ONCE = 2;

    @Test
    void othersGoOnWhereverOneAndAnotherDied() throws Exception {
        try (ExecutorService executor = Executors.newFixedThreadPool(AT_ONCE)) {
            List<Future<Void>> groups = new ArrayList<>();
            for (String group : CrashScenes.GROUPS) {
                groups.add(executor.submit(() -> {
                    play(group);
                    return null;
                }));
            }
            for (Future<Void> group : groups) {
                group.get();
            }
        }
    }

    private static void play(String group) throws Exception {
        int scenes = CrashScenes.of(group).size();
        try (ChildJvm jvm = ChildJvm.start(ForkedChild.jvm("-Dcleave.crashPoint=0", "-Dcleave.sliceNanos=4000000"),
                CrashRun.class, group, Boolean.toString(Exhaustive.IS_ON))) {
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
