package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Gate;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import java.util.function.ToLongFunction;

/**
 * The structures of a heap that neither a name nor an entry leads to at the moment: those that are being made for an
 * entry, and those that an entry has lost.
 *
 * <h2>Overview</h2>
 *
 * A structure of any size is not made by one change, and not freed by one. So there are two lists of headers, under one
 * lock. A structure that is to become a value is made empty and put into the first list by one change; it is filled by as
 * many as it takes; the change that stores the entry takes it out. The change that takes an entry away puts its structure
 * into the second list, from where it is freed. So at each moment each structure is in one place, where a walk through the
 * heap finds it.
 *
 * <p>
 * {@code worker} says who is at it: in the first list the thread that makes it; in the second the one that frees it, or 0
 * where nobody does yet. Whoever changes structures in structures frees what it finds in the second list when it is done.
 * What a dead process was making or freeing is given free by who comes by after.
 *
 * <p>
 * {@code whence} is the place of the word that leads to the header: the list's first, or another header's {@code next}. So
 * a structure is taken out of the middle of its list without looking which list it is.
 *
 * <p>
 * <b>Locks.</b> The one of the lists comes after all those of structures, and before a context. To free a structure takes
 * that structure's locks, so nobody does it who has one of another: not before its outermost operation is over, which
 * {@link #begin} and {@link #end} count.
 */
final class LooseStructures {
    /** How many are looked at for whether their worker is dead. */
    private static final int MOST_LOOKS = 1000;
    private static final long REST_NANOS = 20_000_000;
    /** How many operations on structures in structures the thread is in. */
    private static final ThreadLocal<int[]> DEPTH = ThreadLocal.withInitial(() -> new int[1]);

    private final Heap heap;
    private final HeapMemory memory;
    private final Gate gate;
    private final long mostSteps;
    /** When one thread or another last looked for dead workers. */
    private long lastLook = System.nanoTime() - 2 * REST_NANOS;

    /** @param gate to be passed by each operation that changes something */
    LooseStructures(Heap heap, Gate gate) {
        this.heap = heap;
        this.memory = heap.memory();
        this.gate = gate;
        this.mostSteps = memory.segment().byteSize() / Heap.HEADER_BYTES;
    }

    Heap heap() {
        return heap;
    }

    Gate gate() {
        return gate;
    }

    /** Begins an operation that may make and drop structures. */
    void begin() {
        int[] depth = DEPTH.get();
        gate.enter();
        depth[0]++;
    }

    /** Ends it: the thread has the locks of this operation no more, and frees what was dropped if it is in no other. */
    void end() {
        try {
            if (--DEPTH.get()[0] == 0) {
                sweep();
            }
        } catch (VirtualMachineError e) {
            Thread.onSpinWait(); // no stack or memory for it: the operation is over all the same, and the next one sweeps
        } finally {
            gate.exit();
        }
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

    /** Drops a structure that the thread has made, unless an entry has it. */
    void discard(long header, long generation) {
        if (isMine(header, generation)) {
            lock();
            try {
                if (isMine(header, generation)) {
                    giveUp(header);
                }
            } finally {
                unlock();
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

    /** Frees what was dropped and nobody is freeing, for who holds no lock of a structure. */
    void sweep() {
        if (first(RootLayout.FIRST_MADE) != 0 || first(RootLayout.FIRST_FREED) != 0) {
            if (System.nanoTime() - lastLook > REST_NANOS) {
                takeOver();
            }
            for (long header = claim(); header != 0; header = claim()) {
                free(header);
            }
        }
    }

    /** Gives free what dead processes were making or freeing. */
    private void takeOver() {
        lock();
        try {
            lastLook = System.nanoTime();
            Dead dead = new Dead();
            long header = first(RootLayout.FIRST_MADE);
            for (int looks = 0; header != 0 && looks < MOST_LOOKS; looks++) {
                long next = memory.getPlain(check(header) + RootLayout.NEXT_IN_HEADER);
                if (dead.isOne(worker(header))) {
                    giveUp(header);
                }
                header = next;
            }
            header = first(RootLayout.FIRST_FREED);
            for (int looks = 0; header != 0 && looks < MOST_LOOKS; looks++) {
                if (worker(check(header)) != 0 && dead.isOne(worker(header))) {
                    memory.setRelease(header + RootLayout.WORKER_IN_HEADER, 0);
                }
                header = memory.getPlain(header + RootLayout.NEXT_IN_HEADER);
            }
        } finally {
            unlock();
        }
    }

    /** Whether workers are dead, which is asked once for many of one process. */
    private static final class Dead {
        private long lastProcess;
        private boolean isLastDead;

        boolean isOne(long worker) {
            long process = worker & ParticipantsLayout.PROCESS;
            if (process != lastProcess) {
                lastProcess = process;
                isLastDead = Participants.isDead(worker);
            }
            return isLastDead;
        }
    }

    /** Takes a structure that nobody is freeing, for the calling thread to free; 0 where there is none. */
    private long claim() {
        if (first(RootLayout.FIRST_FREED) == 0) {
            return 0;
        }
        lock();
        try {
            long header = first(RootLayout.FIRST_FREED);
            for (long steps = 0; header != 0 && steps < mostSteps; steps++) {
                if (worker(check(header)) == 0 && RootLayout.kindOf(memory, header) != null) {
                    memory.setRelease(header + RootLayout.WORKER_IN_HEADER, Participants.me());
                    return header;
                }
                header = memory.getPlain(header + RootLayout.NEXT_IN_HEADER);
            }
            return 0;
        } finally {
            unlock();
        }
    }

    private void free(long header) {
        boolean isFree = false;
        try {
            RootKind kind = RootLayout.kindOf(memory, header);
            if (kind == null) {
                throw damaged(header);
            }
            kind.structure().dismantle(heap, header);
            lock();
            try (Change change = heap.change()) {
                take(change, header);
                change.free(header);
                change.commit();
                isFree = true;
            } finally {
                unlock();
            }
        } finally {
            if (!isFree) {
                memory.setRelease(header + RootLayout.WORKER_IN_HEADER, 0); // another may go on
            }
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
