package io.cleave.bench.soundness;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a forked JVM's other threads do all the time: one allocates and so makes the collector work, one loads fresh
 * classes and has them compiled, two fight over locks, one starts threads that end soon, and one has executors at work. What
 * they do is known beforehand, and each looks whether it runs in the JVM that it belongs to.
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
    private static final int WORKERS = 3;
    private static final int TASKS = 20;

    /** A monitor that is held most of the time. */
    final Object monitor = new Object();
    /** A lock that is held most of the time. */
    final ReentrantLock lock = new ReentrantLock();

    private final BlockingQueue<OverriddenClass> overridden = new ArrayBlockingQueue<>(16);
    private final AtomicLong classes = new AtomicLong();
    private final AtomicLong turns = new AtomicLong();
    private final AtomicLong started = new AtomicLong();
    private final AtomicLong tasks = new AtomicLong();
    private final AtomicLong wrong = new AtomicLong();
    private final Strays strays = new Strays();
    /** What the two locks guard, counted beside {@link #turns}. */
    private long underMonitor;
    private long underLock;
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
        start("noise-start", this::startThreads);
        start("noise-executors", this::runExecutors);
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
            if (made % 1000 == 0) {
                strays.here(Strays.Kind.LASTING);
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
            strays.here(Strays.Kind.LASTING);
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

    private void startThreads() {
        while (!stopped) {
            long[] sum = new long[1];
            List<Thread> brief = new ArrayList<>();
            for (int i = 1; i <= WORKERS; i++) {
                int one = i;
                Thread thread = new Thread(() -> {
                    strays.here(Strays.Kind.BRIEF);
                    byte[] some = new byte[1000 * one];
                    synchronized (sum) {
                        sum[0] += some.length;
                    }
                    strays.here(Strays.Kind.BRIEF);
                });
                thread.start();
                brief.add(thread);
                started.incrementAndGet();
            }
            for (Thread thread : brief) {
                awaitEnd(thread);
            }
            if (sum[0] != 1000L * WORKERS * (WORKERS + 1) / 2) {
                wrong.incrementAndGet();
            }
            strays.here(Strays.Kind.LASTING);
            LockSupport.parkNanos(NAP_NANOS);
        }
    }

    private static void awaitEnd(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts", e);
        }
    }

    private void runExecutors() {
        try (ExecutorService executor = Executors.newFixedThreadPool(WORKERS);
                ForkJoinPool pool = new ForkJoinPool(2)) {
            while (!stopped) {
                List<Future<Long>> results = new ArrayList<>();
                for (int i = 0; i < TASKS; i++) {
                    long one = i;
                    Strays.Kind kind = i % 2 == 0 ? Strays.Kind.WORKER : Strays.Kind.FORK_JOIN;
                    Callable<Long> task = () -> {
                        strays.here(kind);
                        tasks.incrementAndGet();
                        return one * one;
                    };
                    results.add(kind == Strays.Kind.WORKER ? executor.submit(task) : pool.submit(task));
                }
                long sum = 0;
                for (Future<Long> result : results) {
                    sum += result.get();
                }
                if (sum != 2470) {
                    wrong.incrementAndGet();
                }
                strays.here(Strays.Kind.LASTING);
                LockSupport.parkNanos(NAP_NANOS);
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("an executor has failed", e);
        }
    }

    private void fight() {
        while (!stopped) {
            synchronized (monitor) {
                underMonitor++;
                hold();
            }
            lock.lock();
            try {
                underLock++;
                hold();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Spends some time under a lock: mostly at work, now and then asleep. */
    private void hold() {
        strays.here(Strays.Kind.LASTING);
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

    /** How many threads were started. */
    long threadsStarted() {
        return started.get();
    }

    /** How many tasks executors have run. */
    long tasks() {
        return tasks.get();
    }

    /** How often the parent's own threads have come to a result that is not right. */
    long wrong() {
        return wrong.get();
    }

    /** Threads of the parent's that have run in a child. */
    Strays strays() {
        return strays;
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
        if (underMonitor + underLock != turns.get()) {
            wrong.incrementAndGet(); // all have ended, so that what they wrote can be seen
        }
    }
}
