package io.cleave.pool;

import io.cleave.os.Cpus;
import io.cleave.os.Unistd;
import io.cleave.work.Gathered;
import io.cleave.work.InPlace;
import io.cleave.work.RunFuture;
import io.cleave.work.TaskFrames;
import java.io.InvalidObjectException;
import java.io.ObjectStreamException;
import java.io.Serializable;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * A pool whose workers are JVMs of their own, on this machine. Tasks, items and results are serialised; nothing else is
 * shared, and nothing that a task does, not even a crash, harms this JVM. It is an {@link ExecutorService}, too.
 *
 * <pre>{@code
 * try (ProcessPool pool = ProcessPool.create()) {
 *     List<Score> scores = pool.map(documents, document -> Model.shared().score(document));
 *     CompletableFuture<Report> report = pool.submit(() -> Report.of(2026));
 * }
 * }</pre>
 *
 * <h2>Workers</h2> A worker runs the same Java with the same class path or module path, and inherits the system properties,
 * module options and assertions that this JVM was started with, the environment and the working directory. It uses the
 * Serial collector, unless that or another is chosen by {@link Builder#jvmOptions} or {@code JAVA_TOOL_OPTIONS}, and a share of
 * three quarters of the memory as its heap; {@link Builder#jvmOptions} has the last word. A debugger's port in such a variable is
 * this JVM's alone.
 * Workers are started when there is work for them, at most as many as the pool was built with, and end when they have been
 * idle for a minute, when the pool is closed, and with this process, however it ends: the kernel kills them then. What they
 * print, in UTF-8, appears on this JVM's streams, or where {@link Builder#output} says.
 *
 * <h2>What can be sent</h2> Tasks are lambdas of the types {@link Task}, {@link SerializableCallable} and
 * {@link SerializableRunnable}, or other serializable objects; they are sent once for each call, not for each item, with
 * what they capture. Items and results are whatever {@link io.cleave.share.Codec#standard} encodes; those of more than 128
 * KiB go through shared memory, in one copy. What many calls need is best captured as the name of a
 * {@link io.cleave.share.SharedData}, which each worker loads once. What cannot be sent is refused before it is, by an
 * {@link IllegalArgumentException} that names the part. The class of a task must be found on the workers' class path.
 *
 * <h2>When a worker dies</h2> The task that it was at fails with a {@link io.cleave.WorkerDiedException} that tells how it
 * ended, what it wrote last, and where HotSpot's report is; items that it had not begun are given to others. Only where
 * {@link Builder#maxRetries} allows it is an item begun more than once. A task that exceeds {@link Builder#taskTimeout}, or
 * is cancelled, is interrupted; if it goes on nevertheless, its worker is killed and replaced, within a third of a second in
 * the first case and a second in the other.
 *
 * <h2>Forked workers</h2> With {@link StartMethod#FORK} a worker is a copy of this JVM as it is at that moment, made in some
 * milliseconds: warm, and with every class and class loader that is here, so that tasks may be of classes that no class path
 * has, as those of JShell, of the source launcher, or of a framework's loader. All that is said here holds of them, too: tasks,
 * items and results are serialised, and what a task changes stays in its worker. What differs:
 * <ul>
 * <li>A worker sees static fields and other objects as they were when it was forked; one that replaces another, later. Before the
 * first task of a class whose loader is one of the program's own, all workers are replaced.
 * <li>The program's other threads do not exist there. A lock that one of them held at that moment is never released: a task that
 * waits for it, or for anything else from such a thread, waits until {@link Builder#taskTimeout} ends it. Idle threads of
 * executors go on, and a task may start threads of its own.
 * <li>Files, sockets and pipes that this JVM has open are not the workers': sockets and pipes fail there, files that are read
 * have a position of their own, files that are only written share theirs.
 * <li>{@link System#exit} ends a worker without shutdown hooks, as they are this JVM's.
 * <li>Heap and options are those of this JVM, so that {@link Builder#jvmOptions} and {@link Builder#classPath} are refused.
 * Memory is shared with this JVM until either side writes to it.
 * <li>It takes a JVM that can be forked with all of its own threads: HotSpot on x86-64 and glibc with the Serial, Parallel or G1 collector; {@link Builder#build} says what is missing.
 * </ul>
 *
 * <h2>As an ExecutorService</h2> All of it holds, with these exceptions: tasks must be serializable, and so must be what
 * {@link #execute} gets, which excludes the steps of a {@code CompletableFuture.supplyAsync(..., pool)}: {@link #submit}
 * returns a {@link CompletableFuture}, which serves the same end. What a {@link Runnable} changes is changed in the worker.
 * {@link #execute} hands what its task throws to the uncaught exception handler of the thread that takes it. A future's
 * {@link CompletableFuture#cancel cancel} interrupts the task.
 *
 * <h2>Threads</h2> All methods may be called by any thread at any time. What a thread did before it handed in a task or
 * item happens before the task, in the sense that it was serialised then; what the task did is seen in its result alone.
 * The pool can be used by its own tasks, which then compute in place: they capture it like any other value. What is hung on a
 * future may use the pool and wait for it: it runs in a thread of its own, or in that of who waits for the future.
 *
 * <p>
 * Cost: a worker comes up in two to three times what an empty JVM takes, where Cleave and its dependencies lie in jars. A
 * task and its result take some microseconds where the worker is awake, and 150 where it has to be woken. Cheap items are
 * sent in chunks, and then cost some tens of nanoseconds each; an argument or result of 1 MB takes most of a millisecond.
 */
public final class ProcessPool implements Pool, ExecutorService, Serializable {
    private static final long serialVersionUID = 1L;

    private static final AtomicLong NUMBERS = new AtomicLong();

    private final transient @Nullable Crew crew;
    private final transient int workers;
    private final transient Set<ProcessRun<?>> open = ConcurrentHashMap.newKeySet();
    /** The forms of lambdas that capture nothing, by their classes. */
    private final transient Map<Class<?>, TaskForm> kept = new ConcurrentHashMap<>();
    /** Those that are sent once for many calls. */
    private final transient Set<TaskForm> held = ConcurrentHashMap.newKeySet();
    private transient volatile boolean closed;

    private ProcessPool(PoolSettings settings) {
        workers = settings.workers();
        crew = new Crew(settings, "pool-" + NUMBERS.incrementAndGet());
    }

    /** A pool that computes in the calling thread. */
    static ProcessPool inPlace() {
        return new ProcessPool();
    }

    /** A pool as its own tasks see it. */
    private ProcessPool() {
        workers = 1;
        crew = null;
    }

    /**
     * A pool with a worker for each processor that this process may use.
     *
     * @return a pool
     */
    public static ProcessPool create() {
        return builder().build();
    }

    /**
     * A pool with so many workers.
     *
     * @param workers the most workers at once, 1 or more
     * @return a pool
     */
    public static ProcessPool create(int workers) {
        return builder().workers(workers).build();
    }

    /**
     * Begins a pool with settings of its own.
     *
     * @return a builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /** What a pool is while it is on its way to a worker. */
    private record Captured() implements Serializable {
        private static final long serialVersionUID = 1L;

        private Object readResolve() {
            return new ProcessPool();
        }
    }

    private Object writeReplace() throws ObjectStreamException {
        return new Captured();
    }

    private void readObject(java.io.ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("a pool is never serialised as it is");
    }

    /** The crew, or null where this is a pool within one of its own tasks or a forked child. */
    private @Nullable Crew crew() {
        return crew == null || Unistd.isForkedChild() || !crew.isOwn() ? null : crew;
    }

    // As a Pool

    private TaskForm form(Object task, int form) {
        Class<?> type = task.getClass();
        TaskForm known = kept.get(type);
        if (known != null) {
            return known;
        }
        if (!isStateless(type)) {
            return TaskForm.of(task, form, false);
        }
        return kept.computeIfAbsent(type, _ -> TaskForm.of(task, form, true));
    }

    /** Whether all objects of a class are alike: lambdas that capture nothing are. */
    private static boolean isStateless(Class<?> type) {
        if (!type.isHidden()) {
            return false;
        }
        for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())) {
                return false;
            }
        }
        return type.getSuperclass() == Object.class;
    }

    private <R extends @Nullable Object> ProcessRun<R> begin(Crew of, Iterable<?> items, Object task, int form,
            boolean ordered, boolean failFast, boolean eager) {
        return begin(of, items, form(task, form), ordered, failFast, eager);
    }

    private <R extends @Nullable Object> ProcessRun<R> begin(Crew of, Iterable<?> items, TaskForm form,
            boolean ordered, boolean failFast, boolean eager) {
        ProcessRun<R> run = new ProcessRun<>(of, items, form, ordered, failFast, eager, open::remove);
        open.add(run);
        if (closed) {
            run.close();
        }
        return run;
    }

    private void check(Iterable<?> items, Object task) {
        Objects.requireNonNull(items, "items");
        Objects.requireNonNull(task, "task");
        Crew of = crew();
        if (closed || (of != null && of.isShut())) {
            throw new IllegalStateException("this pool is closed");
        }
    }

    private static <R extends @Nullable Object> Stream<R> stream(ProcessRun<R> run) {
        return StreamSupport.stream(run, false).onClose(run::close);
    }

    private static <R extends @Nullable Object> List<R> list(ProcessRun<R> run) {
        try {
            Gathered all = new Gathered(run.total());
            run.forEachRemaining(all::add);
            return all.toList();
        } finally {
            run.close();
        }
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> List<R> map(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        check(items, task);
        Crew of = crew();
        return of == null ? InPlace.<T, R>stream(items, task::apply).toList()
                : list(this.<R>begin(of, items, task, TaskFrames.APPLY, true, true, true));
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> Stream<R> imap(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        check(items, task);
        Crew of = crew();
        return of == null ? InPlace.<T, R>stream(items, task::apply)
                : stream(this.<R>begin(of, items, task, TaskFrames.APPLY, true, false, false));
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> Stream<R> imapUnordered(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        check(items, task);
        Crew of = crew();
        return of == null ? InPlace.<T, R>stream(items, task::apply)
                : stream(this.<R>begin(of, items, task, TaskFrames.APPLY, false, true, false));
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<List<R>> amap(
            Iterable<? extends T> items, Task<? super T, ? extends R> task) {
        check(items, task);
        Crew of = crew();
        return of == null ? InPlace.<T, R>future(items, task::apply)
                : future(of, this.<R>begin(of, items, task, TaskFrames.APPLY, true, true, true));
    }

    /** A task that is sent once for many calls, with what it captures. */
    final class Held<T extends @Nullable Object, R extends @Nullable Object> implements AutoCloseable {
        private final Task<? super T, ? extends R> task;
        private final @Nullable TaskForm form;

        private Held(Task<? super T, ? extends R> task, @Nullable TaskForm form) {
            this.task = task;
            this.form = form;
        }

        Stream<R> imap(Iterable<? extends T> items, boolean ordered) {
            check(items, task);
            Crew of = crew();
            if (of == null || form == null) {
                return InPlace.<T, R>stream(items, task::apply);
            }
            return stream(ProcessPool.this.<R>begin(of, items, form, ordered, !ordered, false));
        }

        /** Workers need not remember it any more. */
        @Override
        public void close() {
            Crew of = crew();
            if (of != null && form != null && held.remove(form)) {
                of.forget(form);
            }
        }
    }

    /** Has a task sent once for many calls, until what is returned is closed, or the pool is. */
    <T extends @Nullable Object, R extends @Nullable Object> Held<T, R> hold(Task<? super T, ? extends R> task) {
        Crew of = crew();
        if (of == null) {
            return new Held<>(task, null);
        }
        TaskForm known = kept.get(task.getClass());
        if (known != null) {
            return new Held<>(task, known); // which is never forgotten
        }
        TaskForm form = TaskForm.of(task, TaskFrames.APPLY, true);
        held.add(form);
        return new Held<>(task, form);
    }

    private static <R extends @Nullable Object> CompletableFuture<List<R>> future(Crew of, ProcessRun<R> run) {
        return new RunFuture<List<R>>(run::close).fill(Thread.ofVirtual().name("cleave-" + of.name() + "-amap"),
                () -> list(run));
    }

    /** The results of asynchronous tasks as they are read; for {@link AsyncPool}. */
    <T extends @Nullable Object, R extends @Nullable Object> Stream<R> async(Iterable<? extends T> items,
            AsyncTask<? super T, ? extends R> task, boolean eager) {
        check(items, task);
        Crew of = Objects.requireNonNull(crew());
        return stream(this.<R>begin(of, items, task, TaskFrames.ASYNC, true, eager, eager));
    }

    /** Results of asynchronous tasks to be; for {@link AsyncPool}. */
    <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<List<R>> asyncFuture(
            Iterable<? extends T> items, AsyncTask<? super T, ? extends R> task) {
        check(items, task);
        Crew of = Objects.requireNonNull(crew());
        return future(of, this.<R>begin(of, items, task, TaskFrames.ASYNC, true, true, true));
    }

    @Override
    public int parallelism() {
        return workers;
    }

    /**
     * The processes of the workers that live now.
     *
     * @return process ids, at most {@link #parallelism} of them
     */
    public List<Long> workerPids() {
        Crew of = crew();
        return of == null ? List.of() : of.pids();
    }

    // As an ExecutorService

    private <V extends @Nullable Object> CompletableFuture<V> send(Object task, @Nullable V result) {
        Crew of = crew();
        if (of == null) {
            return here(task, result);
        }
        if (of.isShut()) {
            throw new RejectedExecutionException("this pool has been shut down");
        }
        PoolFuture<V> future = new PoolFuture<>(of, task, form(task, PoolFuture.formOf(task)), result);
        of.submit(future.batch()); // which gives back what is kept for sending where it throws
        return future;
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // null is a V where the task gives null
    private static <V extends @Nullable Object> CompletableFuture<V> here(Object task, @Nullable V result) {
        try {
            if (task instanceof Callable<?> callable) {
                return CompletableFuture.completedFuture((V) callable.call());
            }
            ((Runnable) task).run();
            return CompletableFuture.completedFuture(result);
        } catch (Throwable t) {
            return CompletableFuture.failedFuture(t);
        }
    }

    /**
     * Submits a task; this form lets a lambda be serializable.
     *
     * @param task what to compute in a worker
     * @param <V> the result's type
     * @return the result to be; cancelling it interrupts the task
     * @throws RejectedExecutionException where the pool has been shut down
     * @throws IllegalArgumentException where the task cannot be serialised
     */
    public <V extends @Nullable Object> CompletableFuture<V> submit(SerializableCallable<V> task) {
        return send(Objects.requireNonNull(task, "task"), null);
    }

    /**
     * Submits a task without a result; this form lets a lambda be serializable.
     *
     * @param task what to do in a worker
     * @return done when the task is; cancelling it interrupts the task
     * @throws RejectedExecutionException where the pool has been shut down
     * @throws IllegalArgumentException where the task cannot be serialised
     */
    public CompletableFuture<?> submit(SerializableRunnable task) {
        return send(Objects.requireNonNull(task, "task"), null);
    }

    /**
     * Submits a task.
     *
     * @param task a serializable task
     * @return the result to be; cancelling it interrupts the task
     * @throws RejectedExecutionException where the pool has been shut down
     * @throws IllegalArgumentException where the task cannot be serialised
     */
    @Override
    public <V extends @Nullable Object> CompletableFuture<V> submit(Callable<V> task) {
        return send(Objects.requireNonNull(task, "task"), null);
    }

    /**
     * Submits a task.
     *
     * @param task a serializable task
     * @param result what the future gives; it stays here
     * @return the result to be; cancelling it interrupts the task
     * @throws RejectedExecutionException where the pool has been shut down
     * @throws IllegalArgumentException where the task cannot be serialised
     */
    @Override
    public <V extends @Nullable Object> CompletableFuture<V> submit(Runnable task, V result) {
        return send(Objects.requireNonNull(task, "task"), result);
    }

    /**
     * Submits a task.
     *
     * @param task a serializable task
     * @return done when the task is; cancelling it interrupts the task
     * @throws RejectedExecutionException where the pool has been shut down
     * @throws IllegalArgumentException where the task cannot be serialised
     */
    @Override
    public CompletableFuture<?> submit(Runnable task) {
        return send(Objects.requireNonNull(task, "task"), null);
    }

    /**
     * Runs a task in a worker. What it throws goes to the handler of uncaught exceptions.
     *
     * @param command a serializable task
     * @throws RejectedExecutionException where the pool has been shut down
     * @throws IllegalArgumentException where the task cannot be serialised, as the steps of a CompletableFuture cannot
     */
    @Override
    public void execute(Runnable command) {
        Objects.requireNonNull(command, "command");
        if (command instanceof CompletableFuture.AsynchronousCompletionTask) {
            throw new IllegalArgumentException("a step of a CompletableFuture cannot be sent to a worker; submit(...) "
                    + "returns a CompletableFuture that a worker completes");
        }
        var _ = send(command, null).whenComplete((_, thrown) -> {
            if (thrown != null) {
                Thread thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, thrown);
            }
        });
    }

    /** How the JDK waits for several tasks. */
    private final class Several extends AbstractExecutorService {
        @Override
        protected <V extends @Nullable Object> RunnableFuture<V> newTaskFor(Callable<V> task) {
            Crew of = Objects.requireNonNull(crew());
            return new PoolFuture<>(of, task, form(task, TaskFrames.CALL), null);
        }

        @Override
        public void execute(Runnable command) {
            Objects.requireNonNull(crew()).submit(((PoolFuture<?>) command).batch());
        }

        @Override
        public void shutdown() {
            throw new AssertionError("it is never shut down");
        }

        @Override
        public List<Runnable> shutdownNow() {
            throw new AssertionError("it is never shut down");
        }

        @Override
        public boolean isShutdown() {
            return ProcessPool.this.isShutdown();
        }

        @Override
        public boolean isTerminated() {
            return ProcessPool.this.isTerminated();
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
            return ProcessPool.this.awaitTermination(timeout, unit);
        }
    }

    private ExecutorService several() {
        return crew() == null ? new DirectExecutor() : new Several();
    }

    @Override
    public <V extends @Nullable Object> List<Future<V>> invokeAll(Collection<? extends Callable<V>> tasks)
            throws InterruptedException {
        return several().invokeAll(tasks);
    }

    @Override
    public <V extends @Nullable Object> List<Future<V>> invokeAll(Collection<? extends Callable<V>> tasks, long timeout,
            TimeUnit unit) throws InterruptedException {
        return several().invokeAll(tasks, timeout, unit);
    }

    @Override
    public <V extends @Nullable Object> V invokeAny(Collection<? extends Callable<V>> tasks)
            throws InterruptedException, ExecutionException {
        try {
            return any(tasks, Long.MAX_VALUE);
        } catch (TimeoutException e) {
            throw new AssertionError("there is no time-out", e);
        }
    }

    @Override
    public <V extends @Nullable Object> V invokeAny(Collection<? extends Callable<V>> tasks, long timeout,
            TimeUnit unit)
            throws InterruptedException, ExecutionException, TimeoutException {
        return any(tasks, unit.toNanos(timeout));
    }

    private <V extends @Nullable Object> V any(Collection<? extends Callable<V>> tasks, long nanos)
            throws InterruptedException, ExecutionException, TimeoutException {
        List<Callable<V>> all = List.copyOf(tasks);
        if (all.isEmpty()) {
            throw new IllegalArgumentException("there is no task among those of which any is to be done");
        }
        BlockingQueue<CompletableFuture<V>> done = new LinkedBlockingQueue<>();
        List<CompletableFuture<V>> futures = new ArrayList<>();
        try {
            for (Callable<V> task : all) {
                CompletableFuture<V> future = submit(task);
                futures.add(future);
                var _ = future.whenComplete((_, _) -> done.add(future));
            }
            long left = nanos;
            CompletableFuture<V> last = null;
            for (int i = 0; i < all.size(); i++) {
                long start = System.nanoTime();
                last = done.poll(left, TimeUnit.NANOSECONDS);
                left -= System.nanoTime() - start;
                if (last == null) {
                    throw new TimeoutException("none of " + all.size() + " tasks was done in time");
                }
                if (!last.isCompletedExceptionally()) {
                    return last.get();
                }
            }
            return Objects.requireNonNull(last).get(); // it throws what its task threw
        } finally {
            futures.forEach(future -> future.cancel(true));
        }
    }

    @Override
    public void shutdown() {
        Crew of = crew();
        if (of == null) {
            closed = true;
        } else {
            of.shutdown();
        }
    }

    /**
     * Interrupts what runs, ends all streams, and gives back what no worker has begun.
     *
     * @return the futures of the tasks that were never begun, which are not completed; each can be run here
     */
    @Override
    public List<Runnable> shutdownNow() {
        open.forEach(ProcessRun::close);
        Crew of = crew();
        if (of == null) {
            closed = true;
            return List.of();
        }
        List<Runnable> waiting = new ArrayList<>();
        for (PoolFuture<?> future : of.shutdownNow()) {
            if (!future.isDone()) {
                waiting.add(future);
            }
        }
        return waiting;
    }

    @Override
    public boolean isShutdown() {
        return closed || (crew != null && crew.isShut());
    }

    @Override
    public boolean isTerminated() {
        return crew == null ? closed : crew.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return crew == null || crew.awaitTermination(unit.toNanos(timeout));
    }

    /**
     * Ends all streams and futures of the calls that map, waits until what was submitted is done, and ends the workers. An
     * interrupt ends what was submitted, too. Nothing of the pool is left then.
     */
    @Override
    public void close() {
        Crew of = crew();
        closed = true;
        if (of == null) {
            return;
        }
        open.forEach(ProcessRun::close);
        of.shutdown();
        boolean interrupted = false;
        boolean over = false;
        while (!over) {
            try {
                over = of.awaitTermination(Long.MAX_VALUE);
            } catch (InterruptedException e) {
                if (!interrupted) {
                    interrupted = true;
                    of.shutdownNow().forEach(future -> future.cancel(true));
                }
            }
        }
        of.close();
        kept.values().forEach(TaskForm::free);
        held.forEach(TaskForm::free);
        held.clear();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Settings of a pool. Not for use by several threads at once. */
    public static final class Builder {
        private static final Duration IDLE = Duration.ofMinutes(1);
        private static final Duration LONGEST = Duration.ofDays(36_500);

        private int workers = Cpus.usable();
        private StartMethod startMethod = StartMethod.SPAWN;
        private List<String> jvmOptions = List.of();
        private List<Path> classPath = List.of();
        private @Nullable Initializer initializer;
        private int maxTasks;
        private long maxRssGrowth;
        private int chunkSize;
        private long taskTimeoutNanos;
        private long idleNanos = IDLE.toNanos();
        private int maxRetries;
        private int concurrency;
        private WorkerOutput output = WorkerOutput.STREAMS;
        private @Nullable ProgressListener progress;

        private Builder() {
        }

        private static void check(long value, long least, String what) {
            if (value < least) {
                throw new IllegalArgumentException(what + " must be at least " + least + ", but is " + value);
            }
        }

        private static long nanos(Duration time, String what) {
            if (time.isZero() || time.isNegative()) {
                throw new IllegalArgumentException(what + " must be longer than nothing, but is " + time);
            }
            return time.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : time.toNanos();
        }

        /**
         * How many workers there are at most. The default is the number of processors that this process may use.
         *
         * @param count 1 or more
         * @return this
         */
        public Builder workers(int count) {
            check(count, 1, "the number of workers");
            workers = count;
            return this;
        }

        /**
         * How workers come into being. The default is {@link StartMethod#SPAWN}. See {@link ProcessPool} for what is
         * different about forked ones.
         *
         * @param method how
         * @return this
         */
        public Builder startMethod(StartMethod method) {
            startMethod = Objects.requireNonNull(method, "method");
            return this;
        }

        /**
         * Options for the workers' JVMs, behind those that they have anyway, such as {@code "-Xmx2g"} or
         * {@code "-XX:+UseParallelGC"}.
         *
         * @param options as {@code java} takes them; they replace those of an earlier call
         * @return this
         */
        public Builder jvmOptions(String... options) {
            jvmOptions = List.of(options);
            return this;
        }

        /**
         * More places where workers find classes, behind this JVM's own class path.
         *
         * @param entries jars and directories; they replace those of an earlier call
         * @return this
         */
        public Builder classPath(Path... entries) {
            classPath = List.of(entries);
            return this;
        }

        /**
         * What each worker does before its first task. Where it throws, the tasks that wait fail with what it threw, and
         * later ones begin with a new worker.
         *
         * @param code what to do; serializable, and serialised by {@link #build}
         * @return this
         */
        public Builder initializer(Initializer code) {
            initializer = Objects.requireNonNull(code, "code");
            return this;
        }

        /**
         * After how many items a worker is replaced by a fresh one. By default it never is.
         *
         * @param items 1 or more
         * @return this
         */
        public Builder maxTasksPerWorker(int items) {
            check(items, 1, "the number of tasks for each worker");
            maxTasks = items;
            return this;
        }

        /**
         * A worker whose resident memory has grown by more than this since its first task is replaced when it is idle. By
         * default it never is.
         *
         * @param bytes 1 or more; looked at ten times a second at most
         * @return this
         */
        public Builder maxRssGrowth(long bytes) {
            check(bytes, 1, "the growth of a worker's memory");
            maxRssGrowth = bytes;
            return this;
        }

        /**
         * How many items are sent together. By default that adapts: one at first, then about half a millisecond's work.
         *
         * @param items 1 or more
         * @return this
         */
        public Builder chunkSize(int items) {
            check(items, 1, "the size of a chunk");
            chunkSize = items;
            return this;
        }

        /**
         * How long a worker may take over one item. An item that takes longer fails with a
         * {@link io.cleave.WorkerException} whose cause is a {@link java.util.concurrent.TimeoutException}, and is
         * interrupted; a worker that goes on nevertheless is killed a third of a second later. Other items are not affected.
         * A worker whose {@link #initializer} takes longer is killed, and the tasks that wait fail likewise.
         *
         * @param timeout more than zero; it is noticed some 10 ms late
         * @return this
         */
        public Builder taskTimeout(Duration timeout) {
            taskTimeoutNanos = nanos(timeout, "a time-out");
            return this;
        }

        /**
         * How long a worker may be idle before it ends. The default is a minute.
         *
         * @param timeout more than zero; it may be noticed a quarter later
         * @return this
         */
        public Builder idleTimeout(Duration timeout) {
            idleNanos = nanos(timeout, "a time-out");
            return this;
        }

        /**
         * How often an item is tried again whose worker died, or was killed because of a time-out of another. The default
         * is 0: what was begun may have had effects that must not happen twice.
         *
         * @param retries 0 or more
         * @return this
         */
        public Builder maxRetries(int retries) {
            check(retries, 0, "the number of retries");
            maxRetries = retries;
            return this;
        }

        /**
         * Where the workers' output goes. The default is {@link WorkerOutput#STREAMS}.
         *
         * @param where where
         * @return this
         */
        public Builder output(WorkerOutput where) {
            output = Objects.requireNonNull(where, "where");
            return this;
        }

        /**
         * Who hears how many items of a call that maps are done.
         *
         * @param listener called by the thread that takes the results, at most every 20 ms and at the end
         * @return this
         */
        public Builder progress(ProgressListener listener) {
            progress = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /** How many asynchronous tasks a worker has under way; for {@link AsyncPool}. */
        Builder concurrency(int tasks) {
            check(tasks, 1, "the number of tasks at once in a worker");
            if (tasks > MOST_CONCURRENCY) {
                throw new IllegalArgumentException("a worker has at most " + MOST_CONCURRENCY
                        + " tasks under way at once, but " + tasks + " were asked for; ask for more workers");
            }
            concurrency = tasks;
            return this;
        }

        private static final int MOST_CONCURRENCY = 60;

        /**
         * Makes the pool. No worker is started before there is work. The first one in a JVM whose workers are forked takes
         * some 100 ms to prepare it.
         *
         * @return a pool
         * @throws IllegalArgumentException where the initializer cannot be serialised, naming the part that cannot; where
         *         workers are to be forked, and options are given that only a new JVM can have
         * @throws UnsupportedOperationException where workers are to be forked, and this JVM cannot be; it says why
         */
        public ProcessPool build() {
            if (startMethod == StartMethod.FORK) {
                refuseForNewJvms(!jvmOptions.isEmpty(), "jvmOptions", "start this JVM with them");
                refuseForNewJvms(!classPath.isEmpty(), "classPath",
                        "use a class loader of your own here, which workers have, too");
                WorkerFork.require();
                WorkerFork.prepare();
            }
            return new ProcessPool(
                    new PoolSettings(workers, startMethod, jvmOptions, classPath, initializer, maxTasks, maxRssGrowth,
                            chunkSize, taskTimeoutNanos, idleNanos, maxRetries, concurrency, output, progress));
        }

        private static void refuseForNewJvms(boolean isGiven, String option, String remedy) {
            if (isGiven) {
                throw new IllegalArgumentException(
                        option + " cannot be given with startMethod(FORK), as a forked worker "
                                + "is a copy of this JVM: " + remedy + ", or use StartMethod.SPAWN");
            }
        }
    }
}
