package io.cleave.heap;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The layout of a heap.
 *
 * <pre>
 *        0                8                16               24
 *        +----------------+----------------+----------------+----------------+
 *      0 | magic, version | maximum        | page size      | seed           |
 *        +----------------+----------------+----------------+----------------+
 *     32 | stamp          | contexts       | table at       | data at        |
 *        +----------------+----------------+----------------+----------------+
 *     64 | committed      | zeroes                                           |
 *        +----------------+----------------+---------------------------------+
 *    128 | central lock   | zeroes                                           |
 *        +----------------+---------------------------------------------------+
 *    192 | roots, 16 words                                                    |
 *        +--------------------------------------------------------------------+
 *   1024 | bins: heads of the lists of free runs of pages, 40 words           |
 *        +--------------------------------------------------------------------+
 *   2048 | classes, 80 of 32 bytes: first span | pages | blocks | free blocks |
 *        +--------------------------------------------------------------------+
 *   4608 | locks for the freeing of raw blocks, 32 of 64 bytes                |
 *        +--------------------------------------------------------------------+
 *   6656 | threads that locks are biased to, 12 of 128 bytes: thread | in use |
 *        +--------------------------------------------------------------------+
 *   8192 | contexts, {@link ContextLayout#BYTES} each                         |
 *        +--------------------------------------------------------------------+
 *  table | an entry of 64 bytes for each page that there may be               |
 *        +--------------------------------------------------------------------+
 *   data | pages                                                              |
 *        +--------------------------------------------------------------------+
 * </pre>
 *
 * {@code committed} is the end of the pages that have memory, and of their entries in the table. It is written by who
 * holds the central lock, after the memory is there. All before {@code seed} and beside it is constant from the moment
 * that others can see the heap; {@code stamp} is that of {@link io.cleave.owner.Participants#join}.
 */
final class HeapLayout {
    /**
     * "CLEAVEH" and the format's version, 3, in the highest byte. Headers of structures that were made with version 1 do
     * not say whether they hold others, and nobody who knows version 2 has heard of biased locks.
     */
    static final long MAGIC = 0x0348_4556_4145_4c43L;
    static final int VERSION_SHIFT = 56;
    static final long MAGIC_AT = 0;
    static final long MAXIMUM_AT = 8;
    static final long PAGE_BYTES_AT = 16;
    static final long SEED_AT = 24;
    static final long STAMP_AT = 32;
    static final long CONTEXTS_AT = 40;
    static final long TABLE_AT = 48;
    static final long DATA_AT = 56;
    static final long COMMITTED_AT = 64;
    static final long CENTRAL_LOCK_AT = 128;
    static final long ROOTS_AT = 192;
    static final int ROOTS = 16;
    static final long BINS_AT = 1024;
    static final int BINS = 40;
    static final long CLASSES_AT = 2048;
    static final int CLASSES = 80;
    static final long CLASS_BYTES = 32;
    static final long FIRST_SPAN_IN_CLASS = 0;
    static final long PAGES_IN_CLASS = 8;
    static final long BLOCKS_IN_CLASS = 16;
    static final long FREE_IN_CLASS = 24;
    static final long RAW_LOCKS_AT = 4608;
    static final int RAW_LOCKS = 32;
    static final long RAW_LOCK_BYTES = 64;
    static final long BIASES_AT = 6656;
    static final int BIASES = 12;
    static final long BIAS_BYTES = 128;
    static final long THREAD_IN_BIAS = 0;
    static final long USED_IN_BIAS = 8;
    static final long FIRST_CONTEXT_AT = 8192;

    static final int PAGE_SHIFT = 12;
    static final long PAGE_BYTES = 1L << PAGE_SHIFT;
    static final long ENTRY_BYTES = 64;
    /** What a heap grows by is a multiple of this: the pages whose entries fill one page. */
    static final long STEP_BYTES = PAGE_BYTES / ENTRY_BYTES * PAGE_BYTES;

    private HeapLayout() {
    }

    static long committedAcquire(HeapMemory memory) {
        return memory.getAcquire(COMMITTED_AT);
    }

    static long longPlain(MemorySegment memory, long at) {
        return memory.get(ValueLayout.JAVA_LONG, at);
    }

    static void longPlain(MemorySegment memory, long at, long value) {
        memory.set(ValueLayout.JAVA_LONG, at, value);
    }

    static long binAt(int bin) {
        return BINS_AT + (long) bin * Long.BYTES;
    }

    /** One of the locks, for some number of a block's. */
    static long rawLockAt(long number) {
        return RAW_LOCKS_AT + (number & (RAW_LOCKS - 1)) * RAW_LOCK_BYTES;
    }

    static long classAt(int sizeClass) {
        return CLASSES_AT + sizeClass * CLASS_BYTES;
    }
}
