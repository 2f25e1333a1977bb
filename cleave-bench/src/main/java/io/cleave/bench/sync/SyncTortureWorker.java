package io.cleave.bench.sync;

import io.cleave.OwnerDiedException;
import io.cleave.sync.Acquisition;
import io.cleave.sync.SharedBarrier;
import io.cleave.sync.SharedReadWriteLock.WriteLock;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;

/** What a process of the torture does: it locks, waits and posts until it is told to stop, or killed. */
final class SyncTortureWorker {
    private static final Duration SHORT = Duration.ofMillis(2);

    private final Ground ground;
    private final int me;
    private final SplittableRandom random;

    SyncTortureWorker(Ground ground, int me, long seed) {
        this.ground = ground;
        this.me = me;
        this.random = new SplittableRandom(seed);
    }

    /**
     * Works in a process of its own until it is to stop.
     *
     * @return the exit code
     */
    static int live(Ground ground, int me, long seed) {
        try {
            new SyncTortureWorker(ground, me, seed).work();
            return 0;
        } catch (InterruptedException | RuntimeException | Error e) {
            System.err.println("worker " + me + ": " + e);
            return 1;
        }
    }

    private void work() throws InterruptedException {
        while (ground.getVolatile(Ground.STOP) == 0) {
            step();
        }
    }

    void step() throws InterruptedException {
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> update();
            case 3, 4 -> hold(1 + random.nextInt(2));
            case 5 -> read();
            case 6 -> write();
            case 7 -> signal();
            case 8 -> await();
            case 9, 10 -> meet();
            default -> countDown();
        }
        ground.addVolatile(Ground.STEPS + me);
    }

    private void check(boolean isRight, String what) {
        if (!isRight) {
            ground.addVolatile(Ground.ERRORS);
            System.err.println("worker " + me + ": " + what);
        }
    }

    /** One update of the sum, by a redo record, which whoever gets the lock from a dead owner plays again. */
    private void update() {
        Acquisition acquisition = ground.objects.mutex().acquire();
        try {
            ground.repair(acquisition == Acquisition.OWNER_DIED);
            check(ground.getVolatile(Ground.INSIDE) == 0, "somebody else is inside, or died without news");
            check(ground.getVolatile(Ground.REDO_OWNER) == 0, "an update under way, and no news");
            ground.setVolatile(Ground.INSIDE, me + 1);
            ground.setVolatile(Ground.REDO_SUM, ground.getVolatile(Ground.SUM) + 1);
            ground.setVolatile(Ground.REDO_COUNT, ground.getVolatile(Ground.COUNTS + me) + 1);
            ground.setVolatile(Ground.REDO_OWNER, me + 1);
            ground.replay();
            check(ground.getVolatile(Ground.INSIDE) == me + 1, "somebody else came in");
            ground.setVolatile(Ground.INSIDE, 0);
        } finally {
            ground.objects.mutex().unlock();
        }
    }

    private void hold(int permits) throws InterruptedException {
        ground.objects.semaphore().acquire(permits);
        try {
            check(ground.objects.semaphore().availablePermits() <= Ground.PERMITS - permits,
                    "more permits than there are");
        } finally {
            ground.objects.semaphore().release(permits);
        }
    }

    private void read() {
        if (!tryRead()) {
            write(); // a writer died: a writer repairs
        }
    }

    private boolean tryRead() {
        try {
            ground.objects.readWrite().readLock().lock();
        } catch (OwnerDiedException e) {
            return false;
        }
        try {
            check(ground.getVolatile(Ground.LEFT) == ground.getVolatile(Ground.RIGHT), "half a write was read");
        } finally {
            ground.objects.readWrite().readLock().unlock();
        }
        return true;
    }

    private void write() {
        WriteLock lock = ground.objects.readWrite().writeLock();
        Acquisition acquisition = lock.acquire();
        try {
            long left = ground.getVolatile(Ground.LEFT);
            check(acquisition == Acquisition.OWNER_DIED || left == ground.getVolatile(Ground.RIGHT),
                    "half a write, and no news");
            ground.setVolatile(Ground.LEFT, left + 1);
            ground.setVolatile(Ground.RIGHT, left + 1);
            lock.consistent();
        } finally {
            lock.unlock();
        }
    }

    private void signal() throws InterruptedException {
        if (random.nextBoolean()) {
            boolean _ = ground.objects.event().await(SHORT); // whether it came does not matter
        } else {
            ground.objects.event().set();
            ground.objects.event().clear();
        }
    }

    /** Waits on a condition for a moment, or signals it. */
    @SuppressWarnings("WaitNotInLoop") // it does not matter what for
    private void await() throws InterruptedException {
        Condition condition = ground.objects.mutex().condition(0);
        Acquisition acquisition = ground.objects.mutex().acquire();
        try {
            ground.repair(acquisition == Acquisition.OWNER_DIED);
            if (random.nextBoolean()) {
                condition.signal();
            } else {
                boolean _ = condition.await(SHORT.toNanos(), TimeUnit.NANOSECONDS); // whether it came does not matter
            }
        } catch (OwnerDiedException e) {
            ground.repair(true);
        } finally {
            ground.objects.mutex().unlock();
        }
    }

    /** Comes to the barrier, which the killed and the late break. */
    private void meet() throws InterruptedException {
        SharedBarrier barrier = ground.objects.barrier();
        try {
            int missing = barrier.await(SHORT);
            check(missing >= 0 && missing < Ground.PARTIES, "came to the barrier as one of more than there are");
        } catch (BrokenBarrierException | TimeoutException e) {
            check(barrier.getNumberWaiting() < Ground.PARTIES, "more wait than take part");
            barrier.reset();
        }
    }

    private void countDown() {
        ground.addVolatile(Ground.BEGUN + me);
        ground.objects.latch().countDown();
        ground.addVolatile(Ground.DONE + me);
    }
}
