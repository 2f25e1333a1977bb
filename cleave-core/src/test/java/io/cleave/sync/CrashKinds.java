package io.cleave.sync;

import static io.cleave.sync.CrashScene.aSecond;

import io.cleave.OwnerDiedException;
import io.cleave.owner.LockWord;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.TimeUnit;

/** What those do and find who survive, by sort of object. */
@SuppressWarnings("LockNotBeforeTry")
final class CrashKinds {
    private static final Duration SHORT = Duration.ofMillis(3);

    private CrashKinds() {
    }

    /** Changes what a lock guards, and leaves it half-changed for a while. */
    static void change(CrashWorld w) {
        CrashScene.check(!w.isDirty(), "half-changed, and no news of a death");
        w.setDirty(true);
        w.setDirty(false);
    }

    /** Repairs what a lock guards where a death was told of. */
    static void repair(CrashWorld w, boolean isTold) {
        CrashScene.check(isTold || !w.isDirty(), "half-changed, and no news of a death");
        w.setDirty(false);
    }

    static void acquire(CrashWorld w) {
        repair(w, w.mutex().acquire() == Acquisition.OWNER_DIED);
        w.mutex().consistent();
    }

    static void acquireToWrite(CrashWorld w) {
        repair(w, w.readWrite().writeLock().acquire() == Acquisition.OWNER_DIED);
        w.readWrite().writeLock().consistent();
    }

    static class Mutex implements CrashScene.Kind {
        @Override
        public void prepare(CrashWorld w) {
            CrashScene.check(!w.mutex().isLocked(), "a fresh mutex is locked");
        }

        @Override
        public void recover(CrashWorld w) {
            if (!w.mutex().isHeldByCurrentThread()) {
                acquire(w);
            }
            change(w);
            w.mutex().unlock();
        }

        @Override
        public void check(CrashWorld w) throws InterruptedException {
            while (w.mutex().isHeldByCurrentThread()) {
                w.mutex().unlock(); // by the scene
            }
            boolean isNews = (w.word(MutexLayout.WORD_AT) & (ParticipantsLayout.OWNER | LockWord.DIED)) != 0;
            Optional<Acquisition> got = w.mutex().tryAcquire(aSecond());
            CrashScene.check(got.isPresent(), "the lock is not handed over");
            CrashScene.check((got.get() == Acquisition.OWNER_DIED) == isNews, got + ", but news: " + isNews);
            CrashScene.check(w.mutex().getHoldCount() == 1, "holds " + w.mutex().getHoldCount());
            repair(w, isNews);
            w.mutex().unlock();
            CrashScene.check(w.mutex().tryAcquire(SHORT).equals(got), "news lost before anybody said consistent");
            w.mutex().consistent();
            w.mutex().unlock();
            CrashScene.check(w.mutex().tryLock(), "news again");
            w.mutex().unlock();
        }
    }

    static final class Condition extends Mutex {
        /** A signal that came to one who died is made good by another. */
        @Override
        public void release(CrashWorld w) {
            CrashScenes.signal(w, true);
        }

        @Override
        public void recover(CrashWorld w) {
            CrashScenes.signal(w, false);
        }
    }

    record Semaphore(int permits, List<Integer> allowed) implements CrashScene.Kind {
        @Override
        public void prepare(CrashWorld w) {
            CrashScene.check(w.semaphore(permits).availablePermits() == permits, "made with other permits");
        }

        @Override
        public void recover(CrashWorld w) throws InterruptedException {
            if (w.semaphore(permits).tryAcquire(2, SHORT)) {
                w.semaphore(permits).release(2);
            }
        }

        @Override
        public void check(CrashWorld w) throws InterruptedException {
            SharedSemaphore semaphore = w.semaphore(permits);
            long deadline = System.nanoTime() + aSecond().toNanos();
            while (!isAllowed(semaphore)
                    || w.hasDead(TallyLayout.MEMBERS_AT, TallyLayout.STRIDE, TallyLayout.SEATS, (_, _) -> true)) {
                CrashScene.check(System.nanoTime() - deadline < 0,
                        semaphore + " of " + permits + ", allowed are " + allowed);
                int more = Math.max(1, semaphore.availablePermits() + 1);
                if (semaphore.tryAcquire(more, SHORT)) { // which looks for the dead
                    semaphore.release(more);
                }
            }
            int available = semaphore.availablePermits();
            if (available > 0) {
                CrashScene.check(semaphore.tryAcquire(available, aSecond()), "cannot take what is available");
                CrashScene.check(!semaphore.tryAcquire(), "a permit was invented");
                semaphore.release(available);
            }
        }

        private boolean isAllowed(SharedSemaphore semaphore) {
            return allowed.contains(semaphore.availablePermits());
        }
    }

    static final class ReadWrite implements CrashScene.Kind {
        @Override
        public void prepare(CrashWorld w) {
            CrashScene.check(!w.readWrite().isWriteLocked(), "a fresh lock is locked");
        }

        @Override
        public void recover(CrashWorld w) {
            acquireToWrite(w);
            change(w);
            w.readWrite().writeLock().unlock();
            w.readWrite().readLock().lock();
            w.readWrite().readLock().unlock();
        }

        @Override
        public void check(CrashWorld w) throws InterruptedException {
            SharedReadWriteLock lock = w.readWrite();
            Optional<Acquisition> got = lock.writeLock().tryAcquire(aSecond());
            CrashScene.check(got.isPresent(), "the lock is not handed over");
            CrashScene.check(lock.getWriteHoldCount() == 1, "holds " + lock.getWriteHoldCount());
            CrashScene.check(lock.getReadLockCount() == 0, "read holds " + lock.getReadLockCount());
            repair(w, got.get() == Acquisition.OWNER_DIED);
            lock.writeLock().unlock();
            CrashScene.check(lock.writeLock().tryAcquire(aSecond()).equals(got),
                    "news lost before anybody said consistent");
            lock.writeLock().consistent();
            lock.writeLock().unlock();
            CrashScene.check(lock.readLock().tryLock(aSecond().toMillis(), TimeUnit.MILLISECONDS),
                    "a dead writer keeps readers out");
            lock.readLock().unlock();
        }
    }

    static final class Event implements CrashScene.Kind {
        @Override
        public void prepare(CrashWorld w) {
            CrashScene.check(!w.event().isSet(), "a fresh event is set");
        }

        @Override
        public void recover(CrashWorld w) {
            w.event().clear();
            w.event().set();
        }

        @Override
        public void release(CrashWorld w) {
            w.event().set();
        }

        @Override
        public void check(CrashWorld w) throws InterruptedException {
            w.event().set();
            CrashScene.check(w.event().await(aSecond()), "set, and not passed");
            w.event().clear();
            CrashScene.check(!w.event().await(Duration.ZERO), "cleared, and passed");
        }
    }

    record Latch(int count) implements CrashScene.Kind {
        @Override
        public void prepare(CrashWorld w) {
            CrashScene.check(w.latch(count).getCount() == count, "made with another count");
        }

        @Override
        public void recover(CrashWorld w) throws InterruptedException {
            try {
                boolean _ = w.latch(count).await(SHORT);
            } catch (OwnerDiedException e) {
                CrashScene.check(w.latch(count).getCount() > 0, "broken, and complete");
            }
            w.latch(count).close();
        }

        @Override
        public void release(CrashWorld w) {
            if (!w.hasDead(LatchLayout.MEMBERS_AT, Long.BYTES, LatchLayout.MEMBERS, Latch::isMissed)) {
                w.latch(count).countDown(); // nobody has died who would have
            }
        }

        private static boolean isMissed(int seat, long member) {
            return Members.payload(member) != 0 && (member & LatchLayout.ACTIVE) == 0;
        }

        @Override
        public void check(CrashWorld w) throws InterruptedException {
            SharedCountDownLatch latch = w.latch(count);
            boolean mustBreak = w.hasDead(LatchLayout.MEMBERS_AT, Long.BYTES, LatchLayout.MEMBERS, Latch::isMissed)
                    && latch.getCount() > 0;
            CrashScene.check(latch.getCount() <= count, "counts up");
            try {
                boolean isOpen = latch.await(mustBreak ? aSecond() : SHORT);
                CrashScene.check(!mustBreak, "one died before it did anything, and it did not break");
                CrashScene.check(isOpen == (latch.getCount() == 0), "open with " + latch);
            } catch (OwnerDiedException e) {
                CrashScene.check(latch.getCount() > 0, "broken, and complete");
            }
            for (int i = 0; i < count; i++) {
                latch.countDown();
            }
            CrashScene.check(latch.await(Duration.ZERO), "complete, and not open");
        }
    }

    record Barrier(int parties) implements CrashScene.Kind {
        @Override
        public void prepare(CrashWorld w) {
            CrashScene.check(w.barrier(parties).getParties() == parties, "made with other parties");
        }

        @Override
        public void recover(CrashWorld w) throws InterruptedException {
            w.barrier(parties).reset();
            CrashScenes.breakIt(w, parties);
            w.barrier(parties).reset();
            w.barrier(parties).close();
        }

        @Override
        public void release(CrashWorld w) {
            boolean mustBreak = w.hasDead(BarrierLayout.MEMBERS_AT, Long.BYTES, BarrierLayout.MEMBERS,
                    (_, member) -> Members.payload(member) != 0);
            if (!mustBreak) {
                w.barrier(parties).reset(); // nobody has died who would have come
            }
        }

        @Override
        public void check(CrashWorld w) throws Exception {
            SharedBarrier barrier = w.barrier(parties);
            barrier.reset();
            CrashScene.check(!barrier.isBroken(), "reset, and broken");
            CrashScene.check(barrier.getNumberWaiting() == 0, "reset, and somebody is counted");
            w.beside(parties - 1, others -> others.barrier(parties).await(), () -> {
                try {
                    int _ = barrier.await(Delays.PATIENCE);
                } catch (BrokenBarrierException e) {
                    throw new AssertionError("broken after its reset", e);
                }
            });
            barrier.close();
        }
    }
}
