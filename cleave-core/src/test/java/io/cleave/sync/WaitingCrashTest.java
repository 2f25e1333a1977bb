package io.cleave.sync;

import static io.cleave.sync.SyncCrashTest.A_SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.OwnerDiedException;
import io.cleave.memory.SharedMemory;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every wait is cut off after each of its shared stores: on the way to sleep, once woken, and on the way out. Who
 * survives goes on within a second, with the right news.
 */
@Timeout(300)
@SuppressWarnings({"LockNotBeforeTry", "WaitNotInLoop"})
final class WaitingCrashTest {
    private static final String NAME = "waiting-crash-test";
    private static final long EVENT_WAITERS = 2;

    private SharedMemory block;
    private MemorySegment memory;

    /** What happens around a process that waits, and may die. */
    private abstract static class Scene {
        /** Whether the process sleeps. */
        abstract boolean isAsleep();

        /** Gives it what it waits for, asleep or dead. */
        abstract void letGo() throws Exception;

        /** What survivors do when it has died, or ended. */
        abstract void goOn() throws Exception;
    }

    /** Makes the scene anew on zeroes. */
    private interface Maker {
        Scene make() throws Exception;
    }

    @BeforeEach
    void open() {
        block = SharedMemory.create(NAME, SharedSemaphore.BYTES);
        memory = block.segment();
    }

    @AfterEach
    void close() {
        block.close();
    }

    private void atEveryStep(String use, int first, int atLeast, Maker maker) throws Exception {
        int step = first - 1;
        boolean hasDied = true;
        while (hasDied) {
            step++;
            memory.fill((byte) 0);
            Scene scene = maker.make();
            try (ChildJvm child = ChildJvm.start(SyncCrashTest.options(step), CrashingUser.class, use, NAME)) {
                assertThat(Delays.within(Delays.PATIENCE, () -> scene.isAsleep() || !child.handle().isAlive()))
                        .as(use + ", step " + step).isTrue();
                scene.letGo();
                int exit = child.awaitExit();
                assertThat(exit).as(child.toString()).isIn(0, SyncCrashTest.KILLED);
                hasDied = exit == SyncCrashTest.KILLED;
            }
            scene.goOn();
        }
        assertThat(step - first).isGreaterThanOrEqualTo(atLeast);
    }

    private long word(long at) {
        return (long) ValueLayout.JAVA_LONG.varHandle().getAcquire(memory, at);
    }

    private boolean hasSleepers() {
        return word(GuardedLayout.SLEEPERS_AT) > 0;
    }

    private void mutexAtEveryStep(String use, int atLeast, boolean isToBeLetGo) throws Exception {
        atEveryStep(use, SyncCrashTest.STEPS_TO_SLOT, atLeast, () -> {
            SharedMutex mutex = SharedMutex.at(memory);
            mutex.lock();
            return new Scene() {
                @Override
                boolean isAsleep() {
                    return isToBeLetGo && (word(MutexLayout.WORD_AT) & LockWord.WAITERS) != 0;
                }

                @Override
                void letGo() {
                    mutex.unlock();
                }

                @Override
                void goOn() throws Exception {
                    boolean wasHeld = mutex.isLocked();
                    assertThat(mutex.tryAcquire(A_SECOND))
                            .contains(wasHeld ? Acquisition.OWNER_DIED : Acquisition.CLEAN);
                    mutex.consistent();
                    mutex.unlock();
                    assertThat(mutex.tryLock()).isTrue();
                    mutex.unlock();
                }
            };
        });
    }

    @Test
    void aMutexThatSomebodyWaitedFor() throws Exception {
        mutexAtEveryStep("mutex-wait", 3, true);
    }

    @Test
    void aMutexThatSomebodyWaitedForWithoutAThread() throws Exception {
        mutexAtEveryStep("mutex-wait-async", 3, true);
    }

    @Test
    void aMutexThatSomebodyWaitedForInVain() throws Exception {
        mutexAtEveryStep("mutex-give-up", 1, false);
    }

    @Test
    void aConditionThatIsSignalledToAll() throws Exception {
        atEveryStep("condition-wait", SyncCrashTest.STEPS_TO_SLOT, 6, () -> {
            SharedMutex mutex = SharedMutex.at(memory);
            Background<Void> survivor = Background.run(() -> waitFor(mutex));
            MutexContract.awaitWaiting(mutex, 1);
            return new Scene() {
                @Override
                boolean isAsleep() {
                    return MutexContract.waiting(mutex) == 2 && !mutex.isLocked();
                }

                @Override
                void letGo() throws Exception {
                    Acquisition _ = mutex.tryAcquire(A_SECOND).orElseThrow();
                    mutex.condition(0).signalAll();
                    mutex.unlock();
                }

                @Override
                void goOn() throws Exception {
                    survivor.get(A_SECOND);
                    Acquisition _ = mutex.tryAcquire(A_SECOND).orElseThrow();
                    mutex.consistent();
                    mutex.unlock();
                    assertThat(mutex.tryLock()).isTrue();
                    mutex.unlock();
                }
            };
        });
    }

    @Test
    void aSignalForOneGoesToAnotherWhereItsReceiverDied() throws Exception {
        atEveryStep("condition-wait", SyncCrashTest.STEPS_TO_SLOT, 6, () -> {
            SharedMutex mutex = SharedMutex.at(memory);
            Background<Void> survivor = Background.run(() -> waitFor(mutex));
            MutexContract.awaitWaiting(mutex, 1);
            AtomicBoolean hasEnded = new AtomicBoolean();
            return new Scene() {
                private Background<Void> signaller;

                @Override
                boolean isAsleep() {
                    return MutexContract.waiting(mutex) == 2 && !mutex.isLocked();
                }

                private void signal() throws InterruptedException {
                    Acquisition _ = mutex.tryAcquire(A_SECOND).orElseThrow();
                    mutex.condition(0).signal();
                    mutex.unlock();
                }

                @Override
                void letGo() throws Exception {
                    signal();
                    signaller = Background.run(() -> {
                        if (Delays.within(Delays.PATIENCE, () -> survivor.isDone() || hasEnded.get())
                                && !hasEnded.get()) {
                            signal(); // the first came to the survivor
                        }
                    });
                }

                @Override
                void goOn() throws Exception {
                    hasEnded.set(true);
                    signaller.get();
                    if (MutexContract.told(mutex) == 0) { // taken, by whichever of them
                        signal();
                    }
                    survivor.get(A_SECOND);
                    Acquisition _ = mutex.tryAcquire(A_SECOND).orElseThrow();
                    mutex.consistent();
                    mutex.unlock();
                }
            };
        });
    }

    /** Waits for a signal, or for the news of a death, which is a reason to look as well. */
    private static void waitFor(SharedMutex mutex) throws InterruptedException {
        Acquisition _ = mutex.acquire();
        try {
            mutex.condition(0).await();
        } catch (OwnerDiedException e) {
            mutex.consistent();
        } finally {
            mutex.unlock();
        }
    }

    private void semaphoreAtEveryStep(String use, int atLeast, boolean isToBeLetGo) throws Exception {
        atEveryStep(use, SyncCrashTest.STEPS_TO_SLOT, atLeast, () -> {
            SharedSemaphore semaphore = SharedSemaphore.at(memory, 3);
            semaphore.acquire(3);
            return new Scene() {
                @Override
                boolean isAsleep() {
                    return isToBeLetGo && hasSleepers();
                }

                @Override
                void letGo() {
                    semaphore.release(3);
                }

                @Override
                void goOn() throws Exception {
                    assertThat(semaphore.tryAcquire(3, A_SECOND)).isTrue();
                    assertThat(semaphore.tryAcquire()).isFalse();
                    Background<Void> waiter = Background.run(semaphore::acquire);
                    semaphore.release();
                    waiter.get(A_SECOND);
                    semaphore.release(3);
                    assertThat(semaphore.availablePermits()).isEqualTo(3);
                }
            };
        });
    }

    @Test
    void permitsThatSomebodyWaitedFor() throws Exception {
        semaphoreAtEveryStep("semaphore-wait", 15, true);
    }

    @Test
    void permitsThatSomebodyWaitedForWithoutAThread() throws Exception {
        semaphoreAtEveryStep("semaphore-wait-async", 10, true);
    }

    @Test
    void permitsThatSomebodyWaitedForInVain() throws Exception {
        semaphoreAtEveryStep("semaphore-give-up", 8, false);
    }

    private void readWriteAtEveryStep(String use, int atLeast, boolean isWriteWanted) throws Exception {
        atEveryStep(use, SyncCrashTest.STEPS_TO_SLOT, atLeast, () -> {
            SharedReadWriteLock lock = SharedReadWriteLock.at(memory);
            if (isWriteWanted) {
                lock.readLock().lock();
            } else {
                lock.writeLock().lock();
            }
            return new Scene() {
                @Override
                boolean isAsleep() {
                    return hasSleepers();
                }

                @Override
                void letGo() {
                    if (isWriteWanted) {
                        lock.readLock().unlock();
                    } else {
                        lock.writeLock().unlock();
                    }
                }

                @Override
                void goOn() throws Exception {
                    boolean wasWritten = lock.isWriteLocked();
                    assertThat(lock.writeLock().tryAcquire(A_SECOND))
                            .contains(wasWritten ? Acquisition.OWNER_DIED : Acquisition.CLEAN);
                    assertThat(lock.getReadLockCount()).isZero();
                    Background<Void> reader = Background.run(() -> {
                        lock.readLock().lock();
                        lock.readLock().unlock();
                    });
                    lock.writeLock().unlock();
                    reader.get(A_SECOND);
                    assertThat(lock.hasQueuedWriters()).isFalse();
                }
            };
        });
    }

    @Test
    void aLockThatSomebodyWaitedToWriteUnder() throws Exception {
        readWriteAtEveryStep("write-wait", 15, true);
    }

    @Test
    void aLockThatSomebodyWaitedToReadUnder() throws Exception {
        readWriteAtEveryStep("read-wait", 8, false);
    }

    @Test
    void anEventThatSomebodyWaitedFor() throws Exception {
        atEveryStep("event-wait", 1, 2, () -> {
            SharedEvent event = SharedEvent.at(memory);
            return new Scene() {
                @Override
                boolean isAsleep() {
                    return (word(0) & EVENT_WAITERS) != 0;
                }

                @Override
                void letGo() {
                    event.set();
                }

                @Override
                void goOn() throws Exception {
                    assertThat(event.isSet()).isTrue();
                    event.clear();
                    Background<Void> waiter = Background.run(event::await).staysBlocked();
                    event.set();
                    waiter.get(A_SECOND);
                }
            };
        });
    }

    @Test
    void aLatchThatSomebodyWaitedFor() throws Exception {
        atEveryStep("latch-wait", SyncCrashTest.STEPS_TO_SLOT, 6, () -> {
            SharedCountDownLatch latch = SharedCountDownLatch.at(memory, 1);
            return new Scene() {
                @Override
                boolean isAsleep() {
                    return hasSleepers();
                }

                @Override
                void letGo() {
                    latch.countDown();
                }

                @Override
                void goOn() throws Exception {
                    assertThat(latch.await(A_SECOND)).isTrue();
                    latch.close();
                }
            };
        });
    }

    @Test
    void aBarrierThatSomebodyWaitedAt() throws Exception {
        atEveryStep("barrier-wait", SyncCrashTest.STEPS_TO_MEMBER, 5, () -> {
            SharedBarrier barrier = SharedBarrier.at(memory, 2);
            return new Scene() {
                private Background<Integer> here;

                @Override
                boolean isAsleep() {
                    return hasSleepers();
                }

                @Override
                void letGo() {
                    here = Background.call(() -> barrier.await());
                }

                @Override
                void goOn() throws Exception {
                    try {
                        assertThat(here.get(A_SECOND)).isZero(); // the last to come
                    } catch (BrokenBarrierException e) {
                        assertThat(barrier.isBroken()).isTrue();
                    }
                    barrier.reset();
                    assertThat(barrier.getNumberWaiting()).isZero();
                    barrier.close();
                }
            };
        });
    }

    @Test
    void aBarrierBreaksForItsWaitersWhenOneOfThemIsKilled() throws Exception {
        SharedBarrier barrier = SharedBarrier.at(memory, 3);
        try (ChildJvm child = ChildJvm.start(CrashingUser.class, "barrier-wait", NAME)) {
            Background<Integer> platform = Background.call(() -> barrier.await());
            assertThat(Delays.within(Delays.PATIENCE, () -> barrier.getNumberWaiting() == 2)).isTrue();
            platform.staysBlocked();
            child.kill();
            assertThatThrownBy(() -> platform.get(A_SECOND)).isInstanceOf(BrokenBarrierException.class);
        } finally {
            barrier.close();
        }
    }
}
