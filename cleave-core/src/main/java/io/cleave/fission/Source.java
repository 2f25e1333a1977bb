package io.cleave.fission;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The items still to be taken from the caller's collection or iterator. */
final class Source {
    private final Iterable<?> items;
    private @Nullable Iterator<?> iterator;
    private @Nullable Object @Nullable [] all;
    private int position;

    Source(Iterable<?> items) {
        this.items = items;
    }

    /** How many items there are in all, or -1 where nobody knows. */
    long total() {
        return items instanceof Collection<?> collection ? (all != null ? all.length : collection.size()) : -1;
    }

    /**
     * Takes items: all that are left of a collection, else so many, or fewer where the iterator is slow.
     *
     * @param most the most to take from an iterator
     * @param nanos when to stop waiting for more, once there is one
     * @return the items, empty at the end
     */
    @Nullable Object[] take(int most, long nanos) {
        if (items instanceof Collection<?> collection) {
            if (all == null) {
                all = collection.toArray();
            }
            @Nullable Object[] rest = Arrays.copyOfRange(all, position, all.length);
            position = all.length;
            return rest;
        }
        if (iterator == null) {
            iterator = items.iterator();
        }
        List<@Nullable Object> taken = new ArrayList<>();
        long deadline = System.nanoTime() + nanos;
        while (taken.size() < most && iterator.hasNext()) {
            taken.add(iterator.next());
            if (System.nanoTime() - deadline > 0) {
                break;
            }
        }
        return taken.toArray();
    }

    /** Whether nothing is left; for an iterator this may wait for its next item. */
    boolean isExhausted() {
        if (items instanceof Collection<?>) {
            return all != null && position == all.length;
        }
        return iterator != null && !iterator.hasNext();
    }
}
