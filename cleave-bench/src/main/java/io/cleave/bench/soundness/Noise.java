package io.cleave.bench.soundness;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a forked JVM's other threads do all the time: one allocates and so makes the collector work, one loads fresh
 * classes and has them compiled, and two fight over locks.
 */
final class Noise implements AutoCloseable {
    private static final int LIVE_OBJECTS = 100_000;
    private static final int MOST_BYTES = 256;
    private static final int OBJECTS_PER_PAUSE = 40_000;
    private static final int HOT_CALLS = 3000;
    private static final int CLASSES_PER_OVERRIDDEN = 8;
    /** Of so many classes a quarter comes without a pause in between, so that the compilers never rest. */
    private static final int CLASSES_PER_STORM = 400;
    private static final long PAUSE_NANOS = 5_000_000;
    private static final int TURNS_PER_NAP = 8;
    private static final long NAP_NANOS = 200_000;
    private static final int SPINS = 50;

    /** A monitor that is held most of the time. */
    final Object monitor = new Object();
    /** A lock that is held most of the time. */
    final ReentrantLock lock = new ReentrantLock();

    private final BlockingQueue<OverriddenClass> overridden = new ArrayBlockingQueue<>(16);
    private final AtomicLong classes = new AtomicLong();
    private final AtomicLong turns = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopped;

    /** A thread's work, which ends when {@link #stopped}. */
    private interface Work {
        void run() throws ReflectiveOperationException;
    }

    Noise(long seed) {
        start("noise-allocate", () -> allocate(new SplittableRandom(seed)));
        start("noise-compile", () -> compile(new SplittableRandom(seed + 1)));
        start("noise-lock-1", this::fight);
        start("noise-lock-2", this::fight);
    }

    private void start(String name, Work work) {
        threads.add(Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                work.run();
            } catch (ReflectiveOperationException | RuntimeException | Error e) {
                failure.compareAndSet(null, e);
            }
        }));
    }

    private void allocate(SplittableRandom random) {
        Object[] live = new Object[LIVE_OBJECTS];
        for (long made = 1; !stopped; made++) {
            if (made % OBJECTS_PER_PAUSE == 0) {
                LockSupport.parkNanos(PAUSE_NANOS); // the children should get on, too
            }
            byte[] next = new byte[random.nextInt(MOST_BYTES)];
            live[random.nextInt(LIVE_OBJECTS)] = random.nextInt(4) == 0 ? new Object[] {next, next.clone()} : next;
        }
    }

    private void compile(SplittableRandom random) throws ReflectiveOperationException {
        while (!stopped) {
            FreshClass fresh = new FreshClass(random.nextLong(), 1 + random.nextInt(12), 1 + random.nextInt(20));
            LongUnaryOperator function = fresh.load();
            long x = 1;
            long expected = 1;
            for (int call = 0; call < HOT_CALLS && !stopped; call++) {
                x = function.applyAsLong(x);
                expected = fresh.expected(expected);
            }
            if (x != expected) {
                throw new IllegalStateException("the parent itself computes wrongly");
            }
            long made = classes.incrementAndGet();
            if (made % CLASSES_PER_OVERRIDDEN == 0 && overridden.remainingCapacity() > 0) {
                overridden.add(new OverriddenClass(random.nextLong()));
            }
            if (made % CLASSES_PER_STORM * 4 >= CLASSES_PER_STORM) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private void fight() {
        while (!stopped) {
            synchronized (monitor) {
                hold();
            }
            lock.lock();
            try {
                hold();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Spends some time under a lock: mostly at work, now and then asleep. */
    private void hold() {
        if (turns.incrementAndGet() % TURNS_PER_NAP == 0) {
            LockSupport.parkNanos(NAP_NANOS);
        }
        for (int spin = 0; spin < SPINS; spin++) {
            Thread.onSpinWait();
        }
    }

    /** A class whose heir nobody has loaded yet, where there is one. */
    @Nullable OverriddenClass pollOverridden() {
        return overridden.poll();
    }

    /** How many classes were loaded and compiled. */
    long classes() {
        return classes.get();
    }

    /** How often the locks went round. */
    long turns() {
        return turns.get();
    }

    /** Fails where a thread has: then the conditions are not what they are said to be. */
    void check() {
        Throwable why = failure.get();
        if (why != null) {
            throw new IllegalStateException("the noise has ended: " + why, why);
        }
    }

    @Override
    public void close() {
        stopped = true;
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
