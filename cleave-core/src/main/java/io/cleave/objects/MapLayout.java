package io.cleave.objects;

import io.cleave.heap.HeapMemory;

/**
 * The layout of a map in a heap.
 *
 * <pre>
 * header       0                8                16               24
 *              +----------------+----------------+----------------+----------------+
 *            0 | as {@link RootLayout} says                       | root           |
 *              +----------------+----------------+----------------+----------------+
 *           32 | splits         | ended root     | ended to       | schema         |
 *              +----------------+----------------+----------------+----------------+
 *           64 | key print      | value print    | change log     | holds          |
 *              +----------------+----------------+----------------+----------------+
 *          240 |                | directory lock |
 *              +----------------+----------------+
 *
 * root         directory / 16, 40 bits | number, 18 bits | depth, 6 bits
 *
 * directory    2 to the depth words, for the top bits of the hash: the segment each
 *
 * lock block   0                8
 *              +----------------+----------------+
 *            0 | generation     |
 *              +----------------+----------------+
 *          240 | count          | segment lock   |
 *              +----------------+----------------+
 *
 * segment      0                8                16
 *              +----------------+----------------+----------------+----------------+
 *            0 | lock block     | prefix         | depth          | zeroes         |
 *              +----------------+----------------+----------------+----------------+
 *          128 | buckets, 127 of 128 bytes: version | slots, 15 words              |
 *              +-------------------------------------------------------------------+
 *
 * slot         top of the hash, 24 bits | entry / 16, 40 bits; 0 is empty
 *
 * entry        0                8
 *              +----------------+--------------------+-------------------------+
 *            0 | lengths        | key, zeroes up to  | value                   |
 *              |                | a multiple of 8    |                         |
 *              +----------------+--------------------+-------------------------+
 *
 * lengths      of the value, 33 bits | of the key, 31 bits
 *
 * schema       {@link StoredSchema} of keys and values; 0 in a structure that another one holds
 * </pre>
 *
 * The header and the lock blocks are headers of the heap: their memory is never used for anything else, and the word at 248
 * is a lock in each of them, which only its acquire and release ever write. So who comes too late may try for the lock of
 * what was freed meanwhile, and looks after whether it still is what it was.
 */
final class MapLayout {
    static final long GENERATION = RootLayout.GENERATION_IN_HEADER;
    static final long ROOT = RootLayout.OWN_IN_HEADER;
    static final long SPLITS = 32;
    static final long ENDED_ROOT = 40;
    static final long ENDED_TO = 48;
    static final long SCHEMA = 56;
    static final long KEY_PRINT = 64;
    static final long VALUE_PRINT = 72;
    static final long LOG = 80;
    /** Not 0 where the values are structures: {@link HeldStructure}. */
    static final long HOLDS = 88;
    static final long OWN_END = 96;
    /** In the header, in lock blocks and in the head of the log: for whatever a header is used, its last word is a lock. */
    static final long LOCK = 248;

    static final long COUNT_IN_LOCK_BLOCK = 240;

    static final long LOCK_BLOCK_IN_SEGMENT = 0;
    static final long PREFIX_IN_SEGMENT = 8;
    static final long DEPTH_IN_SEGMENT = 16;
    static final long FIRST_BUCKET = 128;
    static final int BUCKETS = 127;
    static final long BUCKET_BYTES = 128;
    static final long SEGMENT_BYTES = FIRST_BUCKET + BUCKETS * BUCKET_BYTES;
    static final long FIRST_SLOT = 8;
    static final int SLOTS = 15;
    /** Those that lie with the version in one line of the cache. New keys come there first. */
    static final int FIRST_LINE_SLOTS = 7;

    static final int PRINT_BITS = 24;
    static final int PRINT_SHIFT = Long.SIZE - PRINT_BITS;
    /** What a segment's prefix can have of the hash, so that slots tell to which segment they belong. */
    static final int MOST_DEPTH = PRINT_BITS;

    static final long ENTRY_HEAD = 8;
    static final int KEY_LENGTH_BITS = 31;

    private static final int GRANULE_SHIFT = 4;
    private static final long BLOCK_MASK = (1L << PRINT_SHIFT) - 1;
    private static final int ROOT_SHIFT = 24;
    private static final int NUMBER_SHIFT = 6;
    private static final int DEPTH_MASK = (1 << NUMBER_SHIFT) - 1;
    private static final long NUMBER_MASK = (1L << (ROOT_SHIFT - NUMBER_SHIFT)) - 1;
    private static final long SEGMENT_MASK = -(1L << 12);
    private static final long KEY_LENGTH_MASK = (1L << KEY_LENGTH_BITS) - 1;
    private static final long HALF = 0xffff_ffffL;

    private MapLayout() {
    }

    static long rootAcquire(HeapMemory memory, long header) {
        return memory.getAcquire(header + ROOT);
    }

    static long generationAcquire(HeapMemory memory, long header) {
        return memory.getAcquire(header + GENERATION);
    }

    /** A root for another directory, or another depth. The number makes it another word than those before it. */
    static long root(long directory, int depth, long before) {
        long number = ((before >>> NUMBER_SHIFT) + 1) & NUMBER_MASK;
        return (directory >>> GRANULE_SHIFT << ROOT_SHIFT) | (number << NUMBER_SHIFT) | depth;
    }

    static long directory(long root) {
        return root >>> ROOT_SHIFT << GRANULE_SHIFT;
    }

    static int depth(long root) {
        return (int) root & DEPTH_MASK;
    }

    /** Where the directory has the word for a hash. */
    static long wordAt(long root, long hash) {
        return directory(root) + (hash >>> 1 >>> (Long.SIZE - 1 - depth(root))) * Long.BYTES;
    }

    /** A segment, of a word that may be rubbish. */
    static long segment(long word) {
        return word & SEGMENT_MASK;
    }

    /** Where the bucket for a hash begins. Buckets go by the lower half, segments by the top. */
    static long bucketAt(long segment, long hash) {
        return bucketAt(segment, (int) (((hash & HALF) * BUCKETS) >>> Integer.SIZE));
    }

    static long bucketAt(long segment, int bucket) {
        return segment + FIRST_BUCKET + bucket * BUCKET_BYTES;
    }

    static long slot(long entry, long hash) {
        return (hash & ~BLOCK_MASK) | (entry >>> GRANULE_SHIFT);
    }

    /** The entry of a slot; 0 for an empty one. */
    static long entry(long slot) {
        return (slot & BLOCK_MASK) << GRANULE_SHIFT;
    }

    static long slotAt(long bucket, int slot) {
        return bucket + FIRST_SLOT + (long) slot * Long.BYTES;
    }

    /** 1 where a slot may be that of a hash, else 0. */
    static long printBit(long slot, long hash) {
        return (((slot ^ hash) >>> PRINT_SHIFT) - 1) >>> (Long.SIZE - 1);
    }

    /** Whether a hash, or the slot for it, belongs to a segment of this prefix and depth. */
    static boolean isCovered(long slot, long prefix, int depth) {
        return (slot ^ prefix) >>> 1 >>> (Long.SIZE - 1 - depth) == 0;
    }

    static long lengths(int keyLength, long valueLength) {
        return (valueLength << KEY_LENGTH_BITS) | keyLength;
    }

    static int keyLength(long lengths) {
        return (int) (lengths & KEY_LENGTH_MASK);
    }

    static long valueLength(long lengths) {
        return lengths >>> KEY_LENGTH_BITS;
    }

    /** Where the value begins in an entry with a key of this length. */
    static long valueIn(int keyLength) {
        return (ENTRY_HEAD + keyLength + Long.BYTES - 1) & -Long.BYTES;
    }

    /** The size of an entry. */
    static long entryBytes(long lengths) {
        return valueIn(keyLength(lengths)) + valueLength(lengths);
    }
}
