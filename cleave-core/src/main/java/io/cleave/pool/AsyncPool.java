package io.cleave.pool;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A pool of worker JVMs, each of which has many asynchronous tasks under way at once: for work that mostly waits, but
 * computes too much between its waits for one JVM, or must not share one.
 *
 * <pre>{@code
 * try (AsyncPool pool = AsyncPool.create()) {
 *     List<Page> pages = pool.map(addresses, address -> Client.shared().sendAsync(address).thenApply(Page::parse));
 * }
 * }</pre>
 *
 * <p>
 * Each task is begun in a virtual thread of its worker, and so may also simply wait and return what is done. What
 * {@link ProcessPool} says of workers, of what can be sent, of failures and of deaths holds here, too; where a worker dies,
 * all tasks that it had begun fail. All methods may be called by any thread at any time.
 */
public final class AsyncPool implements AutoCloseable {
    private static final int CONCURRENCY = 16;

    private final ProcessPool pool;
    private final int concurrency;

    private AsyncPool(ProcessPool pool, int concurrency) {
        this.pool = pool;
        this.concurrency = concurrency;
    }

    /**
     * A pool with a worker for each processor that this process may use, and 16 tasks at once in each.
     *
     * @return a pool
     */
    public static AsyncPool create() {
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
     * Computes all results and returns them in the order of the items.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param items the items; iterated once, by one thread
     * @param task what to begin for each
     * @return the results, as an unmodifiable list that may hold nulls
     */
    public <T extends @Nullable Object, R extends @Nullable Object> List<R> map(Iterable<? extends T> items,
            AsyncTask<? super T, ? extends R> task) {
        try (Stream<R> results = pool.<T, R>async(items, task, true)) {
            return results.toList();
        }
    }

    /**
     * Computes all results of a task of several arguments.
     *
     * @param <R> the results' type
     * @param arguments the argument lists, one for each call
     * @param task what to begin with each list
     * @return the results in order, as an unmodifiable list that may hold nulls
     */
    public <R extends @Nullable Object> List<R> starmap(Iterable<? extends List<?>> arguments,
            AsyncTask<List<?>, ? extends R> task) {
        Objects.requireNonNull(arguments, "arguments");
        return map(arguments, task);
    }

    /**
     * Computes results as the stream is read, in the order of the items, and only a bounded number ahead of the reader.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param items the items, perhaps endlessly many; iterated once, by one thread at a time
     * @param task what to begin for each
     * @return the results, lazily; to be closed unless it is read to its end
     */
    public <T extends @Nullable Object, R extends @Nullable Object> Stream<R> imap(Iterable<? extends T> items,
            AsyncTask<? super T, ? extends R> task) {
        return pool.async(items, task, false);
    }

    /**
     * Computes all results in the background.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param items the items; iterated once, by one thread
     * @param task what to begin for each
     * @return the results to be, in the order of the items; cancelling it ends the computation
     */
    public <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<List<R>> amap(
            Iterable<? extends T> items, AsyncTask<? super T, ? extends R> task) {
        return pool.asyncFuture(items, task);
    }

    /**
     * Computes one result in the background.
     *
     * @param <R> the result's type
     * @param task what to begin
     * @return the result to be; cancelling it cancels the task
     */
    public <R extends @Nullable Object> CompletableFuture<R> submit(SerializableCallable<CompletionStage<R>> task) {
        Objects.requireNonNull(task, "task");
        List<SerializableCallable<CompletionStage<R>>> one = List.of(task);
        CompletableFuture<List<R>> all = pool.asyncFuture(one, SerializableCallable::call);
        CompletableFuture<R> result = new CompletableFuture<>() {
            @Override
            public boolean cancel(boolean mayInterruptIfRunning) {
                all.cancel(mayInterruptIfRunning);
                return super.cancel(mayInterruptIfRunning);
            }
        };
        var _ = all.whenComplete((results, thrown) -> {
            if (thrown != null) {
                result.completeExceptionally(thrown);
            } else {
                result.complete(results.getFirst());
            }
        });
        return result;
    }

    /**
     * How many tasks are under way at once.
     *
     * @return the workers, times the tasks in each
     */
    public int parallelism() {
        return pool.parallelism() * concurrency;
    }

    /**
     * The processes of the workers that live now.
     *
     * @return process ids
     */
    public List<Long> workerPids() {
        return pool.workerPids();
    }

    /** Ends what is still under way, and the workers. */
    @Override
    public void close() {
        pool.close();
    }

    /** Settings of a pool. Not for use by several threads at once. */
    public static final class Builder {
        private final ProcessPool.Builder processes = ProcessPool.builder();
        private int concurrency = CONCURRENCY;

        private Builder() {
        }

        /**
         * How many workers there are at most. The default is the number of processors that this process may use.
         *
         * @param count 1 or more
         * @return this
         */
        public Builder workers(int count) {
            processes.workers(count);
            return this;
        }

        /**
         * How many tasks each worker has under way at once. The default is 16.
         *
         * @param tasks 1 to 60
         * @return this
         */
        public Builder concurrencyPerWorker(int tasks) {
            processes.concurrency(tasks);
            concurrency = tasks;
            return this;
        }

        /**
         * Options for the workers' JVMs. See {@link ProcessPool.Builder#jvmOptions}.
         *
         * @param options as {@code java} takes them
         * @return this
         */
        public Builder jvmOptions(String... options) {
            processes.jvmOptions(options);
            return this;
        }

        /**
         * More places where workers find classes. See {@link ProcessPool.Builder#classPath}.
         *
         * @param entries jars and directories
         * @return this
         */
        public Builder classPath(Path... entries) {
            processes.classPath(entries);
            return this;
        }

        /**
         * What each worker does before its first task. See {@link ProcessPool.Builder#initializer}.
         *
         * @param code what to do; serializable
         * @return this
         */
        public Builder initializer(Initializer code) {
            processes.initializer(code);
            return this;
        }

        /**
         * How long a worker may be idle before it ends. The default is a minute.
         *
         * @param timeout more than zero
         * @return this
         */
        public Builder idleTimeout(Duration timeout) {
            processes.idleTimeout(timeout);
            return this;
        }

        /**
         * How often an item is tried again whose worker died. The default is 0.
         *
         * @param retries 0 or more
         * @return this
         */
        public Builder maxRetries(int retries) {
            processes.maxRetries(retries);
            return this;
        }

        /**
         * Where the workers' output goes. The default is {@link WorkerOutput#STREAMS}.
         *
         * @param where where
         * @return this
         */
        public Builder output(WorkerOutput where) {
            processes.output(where);
            return this;
        }

        /**
         * Makes the pool. No worker is started before there is work.
         *
         * @return a pool
         * @throws IllegalArgumentException where the initializer cannot be serialised, naming the part that cannot
         */
        public AsyncPool build() {
            return new AsyncPool(processes.concurrency(concurrency).build(), concurrency);
        }
    }
}
