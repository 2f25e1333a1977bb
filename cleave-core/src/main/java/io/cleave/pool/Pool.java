package io.cleave.pool;

import io.cleave.share.SharedData;
import io.cleave.work.Taken;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Computes one task over many items at once, in whatever the implementation is made of: threads, processes or a
 * cluster.
 *
 * <p>
 * A failed task ends the whole call: the stream, list or future fails with the <em>original</em> exception where it can
 * be rebuilt, checked ones included, and a {@link io.cleave.WorkerException} that tells item, index, worker and remote
 * stack is among its suppressed exceptions. What was still to be computed is cancelled. Items and results may be null
 * unless an implementation says otherwise.
 *
 * <p>
 * Streams are lazy: nothing is computed before the terminal operation, and only a bounded number of results is computed
 * ahead of the consumer. They hold processes or threads, so close them (try-with-resources) unless they are read to
 * their end, which closes them too.
 *
 * <p>
 * Implementations are safe for use by several threads at once.
 */
public interface Pool extends AutoCloseable {
    /**
     * Computes all results and returns them in the order of the items.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param items the items; iterated once, by one thread
     * @param task what to do to each
     * @return the results, as an unmodifiable list that may hold nulls
     */
    default <T extends @Nullable Object, R extends @Nullable Object> List<R> map(Iterable<? extends T> items,
            Task<? super T, ? extends R> task) {
        try (Stream<R> results = imap(items, task)) {
            return results.toList();
        }
    }

    /**
     * Computes results as the stream is read, in the order of the items.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param items the items, perhaps endlessly many; iterated once, by one thread at a time
     * @param task what to do to each
     * @return the results, lazily
     */
    <T extends @Nullable Object, R extends @Nullable Object> Stream<R> imap(Iterable<? extends T> items,
            Task<? super T, ? extends R> task);

    /**
     * Computes results as the stream is read, each as soon as it is there.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param items the items, perhaps endlessly many; iterated once, by one thread at a time
     * @param task what to do to each
     * @return the results, lazily, in the order of their completion
     */
    <T extends @Nullable Object, R extends @Nullable Object> Stream<R> imapUnordered(Iterable<? extends T> items,
            Task<? super T, ? extends R> task);

    /**
     * Computes results as the stream is read, in the order of the items, each as a value that says whether it has failed;
     * a failed task does not end the run.
     *
     * <p>
     * Where the items are a {@link java.util.Collection} they are taken when this is called. What ends the run as ever is
     * what is no matter of one item: the death of a worker, unless the implementation says otherwise, a result that cannot
     * be sent, or an error of the items' iterator.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param items the items, perhaps endlessly many; iterated once, by one thread at a time
     * @param task what to do to each
     * @return what has become of each item, lazily
     */
    default <T extends @Nullable Object, R extends @Nullable Object> Stream<Outcome<T, R>> imapOutcomes(
            Iterable<? extends T> items, Task<? super T, ? extends R> task) {
        Objects.requireNonNull(items, "items");
        Objects.requireNonNull(task, "task");
        Taken<T> taken = new Taken<>(items);
        return imap(taken.items(), new CatchingTask<T>(task))
                .map(value -> taken.<R, Outcome<T, R>>pair(value, Outcome.Success::new, Outcome.Failure::new));
    }

    /**
     * Computes all results in the background.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param items the items; iterated once, by one thread
     * @param task what to do to each
     * @return the results to be, in the order of the items; cancelling it ends the computation
     */
    <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<List<R>> amap(
            Iterable<? extends T> items, Task<? super T, ? extends R> task);

    /**
     * Computes all results of a task of several arguments.
     *
     * @param <R> the results' type
     * @param arguments the argument lists, one for each call
     * @param task what to do with each list
     * @return the results in order, as an unmodifiable list that may hold nulls
     */
    default <R extends @Nullable Object> List<R> starmap(Iterable<? extends List<?>> arguments,
            Task<List<?>, ? extends R> task) {
        Objects.requireNonNull(arguments, "arguments");
        return map(arguments, task);
    }

    /**
     * Shares a value with the tasks of this pool, which load it by its name with {@link SharedData#load}. What is on one
     * machine finds any shared value; a pool on several brings those to the others that were shared by this method, once to
     * each.
     *
     * @param value any value; it must not change while it is written
     * @param <T> its type
     * @return a handle, to be closed, whose name is for tasks
     * @throws io.cleave.AllocationException where there is not that much shared memory
     * @throws IllegalArgumentException where it cannot be encoded
     */
    default <T> SharedData<T> share(@Nullable T value) {
        return SharedData.of(value);
    }

    /**
     * How many items are computed at once.
     *
     * @return the number of workers, at least 1
     */
    int parallelism();

    /** Ends what is still being computed and gives back what the pool holds. Closing twice does nothing more. */
    @Override
    void close();
}
