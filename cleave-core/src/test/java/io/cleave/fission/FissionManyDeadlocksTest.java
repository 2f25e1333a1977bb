package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerDiedException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Runs in which every child meets a deadlock. */
final class FissionManyDeadlocksTest {
    /** With so many children the deadlocks pile up before any one item has been tried as often as it may be. */
    @Test
    void anIsolatedRunFailsWhereAllOfManyChildrenMeetADeadlock() throws InterruptedException {
        ReentrantLock lock = new ReentrantLock();
        try (LockHolder holder = new LockHolder(lock, false);
                Fission fission = Fission.builder().warmUp(0).children(8).build()) {
            assertThatThrownBy(() -> fission.map(IntStream.range(0, 200).boxed().toList(), x -> {
                lock.lock();
                try {
                    return x;
                } finally {
                    lock.unlock();
                }
            })).isInstanceOf(WorkerDiedException.class).hasMessageContaining("cannot be computed in a child");
            assertThat(holder.wasWaitedFor()).isFalse(); // not by anybody in this process
        }
    }
}
