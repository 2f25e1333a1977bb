package io.cleave.sync;

import static io.cleave.sync.SyncCrashTest.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.OwnerDiedException;
import io.cleave.testing.Background;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The closing of a handle under a thread that waits through it is cut off after each of its stores. Whoever else uses the
 * object goes on, as if the thread had left, or had died waiting.
 */
@Timeout(300)
@SuppressWarnings({"LockNotBeforeTry", "WaitNotInLoop"})
final class ClosingCrashTest {
    private static final String NAME = "closing-crash-test";
    private static final List<String> OPTIONS = List.of("-Dcleave.crashPoint=0", "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC");

    /** What happens around it. */
    private interface Action {
        void run() throws Exception;
    }

    private static void atEveryStep(String kind, Action before, Action after) throws Exception {
        int step = 0;
        int exit = SyncCrashTest.KILLED;
        while (exit == SyncCrashTest.KILLED) {
            step++;
            before.run();
            try (ChildJvm child = ChildJvm.start(OPTIONS, CrashingUser.class, "closing", kind, NAME,
                    Integer.toString(step))) {
                exit = child.awaitExit();
                assertThat(exit).as(child.toString()).isIn(0, SyncCrashTest.KILLED);
                assertThat(child.lines()).as("step %d", step).allMatch("sent away"::equals);
            }
            after.run();
        }
        assertThat(step).as("steps").isGreaterThan(1);
    }

    @Test
    void aBarrierBreaksForTheOthers() throws Exception {
        try (SharedBarrier barrier = SharedBarrier.named(NAME, 3)) {
            Background<?>[] other = {null};
            atEveryStep("barrier", () -> {
                other[0] = Background.call(() -> barrier.await());
                assertThat(Delays.within(Delays.PATIENCE, () -> barrier.getNumberWaiting() == 1)).isTrue();
            }, () -> {
                assertThatThrownBy(() -> other[0].get(SOON)).isInstanceOf(BrokenBarrierException.class);
                barrier.reset();
                assertThat(barrier.getNumberWaiting()).isZero();
                assertThat(barrier.isBroken()).isFalse();
            });
        }
    }

    @Test
    void aLatchOpensForTheOthers() throws Exception {
        SharedCountDownLatch[] latch = {null};
        atEveryStep("latch", () -> latch[0] = SharedCountDownLatch.named(NAME, 1), () -> {
            assertThat(latch[0].await(1, TimeUnit.MILLISECONDS)).isFalse();
            latch[0].countDown();
            assertThat(latch[0].await(SOON)).isTrue();
            latch[0].close();
        });
    }

    @Test
    void permitsGoToOthers() throws Exception {
        try (SharedSemaphore semaphore = SharedSemaphore.named(NAME, 3)) {
            atEveryStep("semaphore", () -> semaphore.acquire(3), () -> {
                Background<Void> other = Background.run(() -> semaphore.acquire(3));
                semaphore.release(3);
                other.get(SOON);
                assertThat(semaphore.tryAcquire()).isFalse();
                semaphore.release(3);
            });
        }
    }

    @Test
    void aWriterThatWaitedKeepsNoReaderOut() throws Exception {
        try (SharedReadWriteLock lock = SharedReadWriteLock.named(NAME)) {
            atEveryStep("rw", () -> lock.readLock().lock(), () -> {
                Background<Void> reader = Background.run(() -> {
                    lock.readLock().lock();
                    lock.readLock().unlock();
                });
                reader.get(SOON);
                lock.readLock().unlock();
                assertThat(lock.writeLock().tryAcquire(SOON)).contains(Acquisition.CLEAN);
                lock.writeLock().unlock();
            });
        }
    }

    @Test
    void aSignalGoesToAnother() throws Exception {
        try (SharedMutex mutex = SharedMutex.named(NAME)) {
            Background<?>[] other = {null};
            atEveryStep("condition", () -> {
                other[0] = Background.run(() -> {
                    mutex.lock();
                    try {
                        mutex.condition(0).await();
                    } catch (OwnerDiedException e) { // who closes a handle has the lock for a moment
                        mutex.consistent();
                    } finally {
                        mutex.unlock();
                    }
                });
                MutexContract.awaitWaiting(mutex, 1);
            }, () -> {
                for (int i = 0; i < 2; i++) { // one may go to a thread that died waiting
                    assertThat(mutex.tryAcquire(SOON)).isPresent();
                    mutex.consistent();
                    mutex.condition(0).signal();
                    mutex.unlock();
                }
                other[0].get(SOON);
            });
        }
    }
}
