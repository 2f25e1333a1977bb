package io.cleave.objects;

/**
 * The layout of a queue or stack in a heap.
 *
 * <pre>
 * header       0                8                16               24
 *              +----------------+----------------+----------------+----------------+
 *            0 | as {@link RootLayout} says                       | head block     |
 *              +----------------+----------------+----------------+----------------+
 *           32 | tail block     | capacity       | slots          | slot's bytes   |
 *              +----------------+----------------+----------------+----------------+
 *           64 | schema         | its print      | chunks, 16 words                |
 *              +----------------+----------------+---------------------------------+
 *
 * head block   0                8                16               24
 *              +----------------+----------------+----------------+----------------+
 *            0 | generation     | chunks of entries, 16 words, and zeroes          |
 *              +----------------+----------------+----------------+----------------+
 *          192 | putters' mark  | putters' turn  | gap's begin    | gap's end      |
 *              +----------------+----------------+----------------+----------------+
 *          224 | returned       | free entry     | head           | lock           |
 *              +----------------+----------------+----------------+----------------+
 *
 * tail block   0                8                16               24
 *              +----------------+----------------+----------------+----------------+
 *            0 | generation     | zeroes                                           |
 *              +----------------+----------------+----------------+----------------+
 *          192 | takers' mark   | takers' turn   | sequence       | known head     |
 *              +----------------+----------------+----------------+----------------+
 *          224 | zeroes         | begun          | tail           | lock           |
 *              +----------------+----------------+----------------+----------------+
 *
 * slot         stamp | id | the element's bytes, or: block | how many bytes it has
 *
 *              in queues of numbers: stamp | the number's bits
 *
 * entry        state | next free entry, or how often it was received | its place | the entry at a place | as a slot
 *
 * state        0: free | 1: returned | the owner that has received it
 *
 * stamp        lap, 32 bits | length in the slot, 24 bits | REMOVED, IN_BLOCK, FULL
 * </pre>
 *
 * Header and blocks are headers of the heap, whose last word is a lock whatever they are used for. Slots lie in up to 16
 * chunks of the same size; their number is a power of two, at least the capacity. Position p, which counts from the
 * queue's beginning in 64 bits, lies in slot p modulo their number, in lap p divided by it. Entries are for elements that
 * were received and not acknowledged ({@link QueueTable}): their chunks come as they are needed, of 16 entries, 32 and so on.
 * Places order those that came back ({@link QueueReturned}): entry number p also has the word of what is at place p.
 */
final class QueueLayout {
    static final long HEAD_BLOCK = RootLayout.OWN_IN_HEADER;
    static final long TAIL_BLOCK = 32;
    static final long CAPACITY = 40;
    static final long SLOTS = 48;
    static final long SLOT_BYTES = 56;
    static final long SCHEMA = 64;
    static final long PRINT = 72;
    static final long CHUNKS = 80;
    static final int MOST_CHUNKS = 16;
    static final long OWN_END = CHUNKS + MOST_CHUNKS * Long.BYTES;

    /** Where the words of a head or tail block begin. */
    static final long FIRST_IN_BLOCK = 8;
    static final long MARK = 192;
    static final long TURN = 200;
    static final long LOCK = 248;

    static final long GAP_BEGIN = 208;
    static final long GAP_END = 216;
    static final long RETURNED = 224;
    static final long FREE_ENTRY = 232;
    static final long HEAD = 240;
    static final long ENTRY_CHUNKS = 8;
    static final int MOST_ENTRY_CHUNKS = 16;

    static final long SEQUENCE = 208;
    static final long KNOWN_HEAD = 216;
    static final long BEGUN = 232;
    static final long TAIL = 240;

    static final long STAMP = 0;
    static final long ID = 8;
    static final long CONTENT = 16;
    static final long BLOCK_IN_SLOT = 16;
    static final long LENGTH_IN_SLOT = 24;
    static final long NUMBER_IN_SLOT = 8;

    static final long STATE_IN_ENTRY = 0;
    static final long NEXT_IN_ENTRY = 8;
    static final long COUNT_IN_ENTRY = 8;
    static final long PLACE_IN_ENTRY = 16;
    static final long AT_PLACE_IN_ENTRY = 24;
    static final long SLOT_IN_ENTRY = 32;
    static final int FIRST_ENTRIES = 16;
    /** States of an entry; all others are owners. */
    static final long IS_FREE = 0;
    static final long IS_RETURNED = 1;

    static final int NUMBER_SLOT_BYTES = 16;
    static final int SMALL_SLOT_BYTES = 64;
    static final int USUAL_SLOT_BYTES = 128;
    static final int LEAST_SLOTS = 8;
    static final int MOST_CAPACITY = 1 << 28;
    /** A chunk has at least so many slots, where there are that many. */
    private static final int LEAST_CHUNK_SLOTS = 256;
    /** Blocks of more than 512 bytes begin with a line of the cache. */
    private static final long LEAST_CHUNK_BYTES = 1024;

    static final long FULL = 1;
    static final long IN_BLOCK = 2;
    static final long REMOVED = 4;
    private static final int LENGTH_SHIFT = 8;
    private static final int LENGTH_MASK = 0xff_ffff;
    private static final long HALF = 0xffff_ffffL;

    private QueueLayout() {
    }

    static int slots(int capacity) {
        return Math.max(LEAST_SLOTS, Integer.highestOneBit(2 * capacity - 1));
    }

    static int chunkSlots(int slots) {
        return Math.min(slots, Math.max(slots / MOST_CHUNKS, LEAST_CHUNK_SLOTS));
    }

    static long chunkBytes(int slots, int slotBytes) {
        return Math.max(LEAST_CHUNK_BYTES, (long) chunkSlots(slots) * slotBytes);
    }

    /** How large slots are: numbers do with one line of the cache. */
    static int slotBytes(Class<?> element) {
        boolean isSmall = element == Boolean.class || element == Character.class
                || (Number.class.isAssignableFrom(element) && element.getPackageName().equals("java.lang"));
        return isSmall ? SMALL_SLOT_BYTES : USUAL_SLOT_BYTES;
    }

    /** The stamp of an element that lies in the slot itself. */
    static long stamp(long lap, long length) {
        return lap << Integer.SIZE | length << LENGTH_SHIFT | FULL;
    }

    /** The stamp of an element that lies in a block. */
    static long stampOfBlock(long lap) {
        return lap << Integer.SIZE | IN_BLOCK | FULL;
    }

    /** The stamp of the same element in another position's slot. */
    static long ofLap(long stamp, long lap) {
        return lap << Integer.SIZE | (stamp & HALF);
    }

    static long stampOfRemoved(long lap) {
        return lap << Integer.SIZE | REMOVED;
    }

    static boolean isOfLap(long stamp, long lap) {
        return (int) (stamp >>> Integer.SIZE) == (int) lap && (stamp & (FULL | REMOVED)) != 0;
    }

    static boolean isFull(long stamp) {
        return (stamp & FULL) != 0;
    }

    static boolean isInBlock(long stamp) {
        return (stamp & IN_BLOCK) != 0;
    }

    static int length(long stamp) {
        return (int) (stamp >>> LENGTH_SHIFT) & LENGTH_MASK;
    }
}
