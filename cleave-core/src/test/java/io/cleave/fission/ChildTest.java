package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.channel.Doorbell;
import io.cleave.channel.Ring;
import io.cleave.os.Unistd;
import io.cleave.share.Codec;
import io.cleave.testing.Delays;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

    /**
     * What a child allocated before its first item counted as that item's, so that the next child took it for known what an
     * item needs, and began more of them together than it had memory for.
     */
    @Test
    void whatIsAllocatedBeforeTheFirstItemIsNoItems() {
        try (Arena arena = Arena.ofConfined();
                RunMemory memory = new RunMemory(1);
                Window window = new Window(new Object[] {1}, 0, 1)) {
            List<Long> seen = new ArrayList<>();
            Body body = new Body.Slicewise(slice -> {
                seen.add(memory.slot(0).largest());
                return slice.stream().map(x -> x);
            });
            Ring.Producer out = memory.ring(0).producer(new Doorbell(arena.allocate(Doorbell.BYTES, 64)),
                    new ParentWatch(Unistd.getppid(), memory.slot(0)));
            ChildMain child = new ChildMain(body, Codec.java(), null, window, 1, memory.slot(0), out,
                    memory.side(0).producer(), Long.MAX_VALUE, 0, 0);
            seen.add((long) new byte[1 << 20].length);
            child.work();
            assertThat(seen).containsExactly(1L << 20, 0L);
        }
    }
}
