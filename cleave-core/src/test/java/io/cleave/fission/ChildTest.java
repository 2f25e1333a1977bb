package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.Unistd;
import io.cleave.testing.Delays;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A child as its parent knows it. */
final class ChildTest {
    private static final Duration MORE_THAN_A_START_MAY_TAKE = Duration.ofMillis(5_200);

    /** The wait for the turn to fork counted as the child's own, so that it was given up before it could start. */
    @Test
    void theTimeToSetItselfUpBeginsWithTheFork() {
        try (RunMemory memory = new RunMemory(1); Window window = new Window(new Object[] {1}, 0, 1)) {
            RunMemory.Slot slot = memory.slot(0);
            slot.reset(System.nanoTime());
            Child child = new Child(0, 1, window, slot, memory.ring(0).consumer(), memory.side(0));
            Delays.pause(MORE_THAN_A_START_MAY_TAKE);
            child.with(new Forker.Forked(Unistd.getpid(), true));
            long now = System.nanoTime();
            assertThat(child.look(now)).isEqualTo(DeadlockProof.Verdict.OPEN);
            assertThat(child.look(now)).isEqualTo(DeadlockProof.Verdict.OPEN);
            assertThat(child.look(now + MORE_THAN_A_START_MAY_TAKE.toNanos()))
                    .isEqualTo(DeadlockProof.Verdict.UNPROVEN);
        }
    }
}
