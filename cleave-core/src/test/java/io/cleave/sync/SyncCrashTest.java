package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.OwnerDiedException;
import io.cleave.testing.Background;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every operation is cut off after each of its shared stores, by the end of its process; those who survive go on
 * soon, and know what they have to know.
 */
@Timeout(300)
@SuppressWarnings("LockNotBeforeTry")
final class SyncCrashTest {
    private static final String NAME = "crash-test";
    /** Long after everybody who waits for a dead one has found that out, and before any wait that has nothing to do with it. */
    static final Duration SOON = Delays.scaled(Duration.ofSeconds(10));
    static final int KILLED = 137;
    /** Attaching to the block and taking a slot as a participant, which {@link SlotCrashTest} cuts. */
    static final int STEPS_TO_SLOT = 10;
    /** Taking the guard, and becoming a member: before that nobody knows of the process. */
    static final int STEPS_TO_MEMBER = STEPS_TO_SLOT + 2;

    /** What the survivors do after a death at a step. */
    private interface Survivor {
        void goesOn(int step) throws Exception;
    }

    private static void atEveryStep(String use, int atLeast, Survivor survivor) throws Exception {
        int first = use.equals("event") ? 0 : STEPS_TO_SLOT - 1; // an event has no owner and needs no slot
        int step = first;
        boolean hasDied = true;
        while (hasDied) {
            step++;
            try (ChildJvm child = ChildJvm.start(options(step), CrashingUser.class, use, NAME)) {
                int exit = child.awaitExit();
                assertThat(exit).as(child.toString()).isIn(0, KILLED);
                hasDied = exit == KILLED;
            }
            survivor.goesOn(hasDied ? step : Integer.MAX_VALUE);
        }
        assertThat(step - first).isGreaterThan(atLeast);
    }

    /** The options of a JVM that dies at a step, and until then is not long about it. */
    static List<String> options(int step) {
        return List.of("-Dcleave.crashPoint=" + step, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
    }

    @Test
    void aMutexIsHandedOverFromEveryStep() throws Exception {
        try (SharedMutex mutex = SharedMutex.named(NAME)) {
            atEveryStep("mutex", 7, _ -> {
                boolean wasHeld = mutex.isLocked();
                assertThat(mutex.tryAcquire(SOON))
                        .contains(wasHeld ? Acquisition.OWNER_DIED : Acquisition.CLEAN);
                assertThat(mutex.getHoldCount()).isOne();
                mutex.consistent();
                mutex.unlock();
                assertThat(mutex.tryLock()).isTrue();
                mutex.unlock();
            });
        }
    }

    @Test
    void whoDoesNotAskForTheNewsGetsAnErrorAndNotTheLock() throws Exception {
        try (SharedMutex mutex = SharedMutex.named(NAME)) {
            atEveryStep("mutex", 7, _ -> {
                boolean wasHeld = mutex.isLocked();
                for (int i = 0; i < 2; i++) {
                    try {
                        assertThat(mutex.tryLock(SOON.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
                        mutex.unlock();
                        assertThat(wasHeld).isFalse();
                    } catch (OwnerDiedException e) {
                        assertThat(wasHeld).isTrue();
                        assertThat(mutex.isHeldByCurrentThread()).isFalse();
                    }
                }
                assertThat(mutex.acquire()).isEqualTo(wasHeld ? Acquisition.OWNER_DIED : Acquisition.CLEAN);
                mutex.consistent();
                mutex.unlock();
            });
        }
    }

    @Test
    void aSignalCutOffLeavesNoWaiterBehind() throws Exception {
        try (SharedMutex mutex = SharedMutex.named(NAME)) {
            Background<?>[] waiter = {waiter(mutex)};
            atEveryStep("signal", 5, _ -> {
                Acquisition _ = mutex.tryAcquire(SOON).orElseThrow();
                mutex.condition(0).signalAll();
                mutex.unlock();
                waiter[0].get();
                waiter[0] = waiter(mutex);
            });
            mutex.lock();
            mutex.condition(0).signalAll();
            mutex.unlock();
            waiter[0].get();
        }
    }

    /** Waits for a signal, or for the news of a death, which is a reason to look as well. */
    @SuppressWarnings("WaitNotInLoop")
    private static Background<Void> waiter(SharedMutex mutex) {
        Background<Void> waiter = Background.run(() -> {
            Acquisition _ = mutex.acquire();
            try {
                mutex.condition(0).await();
            } catch (OwnerDiedException e) {
                mutex.consistent();
            } finally {
                mutex.unlock();
            }
        });
        MutexContract.awaitWaiting(mutex, 1);
        return waiter;
    }

    @Test
    void noPermitIsLostOrInvented() throws Exception {
        try (SharedSemaphore semaphore = SharedSemaphore.named(NAME, 3)) {
            atEveryStep("semaphore", 7, _ -> {
                assertThat(semaphore.tryAcquire(3, SOON)).isTrue();
                assertThat(semaphore.tryAcquire()).isFalse();
                semaphore.release(3);
                assertThat(semaphore.availablePermits()).isEqualTo(3);
            });
        }
    }

    @Test
    void readersGoUnnoticedAndWritersWithTheNews() throws Exception {
        try (SharedReadWriteLock lock = SharedReadWriteLock.named(NAME)) {
            atEveryStep("rw", 14, _ -> {
                boolean wasWritten = lock.isWriteLocked();
                assertThat(lock.writeLock().tryAcquire(SOON))
                        .contains(wasWritten ? Acquisition.OWNER_DIED : Acquisition.CLEAN);
                assertThat(lock.getWriteHoldCount()).isOne();
                assertThat(lock.getReadLockCount()).isZero();
                lock.writeLock().consistent();
                lock.writeLock().unlock();
                assertThat(lock.readLock().tryLock()).isTrue();
                lock.readLock().unlock();
            });
        }
    }

    @Test
    void anEventIsOneOrTheOther() throws Exception {
        try (SharedEvent event = SharedEvent.named(NAME)) {
            atEveryStep("event", 3, step -> {
                assertThat(event.isSet()).isEqualTo(step == 2 || step >= 4);
                event.set();
                assertThat(event.await(SOON)).isTrue();
                event.clear();
            });
        }
    }

    @Test
    void aLatchOpensOrBreaks() throws Exception {
        SharedCountDownLatch[] latch = {SharedCountDownLatch.named(NAME, 1)};
        try {
            atEveryStep("latch", 5, step -> {
                boolean isOpen = latch[0].getCount() == 0;
                try {
                    boolean hasOpened = latch[0].await(step < STEPS_TO_MEMBER ? Duration.ofMillis(1) : SOON);
                    assertThat(hasOpened).isEqualTo(isOpen);
                    assertThat(isOpen || step < STEPS_TO_MEMBER).isTrue();
                } catch (OwnerDiedException e) {
                    assertThat(isOpen).isFalse();
                }
                latch[0].close();
                latch[0] = SharedCountDownLatch.named(NAME, 1);
            });
        } finally {
            latch[0].close();
        }
    }

    @Test
    void aBarrierIsPassedOrBreaks() throws Exception {
        try (SharedBarrier barrier = SharedBarrier.named(NAME, 2)) {
            List<Background<Boolean>> waiter = new ArrayList<>(List.of(waiter(barrier)));
            atEveryStep("barrier", 8, step -> {
                if (step < STEPS_TO_MEMBER) {
                    barrier.reset();
                }
                boolean _ = waiter.getFirst().get(SOON); // passed or broken, but over
                barrier.reset();
                waiter.set(0, waiter(barrier));
            });
            barrier.reset();
            boolean _ = waiter.getFirst().get();
        }
    }

    private static Background<Boolean> waiter(SharedBarrier barrier) {
        Background<Boolean> waiter = Background.call(() -> {
            try {
                barrier.await(Delays.PATIENCE.toSeconds(), TimeUnit.SECONDS);
                return true;
            } catch (BrokenBarrierException e) {
                return false;
            } catch (TimeoutException e) {
                throw new AssertionError("neither passed nor broken", e);
            }
        });
        assertThat(Delays.within(Delays.PATIENCE, () -> barrier.getNumberWaiting() == 1)).isTrue();
        return waiter;
    }
}
