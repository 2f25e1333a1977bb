package io.cleave.pool;

import io.cleave.os.Cpus;
import io.cleave.work.RunFuture;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * A pool whose workers are threads of this JVM: platform threads for computing, virtual ones for waiting. It is an
 * {@link ExecutorService}, too.
 *
 * <pre>{@code
 * try (ThreadPool pool = ThreadPool.create()) {
 *     List<Score> scores = pool.map(documents, model::score);
 * }
 * }</pre>
 *
 * <p>
 * Items and results are passed as they are, without a copy. What the thread that iterates over the items did before it
 * gave one away happens before the task on it, and that before the result is given out. Items are taken by the pool's
 * threads, by one at a time. Closing a stream, cancelling a future and a failure interrupt the tasks that are still
 * running; a task that does not care for interrupts runs to its end, and its result is lost.
 *
 * <p>
 * The pool can be used within its own tasks: where all threads wait for such calls, the callers compute. A task that
 * waits for a future of {@link #submit} may wait for ever, as with every executor of a fixed size.
 *
 * <p>
 * Cost: cheap items of a collection are handed out in chunks of about 200 us; those of other iterables, and those for
 * virtual threads, one by one, at a microsecond or so for each. At most two chunks, or 50 us of single items, are
 * computed for each thread ahead of their consumer. Threads that have had nothing to do for a minute end.
 */
public final class ThreadPool implements Pool, ExecutorService {
    private static final int VIRTUAL_PARALLELISM = 1024;
    private static final long IDLE_SECONDS = 60;
    private static final AtomicLong NUMBERS = new AtomicLong();

    private final ExecutorService threads;
    /** How the names of its threads begin. */
    private final String prefix;
    private final int parallelism;
    private final boolean isVirtual;
    private final Set<ThreadRun<?, ?>> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private ThreadPool(int parallelism, boolean isVirtual) {
        if (parallelism < 1) {
            throw new IllegalArgumentException(
                    "a pool needs at least 1 thread, but " + parallelism + " were asked for");
        }
        this.parallelism = parallelism;
        this.isVirtual = isVirtual;
        prefix = "cleave-pool-" + NUMBERS.incrementAndGet() + "-";
        ThreadFactory factory = isVirtual ? Thread.ofVirtual().name(prefix, 1).factory()
                : Thread.ofPlatform().name(prefix, 1).factory();
        threads = isVirtual ? Executors.newThreadPerTaskExecutor(factory) : platform(parallelism, factory);
    }

    private static ExecutorService platform(int parallelism, ThreadFactory factory) {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(parallelism, parallelism, IDLE_SECONDS, TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(), factory);
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /**
     * A pool with a platform thread for each processor that this process may use.
     *
     * @return a pool
     */
    public static ThreadPool create() {
        return create(Cpus.usable());
    }

    /**
     * A pool of platform threads, which are started when they are first needed.
     *
     * @param parallelism how many threads there are, 1 or more
     * @return a pool
     */
    public static ThreadPool create(int parallelism) {
        return new ThreadPool(parallelism, false);
    }

    /**
     * A pool of virtual threads, for tasks that wait: as many at once as are submitted, and 1,024 for each call that maps.
     *
     * @return a pool
     */
    public static ThreadPool virtual() {
        return virtual(VIRTUAL_PARALLELISM);
    }

    /**
     * A pool of virtual threads.
     *
     * @param parallelism how many items each call that maps computes at once, 1 or more; what is submitted is not limited
     * @return a pool
     */
    public static ThreadPool virtual(int parallelism) {
        return new ThreadPool(parallelism, true);
    }

    private <T extends @Nullable Object, R extends @Nullable Object> ThreadRun<T, R> begin(Iterable<? extends T> items,
            Task<? super T, ? extends R> task, boolean ordered, boolean failFast) {
        Objects.requireNonNull(items, "items");
        Objects.requireNonNull(task, "task");
        if (closed || threads.isShutdown()) {
            throw new IllegalStateException("this pool is closed");
        }
        ThreadRun<T, R> run = new ThreadRun<>(items, task, threads, parallelism, !isVirtual, ordered, failFast,
                open::remove);
        open.add(run);
        return run;
    }

    private static <R extends @Nullable Object> Stream<R> stream(ThreadRun<?, R> run) {
        return StreamSupport.stream(run, false).onClose(run::close);
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> List<R> map(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        return list(this.<T, R>begin(items, task, true, true));
    }

    private static <R extends @Nullable Object> List<R> list(ThreadRun<?, R> run) {
        try (Stream<R> results = stream(run)) {
            return results.toList();
        }
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> Stream<R> imap(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        return stream(this.<T, R>begin(items, task, true, false));
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> Stream<R> imapUnordered(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        return stream(this.<T, R>begin(items, task, false, true));
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<List<R>> amap(
            Iterable<? extends T> items, Task<? super T, ? extends R> task) {
        ThreadRun<T, R> run = begin(items, task, true, true);
        return new RunFuture<List<R>>(run::close).fill(Thread.ofVirtual().name("cleave-pool-amap"),
                () -> list(run));
    }

    @Override
    public int parallelism() {
        return parallelism;
    }

    /**
     * Ends all streams and futures of the calls that map, then waits until what was submitted is done, as
     * {@link ExecutorService#close} does. Called by a task of this pool, it does not wait, as it would wait for itself.
     */
    @Override
    public void close() {
        closed = true;
        open.forEach(ThreadRun::close);
        if (Thread.currentThread().getName().startsWith(prefix)) {
            threads.shutdown();
        } else {
            threads.close();
        }
    }

    @Override
    public void shutdown() {
        threads.shutdown();
    }

    @Override
    public List<Runnable> shutdownNow() {
        open.forEach(ThreadRun::close);
        return threads.shutdownNow();
    }

    @Override
    public boolean isShutdown() {
        return threads.isShutdown();
    }

    @Override
    public boolean isTerminated() {
        return threads.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return threads.awaitTermination(timeout, unit);
    }

    /**
     * {@inheritDoc}
     *
     * @throws RejectedExecutionException where the pool has been shut down
     */
    @Override
    public void execute(Runnable command) {
        threads.execute(command);
    }

    @Override
    public <V extends @Nullable Object> Future<V> submit(Callable<V> task) {
        return threads.submit(task);
    }

    @Override
    public <V extends @Nullable Object> Future<V> submit(Runnable task, V result) {
        return threads.submit(task, result);
    }

    @Override
    public Future<?> submit(Runnable task) {
        return threads.submit(task);
    }

    @Override
    public <V extends @Nullable Object> List<Future<V>> invokeAll(Collection<? extends Callable<V>> tasks)
            throws InterruptedException {
        return threads.invokeAll(tasks);
    }

    @Override
    public <V extends @Nullable Object> List<Future<V>> invokeAll(Collection<? extends Callable<V>> tasks, long timeout,
            TimeUnit unit) throws InterruptedException {
        return threads.invokeAll(tasks, timeout, unit);
    }

    @Override
    public <V extends @Nullable Object> V invokeAny(Collection<? extends Callable<V>> tasks)
            throws InterruptedException, ExecutionException {
        return threads.invokeAny(List.copyOf(tasks)); // a null is refused, however soon another task is done
    }

    @Override
    public <V extends @Nullable Object> V invokeAny(Collection<? extends Callable<V>> tasks, long timeout,
            TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        return threads.invokeAny(List.copyOf(tasks), timeout, unit);
    }

    @Override
    public String toString() {
        return "ThreadPool of " + parallelism + (isVirtual ? " virtual" : "") + " threads" + (closed ? ", closed" : "");
    }
}
