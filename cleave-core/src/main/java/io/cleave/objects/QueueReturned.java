package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.HeapMemory;

/**
 * The entries of a {@link QueueTable} whose elements came back, by the order in which they are to be taken: a binary heap.
 *
 * <p>
 * Place 0 has the first, and what is at place p comes before what is at 2p + 1 and 2p + 2. A word of entry number p says which
 * entry is at place p, and another one of each entry that came back at which place it is. So an entry comes and goes with a
 * number of words that grows with the logarithm of their count, all of one {@link Change}, which makes one such step at most.
 * Changed under the lock for taking; who has no lock may ask for the first, and look whether it came back.
 */
final class QueueReturned {
    private final QueueTable table;
    private final HeapMemory memory;
    private final boolean isStack;
    private final long countAt;

    QueueReturned(QueueTable table, HeapMemory memory, boolean isStack, long countAt) {
        this.table = table;
        this.memory = memory;
        this.isStack = isStack;
        this.countAt = countAt;
    }

    /** How many there are. */
    int count() {
        long count = memory.getAcquire(countAt);
        return count == 0 ? 0 : Math.clamp(count, 0, table.size()); // a damaged heap has any count
    }

    /** Whether the element of an id is taken before that of another one. */
    boolean isBefore(long id, long other) {
        return isStack ? id - other > 0 : id - other < 0;
    }

    /** The entry at a place, of {@link #count} ones. */
    long at(int place) {
        long entry = memory.getAcquire(table.entryAt(place) + QueueLayout.AT_PLACE_IN_ENTRY);
        if (!table.isPlausible(entry)) {
            throw QueueRing.damaged("what came back as number " + place + " would be at " + entry);
        }
        return entry;
    }

    private void put(Change change, int place, long entry) {
        change.set(table.entryAt(place) + QueueLayout.AT_PLACE_IN_ENTRY, entry);
        change.set(entry + QueueLayout.PLACE_IN_ENTRY, place);
    }

    void add(Change change, long entry) {
        int count = count();
        rise(change, count, entry);
        change.set(countAt, count + 1);
    }

    void remove(Change change, long entry) {
        int last = count() - 1;
        long place = memory.getPlain(entry + QueueLayout.PLACE_IN_ENTRY);
        if (place < 0 || place > last || at((int) place) != entry) {
            throw QueueRing.damaged("the entry at " + entry + " is not at its place " + place);
        }
        long moved = at(last);
        if (moved != entry && !rise(change, (int) place, moved)) {
            sink(change, (int) place, moved, last);
        }
        change.set(countAt, last);
    }

    /** Puts an entry at a free place, or above it; whether above. */
    private boolean rise(Change change, int free, long entry) {
        long id = table.idAcquire(entry);
        int place = free;
        while (place > 0 && isBefore(id, table.idAcquire(at((place - 1) / 2)))) {
            put(change, place, at((place - 1) / 2));
            place = (place - 1) / 2;
        }
        put(change, place, entry);
        return place != free;
    }

    /** Puts an entry at a free place, or below it. */
    private void sink(Change change, int free, long entry, int count) {
        long id = table.idAcquire(entry);
        int place = free;
        for (int child = first(place, count); child < count
                && isBefore(table.idAcquire(at(child)), id); child = first(place, count)) {
            put(change, place, at(child));
            place = child;
        }
        put(change, place, entry);
    }

    /** The child of a place that comes before the other one; the count or more where there is none. */
    private int first(int place, int count) {
        int child = 2 * place + 1;
        boolean isOther = child + 1 < count && isBefore(table.idAcquire(at(child + 1)), table.idAcquire(at(child)));
        return isOther ? child + 1 : child;
    }

    /** Looks whether all that came back is in order. */
    void walk(Check check, int expected) {
        int count = count();
        boolean isSound = count == expected && count == memory.getAcquire(countAt);
        for (int place = 0; place < count && isSound; place++) {
            long entry = memory.getPlain(table.entryAt(place) + QueueLayout.AT_PLACE_IN_ENTRY);
            isSound = table.isEntry(entry) && memory.getPlain(entry + QueueLayout.PLACE_IN_ENTRY) == place
                    && table.isReturned(entry, table.idAcquire(entry))
                    && (place == 0 || isBefore(table.idAcquire(at((place - 1) / 2)), table.idAcquire(entry)));
        }
        if (!isSound) {
            check.fault("of the " + expected + " elements that came back to a queue " + memory.getAcquire(countAt)
                    + " are known, or they are not in order");
        }
    }
}
