package io.cleave.fission;

import io.cleave.fork.Forks;
import java.util.Collection;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * The items still to be taken from the caller's collection or iterator. An iterator is read by a {@link Feeder}; in a
 * forked child, which should have one thread, it is read by whoever wants an item.
 */
final class Source implements AutoCloseable {
    private final Iterable<?> items;
    private @Nullable Iterator<?> iterator;
    private @Nullable Feeder feeder;
    private @Nullable Object @Nullable [] all;
    private boolean taken;

    Source(Iterable<?> items) {
        this.items = items;
    }

    /** Gets at the items, which runs code of the caller's; to be called before all else, and often. */
    void open() {
        if (items instanceof Collection<?> collection) {
            if (all == null) {
                all = collection.toArray();
            }
        } else if (Forks.isChild()) {
            if (iterator == null) {
                iterator = items.iterator();
            }
        } else if (feeder == null) {
            feeder = new Feeder(items);
            feeder.start();
        }
    }

    /** How many items there are in all, or -1 where nobody knows. */
    long total() {
        return items instanceof Collection<?> collection ? (all != null ? all.length : collection.size()) : -1;
    }

    /**
     * Takes items: all of a collection, else so many, or none where there are not enough yet.
     *
     * @param most the most to take from an iterator
     * @param least with fewer than these nothing is taken from an iterator, but at the end
     * @param nanos how long to wait for them
     * @return the items
     */
    @Nullable Object[] take(int most, int least, long nanos) {
        if (feeder != null) {
            return feeder.take(most, least, nanos);
        }
        if (iterator != null) {
            return iterator.hasNext() ? new Object[] {iterator.next()} : new Object[0];
        }
        if (all == null || taken) {
            return new Object[0];
        }
        taken = true;
        return all;
    }

    /** Whether nothing is left, as far as is known. */
    boolean isOver() {
        if (feeder != null) {
            return feeder.isOver();
        }
        return iterator != null ? !iterator.hasNext() : taken;
    }

    /** Does something while no code of the caller's iterator runs, if that can be had in a moment. */
    void between(Runnable action) {
        if (feeder != null) {
            feeder.between(action);
        } else {
            action.run();
        }
    }

    @Override
    public void close() {
        if (feeder != null) {
            feeder.close();
        }
    }
}
