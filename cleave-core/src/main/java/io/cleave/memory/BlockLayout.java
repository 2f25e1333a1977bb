package io.cleave.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The layout of a block, format version {@value #VERSION}: one page of header, then the user's bytes.
 *
 * <pre>
 *      0        4        8       12       16       20       24       28       32
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *    0 | magic "CLEAVEBK"| version| header | user's byteSize | kind   |lifetime|
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *   32 | created, epoch ms| pid   | uid    | creator's start | its pid namespace|
 *      +--------+--------+--------+--------+--------+--------+--------+--------+
 *   64 | ready  | zeroes ...                                                   |
 *      +--------+--------------------------------------------------------------+
 * 4096 | the user's bytes ...                                                  |
 *      +-----------------------------------------------------------------------+
 * </pre>
 *
 * The creator alone writes the header, before the block has a name, and {@code ready} last. Nobody changes it then,
 * but for blocks whose content is replaced: their creator writes the header anew while nobody may look at the content
 * (see {@link BlockFile}), and who frees one that was to stay makes its {@code lifetime} that of any other.
 * Numbers are little-endian, as every processor that Cleave runs on has them.
 */
final class BlockLayout {
    /** "CLEAVEBK" as a little-endian number. */
    static final long MAGIC = 0x4b42_4556_4145_4c43L;
    static final int VERSION = 1;
    /** Bytes before the user's: a whole page, so that those begin on a page of their own. */
    static final int HEADER_BYTES = 4096;
    /** The header's part that holds fields. */
    static final int FIELD_BYTES = 68;
    /** The value of {@code ready} in a finished header. */
    static final int READY = 1;

    static final long MAGIC_AT = 0;
    static final long VERSION_AT = 8;
    static final long HEADER_SIZE_AT = 12;
    static final long BYTE_SIZE_AT = 16;
    static final long KIND_AT = 24;
    static final long LIFETIME_AT = 28;
    static final long CREATED_AT = 32;
    static final long CREATOR_PID_AT = 40;
    static final long CREATOR_UID_AT = 44;
    static final long CREATOR_START_AT = 48;
    static final long CREATOR_NAMESPACE_AT = 56;
    static final long READY_AT = 64;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private BlockLayout() {
    }

    static long longPlain(MemorySegment header, long at) {
        return (long) LONG.get(header, at);
    }

    static void longPlain(MemorySegment header, long at, long value) {
        LONG.set(header, at, value);
    }

    static int intPlain(MemorySegment header, long at) {
        return (int) INT.get(header, at);
    }

    static void intPlain(MemorySegment header, long at, int value) {
        INT.set(header, at, value);
    }

    static void lifetimeVolatile(MemorySegment header, int value) {
        INT.setVolatile(header, LIFETIME_AT, value);
    }

    static int readyAcquire(MemorySegment header) {
        return (int) INT.getAcquire(header, READY_AT);
    }

    static void readyRelease(MemorySegment header, int value) {
        INT.setRelease(header, READY_AT, value);
    }
}
