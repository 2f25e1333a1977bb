package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.FewBytes;
import io.cleave.heap.HeapMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one value on their way into memory, for one thread at a time and for one value after the other.
 *
 * <p>
 * Large arrays and strings are not copied into it, but remembered, and copied when all bytes are: so the length is known
 * before memory is allocated, and no value is in memory twice. The bytes of a key are all here, where they can be hashed.
 */
final class ValueBuffer implements QueueContent, AutoCloseable {
    /** A value of more levels, or more parts, goes through the codec, which writes the same object once. */
    static final int MOST_LEVELS = 16;
    static final int MOST_COMPOSITES = 1 << 16;

    private static final int FIRST_BYTES = 512;
    private static final int MOST_KEPT_BYTES = 1 << 16;
    private static final int MOST_BYTES = Integer.MAX_VALUE - 8;
    private static final int LEAST_PART_BYTES = 4096;
    private static final int CHUNK = 4096;
    private static final char MOST_LATIN1 = 0xff;

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final ThreadLocal<ValueBuffer> OF_THREAD = ThreadLocal.withInitial(ValueBuffer::new);

    private byte[] bytes = new byte[FIRST_BYTES];
    private boolean isLent;
    private int at;
    private boolean isKey;
    private int level;
    private int composites;
    private final List<Part> parts = new ArrayList<>();
    private long partBytes;
    /** Whose operation this is, where values can be structures. */
    private @Nullable LooseStructures loose;
    /** The structure that was made as the value, and that no entry has yet; 0 where there is none. */
    private long made;
    private long madeGeneration;

    /**
     * What is copied last.
     *
     * @param at the bytes in the array that precede it
     * @param source a segment, a {@code boolean[]} or a string
     * @param byteSize how many bytes it becomes
     */
    private record Part(int at, Object source, long byteSize) {}

    /** A value has too many levels or parts for this encoding. */
    static final class TooComplex extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooComplex() {
            super("a value has more than " + MOST_LEVELS + " levels, or more than " + MOST_COMPOSITES
                    + " records and collections in it", null, false, false);
        }
    }

    /**
     * The thread's buffer, or another one where that is in use: a value's own code, which the codec runs, may store other
     * values.
     *
     * @return a buffer to close
     */
    static ValueBuffer lend() {
        ValueBuffer buffer = OF_THREAD.get();
        if (buffer.isLent) {
            return new ValueBuffer();
        }
        buffer.isLent = true;
        return buffer;
    }

    /** Gives the buffer back, and forgets the value; a structure that was made of it, and that nobody has, is dropped. */
    @Override
    public void close() {
        try {
            endHolding();
        } finally {
            begin(false);
            isLent = false;
        }
    }

    /** Begins an operation whose values are structures; {@link #close} ends it. */
    void beginHolding(LooseStructures structures) {
        structures.begin();
        loose = structures;
    }

    private void endHolding() {
        LooseStructures structures = loose;
        if (structures == null) {
            return;
        }
        loose = null;
        if (made != 0) {
            structures.lists().discard(made, madeGeneration);
            made = 0;
        }
        structures.end();
    }

    /** The value is a structure that was made of it. */
    void putMade(long header, long generation) {
        made = header;
        madeGeneration = generation;
        putLong(header);
        putLong(generation);
    }

    /** Gives the structure that was made, if one was, to who stores these bytes in a change, under the lock. */
    void adopt(Change change) {
        if (loose != null && made != 0) {
            loose.lists().adopt(change, made);
        }
    }

    /** That change was committed, or others have taken on the structure. */
    void forgetMade() {
        made = 0;
    }

    /** The structure that was made, and that is not stored yet; 0 where there is none. */
    long made() {
        return made;
    }

    /** Begins a value. */
    void beginValue() {
        begin(false);
    }

    /** Begins a key: equal keys become equal bytes, and what cannot is refused. */
    void beginKey() {
        begin(true);
    }

    private void begin(boolean key) {
        at = 0;
        isKey = key;
        level = 0;
        composites = 0;
        partBytes = 0;
        if (!parts.isEmpty()) {
            parts.clear();
        }
        if (bytes.length > MOST_KEPT_BYTES) {
            bytes = new byte[FIRST_BYTES];
        }
    }

    /** Whether a key is being written. */
    boolean isKey() {
        return isKey;
    }

    /** How many bytes the value has; 0 for null. */
    @Override
    public long length() {
        return at + partBytes;
    }

    /** The bytes of a key, from 0 to its length; others may follow. */
    byte[] bytes() {
        return bytes;
    }

    @Override
    public void copyTo(HeapMemory memory, long offset) {
        copyTo(memory.segment(), offset);
    }

    /** The same, by its segment. */
    void copyTo(MemorySegment target, long offset) {
        int from = 0;
        long to = offset;
        for (Part part : parts) {
            FewBytes.copy(bytes, from, target, to, part.at - from);
            to += part.at - from;
            from = part.at;
            copyPart(part, target, to);
            to += part.byteSize;
        }
        FewBytes.copy(bytes, from, target, to, at - from);
    }

    private static void copyPart(Part part, MemorySegment target, long to) {
        switch (part.source) {
            case MemorySegment segment -> MemorySegment.copy(segment, 0, target, to, part.byteSize);
            case boolean[] flags -> {
                for (int i = 0; i < flags.length; i++) {
                    target.set(ValueLayout.JAVA_BYTE, to + i, (byte) (flags[i] ? 1 : 0));
                }
            }
            case String text when part.byteSize == text.length() -> copyLatin1(text, target, to);
            default -> copyUtf16((String) part.source, target, to);
        }
    }

    private static void copyLatin1(String text, MemorySegment target, long to) {
        byte[] chunk = new byte[CHUNK];
        for (int i = 0; i < text.length(); i += CHUNK) {
            int count = Math.min(CHUNK, text.length() - i);
            latin1(text, i, i + count, chunk, 0);
            MemorySegment.copy(chunk, 0, target, ValueLayout.JAVA_BYTE, to + i, count);
        }
    }

    private static void copyUtf16(String text, MemorySegment target, long to) {
        char[] chunk = new char[CHUNK];
        for (int i = 0; i < text.length(); i += CHUNK) {
            int count = Math.min(CHUNK, text.length() - i);
            text.getChars(i, i + count, chunk, 0);
            MemorySegment.copy(chunk, 0, target, ValueInput.CHAR, to + (long) Character.BYTES * i, count);
        }
    }

    /** The lower bytes of chars, by a bulk copy where the string has nothing else. */
    @SuppressWarnings("deprecation") // it is the one method that copies them to a place; nothing is lost of Latin-1
    private static void latin1(String text, int from, int to, byte[] target, int targetAt) {
        text.getBytes(from, to, target, targetAt);
    }

    /** Goes into a record or a collection. */
    void enter() {
        if (++level > MOST_LEVELS || ++composites > MOST_COMPOSITES) {
            throw new TooComplex();
        }
    }

    /** Comes back from there. */
    void leave() {
        level--;
    }

    private int reserve(int count) {
        int place = at;
        if (count > bytes.length - place) {
            grow(count);
        }
        at = place + count;
        return place;
    }

    private void grow(int count) {
        long needed = (long) at + count;
        if (needed > MOST_BYTES) {
            throw new IllegalArgumentException("a value has " + needed + " bytes or more beside its large arrays and "
                    + "strings, or as a key, and 2^31 is the limit; store it in several values");
        }
        bytes = Arrays.copyOf(bytes, (int) Math.min(MOST_BYTES, Math.max(needed, 2L * bytes.length)));
    }

    void putByte(int value) {
        int place = reserve(1);
        bytes[place] = (byte) value;
    }

    void putShort(int value) {
        int place = reserve(Short.BYTES);
        SHORT.set(bytes, place, (short) value);
    }

    void putInt(int value) {
        int place = reserve(Integer.BYTES);
        INT.set(bytes, place, value);
    }

    void putLong(long value) {
        int place = reserve(Long.BYTES);
        LONG.set(bytes, place, value);
    }

    /** A float: all its bits, or as {@link Float#equals} sees it, to whom all NaN are one. */
    void putFloat(float value) {
        putInt(isKey ? Float.floatToIntBits(value) : Float.floatToRawIntBits(value));
    }

    /** A double: all its bits, or as {@link Double#equals} sees it, to whom all NaN are one. */
    void putDouble(double value) {
        putLong(isKey ? Double.doubleToLongBits(value) : Double.doubleToRawLongBits(value));
    }

    /** A number of 0 or more in as few groups of 7 bits as it takes, the lowest first. */
    void putCount(long value) {
        long rest = value;
        while (rest > ValueInput.GROUP) {
            putByte((int) (rest & ValueInput.GROUP) | ValueInput.MORE);
            rest >>>= ValueInput.GROUP_BITS;
        }
        putByte((int) rest);
    }

    void putBytes(byte[] source) {
        if (isPart(source.length)) {
            addPart(MemorySegment.ofArray(source), source.length);
            return;
        }
        int place = reserve(source.length);
        System.arraycopy(source, 0, bytes, place, source.length);
    }

    /** A string whose length is written before it. */
    void putText(String text) {
        boolean isLatin1 = isLatin1(text);
        putCount((long) text.length() << 1 | (isLatin1 ? 0 : 1));
        putChars(text, isLatin1);
    }

    /** A string that ends where the value does. */
    void putLastText(String text) {
        boolean isLatin1 = isLatin1(text);
        putByte(isLatin1 ? 0 : 1);
        putChars(text, isLatin1);
    }

    private void putChars(String text, boolean isLatin1) {
        int length = text.length();
        long byteSize = isLatin1 ? length : (long) Character.BYTES * length;
        if (isPart(byteSize)) {
            addPart(text, byteSize);
        } else if (isLatin1) {
            int place = reserve(length);
            latin1(text, 0, length, bytes, place);
        } else {
            int place = reserve(Math.toIntExact(byteSize));
            for (int i = 0; i < length; i++) {
                SHORT.set(bytes, place + Character.BYTES * i, (short) text.charAt(i));
            }
        }
    }

    private static boolean isLatin1(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > MOST_LATIN1) {
                return false;
            }
        }
        return true;
    }

    /** The bytes of a segment. They must not change until they are copied. */
    void putSegment(MemorySegment source) {
        long byteSize = source.byteSize();
        if (isPart(byteSize)) {
            addPart(source, byteSize);
        } else {
            int place = reserve(Math.toIntExact(Math.min(byteSize, Integer.MAX_VALUE)));
            MemorySegment.copy(source, ValueLayout.JAVA_BYTE, 0, bytes, place, (int) byteSize);
        }
    }

    void putBooleans(boolean[] source) {
        if (isPart(source.length)) {
            addPart(source, source.length);
            return;
        }
        int place = reserve(source.length);
        for (int i = 0; i < source.length; i++) {
            bytes[place + i] = (byte) (source[i] ? 1 : 0);
        }
    }

    private boolean isPart(long byteSize) {
        return byteSize >= LEAST_PART_BYTES && !isKey;
    }

    private void addPart(Object source, long byteSize) {
        parts.add(new Part(at, source, byteSize));
        partBytes += byteSize;
    }

    /** Zeroes up to a multiple of a power of 2 from the value's beginning. */
    void align(int unit) {
        while ((length() & (unit - 1)) != 0) {
            putByte(0);
        }
    }
}
