package io.cleave.pool;

import io.cleave.os.Unistd;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Gatherer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Turns a task into a function over a collection, or into a stage of a {@link Stream}.
 *
 * <pre>{@code
 * Function<Iterable<? extends Path>, List<Score>> scores = Parallel.pmap(Score::of);
 * List<Score> all = scores.apply(paths);
 *
 * try (ThreadPool pool = ThreadPool.create(); Stream<String> lines = Files.lines(list)) {
 *     Optional<Score> first = lines.map(Path::of)
 *             .gather(Parallel.mapping(pool, Score::of))
 *             .filter(score -> score.value() > 0.9)
 *             .findFirst();
 * }
 * }</pre>
 *
 * <p>
 * Whatever is given no pool runs on one {@link ProcessPool} that all share, made with the settings of
 * {@link ProcessPool#create} when it is first needed. Nobody has to close it: its workers end when they have had nothing
 * to do for a while, and with this JVM. Task, items and results travel between processes there, so they must be such
 * that the pool's codec can encode them.
 *
 * <h2>Functions</h2>
 *
 * Functions can be applied any number of times, by several threads at once. What fails, what is lazy and what has to be
 * closed is as with the method of {@link Pool} of the same name. They are {@link Serializable} as far as what they hold
 * is, so that they can be part of another task; a function without a pool of its own then runs on the shared pool of
 * the process that it is in.
 *
 * <h2>Gatherers</h2>
 *
 * The elements of the stream go to the pool in batches: of one element at first, and larger ones as far as elements
 * prove cheap, so that a batch keeps the pool busy for about 50 ms. One that arrives while some worker has nothing to do
 * is handed out at once, with those before it. Taken from the stream ahead of the results that have been pushed are at
 * most three batches, of 16,384 elements or less, and twice as many elements as the pool computes at once.
 *
 * <ul>
 * <li>When the stream needs no more ({@code limit}, {@code findFirst}), what is still being computed is cancelled.
 * <li>A failed element ends the stream with the original exception, after the results of the elements before it have
 * been pushed. The {@link io.cleave.WorkerException} among its suppressed exceptions counts from the beginning of the
 * batch; where that is not the beginning of the stream, the next one tells the place in the stream.
 * <li>A gatherer has its turn when an element arrives and at the end of the stream, and at no other time: while the
 * stream's source makes it wait, elements are computed, and their results are held back. For items that arrive slowly,
 * read them from {@link Pool#imap} over their iterator instead.
 * <li>For the same reason, elements that are being computed when the source itself fails, or when an iterator over the
 * stream is abandoned, are computed to their end, for nothing.
 * <li>An interrupt while it waits for results ends the stream with a {@link java.util.concurrent.CancellationException},
 * and stays set. An interrupt at other times waits for the next such moment.
 * <li>A gatherer can be used for any number of streams, at once or one after the other. Parallel streams may use it; it
 * does not divide its work among their threads, as the pool computes in parallel.
 * <li>Tasks of a pool may use a gatherer on the same pool, and two stages of a stream may share one, where the pool can
 * be used within its own tasks.
 * <li>With {@code Fission}, each batch is a run of its own: it begins in this JVM and forks where the batch is worth it,
 * so that few elements are ever computed in children; without a warm-up it takes a fork for nearly every element.
 * Prefer its own {@code imap}.
 * </ul>
 *
 * <p>
 * Cost: a batch takes a virtual thread and a call of the pool; elements of large batches cost about what they cost in
 * {@link Pool#imap} over a list.
 */
public final class Parallel {
    /** The process that has loaded this class; any other is a forked child of it. */
    static final int PROCESS = Unistd.getpid();

    /** Guarded by the class. */
    private static @Nullable Pool shared;

    private Parallel() {
    }

    /** The pool of all that are given none. */
    private static synchronized Pool shared() {
        Pool pool = shared;
        if (pool == null) {
            pool = WorkerStart.isWorker() ? ProcessPool.inPlace() : ProcessPool.create(); // no workers of workers
            shared = pool;
        }
        return pool;
    }

    /**
     * A function that computes all results, on the shared pool of worker JVMs.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param task what to do to each item
     * @return gives the results in the order of the items, as an unmodifiable list that may hold nulls
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> Function<Iterable<? extends T>, List<R>> pmap(
            Task<? super T, ? extends R> task) {
        Objects.requireNonNull(task, "task");
        return (Function<Iterable<? extends T>, List<R>> & Serializable) items -> shared().map(items, task);
    }

    /**
     * A function that computes all results, on a pool.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param pool where to compute; the function fails when it has been closed
     * @param task what to do to each item
     * @return gives the results in the order of the items, as an unmodifiable list that may hold nulls
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> Function<Iterable<? extends T>, List<R>> pmap(
            Pool pool, Task<? super T, ? extends R> task) {
        Objects.requireNonNull(pool, "pool");
        Objects.requireNonNull(task, "task");
        return (Function<Iterable<? extends T>, List<R>> & Serializable) items -> pool.map(items, task);
    }

    /**
     * A function that computes results as its stream is read, on the shared pool of worker JVMs.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param task what to do to each item
     * @return gives the results in the order of the items, lazily; close the stream unless it is read to its end
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> Function<Iterable<? extends T>, Stream<R>> imap(
            Task<? super T, ? extends R> task) {
        Objects.requireNonNull(task, "task");
        return (Function<Iterable<? extends T>, Stream<R>> & Serializable) items -> shared().imap(items, task);
    }

    /**
     * A function that computes results as its stream is read, on a pool.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param pool where to compute; the function fails when it has been closed
     * @param task what to do to each item
     * @return gives the results in the order of the items, lazily; close the stream unless it is read to its end
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> Function<Iterable<? extends T>, Stream<R>> imap(
            Pool pool, Task<? super T, ? extends R> task) {
        Objects.requireNonNull(pool, "pool");
        Objects.requireNonNull(task, "task");
        return (Function<Iterable<? extends T>, Stream<R>> & Serializable) items -> pool.imap(items, task);
    }

    /**
     * A function that computes all results in the background, on the shared pool of worker JVMs.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param task what to do to each item
     * @return gives the results to be, in the order of the items; cancelling the future ends the computation
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> Function<Iterable<? extends T>, CompletableFuture<List<R>>> amap(
            Task<? super T, ? extends R> task) {
        Objects.requireNonNull(task, "task");
        return (Function<Iterable<? extends T>, CompletableFuture<List<R>>> & Serializable) items -> shared()
                .amap(items, task);
    }

    /**
     * A function that computes all results in the background, on a pool.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param pool where to compute; the function fails when it has been closed
     * @param task what to do to each item
     * @return gives the results to be, in the order of the items; cancelling the future ends the computation
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> Function<Iterable<? extends T>, CompletableFuture<List<R>>> amap(
            Pool pool, Task<? super T, ? extends R> task) {
        Objects.requireNonNull(pool, "pool");
        Objects.requireNonNull(task, "task");
        return (Function<Iterable<? extends T>, CompletableFuture<List<R>>> & Serializable) items -> pool.amap(items,
                task);
    }

    /**
     * A stage of a stream that computes a result for each element, on the shared pool of worker JVMs.
     *
     * @param <T> the elements' type
     * @param <R> the results' type
     * @param task what to do to each element
     * @return pushes the results in the order of the elements
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> Gatherer<T, ?, R> mapping(
            Task<? super T, ? extends R> task) {
        return gatherer(Parallel::shared, task, true);
    }

    /**
     * A stage of a stream that computes a result for each element, on a pool.
     *
     * @param <T> the elements' type
     * @param <R> the results' type
     * @param pool where to compute; the stream fails when it has been closed
     * @param task what to do to each element
     * @return pushes the results in the order of the elements
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> Gatherer<T, ?, R> mapping(Pool pool,
            Task<? super T, ? extends R> task) {
        Objects.requireNonNull(pool, "pool");
        return gatherer(() -> pool, task, true);
    }

    /**
     * A stage of a stream that computes a result for each element, on the shared pool of worker JVMs, and lets none wait
     * for that of an earlier element.
     *
     * @param <T> the elements' type
     * @param <R> the results' type
     * @param task what to do to each element
     * @return pushes the results in the order of their completion; the first failure ends the stream at once
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> Gatherer<T, ?, R> mappingUnordered(
            Task<? super T, ? extends R> task) {
        return gatherer(Parallel::shared, task, false);
    }

    /**
     * A stage of a stream that computes a result for each element, on a pool, and lets none wait for that of an earlier
     * element.
     *
     * @param <T> the elements' type
     * @param <R> the results' type
     * @param pool where to compute; the stream fails when it has been closed
     * @param task what to do to each element
     * @return pushes the results in the order of their completion; the first failure ends the stream at once
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> Gatherer<T, ?, R> mappingUnordered(
            Pool pool, Task<? super T, ? extends R> task) {
        Objects.requireNonNull(pool, "pool");
        return gatherer(() -> pool, task, false);
    }

    private static <T extends @Nullable Object, R extends @Nullable Object> Gatherer<T, ?, R> gatherer(
            Supplier<Pool> pool, Task<? super T, ? extends R> task, boolean ordered) {
        Objects.requireNonNull(task, "task");
        return Gatherer.<T, Gathering<T, R>, R>ofSequential(() -> new Gathering<>(pool.get(), task, ordered),
                Gatherer.Integrator.of(Gathering::add), Gathering::finish);
    }
}
