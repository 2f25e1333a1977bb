package io.cleave.bench.sync;

import io.cleave.OwnerDiedException;
import io.cleave.bench.sync.Ground.Objects;
import io.cleave.sync.Acquisition;
import io.cleave.sync.Hold;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Waits through handles and closes them under those who wait, again and again, beside the workers of the torture. What a
 * wait has got is given back through a handle that stays open.
 */
final class Closer implements Runnable {
    private static final int MOST_WAITERS = 4;
    private static final int LONGEST_WAIT_MS = 4;
    private static final int KINDS = 8;
    private static final long PATIENCE_SECONDS = 20;

    private final Ground ground;
    private final String name;
    private final SplittableRandom random;
    private volatile boolean isToEnd;
    private final AtomicLong rounds = new AtomicLong();
    private final AtomicLong sentAway = new AtomicLong();

    /** Something that may wait, through a handle that may be closed meanwhile. */
    private interface Wait {
        void run(Objects closing) throws Exception;
    }

    Closer(Ground ground, String name, long seed) {
        this.ground = ground;
        this.name = name;
        this.random = new SplittableRandom(seed);
    }

    void end() {
        isToEnd = true;
    }

    long rounds() {
        return rounds.get();
    }

    /** How many waits ended by the closing of their handle. */
    long sentAway() {
        return sentAway.get();
    }

    @Override
    public void run() {
        try {
            while (!isToEnd) {
                round();
                rounds.getAndIncrement();
            }
        } catch (InterruptedException | RuntimeException e) {
            error(e.toString());
        }
    }

    private void round() throws InterruptedException {
        Objects closing = Objects.named(name);
        int waiters = random.nextInt(1, MOST_WAITERS + 1);
        CountDownLatch ended = new CountDownLatch(waiters);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < waiters; i++) {
            Wait wait = wait(random.nextInt(KINDS));
            Runnable body = () -> {
                try {
                    go(wait, closing);
                } finally {
                    ended.countDown();
                }
            };
            threads.add(random.nextBoolean() ? Thread.ofVirtual().start(body) : Thread.ofPlatform().start(body));
        }
        Thread.sleep(random.nextInt(LONGEST_WAIT_MS));
        closing.close();
        if (!ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            ground.addVolatile(Ground.STUCK);
            System.err.println("threads wait on through closed handles: " + threads);
            isToEnd = true;
        }
    }

    private void go(Wait wait, Objects closing) {
        try {
            wait.run(closing);
        } catch (IllegalStateException e) {
            if (String.valueOf(e.getMessage()).contains("close")) {
                sentAway.getAndIncrement();
            } else {
                error(e.toString());
            }
        } catch (BrokenBarrierException e) {
            sentAway.getAndIncrement(); // by another
        } catch (Exception | AssertionError e) {
            error(e.toString());
        }
    }

    private void error(String what) {
        ground.addVolatile(Ground.ERRORS);
        System.err.println("under a closing handle: " + what);
    }

    private Wait wait(int kind) {
        return switch (kind) {
            case 0 -> closing -> unlock(closing.mutex().acquire());
            case 1 -> this::await;
            case 2 -> closing -> {
                closing.semaphore().acquire(Ground.PERMITS);
                ground.objects.semaphore().release(Ground.PERMITS);
            };
            case 3 -> closing -> {
                Acquisition _ = closing.readWrite().writeLock().acquire(); // half a write stays for a worker to mend
                ground.objects.readWrite().writeLock().unlock();
            };
            case 4 -> closing -> closing.event().await();
            case 5 -> closing -> {
                int _ = closing.barrier().await();
            };
            case 6 -> Closer::awaitLatch;
            default -> this::acquireAsync;
        };
    }

    private static void awaitLatch(Objects closing) throws InterruptedException {
        try {
            closing.latch().await();
        } catch (OwnerDiedException e) { // a worker was killed between attaching and its first count-down
            if (closing.latch().getCount() == 0) {
                throw new AssertionError("broken, and complete", e);
            }
        }
    }

    private void unlock(Acquisition acquisition) {
        ground.repair(acquisition == Acquisition.OWNER_DIED);
        ground.objects.mutex().unlock();
    }

    /** Waits for a condition; sent away from there it holds the lock no more. */
    @SuppressWarnings("WaitNotInLoop") // it does not matter what for
    private void await(Objects closing) throws InterruptedException {
        ground.repair(closing.mutex().acquire() == Acquisition.OWNER_DIED);
        try {
            closing.mutex().condition(0).await();
        } catch (OwnerDiedException e) {
            ground.repair(true);
        } finally {
            if (ground.objects.mutex().isHeldByCurrentThread()) {
                ground.objects.mutex().unlock();
            }
        }
    }

    /** Waits for the lock without a thread, and gives up or has it. */
    private void acquireAsync(Objects closing) throws Exception {
        CompletableFuture<Hold> future = ground.objects.mutex().acquireAsync();
        Thread.sleep(1);
        if (!future.cancel(true)) {
            try (Hold hold = future.get()) {
                if (hold.ownerDied()) {
                    ground.replay();
                    ground.setVolatile(Ground.INSIDE, 0);
                    hold.consistent();
                }
            }
        }
    }
}
