package io.cleave.heap;

import io.cleave.CleaveException;
import io.cleave.HeapFullException;

/**
 * Blocks whose content is the user's alone, and that are in use until they are freed: no structure leads to them, so
 * whoever has allocated one keeps its offset and its generation, and a stale pair of them is an error.
 *
 * <pre>
 * block      0                8                16
 *            +----------------+----------------+---------
 *            | generation     | signature      | content
 *            +----------------+----------------+---------
 * </pre>
 *
 * Each allocation has a generation of its own, random and with the highest bit set; so no word that the heap itself
 * would write there is taken for one, and what another use of the memory leaves there is as good as never the same. Two
 * that free one block at the same time meet at one of the heap's locks for that. The signature is computed from generation and offset: by it a walk through the heap knows the raw blocks that are in use.
 * Freeing sets the generation to 0.
 */
public final class RawBlocks {
    /** What a raw block has before its content. */
    public static final long HEAD_BYTES = 16;
    private static final long LIVE = Long.MIN_VALUE;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private final Heap heap;
    private final HeapMemory memory;

    /**
     * The raw blocks of a heap.
     *
     * @param heap the heap
     */
    public RawBlocks(Heap heap) {
        this.heap = heap;
        this.memory = heap.memory();
    }

    /**
     * Allocates a block.
     *
     * @param bytes the size of its content, at least 1
     * @param seed a random number, for its generation
     * @return its offset; its content, which is whatever was there, begins {@link #HEAD_BYTES} behind
     * @throws HeapFullException where there is no room
     */
    public long allocate(long bytes, long seed) {
        try {
            return allocateOnce(bytes, seed);
        } catch (HeapFullException e) {
            if (!heap.makeRoom()) {
                throw e;
            }
            return allocateOnce(bytes, seed);
        }
    }

    private long allocateOnce(long bytes, long seed) {
        try (Change change = heap.change()) {
            long block = allocate(change, bytes, seed);
            change.commit();
            return block;
        }
    }

    /**
     * Allocates a block as a part of a change.
     *
     * @param change the change
     * @param bytes the size of its content, at least 1
     * @param seed a random number, for its generation
     * @return its offset; its content, which is whatever was there, begins {@link #HEAD_BYTES} behind
     * @throws HeapFullException where there is no room
     */
    public long allocate(Change change, long bytes, long seed) {
        long block = change.allocate(bytes + HEAD_BYTES);
        long generation = LIVE | mix(seed ^ block);
        memory.setPlain(block, generation);
        memory.setPlain(block + Long.BYTES, signature(block, generation));
        return block;
    }

    /**
     * The generation of a block that was just allocated.
     *
     * @param block its offset
     * @return its generation
     */
    public long generation(long block) {
        return memory.getAcquire(block);
    }

    /**
     * Frees a block.
     *
     * @param block its offset
     * @param generation its generation
     * @throws CleaveException where it was freed before
     */
    public void free(long block, long generation) {
        long lockAt = HeapLayout.rawLockAt(block >>> SizeClasses.GRANULE_SHIFT);
        heap.locks().lock(lockAt);
        try (Change change = heap.change()) {
            check(block, generation);
            change.set(block, 0);
            change.free(block);
            change.commit();
        } finally {
            heap.locks().unlock(lockAt);
        }
    }

    /**
     * Gives a block another size: the same block, where it has room for that and not twice as much; or else another one
     * with the same content, as far as both go, and the old one is freed.
     *
     * @param block its offset
     * @param generation its generation
     * @param bytes the new size of its content, at least 1
     * @param seed a random number, for the generation of another
     * @return the offset of the one or the other
     * @throws CleaveException where it was freed before
     * @throws HeapFullException where there is no room; all is as it was
     */
    public long reallocate(long block, long generation, long bytes, long seed) {
        try {
            return reallocateOnce(block, generation, bytes, seed);
        } catch (HeapFullException e) {
            if (!heap.makeRoom()) {
                throw e;
            }
            return reallocateOnce(block, generation, bytes, seed);
        }
    }

    private long reallocateOnce(long block, long generation, long bytes, long seed) {
        long lockAt = HeapLayout.rawLockAt(block >>> SizeClasses.GRANULE_SHIFT);
        heap.locks().lock(lockAt);
        try (Change change = heap.change()) {
            check(block, generation);
            long room = heap.sizeOf(block) - HEAD_BYTES;
            if (bytes <= room && bytes > room / 2) {
                return block;
            }
            long other = allocate(change, bytes, seed);
            memory.copy(block + HEAD_BYTES, other + HEAD_BYTES, Math.min(bytes, room));
            change.set(block, 0);
            change.free(block);
            change.commit();
            return other;
        } finally {
            heap.locks().unlock(lockAt);
        }
    }

    /**
     * Refuses a reference to a block that was freed.
     *
     * @param block its offset
     * @param generation its generation
     * @throws CleaveException where it was freed
     */
    public void check(long block, long generation) {
        if (!isCurrent(block, generation)) {
            throw stale(block, generation);
        }
    }

    /**
     * Whether a reference is to a block that is in use.
     *
     * @param block its offset
     * @param generation its generation
     * @return whether it is
     */
    public boolean isCurrent(long block, long generation) {
        return generation < 0 && block % SizeClasses.GRANULE_BYTES == 0 && memory.isCommitted(block, HEAD_BYTES)
                && memory.getAcquire(block) == generation;
    }

    private static CleaveException stale(long block, long generation) {
        return new CleaveException("the block at " + block + " with generation " + Long.toHexString(generation)
                + " was freed; nothing may use it any more");
    }

    private static long signature(long block, long generation) {
        return mix(generation + GOLDEN * block) | 1;
    }

    static boolean isLive(HeapMemory memory, long block) {
        long generation = memory.getPlain(block);
        return generation < 0 && memory.getPlain(block + Long.BYTES) == signature(block, generation);
    }

    private static long mix(long value) {
        long x = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
        return x ^ (x >>> 31);
    }
}
