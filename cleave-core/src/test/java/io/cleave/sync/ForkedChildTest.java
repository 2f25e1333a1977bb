package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.fission.Fission;
import io.cleave.memory.SharedMemory;
import io.cleave.os.Unistd;
import io.cleave.testing.Delays;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A forked child has its parent's memory and is not its parent. */
@SuppressWarnings("LockNotBeforeTry")
final class ForkedChildTest {

    @Test
    void aChildDoesNotHoldWhatItsParentHolds() {
        try (SharedMemory memory = SharedMemory.anonymous(SharedMutex.BYTES);
                Fission fission = Fission.builder().children(1).warmUp(0).build()) {
            SharedMutex mutex = SharedMutex.at(memory.segment());
            mutex.lock();
            List<String> seen = fission.map(List.of(1), _ -> (Unistd.isForkedChild() ? "child " : "parent ")
                    + mutex.isHeldByCurrentThread() + mutex.tryLock() + mutex.ownerPid().getAsLong());
            assertThat(seen).containsExactly("child falsefalse" + ProcessHandle.current().pid());
            assertThat(mutex.isHeldByCurrentThread()).isTrue();
            mutex.unlock();
        }
    }

    @Test
    void aChildCannotEndItsParentsAsynchronousHolds() throws Exception {
        try (SharedMemory memory = SharedMemory.anonymous(SharedMutex.BYTES + SharedReadWriteLock.BYTES);
                Fission fission = Fission.builder().children(1).warmUp(0).build()) {
            SharedMutex mutex = SharedMutex.at(memory.segment());
            SharedReadWriteLock lock = SharedReadWriteLock.at(memory.segment().asSlice(SharedMutex.BYTES));
            Hold alone = mutex.acquireAsync().get();
            Hold read = lock.readLock().acquireAsync().get();
            assertThat(fission.map(List.of(1), _ -> isRefused(alone::close) && isRefused(alone::consistent)
                    && isRefused(read::close))).containsExactly(true);
            assertThat(mutex.isLocked()).isTrue();
            assertThat(lock.getReadLockCount()).isEqualTo(1);
            read.close();
            alone.close();
            assertThat(mutex.isLocked()).isFalse();
            assertThat(lock.writeLock().tryLock()).isTrue();
            lock.writeLock().unlock();
        }
    }

    private static boolean isRefused(Runnable deed) {
        try {
            deed.run();
            return false;
        } catch (IllegalMonitorStateException e) {
            return Unistd.isForkedChild();
        }
    }

    @Test
    void whatAChildHeldWhenItEndedComesBack() throws Exception {
        try (SharedMemory memory = SharedMemory.anonymous(SharedMutex.BYTES + SharedSemaphore.BYTES);
                Fission fission = Fission.builder().children(1).warmUp(0).build()) {
            MemorySegment segment = memory.segment();
            SharedMutex mutex = SharedMutex.at(segment);
            SharedSemaphore semaphore = SharedSemaphore.at(segment.asSlice(SharedMutex.BYTES), 2);
            assertThat(mutex.acquire()).isEqualTo(Acquisition.CLEAN); // the classes are there before the fork
            mutex.unlock();
            semaphore.acquire();
            List<Boolean> inChild = fission.map(List.of(1), _ -> {
                mutex.lock();
                return semaphore.tryAcquire();
            });
            assertThat(inChild).containsExactly(true);
            assertThat(mutex.tryAcquire(Delays.PATIENCE)).contains(Acquisition.OWNER_DIED);
            mutex.unlock();
            assertThat(semaphore.tryAcquire(1, Delays.PATIENCE)).isTrue();
            assertThat(semaphore.availablePermits()).isZero();
        }
    }
}
