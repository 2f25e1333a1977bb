package io.cleave.fission;

import io.cleave.fission.OrdinaryJava.Entries;
import io.cleave.fission.OrdinaryJava.Place;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Exchanger;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.RecursiveTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.concurrent.locks.StampedLock;
import java.util.stream.Gatherers;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Threads, executors and what threads wait with. */
final class OrdinaryThreads {
    private static final int MANY = 20;
    private static final int SUM = 190;
    private static final InheritableThreadLocal<Integer> INHERITED = new InheritableThreadLocal<>();
    private static final ThreadLocal<Integer> LOCAL = ThreadLocal.withInitial(() -> 7);
    private static final ScopedValue<Integer> SCOPED = ScopedValue.newInstance();

    private OrdinaryThreads() {
    }

    /** Made by whoever uses it first, which is the calling JVM where that has done the same before. */
    private static final class Shared {
        static final ExecutorService FIXED = Executors.newFixedThreadPool(2, OrdinaryThreads::daemon);
        static final ExecutorService CACHED = Executors.newCachedThreadPool(OrdinaryThreads::daemon);
        static final ForkJoinPool FORK_JOIN = new ForkJoinPool(2);
        static final ExecutorService VIRTUAL = Executors.newVirtualThreadPerTaskExecutor();
    }

    private static final class SharedTimers {
        static final ScheduledExecutorService SCHEDULED = Executors.newScheduledThreadPool(1, OrdinaryThreads::daemon);
        static final Timer TIMER = new Timer(true);
    }

    private static Thread daemon(Runnable run) {
        Thread thread = new Thread(run);
        thread.setDaemon(true);
        return thread;
    }

    static void addTo(Entries entries) {
        pools(entries);
        timers(entries);
        waits(entries);
        locals(entries);
    }

    private static void pools(Entries entries) {
        entries.add("parallel stream", x -> IntStream.range(0, 10_000).parallel().map(i -> i % 7 + x).sum(),
                x -> IntStream.range(0, 10_000).map(i -> i % 7 + x).sum())
                .add("parallel sort", x -> sorted(x), x -> true)
                .add("virtual threads", x -> {
                    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                        return sumBy(executor, x);
                    }
                }, x -> SUM + x)
                .add("virtual threads of an executor of the caller's", x -> sumBy(Shared.VIRTUAL, x), x -> SUM + x)
                .add("virtual threads that sleep and wait for each other", x -> {
                    AtomicInteger sum = new AtomicInteger(x);
                    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                        Semaphore turn = new Semaphore(2);
                        List<Callable<Object>> tasks = new ArrayList<>();
                        for (int i = 0; i < MANY; i++) {
                            int n = i;
                            tasks.add(() -> {
                                Thread.sleep(2);
                                turn.acquire();
                                synchronized (sum) {
                                    sum.addAndGet(n);
                                }
                                turn.release();
                                return n;
                            });
                        }
                        executor.invokeAll(tasks);
                    }
                    return sum.get();
                }, x -> SUM + x)
                .add("virtual threads that wait for a monitor", x -> {
                    int[] sum = {x};
                    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                        for (int i = 0; i < MANY; i++) {
                            int n = i;
                            var _ = executor.submit(() -> {
                                synchronized (sum) {
                                    if (n % 5 == 0) {
                                        Thread.sleep(2);
                                    }
                                    sum[0] += n;
                                }
                                return n;
                            });
                        }
                    }
                    return sum[0];
                }, x -> SUM + x)
                .add("mapConcurrent",
                        x -> IntStream.range(0, MANY).boxed().gather(Gatherers.mapConcurrent(4, i -> i + x))
                                .mapToInt(i -> i).sum(),
                        x -> SUM + MANY * x)
                .add("fixed executor", x -> {
                    try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
                        return sumBy(executor, x);
                    }
                }, x -> SUM + x)
                .add("cached executor", x -> {
                    try (ExecutorService executor = Executors.newCachedThreadPool()) {
                        return sumBy(executor, x);
                    }
                }, x -> SUM + x)
                .add("fixed executor of the caller's", x -> sumBy(Shared.FIXED, x), x -> SUM + x)
                .add("cached executor of the caller's", x -> sumBy(Shared.CACHED, x), x -> SUM + x)
                .add("fork-join pool", x -> {
                    try (ForkJoinPool pool = new ForkJoinPool(3)) {
                        return pool.invoke(new Fibonacci(15)) + x;
                    }
                }, x -> 610 + x)
                .add("fork-join pool of the caller's", x -> Shared.FORK_JOIN.invoke(new Fibonacci(15)) + x,
                        x -> 610 + x)
                .add("threads", x -> {
                    AtomicInteger sum = new AtomicInteger(x);
                    List<Thread> threads = IntStream.range(0, MANY)
                            .mapToObj(i -> Thread.ofPlatform().start(() -> sum.addAndGet(i))).toList();
                    for (Thread thread : threads) {
                        thread.join();
                    }
                    return sum.get();
                }, x -> SUM + x)
                .add("CompletableFuture", x -> CompletableFuture.supplyAsync(() -> x)
                        .thenCombineAsync(CompletableFuture.supplyAsync(() -> 2), Integer::sum)
                        .thenApplyAsync(y -> y * 3)
                        .get(), x -> (x + 2) * 3)
                .add("Flow", x -> published(x), x -> SUM + x);
    }

    private static boolean sorted(int x) {
        int[] numbers = IntStream.range(0, 50_000).map(i -> i * 7919 % 50_021 + x).toArray();
        Arrays.parallelSort(numbers);
        return IntStream.range(1, numbers.length).allMatch(i -> numbers[i - 1] <= numbers[i]);
    }

    private static int sumBy(ExecutorService executor, int x) throws InterruptedException, ExecutionException {
        List<Callable<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            int n = i;
            tasks.add(() -> n);
        }
        int sum = x;
        for (Future<Integer> future : executor.invokeAll(tasks)) {
            sum += future.get();
        }
        return sum;
    }

    private static final class Fibonacci extends RecursiveTask<Integer> {
        private static final long serialVersionUID = 1L;
        private final int n;

        Fibonacci(int n) {
            this.n = n;
        }

        @Override
        protected Integer compute() {
            if (n < 2) {
                return n;
            }
            Fibonacci other = new Fibonacci(n - 1);
            other.fork();
            return new Fibonacci(n - 2).compute() + other.join();
        }
    }

    private static int published(int x) throws InterruptedException {
        AtomicInteger sum = new AtomicInteger(x);
        CountDownLatch completed = new CountDownLatch(1);
        try (SubmissionPublisher<Integer> publisher = new SubmissionPublisher<>()) {
            publisher.subscribe(new Flow.Subscriber<Integer>() {
                private Flow.Subscription subscription;

                @Override
                public void onSubscribe(Flow.Subscription given) {
                    subscription = given;
                    given.request(1);
                }

                @Override
                public void onNext(Integer item) {
                    sum.addAndGet(item);
                    subscription.request(1);
                }

                @Override
                public void onError(Throwable why) {
                    completed.countDown();
                }

                @Override
                public void onComplete() {
                    completed.countDown();
                }
            });
            IntStream.range(0, MANY).forEach(publisher::submit);
        }
        completed.await();
        return sum.get();
    }

    private static void timers(Entries entries) {
        entries.add("scheduled executor", x -> {
            try (ScheduledExecutorService executor = Executors.newScheduledThreadPool(1)) {
                return executor.schedule(() -> x + 1, 5, TimeUnit.MILLISECONDS).get();
            }
        }, x -> x + 1)
                .add("scheduled executor of the caller's", Place.CHILD_IF_COLD,
                        x -> SharedTimers.SCHEDULED.schedule(() -> x + 1, 5, TimeUnit.MILLISECONDS).get(), x -> x + 1)
                .add("Timer", x -> {
                    Timer timer = new Timer();
                    try {
                        return by(timer, x);
                    } finally {
                        timer.cancel();
                    }
                }, x -> x)
                .add("Timer of the caller's", Place.CHILD_IF_COLD, x -> by(SharedTimers.TIMER, x), x -> x)
                .add("orTimeout", x -> {
                    try {
                        return new CompletableFuture<Integer>().orTimeout(5, TimeUnit.MILLISECONDS).join();
                    } catch (CompletionException e) {
                        return e.getCause() instanceof TimeoutException ? x : e.toString();
                    }
                }, x -> x)
                .add("completeOnTimeout",
                        x -> new CompletableFuture<Integer>().completeOnTimeout(x, 5, TimeUnit.MILLISECONDS).get(),
                        x -> x)
                .add("delayedExecutor", x -> CompletableFuture
                        .supplyAsync(() -> x, CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS)).get(),
                        x -> x)
                .add("timed get that is not answered", x -> {
                    try {
                        return new CompletableFuture<Integer>().get(5, TimeUnit.MILLISECONDS);
                    } catch (TimeoutException e) {
                        return x;
                    }
                }, x -> x)
                .add("a time-out of the caller's under way", x -> {
                    var _ = new CompletableFuture<Integer>().orTimeout(1, TimeUnit.HOURS);
                    return new CompletableFuture<Integer>().completeOnTimeout(x, 5, TimeUnit.MILLISECONDS).get();
                }, x -> x)
                .add("fork-join pool that schedules", x -> ForkJoinPool.commonPool()
                        .schedule(() -> x, 5, TimeUnit.MILLISECONDS).get(), x -> x)
                .add("sleep", x -> {
                    long start = System.nanoTime();
                    Thread.sleep(Duration.ofMillis(5));
                    return System.nanoTime() - start >= 5_000_000;
                }, x -> true);
    }

    private static int by(Timer timer, int x) throws Exception {
        CompletableFuture<Integer> done = new CompletableFuture<>();
        timer.schedule(new TimerTask() {
            @Override
            public void run() {
                done.complete(x);
            }
        }, 5);
        return done.get();
    }

    private static <T> Future<T> inThread(Callable<T> call) {
        CompletableFuture<T> future = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            try {
                future.complete(call.call());
            } catch (Throwable t) {
                future.completeExceptionally(t);
            }
        });
        return future;
    }

    private static void waits(Entries entries) {
        entries.add("lock and condition", x -> {
            ReentrantLock lock = new ReentrantLock();
            Condition filled = lock.newCondition();
            AtomicInteger value = new AtomicInteger(-1);
            Future<Integer> taken = inThread(() -> {
                lock.lock();
                try {
                    while (value.get() < 0) {
                        filled.await();
                    }
                    return value.get();
                } finally {
                    lock.unlock();
                }
            });
            lock.lock();
            try {
                value.set(x);
                filled.signalAll();
            } finally {
                lock.unlock();
            }
            return taken.get();
        }, x -> x)
                .add("read-write and stamped locks", x -> {
                    ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
                    StampedLock stamped = new StampedLock();
                    Future<Integer> read;
                    long stamp = stamped.writeLock();
                    lock.writeLock().lock();
                    try {
                        read = inThread(() -> {
                            lock.readLock().lock();
                            try {
                                stamped.unlockRead(stamped.readLock());
                                return x;
                            } finally {
                                lock.readLock().unlock();
                            }
                        });
                    } finally {
                        lock.writeLock().unlock();
                    }
                    stamped.unlockWrite(stamp);
                    return read.get();
                }, x -> x)
                .add("semaphore and latch", x -> {
                    Semaphore semaphore = new Semaphore(0);
                    CountDownLatch latch = new CountDownLatch(1);
                    Future<Integer> other = inThread(() -> {
                        semaphore.acquire();
                        latch.countDown();
                        return x;
                    });
                    semaphore.release();
                    latch.await();
                    return other.get();
                }, x -> x)
                .add("phaser and barrier", x -> {
                    Phaser phaser = new Phaser(2);
                    CyclicBarrier barrier = new CyclicBarrier(2);
                    Future<Integer> other = inThread(() -> {
                        phaser.arriveAndAwaitAdvance();
                        barrier.await();
                        return x;
                    });
                    phaser.arriveAndAwaitAdvance();
                    barrier.await();
                    return other.get();
                }, x -> x)
                .add("exchanger", x -> {
                    Exchanger<Integer> exchanger = new Exchanger<>();
                    Future<Integer> other = inThread(() -> exchanger.exchange(1));
                    return exchanger.exchange(x) + other.get();
                }, x -> x + 1)
                .add("queues", x -> {
                    BlockingQueue<Integer> there = new SynchronousQueue<>();
                    BlockingQueue<Integer> back = new LinkedBlockingQueue<>();
                    Future<Boolean> other = inThread(() -> back.add(there.take() + 1));
                    there.put(x);
                    return other.get() ? back.take() : -1;
                }, x -> x + 1)
                .add("wait and notify", x -> {
                    AtomicReference<Integer> box = new AtomicReference<>();
                    Future<Integer> other = inThread(() -> {
                        synchronized (box) {
                            while (box.get() == null) {
                                box.wait();
                            }
                            return box.get();
                        }
                    });
                    synchronized (box) {
                        box.set(x);
                        box.notifyAll();
                    }
                    return other.get();
                }, x -> x)
                .add("interrupt", x -> {
                    CountDownLatch never = new CountDownLatch(1);
                    AtomicReference<Object> caught = new AtomicReference<>();
                    Thread thread = Thread.ofPlatform().start(() -> {
                        try {
                            never.await();
                        } catch (InterruptedException e) {
                            caught.set(x);
                        }
                    });
                    thread.interrupt();
                    thread.join();
                    return caught.get();
                }, x -> x);
    }

    private static void locals(Entries entries) {
        entries.add("thread locals", x -> {
            INHERITED.set(x);
            LOCAL.set(LOCAL.get() + 1);
            int sum = inThread(() -> INHERITED.get() + LOCAL.get()).get();
            LOCAL.remove();
            return sum;
        }, x -> x + 7)
                .add("scoped value", x -> ScopedValue.where(SCOPED, x).call(() -> SCOPED.get() + 1), x -> x + 1)
                .add("thread dump by the bean", x -> {
                    ThreadInfo[] all = ManagementFactory.getThreadMXBean().dumpAllThreads(true, true);
                    return Stream.of(all).anyMatch(info -> info.getThreadId() == Thread.currentThread().threadId());
                }, x -> true)
                .add("all stack traces", x -> Thread.getAllStackTraces().containsKey(Thread.currentThread()), x -> true)
                .add("StackWalker", x -> StackWalker.getInstance().walk(frames -> frames.count() > 3), x -> true)
                .add("uncaught exception", x -> {
                    AtomicReference<String> message = new AtomicReference<>();
                    Thread thread = Thread.ofPlatform().uncaughtExceptionHandler((_, e) -> message.set(e.getMessage()))
                            .start(() -> {
                                throw new IllegalStateException("number " + x);
                            });
                    thread.join();
                    return message.get();
                }, x -> "number " + x);
    }
}
