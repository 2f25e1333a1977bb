package io.cleave.fission;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The items still to be taken from the caller's collection or iterator. */
final class Source {
    private final Iterable<?> items;
    private @Nullable Iterator<?> iterator;
    private @Nullable Object @Nullable [] all;

    Source(Iterable<?> items) {
        this.items = items;
    }

    /** How many items there are in all, or -1 where nobody knows. */
    long total() {
        return items instanceof Collection<?> collection ? (all != null ? all.length : collection.size()) : -1;
    }

    /**
     * Takes items: all of a collection, else so many, or fewer where the iterator is slow.
     *
     * @param most the most to take from an iterator
     * @param nanos when to stop waiting for more, once there is one
     * @return the items, empty at the end
     */
    @Nullable Object[] take(int most, long nanos) {
        if (items instanceof Collection<?> collection) {
            if (all != null) {
                return new Object[0];
            }
            all = collection.toArray();
            return all;
        }
        if (iterator == null) {
            iterator = items.iterator();
        }
        List<@Nullable Object> some = new ArrayList<>();
        long deadline = System.nanoTime() + nanos;
        while (some.size() < most && iterator.hasNext()) {
            some.add(iterator.next());
            if (System.nanoTime() - deadline > 0) {
                break;
            }
        }
        return some.toArray();
    }

    /** Whether nothing is left; for an iterator this may wait for its next item. */
    boolean isExhausted() {
        if (items instanceof Collection<?>) {
            return all != null;
        }
        return iterator != null && !iterator.hasNext();
    }
}
