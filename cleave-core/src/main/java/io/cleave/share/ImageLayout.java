package io.cleave.share;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The layout of a value as it lies in a block or in a token, format version {@value #VERSION}.
 *
 * <pre>
 *      0        4        8       12       16       20       24       28       32
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *    0 | magic "CLEAVEVL"| version| state  | id, first half  | id, second half |
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *   32 | reads left      | contentBytes    | metaAt          | meta   | parts  |
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *   64 | the codec's name, padded with zeroes; empty where part 0 is the value |
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *   96 | check  | dims   | zeroes                                              |
 *      +--------+--------+-----------------------------------------------------+
 *  128 | table: 24 bytes for each part, then all shapes: 8 bytes for each extent|
 *      +-----------------------------------------------------------------------+
 *      | meta: what the codec made                                             |
 *      +-----------------------------------------------------------------------+
 *      | parts, in the table's order, each at a multiple of 64                 |
 *      +-----------------------------------------------------------------------+
 *
 *      an entry of the table:
 *      | kind 1 byte | element 1 | order 1 | rank 1 | 0 | at 8 bytes | byteSize 8 |
 * </pre>
 *
 * {@code check} is the CRC-32C of everything before the parts, but for itself, {@code state} and {@code reads left}. The
 * writer alone writes it all, while nobody may look. Afterwards only {@code state} goes from LIVE to FREED, by whoever
 * frees the value, and {@code reads left} goes down, by readers; both by compare-and-set.
 */
final class ImageLayout {
    /** "CLEAVEVL" as a little-endian number. */
    static final long MAGIC = 0x4c56_4556_4145_4c43L;
    static final int VERSION = 1;
    static final int HEADER_BYTES = 128;
    static final int ENTRY_BYTES = 24;
    static final int CODEC_BYTES = 32;
    /** Where parts begin. */
    static final int ALIGNMENT = 64;

    /** The writer is at work, or died at it. */
    static final int WRITING = 0;
    /** The value can be read. */
    static final int LIVE = 1;
    /** The value has been freed: who looks at it may go on, nobody else begins. */
    static final int FREED = 2;
    /** In {@code reads left}: as many as you like. */
    static final long UNLIMITED = -1;

    static final long MAGIC_AT = 0;
    static final long VERSION_AT = 8;
    static final long STATE_AT = 12;
    static final long ID_HIGH_AT = 16;
    static final long ID_LOW_AT = 24;
    static final long READS_AT = 32;
    static final long CONTENT_BYTES_AT = 40;
    static final long META_OFFSET_AT = 48;
    static final long META_BYTES_AT = 56;
    static final long PARTS_AT = 60;
    static final long CODEC_AT = 64;
    static final long CHECK_AT = 96;
    static final long DIMENSIONS_AT = 100;

    static final long ENTRY_KIND_AT = 0;
    static final long ENTRY_ELEMENT_AT = 1;
    static final long ENTRY_ORDER_AT = 2;
    static final long ENTRY_RANK_AT = 3;
    static final long ENTRY_OFFSET_AT = 8;
    static final long ENTRY_BYTES_AT = 16;

    /** For plain access, which need not be aligned: the bytes of a token are not. */
    private static final VarHandle PLAIN_INT = ValueLayout.JAVA_INT_UNALIGNED.varHandle();
    private static final VarHandle PLAIN_LONG = ValueLayout.JAVA_LONG_UNALIGNED.varHandle();
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private ImageLayout() {
    }

    static long longPlain(MemorySegment image, long at) {
        return (long) PLAIN_LONG.get(image, at);
    }

    static void longPlain(MemorySegment image, long at, long value) {
        PLAIN_LONG.set(image, at, value);
    }

    static int intPlain(MemorySegment image, long at) {
        return (int) PLAIN_INT.get(image, at);
    }

    static void intPlain(MemorySegment image, long at, int value) {
        PLAIN_INT.set(image, at, value);
    }

    static int bytePlain(MemorySegment image, long at) {
        return image.get(ValueLayout.JAVA_BYTE, at);
    }

    static void bytePlain(MemorySegment image, long at, int value) {
        image.set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }

    static int stateAcquire(MemorySegment image) {
        return (int) INT.getAcquire(image, STATE_AT);
    }

    static void stateRelease(MemorySegment image, int value) {
        INT.setRelease(image, STATE_AT, value);
    }

    static boolean casState(MemorySegment image, int from, int to) {
        return INT.compareAndSet(image, STATE_AT, from, to);
    }

    static long readsVolatile(MemorySegment image) {
        return (long) LONG.getVolatile(image, READS_AT);
    }

    static boolean casReads(MemorySegment image, long from, long to) {
        return LONG.compareAndSet(image, READS_AT, from, to);
    }

    /** The next place where a part may begin. */
    static long aligned(long at) {
        return (at + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
