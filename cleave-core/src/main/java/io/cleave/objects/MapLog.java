package io.cleave.objects;

import io.cleave.CleaveException;
import io.cleave.heap.Change;
import io.cleave.heap.HeapLocks;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Cell;
import io.cleave.owner.Participants;
import io.cleave.owner.SharedCell;
import java.lang.invoke.VarHandle;

/**
 * The last changes of a map, for those who watch it.
 *
 * <h2>Overview</h2>
 *
 * A ring of records, each a copy of the entry that was put or removed, written by the same {@link Change} as the map is
 * changed by: so a change is in the log if and only if it has happened. Only while somebody watches there is anything
 * written. A change stores the record first and the sequence, the number of the next record, after it.
 *
 * <p>
 * <b>Watchers read without a lock.</b> A watcher at number n that sees a sequence above n reads the record of n, and then,
 * after a fence, the sequence again. The record of n is overwritten by that of n + RECORDS, which is stored when the
 * sequence is n + RECORDS, and only then it is freed. So if the sequence is less, what was read was the record of n;
 * otherwise the watcher was lapped, and goes on with the oldest record that is left.
 *
 * <p>
 * <b>Sleep.</b> A watcher with nothing to read sets {@code sleepers}, looks at the sequence again, and sleeps on it as
 * long as it is the same. Who has raised the sequence looks, after a full fence, at {@code sleepers}, and if it is set
 * clears it and wakes all. So either the watcher sees the sequence or the other one sees the sleeper. One who dies before
 * waking delays the news until the watcher's time slice is over.
 *
 * <p>
 * <b>Dead watchers</b> are taken out by who registers, and by who writes now and then. A watcher that is stopped is one.
 */
final class MapLog {
    /** The largest entry of which records have a copy. */
    static final long MOST_COPIED_BYTES = 32_000;
    private static final int MOST_AT_ONCE = 64;
    private static final long SWEEP_MASK = 255;

    private final MapTable table;
    private final HeapMemory memory;
    private final HeapLocks locks;

    MapLog(MapTable table) {
        this.table = table;
        this.memory = table.memory();
        this.locks = table.heap().locks();
    }

    /** Where the log's head is, for who has a lock of the map; 0 where nobody has ever watched. */
    private long head() {
        return memory.getAcquire(table.header() + MapLayout.LOG);
    }

    /** Where the log's head is; 0 where the map was dropped. */
    long headInUse() {
        long head = head();
        VarHandle.loadLoadFence(); // the head was read before the look whether the map was in use
        return table.root() != 0 && table.isInUse() ? head : 0; // the root is 0 before the log is freed
    }

    /** Acquires the lock of the log if somebody watches. */
    boolean enter() {
        long head = head();
        if (head == 0 || memory.getAcquire(head + MapLogLayout.WATCHERS) == 0) {
            return false;
        }
        locks.lock(head + MapLogLayout.LOCK);
        if ((memory.getPlain(head + MapLogLayout.SEQUENCE) & SWEEP_MASK) == SWEEP_MASK) {
            sweep(head);
        }
        return true;
    }

    void leave(boolean isLogged) {
        if (isLogged) {
            long head = head();
            locks.unlock(head + MapLogLayout.LOCK);
            VarHandle.fullFence(); // the sequence was raised before the look for sleepers
            wake(head);
        }
    }

    private void wake(long head) {
        if (memory.getAcquire(head + MapLogLayout.SLEEPERS) != 0) {
            memory.setRelease(head + MapLogLayout.SLEEPERS, 0); // SYNC: map-log-sleepers
            cell(head).wake(Cell.ALL);
        }
    }

    /** What watchers sleep on. */
    SharedCell cell(long head) {
        return new SharedCell(memory.segment(), head + MapLogLayout.SEQUENCE);
    }

    /** Writes a record of an entry. Between {@link #enter} and {@link #leave}. */
    void add(Change change, long entry, boolean isRemoved) {
        long head = head();
        long sequence = memory.getPlain(head + MapLogLayout.SEQUENCE);
        long recordAt = MapLogLayout.recordAt(memory.getPlain(head + MapLogLayout.RING), sequence);
        long lengths = memory.getPlain(entry);
        long bytes = MapLayout.entryBytes(lengths);
        long form = isRemoved ? MapLogLayout.REMOVED
                : bytes > MOST_COPIED_BYTES ? MapLogLayout.LARGE : MapLogLayout.PUT;
        if (form != MapLogLayout.PUT) {
            bytes = MapLayout.ENTRY_HEAD + MapLayout.keyLength(lengths);
        }
        long record = change.allocate(MapLogLayout.ENTRY_IN_RECORD + bytes);
        memory.setPlain(record, form);
        memory.copy(entry, record + MapLogLayout.ENTRY_IN_RECORD, bytes);
        long old = memory.getPlain(recordAt);
        change.set(recordAt, record);
        change.set(head + MapLogLayout.SEQUENCE, sequence + 1); // SYNC: map-log-sequence
        if (old != 0) {
            change.free(old);
        }
    }

    /**
     * Enters a watcher.
     *
     * @param owner its own
     * @return its place
     */
    int register(long owner) {
        long head = make();
        locks.lock(head + MapLogLayout.LOCK);
        try {
            if (headInUse() != head) {
                table.requireUse(0);
            }
            sweep(head);
            long ring = memory.getPlain(head + MapLogLayout.RING);
            for (int i = 0; i < MapLogLayout.OWNERS; i++) {
                if (memory.getPlain(MapLogLayout.ownerAt(ring, i)) == 0) {
                    setOwner(head, ring, i, owner, 1);
                    return i;
                }
            }
            throw new CleaveException(
                    "the map has " + MapLogLayout.OWNERS + " watchers, which is the limit; close some");
        } finally {
            locks.unlock(head + MapLogLayout.LOCK);
        }
    }

    private void setOwner(long head, long ring, int place, long owner, long by) {
        try (Change change = table.heap().change()) {
            change.set(MapLogLayout.ownerAt(ring, place), owner);
            change.set(head + MapLogLayout.WATCHERS, memory.getPlain(head + MapLogLayout.WATCHERS) + by);
            change.commit();
        }
    }

    /** Takes a watcher out. */
    void unregister(int place, long owner) {
        long head = headInUse();
        if (head == 0) {
            return;
        }
        locks.lock(head + MapLogLayout.LOCK);
        try {
            if (headInUse() == head) {
                long ring = memory.getPlain(head + MapLogLayout.RING);
                if (memory.getPlain(MapLogLayout.ownerAt(ring, place)) == owner) {
                    setOwner(head, ring, place, 0, -1);
                }
            }
        } finally {
            locks.unlock(head + MapLogLayout.LOCK);
        }
    }

    /** Makes the log where there is none. */
    private long make() {
        if (!table.lockDirectory()) {
            table.requireUse(0);
        }
        try (Change change = table.heap().change()) {
            table.requireOwner();
            long head = head();
            if (head == 0) {
                head = change.allocateHeader();
                memory.clear(head + MapLogLayout.SEQUENCE, MapLogLayout.HEAD_END - MapLogLayout.SEQUENCE);
                memory.setPlain(head + MapLogLayout.RING, change.allocateZeroed(MapLogLayout.RING_BYTES));
                change.set(table.header() + MapLayout.LOG, head);
                change.commit();
            }
            return head;
        } finally {
            table.unlockDirectory();
        }
    }

    /** Takes dead watchers out. Under the log's lock. */
    private void sweep(long head) {
        long ring = memory.getPlain(head + MapLogLayout.RING);
        int dead = 0;
        try (Change change = table.heap().change()) {
            for (int i = 0; i < MapLogLayout.OWNERS && dead < MOST_AT_ONCE; i++) {
                long owner = memory.getPlain(MapLogLayout.ownerAt(ring, i));
                if (owner != 0 && Participants.isDead(owner)) {
                    change.set(MapLogLayout.ownerAt(ring, i), 0);
                    dead++;
                }
            }
            if (dead > 0) {
                change.set(head + MapLogLayout.WATCHERS, memory.getPlain(head + MapLogLayout.WATCHERS) - dead);
                change.commit();
            }
        }
    }

    /**
     * Says that somebody is about to sleep until there is news. What a dead process has begun to write is finished.
     *
     * @return false where the log is none any more
     */
    boolean addSleeper(long head) {
        locks.lock(head + MapLogLayout.LOCK);
        try {
            boolean isThere = headInUse() == head;
            if (isThere) {
                memory.setRelease(head + MapLogLayout.SLEEPERS, 1);
            }
            return isThere;
        } finally {
            locks.unlock(head + MapLogLayout.LOCK);
        }
    }
}
