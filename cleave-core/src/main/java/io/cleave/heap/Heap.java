package io.cleave.heap;

import io.cleave.owner.Participants;

/** A heap as one process sees it. */
public final class Heap {
    /** The size of a header. */
    public static final long HEADER_BYTES = 256;

    private final HeapSpace space;
    private final HeapMemory memory;
    private final HeapLocks locks;
    private final Change[] changes;

    private Heap(HeapSpace space) {
        this.space = space;
        this.memory = new HeapMemory(space.memory(), HeapLayout.longPlain(space.memory(), HeapLayout.DATA_AT));
        this.locks = new HeapLocks(memory, Participants::isDead);
        this.changes = new Change[(int) memory.getPlain(HeapLayout.CONTEXTS_AT)];
        for (int i = 0; i < changes.length; i++) {
            changes[i] = new Change(this, HeapLayout.FIRST_CONTEXT_AT + i * ContextLayout.BYTES);
        }
    }

    /**
     * Makes a heap of a space that nobody else knows yet, and that is all zeroes.
     *
     * @param space where
     * @param seed for the hashes of what will lie in the heap; random
     */
    public static void format(HeapSpace space, long seed) {
        HeapFormat.format(space, seed);
    }

    /**
     * Attaches to a heap.
     *
     * @param space where it lies
     * @return the heap
     * @throws io.cleave.IncompatibleBlockException where it is of another version, damaged, or its owners are known
     *         elsewhere
     */
    public static Heap attach(HeapSpace space) {
        HeapFormat.check(space.memory());
        Participants.join(space.memory(), HeapLayout.STAMP_AT, Heap.class);
        return new Heap(space);
    }

    /**
     * Its words and bytes.
     *
     * @return always the same
     */
    public HeapMemory memory() {
        return memory;
    }

    /**
     * Its locks.
     *
     * @return always the same
     */
    public HeapLocks locks() {
        return locks;
    }

    /**
     * The number that the hashes of this heap depend on.
     *
     * @return the seed
     */
    public long seed() {
        return memory.getPlain(HeapLayout.SEED_AT);
    }

    /**
     * A word for those who have to find what lies in the heap. All are 0 in a new one.
     *
     * @param index 0 to 15
     * @return its offset
     */
    public long rootAt(int index) {
        return HeapLayout.ROOTS_AT + (long) index * Long.BYTES;
    }

    /**
     * Begins a change; it must be closed in any case, by the thread that began it.
     *
     * @return an empty change
     */
    public Change change() {
        long me = Participants.me();
        for (int i = (int) (me >>> 2);; i++) {
            int index = i & (changes.length - 1);
            long ownerAt = HeapLayout.FIRST_CONTEXT_AT + index * ContextLayout.BYTES + ContextLayout.OWNER_AT;
            if (memory.cas(ownerAt, 0, me)) { // SYNC: context
                return changes[index].begin();
            }
            Thread.onSpinWait();
        }
    }

    /**
     * Walks all of the heap while no change happens, and accounts for every byte. Those who want to change something wait
     * meanwhile; what dead processes had begun is finished or forgotten before.
     *
     * @param walk names all blocks that can be reached
     * @return what was found
     */
    public HeapReport verify(Check.Walk walk) {
        return HeapCheck.verify(this, walk);
    }

    /** A block that was never used. */
    long bump(long bytes) {
        long size = (bytes + 63) & -64;
        long block = memory.getAndAdd(HeapLayout.BINS_AT, size);
        space.reserve(block, size);
        while (true) {
            long committed = memory.getAcquire(HeapLayout.COMMITTED_AT);
            long end = block + size;
            if (committed >= end || memory.cas(HeapLayout.COMMITTED_AT, committed, end)) {
                return block;
            }
        }
    }
}
