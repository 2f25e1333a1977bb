package io.cleave.spark;

import io.cleave.os.Unistd;
import io.cleave.pool.Pool;
import io.cleave.pool.ProgressListener;
import io.cleave.pool.Task;
import io.cleave.share.SharedData;
import io.cleave.work.Gathered;
import io.cleave.work.InPlace;
import io.cleave.work.RunFuture;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.jspecify.annotations.Nullable;

/**
 * A pool whose workers are the executors of an Apache Spark cluster: the calls of all other pools, for work that has
 * outgrown one machine.
 *
 * <pre>{@code
 * try (JavaSparkContext context = new JavaSparkContext(conf); SparkPool pool = SparkPool.on(context)) {
 *     List<Score> scores = pool.map(documents, document -> Model.shared().score(document));
 * }
 * }</pre>
 *
 * <p>
 * Tasks, items and results are serialised as by {@link io.cleave.pool.ProcessPool}: what that takes is taken here,
 * and what it refuses is refused in the same words, before a job is submitted. Executors need the jars of Cleave, of
 * its dependencies and of the program, most simply by {@code spark.jars}; classes are found by the class loader that
 * Spark gives its tasks, and those of results by the one that the task's class has here. Large tasks are broadcast.
 *
 * <h2>Portions and jobs</h2>
 * Items that follow each other make a partition, a portion, which one core computes item by item; a few portions for
 * each core make a Spark job, and a call keeps two to four portions for each core under way. Portions grow with the
 * run, from one item to as many as take 50 ms to a second, with at most 4 MiB of items and, by those seen so far, of
 * results (or one item), and shrink towards the end of a collection. Spark fails a job whose results are more than
 * {@code spark.driver.maxResultSize} in all, and portions grow so far only that two jobs' would fit; raise it where
 * single results take many megabytes. Results come back by portions: {@link #imap} has at most four for each core
 * ahead of its reader, and a stream's first result waits for its portion. Items are read by a thread of the pool's,
 * one at a time.
 *
 * <h2>Failures</h2> What a task throws reaches the caller as it was thrown, with item and executor in a
 * {@link io.cleave.WorkerException} among its suppressed exceptions; it is not tried again. Where an executor is
 * lost, Spark has its portions computed again, by another, up to {@code spark.task.maxFailures} times: an item may be
 * begun more than once, though its result comes once. {@link #retries} tells how often that was so, and
 * {@link Builder#maxRetries} limits it: with 0 each portion begins at most once, and a call that meets a lost one
 * fails with a {@link io.cleave.WorkerDiedException} that quotes the executor's standard error. With
 * {@code spark.speculation} Spark begins portions twice for speed, too, which such a limit does not go with and is
 * refused.
 *
 * <p>
 * Closing a stream, cancelling a future and a failure end the Spark jobs of the call and interrupt their tasks. A
 * task that calls {@link System#exit} ends its executor, or with a local master the program.
 *
 * <h2>Within an executor</h2> a task may use all of Cleave: {@link io.cleave.pool.ThreadPool} and shared structures as
 * anywhere, {@link io.cleave.fission.Fission} where the executor has few cores of Spark's and many of the machine's, as
 * Spark counts one core for each task unless {@code spark.task.cpus} says more. This pool may be captured by its own
 * tasks, where it computes in place.
 *
 * <h2>Threads</h2>
 * All methods may be called by any thread at any time. What a thread did before it handed in a task or item
 * happens before the task, in the sense that it was serialised then. Closing the pool does not stop the context.
 *
 * <p>
 * Cost: some milliseconds of the driver for each job, and of a core for each portion. Work of less than a second in
 * all is better left to a pool on one machine.
 */
public final class SparkPool implements Pool, Serializable {
    private static final long serialVersionUID = 1L;

    /** Null where this is a pool within one of its own tasks. */
    private final transient @Nullable Driver driver;

    private SparkPool(@Nullable Driver driver) {
        this.driver = driver;
    }

    /**
     * A pool on a context with the default settings.
     *
     * @param context a context that has not been stopped; it stays its caller's to stop
     * @return a pool
     */
    public static SparkPool on(JavaSparkContext context) {
        return builder(context).build();
    }

    /**
     * A pool with a context of its own, which ends with it. Its settings are the system properties that begin with
     * {@code spark.}; where those do not say otherwise, executors get the jars of this program's class path, but for
     * those that lie beside Spark's or have the name of one in {@code $SPARK_HOME/jars}, and this machine is reached
     * by its loopback address where the Master is. There can be one context in a JVM at a time.
     *
     * @param master where the cluster is, such as {@code spark://host:7077} or {@code local[4]}
     * @return a pool
     */
    public static SparkPool connect(String master) {
        return owning(Contexts.conf(master));
    }

    /** A pool with a context of its own. */
    static SparkPool owning(SparkConf conf) {
        JavaSparkContext context = new JavaSparkContext(conf);
        SparkSettings settings = new SparkSettings(0, Integer.MAX_VALUE, Builder.EXECUTOR_TIMEOUT, null, null);
        return new SparkPool(new Driver(context, settings, true));
    }

    /**
     * Begins a pool with settings of its own.
     *
     * @param context a context that has not been stopped; it stays its caller's to stop
     * @return a builder
     */
    public static Builder builder(JavaSparkContext context) {
        return new Builder(context);
    }

    /** What a pool is while it is on its way to an executor. */
    private record Captured() implements Serializable {
        private static final long serialVersionUID = 1L;

        private Object readResolve() {
            return new SparkPool(null);
        }
    }

    private Object writeReplace() {
        return new Captured();
    }

    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("a pool is never serialised as it is");
    }

    /** The driver, or null where this is a pool within one of its own tasks or a forked child. */
    private @Nullable Driver driver() {
        return driver == null || Unistd.isForkedChild() ? null : driver;
    }

    private void check(Iterable<?> items, Object task) {
        Objects.requireNonNull(items, "items");
        Objects.requireNonNull(task, "task");
        Driver of = driver();
        if (of != null && of.isClosed()) {
            throw new IllegalStateException("this pool is closed");
        }
        if (of != null && of.context.sc().isStopped()) {
            throw new IllegalStateException("the Spark context of this pool has been stopped");
        }
    }

    private static <R extends @Nullable Object> Stream<R> stream(SparkRun<R> run) {
        return StreamSupport.stream(run, false).onClose(run::close);
    }

    private static <R extends @Nullable Object> List<R> list(SparkRun<R> run) {
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
        Driver of = driver();
        return of == null ? InPlace.<T, R>stream(items, task::apply).toList()
                : list(of.<R>begin(items, task, SparkRun.Kind.EAGER));
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> Stream<R> imap(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        check(items, task);
        Driver of = driver();
        return of == null ? InPlace.<T, R>stream(items, task::apply)
                : stream(of.<R>begin(items, task, SparkRun.Kind.ORDERED));
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> Stream<R> imapUnordered(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        check(items, task);
        Driver of = driver();
        return of == null ? InPlace.<T, R>stream(items, task::apply)
                : stream(of.<R>begin(items, task, SparkRun.Kind.UNORDERED));
    }

    @Override
    public <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<List<R>> amap(
            Iterable<? extends T> items, Task<? super T, ? extends R> task) {
        check(items, task);
        Driver of = driver();
        if (of == null) {
            return InPlace.<T, R>future(items, task::apply);
        }
        SparkRun<R> run = of.begin(items, task, SparkRun.Kind.EAGER);
        return new RunFuture<List<R>>(run::close).fill(Thread.ofVirtual().name(of.name + "-amap"), () -> list(run));
    }

    /**
     * Shares a value with the tasks of this pool: they load it by {@link SharedData#load}, as in every other process.
     * It is in the shared memory of each host once, however many executors there are, written by the first that needs
     * it from Spark's broadcast; it stays while an executor of the host lives that has run a task since. The last one
     * that ends removes it; where that is killed, what is left in shared memory serves the executor that comes in its
     * place, or is removed by the next program of Cleave's there that tidies up.
     *
     * <pre>{@code
     * String name = pool.share(model).name();
     * pool.map(documents, document -> SharedData.load(name, Model.class).score(document));
     * }</pre>
     *
     * <p>
     * The driver's copy lives until it is closed, the pool is, or the context is stopped; other hosts let go of
     * theirs with the pool's next task there, or with their executors. Only tasks of calls that begin after this one
     * find it on other hosts. The driver's host needs as much memory again, or disk, for what Spark keeps to send,
     * until the value is closed and the calls that began before have ended. Spark makes its pieces on the heap, one
     * after the other but all of them before it moves any to disk: while this method runs the driver's heap needs
     * room for the whole value, compressed unless {@code spark.broadcast.compress} is false, and so does the executor
     * that fetches it for its host. Each task sees to it that its host has all values of the context, whichever pool
     * has shared them.
     *
     * @param value any value; it must not change while it is written
     * @param <T> its type
     * @return a handle, whose name is for tasks
     * @throws io.cleave.AllocationException where there is not that much shared memory
     * @throws IllegalArgumentException where it cannot be encoded
     * @throws IllegalStateException where the pool is closed
     * @throws java.util.concurrent.CancellationException where the thread is interrupted meanwhile
     */
    @Override
    public <T> SharedData<T> share(@Nullable T value) {
        Driver of = driver();
        if (of == null) {
            return Pool.super.share(value);
        }
        check(List.of(), value == null ? "" : value);
        return of.shared.share(value, of);
    }

    /**
     * How many items are computed at once: the cores that the context has now, or what
     * {@code spark.default.parallelism} says.
     *
     * @return at least 1
     */
    @Override
    public int parallelism() {
        Driver of = driver();
        return of == null ? 1 : of.parallelism();
    }

    /**
     * How often Spark has had a portion computed again, because an executor was lost, a try had failed, or another
     * copy was to be faster.
     *
     * @return the attempts that came before those whose results have arrived, in all calls so far
     */
    public long retries() {
        Driver of = driver();
        return of == null ? 0 : of.retries.get();
    }

    /** Ends the calls that are under way, and their Spark jobs. A context that was given to the pool goes on. */
    @Override
    public void close() {
        Driver of = driver();
        if (of != null) {
            of.close();
        }
    }

    /**
     * Says where it computes.
     *
     * @return the master's address and the number of cores
     */
    @Override
    public String toString() {
        Driver of = driver();
        if (of == null) {
            return "SparkPool within a task";
        }
        return "SparkPool on " + of.context.master() + (of.isClosed() ? ", closed" : "");
    }

    /** Settings of a pool. Not for use by several threads at once. */
    public static final class Builder {
        private static final Duration EXECUTOR_TIMEOUT = Duration.ofMinutes(1);

        private final JavaSparkContext context;
        private int chunkSize;
        private int maxRetries = Integer.MAX_VALUE;
        private Duration executorTimeout = EXECUTOR_TIMEOUT;
        private @Nullable ProgressListener progress;
        private @Nullable Supplier<String> executorLogs;

        private Builder(JavaSparkContext context) {
            this.context = Objects.requireNonNull(context, "context");
        }

        /**
         * How many items make a portion at most: one with more than one item is closed at 4 MiB, and when an iterator
         * has no more for now. By default portions grow and shrink by what items cost and results take. Spark fails
         * a job whose results are more than {@code spark.driver.maxResultSize} in all, as large ones in large portions
         * of a fixed size may be.
         *
         * @param items 1 or more
         * @return this
         */
        public Builder chunkSize(int items) {
            if (items < 1) {
                throw new IllegalArgumentException("a portion has at least 1 item, not " + items);
            }
            chunkSize = items;
            return this;
        }

        /**
         * How often a portion may be begun again whose executor was lost. By default Spark's
         * {@code spark.task.maxFailures} alone decides, which also limits it where it is less.
         *
         * @param retries 0 or more; with 0 no item is begun twice
         * @return this
         */
        public Builder maxRetries(int retries) {
            if (retries < 0) {
                throw new IllegalArgumentException("there are at least 0 retries, not " + retries);
            }
            maxRetries = retries;
            return this;
        }

        /**
         * How long a call waits that has portions to be computed while the context has no executor: since it began to
         * wait, or since one was last seen. Time in which it waits for items does not count, and with a local master
         * there always is one. The default is a minute. What waits in vain ends with a
         * {@link io.cleave.WorkerDiedException} that quotes what is known of the last executor.
         *
         * @param timeout more than zero
         * @return this
         */
        public Builder executorTimeout(Duration timeout) {
            if (!timeout.isPositive()) {
                throw new IllegalArgumentException("an executor takes some time to come up, so " + timeout
                        + " is no time-out");
            }
            executorTimeout = timeout;
            return this;
        }

        /**
         * Hears how far calls have come.
         *
         * @param listener called by the thread that takes the results, every 20 ms at most
         * @return this
         */
        public Builder progress(ProgressListener listener) {
            progress = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /** Where to look for what executors have written, if their pages cannot be read. */
        Builder executorLogs(Supplier<String> logs) {
            executorLogs = logs;
            return this;
        }

        /**
         * Makes the pool.
         *
         * @return a pool
         * @throws IllegalStateException where the context has been stopped
         * @throws IllegalArgumentException where retries are limited and {@code spark.speculation} is on
         */
        public SparkPool build() {
            if (context.sc().isStopped()) {
                throw new IllegalStateException("the Spark context has been stopped");
            }
            if (maxRetries != Integer.MAX_VALUE && context.getConf().getBoolean("spark.speculation", false)) {
                throw new IllegalArgumentException("maxRetries(" + maxRetries + ") does not go with spark.speculation, "
                        + "by which Spark begins portions twice that are not lost; set it to false, or do without the "
                        + "limit");
            }
            return new SparkPool(new Driver(context,
                    new SparkSettings(chunkSize, maxRetries, executorTimeout, progress, executorLogs), false));
        }
    }
}
