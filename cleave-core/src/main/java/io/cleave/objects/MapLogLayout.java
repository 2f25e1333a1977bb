package io.cleave.objects;

/**
 * The layout of a map's log of changes.
 *
 * <pre>
 * head         0                8                16               24
 *              +----------------+----------------+----------------+----------------+
 *            0 | generation     | zeroes         | sequence       | ring           |
 *              +----------------+----------------+----------------+----------------+
 *           32 | watchers       | sleepers       |
 *              +----------------+----------------+
 *          240 |                | lock           |
 *              +----------------+----------------+
 *
 * ring         owners of the watchers, 256 words | records, 1024 words
 *
 * record       0                8
 *              +----------------+--------------------------+
 *            0 | form           | entry, or its key only   |
 *              +----------------+--------------------------+
 * </pre>
 *
 * The head is a header of the heap, as the map's is.
 */
final class MapLogLayout {
    static final long LOCK = MapLayout.LOCK;
    static final long SEQUENCE = 16;
    static final long RING = 24;
    static final long WATCHERS = 32;
    static final long SLEEPERS = 40;
    static final long HEAD_END = 48;

    static final int OWNERS = 256;
    static final int RECORDS = 1024;
    static final long RECORDS_IN_RING = OWNERS * (long) Long.BYTES;
    static final long RING_BYTES = RECORDS_IN_RING + RECORDS * (long) Long.BYTES;

    static final long ENTRY_IN_RECORD = 8;
    /** The record has the whole entry. */
    static final long PUT = 1;
    /** It has the key of an entry that was removed. */
    static final long REMOVED = 2;
    /** It has the key of an entry that is too large to be copied. */
    static final long LARGE = 3;

    private MapLogLayout() {
    }

    static long ownerAt(long ring, int index) {
        return ring + (long) index * Long.BYTES;
    }

    static long recordAt(long ring, long sequence) {
        return ring + RECORDS_IN_RING + (sequence & (RECORDS - 1)) * Long.BYTES;
    }
}
