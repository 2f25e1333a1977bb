package io.cleave.fission;

import io.cleave.fork.WholeSupport;
import io.cleave.pool.Outcome;
import io.cleave.pool.Pool;
import io.cleave.pool.ProgressListener;
import io.cleave.pool.Task;
import io.cleave.share.Codec;
import io.cleave.work.RunFuture;
import io.cleave.work.Taken;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collector;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * A pool whose workers are copies of the running JVM, made by {@code fork()} when there is work and gone after it.
 *
 * <p>
 * A child has the whole heap of its parent as it was at the fork, by copy-on-write: the task and the items are never
 * serialised, and the task may read anything, be it the largest index or a thing that no serializer could carry. Only
 * results are sent back, so they must be data that the codec can encode. What a child writes, on the heap or to static
 * fields, neither its parent nor its siblings see.
 *
 * <pre>{@code
 * try (Fission fission = Fission.create()) {
 *     List<Score> scores = fission.map(documents, document -> model.score(document));
 * }
 * }</pre>
 *
 * <h2>What runs where</h2>
 *
 * The first items run in the calling thread, for some 10 ms, and all of them do where they are too cheap to be worth a
 * fork. With
 * {@link Builder#warmUp warmUp(0)} nothing at all runs in the calling JVM: every item is isolated, the first result
 * comes later by a fork and a cold start.
 *
 * <h2>What a task should know</h2>
 *
 * <ul>
 * <li>A child is a whole JVM: it collects garbage, compiles, loads classes and starts threads. It has the JVM's own threads
 * and the idle workers of executors, of the common pool and of virtual threads, and none of the program's other threads.
 * Each child may use as much heap as its parent ({@code -Xmx}); where memory runs out, the kernel ends a child first. Tasks
 * that somebody has scheduled in the parent are not run in a child.
 * <li>A task that waits for a thread of the parent's, or for a lock that another thread held at the fork, waits for ever in
 * a child. That is recognised, by proof within some 50 ms where it waits without a limit; the item is tried once more in a
 * fresh child and then computed in the calling JVM. A child in which for ten seconds all threads have only waited, and
 * none by {@link Thread#sleep} in a platform thread, is given up without a proof, and its item computed in the calling JVM at
 * once: a task that waits for long in a way of its own, such as for a virtual thread that sleeps, may be computed twice. With
 * {@code warmUp(0)} such an item fails in the end.
 * <li>Where a whole JVM cannot be had ({@link Support.Supported#isWhole} tells why: another processor, a debugger that
 * suspends threads, another C library) a child has one thread, collects and compiles nothing, and leaves when it has nearly
 * used up the free part of the young generation; a large one ({@code -Xmn}) makes fewer forks. An item that needs more than
 * that for itself is computed in the calling JVM; with {@code warmUp(0)} it fails.
 * <li>What the calling JVM has made and a thread of its own serves does not work in a child: a
 * {@code java.net.http.HttpClient} there fails, a {@link java.lang.ref.Cleaner} cleans nothing, and a logger that writes
 * in the background keeps what it is given until its queue is full. A task makes its own. Blocking sockets of virtual threads
 * fail in a child where the calling JVM has used such, and {@code jcmd} reaches a child only if nobody has asked the calling
 * JVM before.
 * <li>So an item may be begun more than once, while its result is delivered once: a task with effects on the outside
 * world must bear that.
 * <li>Sockets and pipes of the parent are closed in a child. Files that can be read are opened anew, with a position of
 * their own. {@link ProcessHandle#current} keeps naming the parent.
 * <li>Random numbers from what the JDK keeps for itself differ from child to child: {@link Math#random},
 * {@link java.util.Collections#shuffle(List)}, {@link java.util.concurrent.ThreadLocalRandom}, the JDK's default
 * {@link java.security.SecureRandom}, {@link java.util.UUID#randomUUID}, names of temporary files, and all generators that
 * a task makes itself without giving them a seed. A generator that the program made before the fork, holds and lets the
 * task use goes on alike in all children: a {@link java.util.Random}, a {@link java.util.SplittableRandom} or another
 * {@link java.util.random.RandomGenerator}, and a {@code SecureRandom} of the algorithms DRBG and SHA1PRNG. The task must
 * make its own, or seed it, by something that differs, such as its item. Identity hash codes and ids of new threads repeat,
 * too.
 * <li>{@link System#exit} in a child ends that child with an error in the parent, and runs no shutdown hooks.
 * <li>What a task prints is written before its child leaves, also where {@link System#out} is a stream of the program's own
 * that keeps it for a while; not if the child is killed.
 * <li>Where the system refuses to fork there are fewer children; without any, the calling JVM computes, or the run fails
 * where nothing may run there.
 * <li>A pool that is used in a child computes there, one item after the other: children do not fork, nor do the workers
 * that {@link io.cleave.pool.StartMethod#FORK} makes.
 * </ul>
 *
 * <h2>Memory effects</h2>
 *
 * What the calling thread did before it asked for a result that led to a fork is visible to the task. What the task did
 * before it returned is <em>not</em> visible to the caller, but for the result.
 *
 * <p>
 * Cost: a fork copies page tables, about 1 ms for a small heap and 25 ms for each GiB that is in use in small pages
 * (huge pages take a fraction of it); a small result takes a fraction of a microsecond, without a system call.
 *
 * <p>
 * Children end with their parent, also when it is killed. Fission needs Linux on x86-64 or AArch64, HotSpot, and the
 * collector G1, Parallel or Serial; {@link #support} tells.
 */
public final class Fission implements Pool, ExecutorService {
    private final Settings settings;
    private final OpenRuns runs;
    private final Submissions submissions;

    private Fission(Settings settings) {
        this.settings = settings;
        this.runs = new OpenRuns(settings);
        this.submissions = new Submissions(settings);
    }

    /**
     * A pool with a child for each processor that this process may use.
     *
     * @return a pool
     * @throws UnsupportedOperationException where this JVM cannot be forked; {@link #support} says why
     */
    public static Fission create() {
        return builder().build();
    }

    /**
     * Begins a pool with settings of its own.
     *
     * @return a builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Whether this JVM can be forked.
     *
     * @return supported, or the reason why not
     */
    public static Support support() {
        return SupportCheck.result();
    }

    /**
     * {@inheritDoc}
     *
     * <p>
     * The items of a {@link Collection} are all taken at once; those of any other iterable in windows, as children only
     * see what was there when they were forked. Such an iterable is read by a thread of its own, so that neither results
     * that are there nor the closing of the stream wait for it; the thread is interrupted when the stream is closed.
     *
     * <p>
     * A stream that is neither read to its end nor closed is ended when the collector finds that nobody refers to it.
     */
    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> Stream<R> imap(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        return stream(items, itemwise(task), true, false);
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> Stream<R> imapUnordered(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        return stream(items, itemwise(task), false, true);
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> List<R> map(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        return begin(items, itemwise(task), true, true).toList();
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<List<R>> amap(
            Iterable<? extends T> items, Task<? super T, ? extends R> task) {
        Run run = begin(items, itemwise(task), true, true);
        return new RunFuture<List<R>>(run::close).fill(Thread.ofPlatform().daemon().name("cleave-fission-amap"),
                () -> run.toList());
    }

    /**
     * {@inheritDoc}
     *
     * <p>
     * Here the run also goes on where an item's child has died, called {@link System#exit}, taken too long or waited for
     * what it does not have, after as many attempts as for {@link #imap}, and where its result cannot be encoded: that
     * item is a failure, and another child takes over. A failure that the task has thrown costs no child. What happens to
     * a child before its first item, and the system's refusal to fork, end the run.
     */
    @Override
    @SuppressWarnings("unchecked")
    public <T extends @Nullable Object, R extends @Nullable Object> Stream<Outcome<T, R>> imapOutcomes(
            Iterable<? extends T> items, Task<? super T, ? extends R> task) {
        Objects.requireNonNull(items, "items");
        Objects.requireNonNull(task, "task");
        Taken<T> taken = new Taken<>(items);
        Body body = new Body.Forgiving((Task<@Nullable Object, @Nullable Object>) (Task<?, ?>) task);
        return this.<@Nullable Object>stream(taken.items(), body, true, false)
                .map(value -> taken.<R, Outcome<T, R>>pair(value, Outcome.Success::new, Outcome.Failure::new));
    }

    /**
     * Computes streams of results from slices of a collection: the generator form, for a body that wants to set
     * something up for several items, or has none, one or many results for each.
     *
     * <p>
     * The collection is cut into slices of the pool's choice, of one item at first and of more as far as the memory of a
     * child allows it, handed out as children become free; the results come in the order of the slices. A child that has to be replaced in the middle of a slice is succeeded by one that runs the
     * body on the same slice again, and as many of its results are skipped as were received before; so the body must
     * give the same results in the same order for the same slice.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param items the items
     * @param body gets an unmodifiable slice of the items and gives its results, as a fresh stream that it has not read
     *            from
     * @return the results, lazily; close it unless it is read to its end
     */
    @SuppressWarnings("unchecked")
    public <T extends @Nullable Object, R extends @Nullable Object> Stream<R> each(Collection<? extends T> items,
            Function<List<T>, Stream<R>> body) {
        Objects.requireNonNull(body, "body");
        Function<?, ?> erased = body;
        return stream(items,
                new Body.Slicewise((Function<List<@Nullable Object>, Stream<@Nullable Object>>) erased), true, false);
    }

    /**
     * Computes a result for each item and gathers them where they are computed: what comes back is what was gathered, and
     * not each result. This suits sums, counts, the largest, histograms, indexes, of many cheap or large results.
     *
     * <pre>{@code
     * Map<String, Long> byAuthor = fission.reduce(commits, Commit::parse,
     *         Collectors.groupingBy(Commit::author, Collectors.counting()));
     * }</pre>
     *
     * Each child makes containers by the collector's supplier, and the caller combines them by its combiner, also with what
     * it has computed itself; then the finisher runs, in the caller. The containers must be data that the codec can encode.
     * The order of the items is kept as in a stream that is not parallel. Where it does not matter, say so by
     * {@link java.util.stream.Collector.Characteristics#UNORDERED}: then each child gathers all that it computes in one
     * container and sends it at its end and at most every second; else it sends one for each slice, of 64 items or fewer.
     *
     * <p>
     * Each item is gathered exactly once: what a child had not sent when it died is computed again by others, up to the
     * work of the last second or so. A failure of the task, or of the collector's functions, fails the run.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param <A> the containers' type
     * @param <C> the type of what comes of it
     * @param items the items
     * @param task gives a result for each
     * @param collector gathers them; its functions run in children and in the caller
     * @return what was gathered
     */
    @SuppressWarnings({"unchecked", "NullAway"}) // what is gathered may be null where C may
    public <T extends @Nullable Object, R extends @Nullable Object, A extends @Nullable Object, C extends @Nullable Object> C reduce(
            Iterable<? extends T> items, Task<? super T, ? extends R> task, Collector<? super R, A, C> collector) {
        Objects.requireNonNull(task, "task");
        boolean anyOrder = collector.characteristics().contains(Collector.Characteristics.UNORDERED);
        Reduction body = new Reduction((Task<@Nullable Object, @Nullable Object>) (Task<?, ?>) task,
                (Collector<@Nullable Object, @Nullable Object, @Nullable Object>) (Collector<?, ?, ?>) collector,
                anyOrder && WholeSupport.isThere());
        Run run = begin(items, body, !anyOrder, true);
        run.gather(body::add);
        return (C) body.finish(settings.codec());
    }

    @SuppressWarnings("unchecked")
    private static <T extends @Nullable Object, R extends @Nullable Object> Body itemwise(
            Task<? super T, ? extends R> task) {
        Objects.requireNonNull(task, "task");
        return new Body.Itemwise((Task<@Nullable Object, @Nullable Object>) (Task<?, ?>) task);
    }

    private Run begin(Iterable<?> items, Body body, boolean ordered, boolean failFast) {
        Objects.requireNonNull(items, "items");
        checkOpen();
        Run run = runs.begin(items, body, ordered, failFast);
        try {
            checkOpen(); // who has closed the pool since may not have seen the run
        } catch (IllegalStateException e) {
            run.close();
            throw e;
        }
        return run;
    }

    private void checkOpen() {
        if (runs.isClosed() || submissions.isShutdown()) {
            throw new IllegalStateException("this pool is closed");
        }
    }

    private <R extends @Nullable Object> Stream<R> stream(Iterable<?> items, Body body, boolean ordered,
            boolean failFast) {
        Run run = begin(items, body, ordered, failFast);
        return StreamSupport.stream(new RunSpliterator<R>(run), false).onClose(run::close);
    }

    /**
     * What the run that was begun last has taken so far. Waits for no task and no iterator; but while a child's result or
     * exception is being decoded, or the text of an item made for a message, it waits for that.
     *
     * @return its report; all zeroes where nothing was run yet
     */
    public FissionReport lastReport() {
        return runs.lastReport();
    }

    @Override
    public int parallelism() {
        return settings.children();
    }

    /**
     * Ends all streams that are still open, and their children; then waits until what was submitted is done, as
     * {@link ExecutorService#close} does. An interrupt ends what was submitted, too. Called by what somebody has hung on a
     * future of this pool, it does not wait, as it might wait for itself; nor does it in a child.
     */
    @Override
    public void close() {
        try {
            runs.close();
        } finally {
            submissions.close();
        }
    }

    // As an executor

    /**
     * Forks a child that computes a task on the heap as it is now, while the caller goes on: a consistent copy of a live
     * structure to be written to a file, a report, a what-if.
     *
     * <p>
     * The fork is made before this returns, so what anybody changes afterwards the task does not see. Where
     * {@link Builder#children} children are at work on submitted tasks already, this first waits until one of them has
     * ended: a queue would give the task the heap of a later moment than that of its submission. For a consistent
     * picture of something that other threads change, hold its lock around the call. In the child the calling thread
     * goes on as the task's, and has the locks that it has here, while locks that other threads hold stay held for
     * ever. That is so for platform threads; for a virtual thread, another one of the pool's own forks, and the task has
     * none of its locks.
     *
     * <p>
     * The task is computed once, in that child, or not at all: {@link Builder#maxRetries} and {@link Builder#warmUp}
     * do not apply, and {@link Builder#itemTimeout} does. The future fails with what the task threw, of the original type
     * where it can be rebuilt, with a {@link io.cleave.WorkerException} that tells more as suppressed; with a {@link
     * io.cleave.WorkerDiedException} where the child was killed or crashed, or waits for a thread or lock that it
     * does not have; with a {@code WorkerException} where the task called {@link System#exit}, has taken too long, or
     * returned what cannot be encoded. A thread of the pool's own receives the result, whether anybody waits or not, and
     * completes the future; what hangs on it runs in that thread.
     *
     * <p>
     * {@code cancel(true)} kills the child, and so does whoever completes the future otherwise; {@code cancel(false)} lets
     * it go on, for what it does outside. Children end with the calling process, not with the calling thread. Within a
     * child the task is computed at once, by the calling thread.
     *
     * <p>
     * Cost: a fork (see {@link Fission}), a thread, and about 1.1 MiB of shared memory, of which little is touched by
     * small results.
     *
     * @param <V> the result's type
     * @param task what to compute
     * @return the result to be
     * @throws RejectedExecutionException where the pool has been shut down, the system has refused to fork for about 0.5 s,
     *             or the thread was interrupted while it waited for a place
     */
    @Override
    public <V extends @Nullable Object> CompletableFuture<V> submit(Callable<V> task) {
        return submissions.submit(task);
    }

    /** {@inheritDoc} It runs in a child, as {@link #submit(Callable)} describes: nothing is left of it here. */
    @Override
    public CompletableFuture<?> submit(Runnable task) {
        Objects.requireNonNull(task, "task");
        return submissions.<@Nullable Object>submit(() -> {
            task.run();
            return null;
        });
    }

    /** {@inheritDoc} It runs in a child, as {@link #submit(Callable)} describes; the result is what comes back from there. */
    @Override
    public <V extends @Nullable Object> CompletableFuture<V> submit(Runnable task, V result) {
        Objects.requireNonNull(task, "task");
        return submissions.submit(() -> {
            task.run();
            return result;
        });
    }

    /**
     * Runs a command in a child that is forked before this returns, for what it does outside: see
     * {@link #submit(Callable)}. What it throws goes to the {@linkplain Thread#setDefaultUncaughtExceptionHandler handler}
     * of uncaught exceptions.
     *
     * @throws RejectedExecutionException as {@link #submit(Callable)} does
     * @throws IllegalArgumentException where it is a {@link java.util.concurrent.FutureTask} or a step of a
     *             {@link CompletableFuture}, which would be completed in the child alone
     */
    @Override
    public void execute(Runnable command) {
        submissions.execute(command);
    }

    @Override
    public <V extends @Nullable Object> List<Future<V>> invokeAll(Collection<? extends Callable<V>> tasks)
            throws InterruptedException {
        return submissions.invokeAll(tasks, Long.MAX_VALUE);
    }

    @Override
    public <V extends @Nullable Object> List<Future<V>> invokeAll(Collection<? extends Callable<V>> tasks, long timeout,
            TimeUnit unit) throws InterruptedException {
        return submissions.invokeAll(tasks, unit.toNanos(timeout));
    }

    @Override
    public <V extends @Nullable Object> V invokeAny(Collection<? extends Callable<V>> tasks)
            throws InterruptedException, ExecutionException {
        try {
            return submissions.invokeAny(tasks, Long.MAX_VALUE);
        } catch (TimeoutException e) {
            throw new AssertionError("there is no time-out", e);
        }
    }

    @Override
    public <V extends @Nullable Object> V invokeAny(Collection<? extends Callable<V>> tasks, long timeout,
            TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        return submissions.invokeAny(tasks, unit.toNanos(timeout));
    }

    /** Takes nothing more; what was submitted, and streams that are open, go on. */
    @Override
    public void shutdown() {
        submissions.shutdown();
    }

    /**
     * Ends all streams, kills the children of what was submitted, whose futures fail with a
     * {@link java.util.concurrent.CancellationException}, and takes nothing more.
     *
     * @return an empty list, as nothing waits in a queue
     */
    @Override
    public List<Runnable> shutdownNow() {
        submissions.shutdownNow(); // first, so that nothing is begun behind the back of what follows
        runs.endAll();
        return List.of();
    }

    @Override
    public boolean isShutdown() {
        return submissions.isShutdown();
    }

    @Override
    public boolean isTerminated() {
        return submissions.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return submissions.awaitTermination(unit.toNanos(timeout));
    }

    /** Settings of a pool. Not for use by several threads at once. */
    public static final class Builder {
        private final SettingsDraft draft = new SettingsDraft();

        private Builder() {
        }

        /**
         * How many children compute at once. The default is the number of processors that this process may use: those of
         * its affinity mask, or the quota of its control group, rounded up, where that is less.
         *
         * @param count 1 or more
         * @return this
         */
        public Builder children(int count) {
            draft.children(count);
            return this;
        }

        /**
         * How many items the calling JVM computes before the first fork. By default it decides by itself. With 0, nothing
         * ever runs in the calling JVM: see {@link Fission} for what that costs. An item that cannot be computed in a
         * child then fails. Where children have one thread, among these are items that are the first to load a class which
         * shows that compiled code was made on a wrong belief, such as the second heir of an abstract class: load such classes before, as Cleave does for
         * those of {@code java.util} when it meets the first such item.
         *
         * @param items 0 or more
         * @return this
         */
        public Builder warmUp(int items) {
            draft.warmUp(items);
            return this;
        }

        /**
         * How long a child may take over one item, or over one slice in the generator form. A child that takes longer is
         * killed, and the run fails with a {@link io.cleave.WorkerException} whose cause is a
         * {@link java.util.concurrent.TimeoutException}. The time in which a child waits for whoever takes the results does
         * not count. With a time-out, and without a {@link #warmUp}, all items are
         * begun in children; an item that has met a deadlock there, twice with a proof or once without, runs in the calling JVM,
         * without limit.
         *
         * @param timeout more than zero; it is noticed some milliseconds late, and only while results are being taken
         * @return this
         */
        public Builder itemTimeout(Duration timeout) {
            draft.itemTimeout(timeout);
            return this;
        }

        /**
         * How long a whole run may take, from when its first result is asked for, or a submitted task from when it is
         * submitted. Then all of its children are killed, also where nobody asks for a result at that moment, and the run
         * fails with a {@link io.cleave.WorkerException} whose cause is a {@link java.util.concurrent.TimeoutException}:
         * it comes after the results that are there, and says how many those are. Time in which the consumer does
         * something else counts. A task that the calling JVM computes itself is not interrupted; the run ends after it.
         *
         * @param limit more than zero; it is noticed some milliseconds late
         * @return this
         */
        public Builder deadline(Duration limit) {
            draft.deadline(limit);
            return this;
        }

        /**
         * How often an item is tried again after its child was killed, crashed, exited or exceeded the time-out. The
         * default is 0: the first such loss fails the run. Such an item is never computed in the calling JVM. Children that meet a deadlock or run out of memory are replaced
         * in any case.
         *
         * @param retries 0 or more
         * @return this
         */
        public Builder maxRetries(int retries) {
            draft.maxRetries(retries);
            return this;
        }

        /**
         * Who hears how many items are done.
         *
         * @param listener called by whoever drives the run, at most every 20 ms, and once more by whoever ends it
         * @return this
         */
        public Builder progress(ProgressListener listener) {
            draft.progress(listener);
            return this;
        }

        /**
         * What each child does before its first item: connect anew, seed a generator that the program holds, make a
         * directory of its own. It runs in the thread that computes the child's items, after the child has let go of its
         * parent's files (see {@link Fission}); what it writes to the heap, only that child sees. It does not run in the
         * calling JVM, also where items are computed there. A run may fork more children than there are to be at once, one
         * after the other.
         *
         * <p>
         * If it throws, the run fails with that exception, whose suppressed {@link io.cleave.WorkerException} says that it
         * came from the hook. It counts as an item for {@link #itemTimeout}. If it waits for a thread that a child does not
         * have, the run fails with a {@link io.cleave.WorkerDiedException}.
         *
         * @param hook runs once in each child
         * @return this
         */
        public Builder afterFork(Runnable hook) {
            draft.afterFork(hook);
            return this;
        }

        /**
         * Who gets the report of each run, and of each submitted task that was forked for, when all of its children are
         * gone. It is called once for each, by the thread that ends the run: the one that reads the last result or
         * closes the stream or the pool, or a thread of the pool's own for a submitted task, for a stream that nobody refers
         * to any more, at the {@link #deadline} and where a future of {@link Fission#amap} is completed by others. Several
         * runs may end at once. What it throws comes out where the run is ended, and nothing is left of the run all the same;
         * where that is a submitted task's, its future fails. Where the run has failed itself, that comes out, and what the
         * listener has thrown is suppressed in it.
         *
         * @param listener gets reports
         * @return this
         */
        public Builder onReport(Consumer<FissionReport> listener) {
            draft.onReport(listener);
            return this;
        }

        /**
         * What encodes results. The default is {@link Codec#standard}. It runs in children, and in the calling JVM for what
         * that computes itself. Where children have one thread, it must need no other, and should load few classes.
         *
         * @param resultCodec a codec
         * @return this
         */
        public Builder codec(Codec resultCodec) {
            draft.codec(resultCodec);
            return this;
        }

        /**
         * Makes the pool. The first one in a JVM takes about half a second to prepare it.
         *
         * @return a pool
         * @throws UnsupportedOperationException where this JVM cannot be forked; {@link #support} says why
         */
        public Fission build() {
            SupportCheck.require();
            Preparation.once();
            return new Fission(draft.toSettings());
        }
    }
}
