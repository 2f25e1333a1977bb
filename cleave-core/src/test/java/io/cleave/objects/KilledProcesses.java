package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.Signals;
import io.cleave.testing.ChildJvm;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** JVMs that use a structure at once, of which some are killed and replaced. Each says when it is ready, and waits for a go. */
final class KilledProcesses {
    static final int COUNT = 4;
    private static final int LONGEST_STOP_MILLIS = 30;

    private KilledProcesses() {
    }

    /**
     * Runs them until all have ended by themselves that were not killed.
     *
     * @param kills how many are killed, one after the other
     * @param longestBreakMillis between two of these
     * @param areStopped whether another one is stopped for a while at each kill
     */
    static void run(int kills, int longestBreakMillis, boolean areStopped, Supplier<ChildJvm> starter)
            throws InterruptedException {
        Random random = new Random(kills);
        List<ChildJvm> jvms = new ArrayList<>();
        try {
            for (int i = 0; i < COUNT; i++) {
                jvms.add(starter.get());
            }
            for (ChildJvm jvm : jvms) {
                String _ = jvm.awaitLine("ready");
            }
            jvms.forEach(jvm -> jvm.send("go"));
            for (int i = 0; i < kills; i++) {
                Thread.sleep(random.nextInt(longestBreakMillis / 6, longestBreakMillis));
                int victim = random.nextInt(COUNT);
                kill(jvms.get(victim), areStopped ? jvms.get((victim + 1) % COUNT) : null, random);
                jvms.set(victim, starter.get());
                jvms.get(victim).send("go");
            }
            for (ChildJvm jvm : jvms) {
                assertThat(jvm.awaitExit()).as(() -> String.join("\n", jvm.lines())).isZero();
            }
        } finally {
            jvms.forEach(ChildJvm::close);
        }
    }

    private static void kill(ChildJvm victim, @Nullable ChildJvm stopped, Random random) throws InterruptedException {
        if (stopped != null) {
            Signals.kill((int) stopped.pid(), Signals.SIGSTOP);
        }
        boolean _ = victim.handle().destroyForcibly();
        if (stopped != null) {
            Thread.sleep(random.nextInt(LONGEST_STOP_MILLIS));
            Signals.kill((int) stopped.pid(), Signals.SIGCONT);
        }
    }
}
