package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.heap.FewBytes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one value in memory that may be damaged. Nothing is read beyond their end, and nothing is made that is
 * larger than they can be.
 */
final class ValueInput {
    /** What {@link ValueBuffer#putCount} has in each byte. */
    static final int GROUP_BITS = 7;
    static final int GROUP = (1 << GROUP_BITS) - 1;
    static final int MORE = 1 << GROUP_BITS;

    static final ValueLayout.OfChar CHAR = ValueLayout.JAVA_CHAR_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment memory;
    private final long start;
    private final long end;
    private final @Nullable ClassLoader loader;
    private long at;
    private int level;

    /**
     * The bytes from a place on.
     *
     * @param loader where classes are looked for that the bytes name, before the thread's context class loader
     */
    ValueInput(MemorySegment memory, long at, long length, @Nullable ClassLoader loader) {
        this.loader = loader;
        this.memory = memory;
        this.start = at;
        this.end = at + length;
        this.at = at;
    }

    /** The error that says that the bytes are no value. */
    IncompatibleBlockException damaged(String reason) {
        return damaged(reason + " (byte " + (at - start) + " of " + (end - start) + ")", null);
    }

    static IncompatibleBlockException damaged(String reason, @Nullable Throwable cause) {
        return new IncompatibleBlockException("a value in shared memory cannot be read: " + reason
                + "; the memory is damaged, or another version of the program has written it", cause);
    }

    @Nullable ClassLoader loader() {
        return loader;
    }

    long remaining() {
        return end - at;
    }

    /** Goes into a record or a collection. */
    void enter() {
        if (++level > ValueBuffer.MOST_LEVELS) {
            throw damaged("it has more than " + ValueBuffer.MOST_LEVELS + " levels");
        }
    }

    /** Comes back from there. */
    void leave() {
        level--;
    }

    private long take(long count) {
        long place = at;
        if (count < 0 || count > end - place) {
            throw damaged(count + " bytes more are needed, and there are " + (end - place));
        }
        at = place + count;
        return place;
    }

    byte readByte() {
        return memory.get(ValueLayout.JAVA_BYTE, take(1));
    }

    short readShort() {
        return memory.get(SHORT, take(Short.BYTES));
    }

    char readChar() {
        return memory.get(CHAR, take(Character.BYTES));
    }

    int readInt() {
        return memory.get(INT, take(Integer.BYTES));
    }

    long readLong() {
        return memory.get(LONG, take(Long.BYTES));
    }

    float readFloat() {
        return Float.intBitsToFloat(readInt());
    }

    double readDouble() {
        return Double.longBitsToDouble(readLong());
    }

    boolean readBoolean() {
        int value = readByte();
        if (value >>> 1 != 0) {
            throw damaged(value + " is no boolean");
        }
        return value != 0;
    }

    long readCount() {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE - 1; shift += GROUP_BITS) {
            int next = readByte();
            value |= (long) (next & GROUP) << shift;
            if ((next & MORE) == 0) {
                return value;
            }
        }
        throw damaged("a length has more than 63 bits");
    }

    /** How many elements follow, of which each takes some bytes. */
    int readCount(int bytesEach) {
        long count = readCount();
        if (count > remaining() / bytesEach || count > Integer.MAX_VALUE - 8) {
            throw damaged(count + " elements of " + bytesEach + " bytes or more cannot be in the " + remaining()
                    + " bytes that are left");
        }
        return (int) count;
    }

    byte[] readBytes(int count) {
        long place = take(count);
        byte[] bytes = new byte[count];
        FewBytes.copy(memory, place, bytes, 0, count);
        return bytes;
    }

    /** The next bytes themselves, not a copy. */
    MemorySegment readSegment(long count) {
        return memory.asSlice(take(count), count);
    }

    String readText() {
        long word = readCount();
        return readChars(word >>> 1, (word & 1) == 0);
    }

    /** A string that ends where the value does. */
    String readLastText() {
        int form = readByte();
        if (form >>> 1 != 0 || (form == 1 && (remaining() & 1) != 0)) {
            throw damaged("a string has the form " + form + " and " + remaining() + " bytes");
        }
        return readChars(form == 0 ? remaining() : remaining() / Character.BYTES, form == 0);
    }

    private String readChars(long length, boolean isLatin1) {
        if (length > remaining() || length > Integer.MAX_VALUE - 8) {
            throw damaged("a string of " + length + " chars cannot be in the " + remaining() + " bytes that are left");
        }
        int count = (int) length;
        if (isLatin1) {
            return new String(readBytes(count), StandardCharsets.ISO_8859_1);
        }
        long place = take((long) Character.BYTES * count);
        char[] chars = new char[count];
        MemorySegment.copy(memory, CHAR, place, chars, 0, count);
        return new String(chars);
    }

    /** Passes the zeroes of {@link ValueBuffer#align}. */
    void align(int unit) {
        long past = (at - start) & (unit - 1);
        if (past != 0) {
            long _ = take(unit - past);
        }
    }
}
