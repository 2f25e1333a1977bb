package io.cleave.sync;

import io.cleave.OwnerDiedException;
import io.cleave.owner.LockWord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What is cut off at each of its stores. Each line is an operation of an object, by a process that has just come; what
 * survivors do and what must be true is the kind's, {@link CrashKinds}.
 */
@SuppressWarnings({"LockNotBeforeTry", "WaitNotInLoop"})
final class CrashScenes {
    static final List<String> GROUPS = List.of("mutex", "condition", "semaphore", "read-write lock", "event", "latch",
            "barrier");
    private static final int MANY = 1_000_000;
    private static final Duration SHORT = Duration.ofMillis(100);

    private final List<CrashScene> scenes = new ArrayList<>();

    private CrashScenes() {
    }

    static List<CrashScene> of(String group) {
        CrashScenes made = new CrashScenes();
        switch (group) {
            case "mutex" -> made.mutex();
            case "condition" -> made.condition();
            case "semaphore" -> made.semaphore();
            case "read-write lock" -> made.readWrite();
            case "event" -> made.event();
            case "latch" -> made.latch();
            case "barrier" -> made.barrier();
            default -> throw new IllegalArgumentException(group);
        }
        return made.scenes;
    }

    private CrashScene add(String name, CrashScene.Kind kind, CrashScene.Body victim) {
        CrashScene scene = new CrashScene(name, kind, victim);
        scenes.add(scene);
        return scene;
    }

    private void mutex() {
        CrashScene.Kind kind = new CrashKinds.Mutex();
        CrashScene.Look isWaitedFor = w -> (w.word(MutexLayout.WORD_AT) & LockWord.WAITERS) != 0;
        add("mutex, made and locked", kind, CrashScenes::lockTwice).onZeroes();
        add("mutex, locked twice", kind, CrashScenes::lockTwice);
        add("mutex, held", kind, w -> {
            try (Hold hold = w.mutex().hold()) {
                CrashKinds.repair(w, hold.ownerDied());
                hold.consistent();
                CrashKinds.change(w);
            }
        });
        add("mutex, waited for", kind, CrashScenes::lockTwice).after(w -> w.mutex().lock())
                .whenAsleep(isWaitedFor, w -> w.mutex().unlock());
        add("mutex, waited for in vain", kind, w -> CrashScene.check(w.mutex().tryAcquire(SHORT).isEmpty(), "held"))
                .after(w -> w.mutex().lock()).atTheEnd(w -> w.mutex().unlock());
    }

    private static void lockTwice(CrashWorld w) {
        CrashKinds.acquire(w);
        w.mutex().lock();
        CrashKinds.change(w);
        w.mutex().unlock();
        w.mutex().unlock();
    }

    private void condition() {
        CrashScene.Kind kind = new CrashKinds.Condition();
        CrashScene.Look isOneThere = w -> w.condition().waiting() == 1 && !w.mutex().isLocked();
        CrashScene.Look areTwoThere = w -> w.condition().waiting() == 2 && !w.mutex().isLocked();
        add("condition, signalled", kind, w -> signal(w, false)).beside(isOneThere, CrashScenes::awaitSignal);
        add("condition, signalled to all", kind, w -> signal(w, true)).beside(isOneThere, CrashScenes::awaitSignal);
        add("condition, waited for", kind, CrashScenes::awaitSignal).whenAsleep(isOneThere, w -> signal(w, false));
        add("condition, waited for beside another, all told", kind, CrashScenes::awaitSignal)
                .beside(isOneThere, CrashScenes::awaitSignal).whenAsleep(areTwoThere, w -> signal(w, true));
        add("condition, waited for beside another, told one by one", kind, CrashScenes::awaitSignal)
                .beside(isOneThere, CrashScenes::awaitSignal).whenAsleep(areTwoThere, w -> {
                    signal(w, false);
                    signal(w, false);
                });
        add("condition, waited for in vain", kind, w -> {
            CrashKinds.acquire(w);
            try {
                long _ = w.condition().awaitNanos(SHORT.toNanos());
            } catch (OwnerDiedException e) {
                CrashKinds.repair(w, true);
            } finally {
                w.mutex().unlock();
            }
        }).beside(isOneThere, CrashScenes::awaitSignal);
    }

    static void signal(CrashWorld w, boolean isForAll) {
        CrashKinds.acquire(w);
        if (isForAll) {
            w.condition().signalAll();
        } else {
            w.condition().signal();
        }
        w.mutex().unlock();
    }

    /** Waits for a signal, or for the news of a death, which is a reason to look as well. */
    private static void awaitSignal(CrashWorld w) throws InterruptedException {
        CrashKinds.acquire(w);
        try {
            w.condition().await();
        } catch (OwnerDiedException e) {
            CrashKinds.repair(w, true);
            w.mutex().consistent();
        } finally {
            w.mutex().unlock();
        }
    }

    private void semaphore() {
        CrashScene.Look isWaitedFor = w -> (w.word(TallyLayout.STATE_AT) & TallyLayout.SLEEPERS) != 0;
        permits("made", 3, w -> {
            int _ = w.semaphore(3).availablePermits();
        }, 3).onZeroes();
        permits("taken and released", 3, w -> {
            w.semaphore(3).acquire(2);
            w.semaphore(3).release();
            w.semaphore(3).acquire();
            w.semaphore(3).release(2);
        }, 3);
        permits("taken beside another's", 3, w -> {
            w.semaphore(3).acquire();
            w.semaphore(3).release();
        }, 3).after(w -> w.semaphore(3).acquire()).atTheEnd(w -> w.semaphore(3).release());
        permits("more released than held", 3, w -> w.semaphore(3).release(2), 3, 5);
        permits("held and more released", 3, w -> {
            w.semaphore(3).acquire();
            w.semaphore(3).release(2);
        }, 3, 4);
        permits("drained and released", 3, w -> w.semaphore(3).release(w.semaphore(3).drainPermits()), 3);
        permits("a debt drained", 3, w -> {
            int _ = w.semaphore(3).drainPermits();
        }, -2, 0).after(w -> w.semaphore(3).reducePermits(5));
        permits("reduced", 3, w -> w.semaphore(3).reducePermits(1), 3, 2);
        permits("disowned", 3, w -> {
            w.semaphore(3).acquire(2);
            w.semaphore(3).disown(2);
        }, 3, 1);
        permits("used as a signal", 3, w -> {
            w.semaphore(3).asSignal().release(2);
            w.semaphore(3).asSignal().acquire();
        }, 3, 5, 4);
        permits("waited for", 3, w -> {
            w.semaphore(3).acquire();
            w.semaphore(3).release();
        }, 3).after(w -> w.semaphore(3).acquire(3)).whenAsleep(isWaitedFor, w -> w.semaphore(3).release(3));
        permits("several waited for", 3, w -> {
            w.semaphore(3).acquire(2);
            w.semaphore(3).release(2);
        }, 3).after(w -> w.semaphore(3).acquire(3)).whenAsleep(isWaitedFor, w -> w.semaphore(3).release(3));
        permits("waited for in vain", 3,
                w -> CrashScene.check(!w.semaphore(3).tryAcquire(2, SHORT), "got what there was not"), 3)
                .after(w -> w.semaphore(3).acquire(2)).atTheEnd(w -> w.semaphore(3).release(2));
        permits("many taken and released", MANY, w -> {
            w.semaphore(MANY).acquire(MANY / 2);
            w.semaphore(MANY).release(MANY / 2);
        }, MANY);
        permits("many disowned", MANY, w -> {
            w.semaphore(MANY).acquire(MANY / 2);
            w.semaphore(MANY).disown(MANY / 4);
            w.semaphore(MANY).release(MANY / 4);
        }, MANY, MANY - MANY / 4);
    }

    private CrashScene permits(String what, int permits, CrashScene.Body victim, int... allowed) {
        return add("semaphore, " + what, new CrashKinds.Semaphore(permits, Arrays.stream(allowed).boxed().toList()),
                victim);
    }

    private void readWrite() {
        CrashScene.Kind kind = new CrashKinds.ReadWrite();
        CrashScene.Look isWaitedFor = w -> (w.word(TallyLayout.STATE_AT) & TallyLayout.SLEEPERS) != 0;
        add("lock, made and read under", kind, CrashScenes::read).onZeroes();
        add("lock, made and written under", kind, CrashScenes::write).onZeroes();
        add("lock, read under twice", kind, w -> {
            w.readWrite().readLock().lock();
            read(w);
            w.readWrite().readLock().unlock();
        });
        add("lock, read beside another", kind, CrashScenes::read).after(w -> w.readWrite().readLock().lock())
                .atTheEnd(w -> w.readWrite().readLock().unlock());
        add("lock, written twice, then read under", kind, w -> {
            CrashKinds.acquireToWrite(w);
            w.readWrite().writeLock().lock();
            CrashKinds.change(w);
            w.readWrite().readLock().lock();
            w.readWrite().writeLock().unlock();
            w.readWrite().writeLock().unlock();
            w.readWrite().readLock().unlock();
        });
        add("lock, waited for to write", kind, CrashScenes::write).after(w -> w.readWrite().readLock().lock())
                .whenAsleep(isWaitedFor, w -> w.readWrite().readLock().unlock());
        add("lock, waited for to read", kind, CrashScenes::read).after(w -> w.readWrite().writeLock().lock())
                .whenAsleep(isWaitedFor, w -> w.readWrite().writeLock().unlock());
        add("lock, waited for in vain to write", kind,
                w -> CrashScene.check(w.readWrite().writeLock().tryAcquire(SHORT).isEmpty(), "beside a reader"))
                .after(w -> w.readWrite().readLock().lock())
                .atTheEnd(w -> w.readWrite().readLock().unlock());
        add("lock, waited for in vain to read", kind,
                w -> CrashScene.check(!w.readWrite().readLock().tryLock(SHORT.toNanos(), TimeUnit.NANOSECONDS),
                        "beside a writer"))
                .after(w -> w.readWrite().writeLock().lock())
                .atTheEnd(w -> w.readWrite().writeLock().unlock());
    }

    private static void read(CrashWorld w) {
        try {
            w.readWrite().readLock().lock();
            w.readWrite().readLock().unlock();
        } catch (OwnerDiedException e) {
            write(w);
        }
    }

    private static void write(CrashWorld w) {
        CrashKinds.acquireToWrite(w);
        CrashKinds.change(w);
        w.readWrite().writeLock().unlock();
    }

    private void event() {
        CrashScene.Kind kind = new CrashKinds.Event();
        add("event, set and cleared", kind, w -> {
            w.event().set();
            w.event().clear();
            w.event().set();
        });
        add("event, waited for", kind, w -> w.event().await())
                .whenAsleep(w -> (w.word(0) & 2) != 0, w -> w.event().set());
        add("event, set while another waits", kind, w -> w.event().set()).beside(w -> (w.word(0) & 2) != 0,
                w -> w.event().await());
    }

    private void latch() {
        CrashScene.Look isWaitedFor = w -> (w.word(LatchLayout.WORD_AT) & LatchLayout.WAITED) != 0;
        add("latch, made", new CrashKinds.Latch(2), w -> w.latch(2).close()).onZeroes();
        add("latch, counted down to zero", new CrashKinds.Latch(1), w -> w.latch(1).countDown())
                .beside(isWaitedFor, CrashScenes::awaitLatch);
        add("latch, counted down once of twice", new CrashKinds.Latch(2), w -> w.latch(2).countDown());
        add("latch, waited for", new CrashKinds.Latch(1), CrashScenes::awaitLatch)
                .whenAsleep(isWaitedFor, w -> w.latch(1).countDown());
        add("latch, waited for in vain", new CrashKinds.Latch(1),
                w -> CrashScene.check(!w.latch(1).await(SHORT), "not counted down"));
        add("latch, attached to and closed", new CrashKinds.Latch(1), w -> w.latch(1).close());
    }

    private static void awaitLatch(CrashWorld w) throws InterruptedException {
        try {
            w.latch(1).await();
        } catch (OwnerDiedException e) {
            CrashScene.check(w.latch(1).getCount() > 0, "broken, and complete");
        }
    }

    private void barrier() {
        CrashScene.Kind two = new CrashKinds.Barrier(2);
        CrashScene.Kind three = new CrashKinds.Barrier(3);
        CrashScene.Look isOneThere = w -> w.barrier(2).getNumberWaiting() == 1;
        CrashScene.Look areTwoThere = w -> w.barrier(3).getNumberWaiting() == 2;
        add("barrier, made and broken", two, w -> breakIt(w, 2)).onZeroes();
        add("barrier, come to as the last", two, w -> pass(w, 2)).beside(isOneThere, w -> pass(w, 2));
        add("barrier, waited at", two, w -> pass(w, 2)).whenAsleep(isOneThere, w -> breakIt(w, 2));
        add("barrier, waited at beside another", three, w -> pass(w, 3)).beside(isOneThere, w -> pass(w, 3))
                .whenAsleep(areTwoThere, w -> breakIt(w, 3));
        add("barrier, broken by time while another waits", three, w -> breakIt(w, 3)).beside(isOneThere,
                w -> pass(w, 3));
        add("barrier, broken by an interrupt while another waits", three, w -> {
            Thread.currentThread().interrupt();
            try {
                int _ = w.barrier(3).await();
                throw new AssertionError("no interrupt");
            } catch (InterruptedException e) {
                CrashScene.check(w.barrier(3).isBroken(), "not broken");
            }
        }).beside(isOneThere, w -> pass(w, 3));
        add("barrier, reset while another waits", three, w -> w.barrier(3).reset()).beside(isOneThere,
                w -> pass(w, 3));
        add("barrier, broken and reset", two, w -> {
            breakIt(w, 2);
            w.barrier(2).reset();
            breakIt(w, 2);
        });
        add("barrier, attached to and closed", two, w -> w.barrier(2).close());
    }

    /** Passes, or finds that it breaks. */
    static void pass(CrashWorld w, int parties) throws InterruptedException {
        try {
            int _ = w.barrier(parties).await();
        } catch (BrokenBarrierException e) {
            CrashScene.check(w.barrier(parties).getNumberWaiting() < parties, "more wait than take part");
        }
    }

    static void breakIt(CrashWorld w, int parties) throws InterruptedException {
        try {
            int _ = w.barrier(parties).await(1, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | BrokenBarrierException e) {
            CrashScene.check(w.barrier(parties).getNumberWaiting() < parties, "more wait than take part");
        }
    }
}
