package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Becoming a participant is cut off after each of its steps, from the making of their file on. */
final class SlotCrashTest {
    /** Making the file, its length, magic and seed, choosing a slot, its lock, three fields and count, and the stamp. */
    private static final int STEPS = 11;

    @Test
    void othersTakeSlotsWhereverOneDied(@TempDir Path directory) throws Exception {
        int step = 0;
        int exit = SyncCrashTest.KILLED;
        while (exit == SyncCrashTest.KILLED) {
            step++;
            Path fresh = Files.createDirectory(directory.resolve(Integer.toString(step)));
            exit = use(step, fresh);
            assertThat(exit).isIn(0, SyncCrashTest.KILLED);
            assertThat(use(Integer.MAX_VALUE, fresh)).isZero();
        }
        assertThat(step).isGreaterThan(STEPS);
    }

    private static int use(int step, Path directory) throws InterruptedException {
        try (ChildJvm child = ChildJvm.start(Map.of("CLEAVE_DIR", directory.toString()), SyncCrashTest.options(step),
                CrashingUser.class, "slot", "")) {
            return child.awaitExit();
        }
    }
}
