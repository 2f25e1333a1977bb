package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.memory.BlockInfo;
import io.cleave.memory.Cleanup;
import io.cleave.memory.CleanupResult;
import io.cleave.memory.Lifetime;
import io.cleave.memory.SharedMemory;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A name stays while the lock that bears it is held, and goes when it is not. */
@SuppressWarnings("LockNotBeforeTry")
final class HeldNameTest {
    private static final String NAME = "held-name";
    private static final String FREE = "held-name-free";

    private static Optional<BlockInfo> block(String name) {
        return SharedMemory.list().stream().filter(info -> info.name().equals(name)).findFirst();
    }

    private static void repairAndUnlock(SharedMutex mutex) {
        mutex.consistent();
        mutex.unlock();
    }

    @Test
    void theCollectorSparesAHandleOnALockThatThisProcessHolds() {
        assertThat(SharedMutex.named(NAME).tryLock()).isTrue();
        assertThat(SharedMutex.named(FREE).isLocked()).isFalse();
        assertThat(Delays.within(Delays.PATIENCE, () -> {
            System.gc();
            return block(FREE).isEmpty();
        })).isTrue();
        System.gc();
        Delays.pause(Delays.SHORT);
        assertThat(block(NAME)).hasValueSatisfying(info -> assertThat(info.attached()).isOne());
        try (SharedMutex mutex = SharedMutex.named(NAME)) {
            assertThat(mutex.isHeldByCurrentThread()).isTrue();
            mutex.unlock();
        }
        assertThat(Delays.within(Delays.PATIENCE, () -> {
            System.gc();
            SharedEvent.named(FREE).close(); // whoever opens something looks after those that were spared
            return block(NAME).isEmpty();
        })).isTrue();
    }

    @Test
    void theCollectorSparesHandlesOnPermitsAndHolds() throws InterruptedException {
        SharedSemaphore.named(NAME + "-permits", 1).acquire();
        SharedReadWriteLock.named(NAME + "-read").readLock().lock();
        SharedReadWriteLock.named(NAME + "-written").writeLock().lock();
        assertThat(SharedSemaphore.named(FREE, 1).availablePermits()).isOne();
        assertThat(Delays.within(Delays.PATIENCE, () -> {
            System.gc();
            return block(FREE).isEmpty();
        })).isTrue();
        System.gc();
        Delays.pause(Delays.SHORT);
        try (SharedSemaphore permits = SharedSemaphore.named(NAME + "-permits", 1);
                SharedReadWriteLock read = SharedReadWriteLock.named(NAME + "-read");
                SharedReadWriteLock written = SharedReadWriteLock.named(NAME + "-written")) {
            assertThat(permits.tryAcquire()).isFalse();
            permits.release();
            assertThat(read.getReadHoldCount()).isOne();
            read.readLock().unlock();
            assertThat(written.isWriteLockedByCurrentThread()).isTrue();
            written.writeLock().unlock();
        }
        assertThat(Delays.within(Delays.PATIENCE, () -> {
            System.gc();
            SharedEvent.named(FREE).close(); // whoever opens something looks after those that were spared
            return block(NAME + "-permits").isEmpty() && block(NAME + "-read").isEmpty()
                    && block(NAME + "-written").isEmpty();
        })).isTrue();
    }

    @Test
    void whoComesAfterTheOnlyProcessThatWroteWasKilledLearnsOfIt() throws Exception {
        try (ChildJvm child = ChildJvm.start(HeldNameMain.class, "killed-writing", NAME)) {
            child.awaitLine("held");
            child.kill();
        }
        assertThat(Cleanup.run().skipped()).contains(NAME);
        for (int i = 0; i < 2; i++) { // nothing is repaired at first
            try (SharedReadWriteLock lock = SharedReadWriteLock.named(NAME)) {
                assertThat(lock.writeLock().tryAcquire(Delays.PATIENCE)).contains(Acquisition.OWNER_DIED);
                if (i == 1) {
                    lock.writeLock().consistent();
                }
                lock.writeLock().unlock();
            }
        }
        assertThat(block(NAME)).isEmpty();
    }

    @Test
    void theNameOfALockThatIsHeldStaysWhenItsLastHandleIsClosed() {
        SharedMutex first = SharedMutex.named(NAME);
        first.lock();
        first.close();
        assertThat(block(NAME)).isPresent();
        try (SharedMutex second = SharedMutex.named(NAME)) {
            assertThat(second.isHeldByCurrentThread()).isTrue();
            second.unlock();
        }
        assertThat(block(NAME)).isEmpty();
    }

    @Test
    void whoComesAfterTheOnlyProcessThatHeldALockWasKilledLearnsOfIt() throws Exception {
        try (ChildJvm child = ChildJvm.start(HeldNameMain.class, "killed", NAME)) {
            child.awaitLine("held");
            child.kill();
        }
        assertThat(block(NAME)).hasValueSatisfying(info -> {
            assertThat(info.state()).isEqualTo(BlockInfo.State.ORPHAN);
            assertThat(info.note()).contains("held");
        });
        for (CleanupResult result : List.of(Cleanup.dryRun(), Cleanup.run())) {
            assertThat(result.skipped()).contains(NAME);
            assertThat(result.cleaned()).doesNotContain(NAME);
        }
        try (SharedMutex mutex = SharedMutex.named(NAME)) {
            assertThat(mutex.tryAcquire(Delays.PATIENCE)).contains(Acquisition.OWNER_DIED);
            mutex.unlock(); // nothing was repaired
        }
        try (SharedMutex mutex = SharedMutex.named(NAME)) {
            assertThat(mutex.tryAcquire(Delays.PATIENCE)).contains(Acquisition.OWNER_DIED);
            repairAndUnlock(mutex);
        }
        assertThat(block(NAME)).isEmpty();
    }

    @Test
    void aLockThatIsHeldWhileItsJvmEndsIsNotFreeForOthersBefore() throws Exception {
        try (ChildJvm child = ChildJvm.start(HeldNameMain.class, "ends-held", NAME)) {
            child.awaitLine("held");
            Delays.pause(Delays.SHORT); // its hooks run
            try (SharedMutex mutex = SharedMutex.named(NAME)) {
                assertThat(mutex.tryAcquire(Delays.SHORT)).isEmpty();
                child.send("go on");
                assertThat(mutex.tryAcquire(Delays.PATIENCE)).contains(Acquisition.OWNER_DIED);
                repairAndUnlock(mutex);
                assertThat(child.awaitExit()).isZero(); // it counts as dead before the kernel ends its attachment
            }
        }
        assertThat(block(NAME)).isEmpty();
    }

    @Test
    void nobodyGetsALockOnceItsNameWasRemovedAtTheEndOfItsJvm() throws Exception {
        try (ChildJvm child = ChildJvm.start(HeldNameMain.class, "ends-free", NAME)) {
            assertThat(child.awaitLine("gone")).isEqualTo(" true, locked false");
            assertThat(child.awaitExit()).isZero();
        }
        assertThat(block(NAME)).isEmpty();
    }

    @Test
    void aLockWithALongerLifeStaysUntilItIsUnlinked() {
        SharedMutex.named(NAME, Lifetime.PERSISTENT).close();
        assertThat(block(NAME)).hasValueSatisfying(
                info -> assertThat(info.state()).isEqualTo(BlockInfo.State.PERSISTENT));
        try (SharedMutex again = SharedMutex.named(NAME)) {
            assertThat(again.tryLock()).isTrue();
            again.unlock();
        }
        assertThat(block(NAME)).isPresent();
        try (SharedMutex last = SharedMutex.named(NAME)) {
            last.unlink();
        }
        assertThat(block(NAME)).isEmpty();
    }
}
