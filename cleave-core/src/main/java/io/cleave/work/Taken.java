package io.cleave.work;

import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Items on their way to a pool, and remembered until their results come, in the same order. Those of a collection are
 * copied when this is made.
 *
 * @param <T> the items' type
 */
public final class Taken<T extends @Nullable Object> {
    private final Iterable<? extends T> source;
    private final @Nullable Object @Nullable [] all;
    /** Those of what is no collection: put in by whoever iterates, taken by whoever reads the results. */
    private final Queue<Object> pending = new ConcurrentLinkedQueue<>();
    private long index;

    /**
     * Takes items.
     *
     * @param items the items
     */
    public Taken(Iterable<? extends T> items) {
        source = items;
        all = items instanceof Collection<?> collection ? collection.toArray() : null;
    }

    /**
     * The items, for the pool.
     *
     * @return a collection where they are one, so that the pool knows how many there are
     */
    @SuppressWarnings("unchecked")
    public Iterable<? extends T> items() {
        return all != null ? Arrays.asList((T[]) all) : () -> remembering(source.iterator());
    }

    private Iterator<T> remembering(Iterator<? extends T> each) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return each.hasNext();
            }

            @Override
            public T next() {
                T item = each.next();
                pending.add(Absent.entry(item));
                return item;
            }
        };
    }

    /**
     * Makes something of a result and its item; called for each result, in order.
     *
     * @param <R> the results' type
     * @param <O> what is made
     * @param value the result, or what stands for a failure
     * @param success what to make of a result
     * @param failure what to make of what was thrown
     * @return what was made
     */
    @SuppressWarnings({"unchecked", "NullAway"}) // null is a T or R where the caller or the task gave null
    public <R extends @Nullable Object, O> O pair(@Nullable Object value, Maker<T, R, O> success,
            Maker<T, Throwable, O> failure) {
        Object taken = all != null ? all[(int) index] : pending.remove();
        T item = (T) Absent.value(taken);
        long place = index;
        index++;
        return value instanceof Caught caught ? failure.make(item, place, caught.thrown(item, place))
                : success.make(item, place, (R) value);
    }

    /**
     * Makes something of an item and what came of it.
     *
     * @param <T> the items' type
     * @param <V> the type of what came of it
     * @param <O> what is made
     */
    @FunctionalInterface
    public interface Maker<T extends @Nullable Object, V extends @Nullable Object, O> {
        /**
         * Makes it.
         *
         * @param item the item
         * @param index its place
         * @param value what came of it
         * @return what was made
         */
        O make(T item, long index, V value);
    }
}
