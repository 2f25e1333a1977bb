package io.cleave.sync;

import static io.cleave.sync.SyncCrashTest.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.OwnerDiedException;
import io.cleave.memory.SharedMemory;
import io.cleave.owner.LockWord;
import io.cleave.testing.Background;
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
 * Waits that need threads beside them are cut off after each of their shared stores: on the way to sleep, once woken, and
 * on the way out. Who survives goes on within a second, with the right news. All others are {@link EveryStoreCrashTest}'s.
 */
@Timeout(300)
@SuppressWarnings({"LockNotBeforeTry", "WaitNotInLoop"})
final class WaitingCrashTest {
    private static final String NAME = "waiting-crash-test";

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

    @Test
    void aMutexThatSomebodyWaitedForWithoutAThread() throws Exception {
        atEveryStep("mutex-wait-async", SyncCrashTest.STEPS_TO_SLOT, 3, () -> {
            SharedMutex mutex = SharedMutex.at(memory);
            mutex.lock();
            return new Scene() {
                @Override
                boolean isAsleep() {
                    return (word(MutexLayout.WORD_AT) & LockWord.WAITERS) != 0;
                }

                @Override
                void letGo() {
                    mutex.unlock();
                }

                @Override
                void goOn() throws Exception {
                    boolean wasHeld = mutex.isLocked();
                    assertThat(mutex.tryAcquire(SOON))
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
                    Acquisition _ = mutex.tryAcquire(SOON).orElseThrow();
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
                    survivor.get(SOON);
                    Acquisition _ = mutex.tryAcquire(SOON).orElseThrow();
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

    @Test
    void permitsThatSomebodyWaitedForWithoutAThread() throws Exception {
        atEveryStep("semaphore-wait-async", SyncCrashTest.STEPS_TO_SLOT, 3, () -> {
            SharedSemaphore semaphore = SharedSemaphore.at(memory, 3);
            semaphore.acquire(3);
            return new Scene() {
                @Override
                boolean isAsleep() {
                    return (word(TallyLayout.STATE_AT) & TallyLayout.SLEEPERS) != 0;
                }

                @Override
                void letGo() {
                    semaphore.release(3);
                }

                @Override
                void goOn() throws Exception {
                    assertThat(semaphore.tryAcquire(3, SOON)).isTrue();
                    assertThat(semaphore.tryAcquire()).isFalse();
                    Background<Void> waiter = Background.run(semaphore::acquire);
                    semaphore.release();
                    waiter.get(SOON);
                    semaphore.release(3);
                    assertThat(semaphore.availablePermits()).isEqualTo(3);
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
            assertThatThrownBy(() -> platform.get(SOON)).isInstanceOf(BrokenBarrierException.class);
        } finally {
            barrier.close();
        }
    }
}
