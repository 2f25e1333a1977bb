package io.cleave.work;

import java.util.Iterator;
import java.util.List;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** What a pool does where it is used by one of its own workers, or by a forked child: it computes there, item by item. */
public final class InPlace {
    private InPlace() {
    }

    /**
     * What is done to each item.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     */
    @FunctionalInterface
    public interface Computation<T extends @Nullable Object, R extends @Nullable Object> {
        /**
         * Computes one result.
         *
         * @param item the item
         * @return its result
         * @throws Exception whatever goes wrong
         */
        R apply(T item) throws Exception;
    }

    /**
     * Computes each result when it is asked for.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param items the items
     * @param task what to do to each
     * @return the results, lazily, in the order of the items
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> Stream<R> stream(Iterable<? extends T> items,
            Computation<? super T, ? extends R> task) {
        return StreamSupport.stream(new Spliterators.AbstractSpliterator<R>(Long.MAX_VALUE, Spliterator.ORDERED) {
            private @Nullable Iterator<? extends T> iterator;
            private long index;

            @Override
            public boolean tryAdvance(Consumer<? super R> action) {
                if (iterator == null) {
                    iterator = items.iterator();
                }
                if (!iterator.hasNext()) {
                    return false;
                }
                action.accept(compute(iterator.next()));
                index++;
                return true;
            }

            private R compute(T item) {
                try {
                    return task.apply(item);
                } catch (Throwable t) {
                    throw Sneaky.rethrow(
                            Failure.addAccount(t, item, index, "thread " + Thread.currentThread().getName()));
                }
            }
        }, false);
    }

    /**
     * Computes all results before it returns.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param items the items
     * @param task what to do to each
     * @return a future that is done
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> CompletableFuture<List<R>> future(
            Iterable<? extends T> items, Computation<? super T, ? extends R> task) {
        try {
            return CompletableFuture.completedFuture(InPlace.<T, R>stream(items, task).toList());
        } catch (Throwable t) {
            return CompletableFuture.failedFuture(t);
        }
    }
}
