package io.cleave.objects;

import io.cleave.HeapFullException;
import io.cleave.IncompatibleBlockException;
import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Participants;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import java.util.function.ToLongFunction;

/**
 * The two lists of the headers of {@link LooseStructures}, and the lock of both.
 *
 * <p>
 * {@code worker} says who is at a structure: in the first list the thread that makes it, or {@link #ABANDONED}; in the
 * second the one that frees it, or 0 where nobody does yet.
 *
 * <p>
 * {@code whence} is the place of the word that leads to the header: the list's first, or another header's {@code next}. So
 * a structure is taken out of the middle of its list without looking which list it is.
 */
final class LooseLists {
    /** The worker of a structure that was made, and that its maker could not discard. No owner has this number. */
    static final long ABANDONED = 1;
    /** How many are looked at under one hold of the lock. */
    private static final int MOST_LOOKS = 1000;

    private final Heap heap;
    private final HeapMemory memory;
    private final long mostSteps;

    LooseLists(Heap heap) {
        this.heap = heap;
        this.memory = heap.memory();
        this.mostSteps = memory.segment().byteSize() / Heap.HEADER_BYTES;
    }

    Heap heap() {
        return heap;
    }

    /** Whether both are empty at the moment. */
    boolean areEmpty() {
        return first(RootLayout.FIRST_MADE) == 0 && first(RootLayout.FIRST_FREED) == 0;
    }

    /** Acquires the lock of the lists, before a change that makes, adopts or drops. */
    void lock() {
        heap.locks().lock(heap.rootAt(RootLayout.LOOSE_LOCK));
    }

    void unlock() {
        heap.locks().unlock(heap.rootAt(RootLayout.LOOSE_LOCK));
    }

    private long first(int list) {
        return memory.getAcquire(heap.rootAt(list));
    }

    private long worker(long header) {
        return memory.getPlain(header + RootLayout.WORKER_IN_HEADER);
    }

    /**
     * Makes an empty structure, which is the calling thread's until it is adopted or discarded.
     *
     * @param maker allocates and fills it as a part of a change, and returns its header
     * @return its header
     */
    long make(RootKind kind, ToLongFunction<Change> maker) {
        try {
            return makeOnce(kind, maker);
        } catch (HeapFullException e) {
            if (!heap.makeRoom()) {
                throw e;
            }
            return makeOnce(kind, maker);
        }
    }

    private long makeOnce(RootKind kind, ToLongFunction<Change> maker) {
        lock();
        try (Change change = heap.change()) {
            long header = maker.applyAsLong(change);
            RootLayout.header(memory, header, new RootType(kind, 0, ""));
            memory.setPlain(header + RootLayout.WORKER_IN_HEADER, Participants.me());
            push(change, RootLayout.FIRST_MADE, header);
            change.commit();
            return header;
        } finally {
            unlock();
        }
    }

    private void push(Change change, int list, long header) {
        long firstAt = heap.rootAt(list);
        long first = change.get(firstAt);
        change.set(header + RootLayout.NEXT_IN_HEADER, first);
        change.set(header + RootLayout.WHENCE_IN_HEADER, firstAt);
        if (first != 0) {
            change.set(check(first) + RootLayout.WHENCE_IN_HEADER, header + RootLayout.NEXT_IN_HEADER);
        }
        change.set(firstAt, header);
    }

    private void take(Change change, long header) {
        long next = change.get(header + RootLayout.NEXT_IN_HEADER);
        long whence = change.get(header + RootLayout.WHENCE_IN_HEADER);
        if (change.get(whence) != header) {
            throw damaged(header);
        }
        change.set(whence, next);
        if (next != 0) {
            change.set(check(next) + RootLayout.WHENCE_IN_HEADER, whence);
        }
    }

    private long check(long header) {
        if (!RootLayout.isHeader(memory, header)) {
            throw damaged(header);
        }
        return header;
    }

    private static IncompatibleBlockException damaged(long header) {
        return new IncompatibleBlockException("the list of structures without an owner is damaged at " + header
                + "; verify the heap, and make a new one");
    }

    /** Gives a structure that was made to an entry, as a part of the change that stores the entry. Under the lock. */
    void adopt(Change change, long header) {
        take(change, header);
        change.set(header + RootLayout.WORKER_IN_HEADER, 0);
    }

    /**
     * Takes a structure from its entry, as a part of the change that takes the entry away. Under the lock.
     *
     * @param header where it is
     * @param generation what its header must have, or the heap is damaged
     */
    void drop(Change change, long header, long generation) {
        if (!RootLayout.isHeader(memory, header) || change.generation(header) != generation
                || RootLayout.isDropped(memory, header)) {
            throw new IncompatibleBlockException("an entry in the heap is damaged: it holds the structure at " + header
                    + ", where there is none that is its own; verify the heap, and make a new one");
        }
        dropLoose(change, header);
    }

    private void dropLoose(Change change, long header) {
        change.set(header + RootLayout.KIND_IN_HEADER,
                memory.getPlain(header + RootLayout.KIND_IN_HEADER) | RootLayout.IS_DROPPED);
        push(change, RootLayout.FIRST_FREED, header);
    }

    /**
     * Drops a structure that the thread has made, unless an entry has it. Where that fails it is left to a sweep: it throws
     * nothing, as it comes after the operation.
     */
    void discard(long header, long generation) {
        if (!isMine(header, generation)) {
            return;
        }
        try {
            lock();
            try {
                if (isMine(header, generation)) {
                    giveUp(header);
                }
            } finally {
                unlock();
            }
        } catch (RuntimeException | VirtualMachineError e) {
            if (isMine(header, generation)) {
                memory.setRelease(header + RootLayout.WORKER_IN_HEADER, ABANDONED);
            }
        }
    }

    private boolean isMine(long header, long generation) {
        return memory.getAcquire(header) == generation && worker(header) == Participants.me();
    }

    private void giveUp(long header) {
        try (Change change = heap.change()) {
            take(change, header);
            change.set(header + RootLayout.WORKER_IN_HEADER, 0);
            dropLoose(change, header);
            change.commit();
        }
    }

    /** A place in one of the lists, where a look through it goes on. Guarded by the lock of the lists. */
    static final class Place {
        private final int list;
        private long header;
        private long generation;
        /** How many were looked at since the list's beginning. */
        private long steps;

        private Place(int list) {
            this.list = list;
        }

        static Place inMade() {
            return new Place(RootLayout.FIRST_MADE);
        }

        static Place inFreed() {
            return new Place(RootLayout.FIRST_FREED);
        }
    }

    /**
     * Looks at a part of the structures that are being made, and drops those whose worker has left them.
     *
     * @param hasLeft whether one has
     * @return whether the look has come to the end of the list
     */
    boolean dropLeft(Place place, LongPredicate hasLeft) {
        return look(place, header -> {
            long worker = worker(header);
            if (worker == ABANDONED || hasLeft.test(worker)) {
                giveUp(header);
            }
        });
    }

    /** The same for those that are being freed, which somebody else may go on with. */
    boolean releaseLeft(Place place, LongPredicate hasLeft) {
        return look(place, header -> {
            if (worker(header) != 0 && hasLeft.test(worker(header))) {
                release(header);
            }
        });
    }

    private boolean look(Place place, LongConsumer action) {
        lock();
        try {
            long header = place.header;
            if (!isIn(place)) {
                header = first(place.list);
                place.steps = 0;
            } else if (place.steps > mostSteps) {
                place.header = 0;
                throw damaged(header); // it is a ring
            }
            for (int looks = 0; header != 0 && looks < MOST_LOOKS; looks++) {
                place.steps++;
                long next = memory.getPlain(check(header) + RootLayout.NEXT_IN_HEADER);
                action.accept(header);
                header = next;
            }
            place.header = header;
            place.generation = header == 0 ? 0 : memory.getPlain(check(header));
            return header == 0;
        } finally {
            unlock();
        }
    }

    /** Whether a structure that was in a list is there still: an entry's worker is 0, and none comes back to the first. */
    private boolean isIn(Place place) {
        return place.header != 0 && memory.getAcquire(place.header) == place.generation
                && (place.list == RootLayout.FIRST_FREED
                        ? RootLayout.isDropped(memory, place.header)
                        : worker(place.header) != 0 && !RootLayout.isDropped(memory, place.header));
    }

    /**
     * Takes a structure that nobody is freeing, for the calling thread to free.
     *
     * @param place from where on; the next look goes on behind what was taken, or at the beginning where that is gone
     * @return 0 where there is none up to the end of the list
     */
    long claim(Place place) {
        if (first(RootLayout.FIRST_FREED) == 0) {
            return 0;
        }
        lock();
        try {
            long header = isIn(place) ? place.header : first(place.list);
            for (long steps = 0; header != 0 && steps < mostSteps; steps++) {
                long next = memory.getPlain(check(header) + RootLayout.NEXT_IN_HEADER);
                if (worker(header) == 0 && RootLayout.kindOf(memory, header) != null) {
                    memory.setRelease(header + RootLayout.WORKER_IN_HEADER, Participants.me());
                    place.header = next;
                    place.generation = next == 0 ? 0 : memory.getPlain(check(next));
                    return header;
                }
                header = next;
            }
            place.header = 0;
            return 0;
        } finally {
            unlock();
        }
    }

    /** The structure that was dropped last; 0 where none is left. */
    long lastDropped() {
        return first(RootLayout.FIRST_FREED);
    }

    /** Lets others free what the thread has claimed. */
    void release(long header) {
        memory.setRelease(header + RootLayout.WORKER_IN_HEADER, 0);
    }

    /**
     * Frees what the thread has claimed, as far as it goes.
     *
     * @return whether it is free
     */
    boolean free(long header, SweepLimit limit) {
        RootKind kind = RootLayout.kindOf(memory, header);
        if (kind == null) {
            throw damaged(header);
        }
        if (!kind.structure().dismantle(heap, header, limit)) {
            return false;
        }
        lock();
        try (Change change = heap.change()) {
            take(change, header);
            change.free(header);
            change.commit();
            limit.count(1);
            return true;
        } finally {
            unlock();
        }
    }

    /** Names all blocks of the structures in both lists. */
    void walk(Check check) {
        walk(RootLayout.FIRST_MADE, check);
        walk(RootLayout.FIRST_FREED, check);
    }

    private void walk(int list, Check check) {
        long whence = heap.rootAt(list);
        long header = memory.getPlain(whence);
        for (long steps = 0; header != 0; steps++) {
            RootKind kind = RootLayout.isHeader(memory, header) ? RootLayout.kindOf(memory, header) : null;
            if (kind == null || steps > mostSteps || (memory.getPlain(header) & 1) == 0
                    || RootLayout.isDropped(memory, header) != (list == RootLayout.FIRST_FREED)
                    || memory.getPlain(header + RootLayout.WHENCE_IN_HEADER) != whence) {
                check.fault("the list of structures without an owner leads from " + whence + " to " + header
                        + ", which is none");
                return;
            }
            kind.structure().walk(heap, header, check);
            whence = header + RootLayout.NEXT_IN_HEADER;
            header = memory.getPlain(whence);
        }
    }
}
