package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * How one word of a structure holds a value: the value itself where it is short, else a block with its bytes.
 *
 * <pre>
 * word     0                                                  nothing
 *          bytes of the value, the lowest first, 56 bits | form, 7 bits | 1
 *          offset of a block, a multiple of 16
 *
 * form     0 to 7    so many bytes; 0 is null
 *          8         8 bytes, of which the highest is 0 and not here
 *          9         8 bytes, of which the highest is 0xff and not here
 *          10        8 bytes, of which the lowest is 0 and not here
 *
 * block    length, 8 bytes | the value's bytes, as {@link ValueEncoding} has them
 * </pre>
 *
 * So null, booleans, numbers up to 32 bits, enums and strings of up to 7 characters are in the word, and most numbers of 64
 * bits that people write down.
 *
 * <p>
 * <b>A block never changes.</b> Another value gets another word, in the change that frees the block. So one who has no
 * lock reads the word (acquire), asks for {@link #length} and {@link #readUnsure} where it {@link #isBlock}, and then,
 * after a fence, looks whether the block was in use all the time: whether the word is the same, and a version that each
 * change raises before it stores or takes away a word with a block. Only then it takes the {@link #sure} value. A word
 * without a block says all by itself.
 */
final class StoredValue<T> {
    /** The word for no value. */
    static final long NOTHING = 0;
    /** The word for null. */
    static final long NULL = 1;
    /** A longer value is read only after it was looked that its length was one: else rubbish would take that much memory. */
    static final long MOST_UNSURE_BYTES = 4096;

    private static final int FORM_SHIFT = 1;
    private static final int FORM_MASK = 0x7f;
    private static final int BYTES_SHIFT = 8;
    private static final int MOST_INLINE = 7;
    private static final int TOP_ZERO = 8;
    private static final int TOP_ONES = 9;
    private static final int LOW_ZERO = 10;
    private static final int LAST_SHIFT = Long.SIZE - Byte.SIZE;
    private static final long HEAD_BYTES = Long.BYTES;
    private static final ValueLayout.OfLong BYTES = ValueLayout.JAVA_LONG_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Classes that are made of their bits at once. */
    private enum Fast {
        NONE, INTEGER, LONG, DOUBLE, BOOLEAN
    }

    private final HeapMemory memory;
    private final MemorySegment all;
    private final ValueEncoding<T> encoding;
    private final Fast fast;

    StoredValue(HeapMemory memory, ValueEncoding<T> encoding) {
        this.memory = memory;
        this.all = memory.segment();
        this.encoding = encoding;
        Class<T> type = encoding.type();
        this.fast = type == Integer.class ? Fast.INTEGER
                : type == Long.class ? Fast.LONG
                        : type == Double.class ? Fast.DOUBLE : type == Boolean.class ? Fast.BOOLEAN : Fast.NONE;
    }

    /** Whether a word leads to a block. */
    static boolean isBlock(long word) {
        return word != NOTHING && (word & NULL) == 0;
    }

    /**
     * Encodes a value, before any lock is acquired.
     *
     * @param buffer has the bytes after, for {@link #store}, where the word does not hold them
     * @return the word; {@link #NOTHING} where it takes a block
     * @throws ClassCastException where the value is of another class
     * @throws IllegalArgumentException where it cannot be encoded, or is too long
     */
    long encode(@Nullable T value, ValueBuffer buffer) {
        if (value instanceof Integer number && fast == Fast.INTEGER) {
            return inline(Integer.toUnsignedLong(number), Integer.BYTES);
        }
        if (value instanceof Long number && fast == Fast.LONG) {
            long word = inlineOf8(number);
            if (word != NOTHING) {
                return word;
            }
        }
        encoding.encode(value, buffer);
        long length = buffer.length();
        ValueEncoding.checkLength(length);
        if (length > Long.BYTES) {
            return NOTHING;
        }
        long bytes = 0;
        for (int i = 0; i < length; i++) {
            bytes |= (buffer.bytes()[i] & 0xffL) << (Byte.SIZE * i);
        }
        return length == Long.BYTES ? inlineOf8(bytes) : inline(bytes, (int) length);
    }

    private static long inline(long bytes, int form) {
        return bytes << BYTES_SHIFT | (long) form << FORM_SHIFT | 1;
    }

    private static long inlineOf8(long bytes) {
        long top = bytes >> LAST_SHIFT;
        if (top == 0) {
            return inline(bytes, TOP_ZERO);
        }
        if (top == -1) {
            return inline(bytes, TOP_ONES);
        }
        return (bytes & 0xff) == 0 ? bytes | (long) LOW_ZERO << FORM_SHIFT | 1 : NOTHING;
    }

    /**
     * Puts what {@link #encode} has left in a buffer into a new block, as a part of a change that lets somebody find it.
     *
     * @return the word
     * @throws io.cleave.HeapFullException where there is no room
     */
    long store(Change change, ValueBuffer buffer) {
        long block = change.allocate(HEAD_BYTES + buffer.length());
        memory.setPlain(block, buffer.length());
        buffer.copyTo(all, block + HEAD_BYTES);
        buffer.adopt(change);
        return block;
    }

    /**
     * Puts the bytes of a value into a new block, as a part of a change that lets somebody find it.
     *
     * @param bytes as {@link #bytes} has given them
     * @return the word
     * @throws io.cleave.HeapFullException where there is no room
     */
    long store(Change change, byte[] bytes) {
        long block = change.allocate(HEAD_BYTES + bytes.length);
        memory.setPlain(block, bytes.length);
        memory.copyIn(bytes, 0, block + HEAD_BYTES, bytes.length);
        return block;
    }

    /** A copy of what {@link #encode} has left in a buffer, for {@link #store(Change, byte[])}. */
    static byte[] bytes(ValueBuffer buffer) {
        byte[] bytes = new byte[(int) buffer.length()];
        buffer.copyTo(MemorySegment.ofArray(bytes), 0);
        return bytes;
    }

    /** Frees the block that a word leads to, if it does, as a part of the change that takes the word away. */
    static void free(long word, Change change) {
        if (isBlock(word)) {
            change.free(word);
        }
    }

    /**
     * Frees the block that a word leads to, if it does, and drops the structure that it holds.
     *
     * @param loose where structures go, whose lock is held; null where values are none
     */
    static void free(long word, Change change, @Nullable LooseLists loose) {
        if (loose != null && isBlock(word)) {
            HeldStructure.drop(loose, change, word + HEAD_BYTES);
        }
        free(word, change);
    }

    /** The value of a word that is not {@link #NOTHING} and cannot change meanwhile, as its lock is held. */
    @Nullable T decode(long word) {
        if (!isBlock(word)) {
            return decodeInline(word);
        }
        long length = length(word);
        if (length < 0) {
            throw damaged(word);
        }
        return encoding.decode(all, word + HEAD_BYTES, length);
    }

    /** The value of a word that leads to no block. */
    @Nullable T decodeInline(long word) {
        int form = (int) (word >>> FORM_SHIFT) & FORM_MASK;
        long bytes = switch (form) {
            case TOP_ONES -> word >>> BYTES_SHIFT | 0xffL << LAST_SHIFT;
            case LOW_ZERO -> word & -1L << BYTES_SHIFT;
            default -> word >>> BYTES_SHIFT;
        };
        if (form > LOW_ZERO || (word & 1) == 0) {
            throw damaged(word);
        }
        if (form == 0) {
            return null;
        }
        Object value = switch (fast) {
            case INTEGER -> form == Integer.BYTES ? (Object) (int) bytes : null;
            case LONG -> form > MOST_INLINE ? (Object) bytes : null;
            case DOUBLE -> form > MOST_INLINE ? (Object) Double.longBitsToDouble(bytes) : null;
            case BOOLEAN -> form == 1 && bytes >>> 1 == 0 ? (Object) (bytes != 0) : null;
            case NONE -> null;
        };
        if (value != null) {
            return encoding.type().cast(value);
        }
        MemorySegment copy = MemorySegment.ofArray(new byte[Long.BYTES]);
        copy.set(BYTES, 0, bytes);
        return encoding.decode(copy, 0, Math.min(form, Long.BYTES));
    }

    /** How many bytes the value has in a block that may be none any more; -1 where there is rubbish that cannot be read. */
    long length(long word) {
        if ((word & Long.BYTES - 1) != 0 || !memory.isCommitted(word, HEAD_BYTES)) {
            return -1;
        }
        long length = memory.getPlain(word);
        return length > 0 && length <= ValueEncoding.MOST_BYTES && memory.isCommitted(word, HEAD_BYTES + length)
                ? length : -1;
    }

    /** Copies the bytes of a value from a block, which may be none any more where {@link #length} is looked at before. */
    byte[] bytes(long word, int length) {
        byte[] bytes = new byte[length];
        memory.copyOut(word + HEAD_BYTES, bytes, 0, length);
        return bytes;
    }

    /** The bytes of a value in a block that cannot change meanwhile. */
    byte[] bytes(long word) {
        long length = length(word);
        if (length < 0) {
            throw damaged(word);
        }
        return bytes(word, (int) length);
    }

    /** Whether these are the bytes of a value in a block that cannot change meanwhile. */
    boolean isThere(long word, byte[] bytes) {
        return length(word) == bytes.length && memory.matches(word + HEAD_BYTES, bytes, 0, bytes.length);
    }

    /**
     * Reads from a block that may be none any more. See {@link ValueEncoding#readUnsure}.
     *
     * @param length as {@link #length} gave it; where it is more than {@link #MOST_UNSURE_BYTES} it has been looked since
     *        that the block was one
     */
    @Nullable Object readUnsure(long word, long length) {
        return encoding.readUnsure(all, word + HEAD_BYTES, length);
    }

    /** What {@link #readUnsure} has read, after it was looked that the block was in use all the time. */
    @Nullable T sure(@Nullable Object result) {
        return encoding.sure(result);
    }

    /** The same by {@link ValueEncoding#brief}. */
    @Nullable T brief(@Nullable Object result) {
        return !encoding.isPlain() && result instanceof byte[] bytes ? encoding.brief(bytes) : sure(result);
    }

    /** Names the block that a word leads to, if it does, and looks whether the value fits in. */
    static void walk(HeapMemory memory, long word, Check check) {
        if (!isBlock(word)) {
            if (((int) (word >>> FORM_SHIFT) & FORM_MASK) > LOW_ZERO) {
                check.fault("a value has the word " + Long.toHexString(word));
            }
            return;
        }
        long size = check.reached(word);
        if (size != 0 && (memory.getPlain(word) < 0 || memory.getPlain(word) > size - HEAD_BYTES)) {
            check.fault("the value at " + word + " has " + memory.getPlain(word) + " bytes in a block of " + size);
        }
    }

    /** Names all blocks of the structure that a word's value is. */
    static void walkStructure(Heap heap, long word, Check check) {
        if (!isBlock(word) || !heap.memory().isCommitted(word, HEAD_BYTES + HeldStructure.BYTES)) {
            check.fault("what should hold a structure has the word " + Long.toHexString(word));
        } else {
            HeldStructure.walk(heap, word + HEAD_BYTES, heap.memory().getPlain(word), check);
        }
    }

    private static RuntimeException damaged(long word) {
        return ValueInput.damaged("it has the word " + Long.toHexString(word), null);
    }
}
