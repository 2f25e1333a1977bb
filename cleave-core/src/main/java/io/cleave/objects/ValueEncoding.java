package io.cleave.objects;

import io.cleave.CleaveException;
import io.cleave.heap.FewBytes;
import io.cleave.share.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * How the values of a structure become bytes and values again, chosen once from the class that it was opened with.
 *
 * <p>
 * <b>Overview.</b> A value is its bytes, of whose length it is for the structure to know; null has none. Where the class is
 * final and its form exact (numbers, strings, arrays, most of {@code java.time}) nothing tells the class; all others have a
 * tag ({@link ValueTags}). Bytes are little-endian, the same in every JVM. Values that have no form here go through the
 * codec.
 *
 * <p>
 * Reading trusts no bytes: whatever they are, the result is a value of the class or an
 * {@link io.cleave.IncompatibleBlockException}, and takes memory in proportion to their number. Classes that bytes name
 * are admitted by the filters of {@link io.cleave.share.Share}.
 *
 * <p>
 * <b>Keys</b> are equal just where their bytes are. That holds for Boolean, the numbers (of which all NaN of a type are
 * one key, and 0.0 is not -0.0, as {@code equals} has it), String, BigInteger, BigDecimal (where 1.0 is not 1.00), UUID,
 * {@code java.time}, enums, {@link Tensor}, {@link java.util.Optional} and {@link java.util.List#of} of such keys, and
 * records of such components whose {@code equals} is the compiler's, which compares float and double as said. Everything
 * else is refused: arrays, which are equal to themselves only; sets and maps, whose order is another in each process; what
 * goes through the codec. A key comes back as it was put first, but for the bits of a NaN.
 *
 * @param <T> the class
 */
abstract class ValueEncoding<T> {
    /** The longest value that is stored. */
    static final long MOST_BYTES = Integer.MAX_VALUE - 8;

    private final Class<T> type;
    private final ValueSchema schema;

    private ValueEncoding(Class<T> type) {
        this(type, ValueSchema.of(type));
    }

    /** One that says itself what its bytes mean. */
    ValueEncoding(Class<T> type, ValueSchema schema) {
        this.type = type;
        this.schema = schema;
    }

    /**
     * The encoding for a class.
     *
     * @throws IllegalArgumentException where no value can be of it, or the filters refuse it
     */
    @SuppressWarnings("unchecked") // the class says so
    static <T> ValueEncoding<T> of(Class<T> type) {
        if (type.isPrimitive()) {
            throw new IllegalArgumentException("values are objects, not " + type + "; take its class "
                    + java.lang.invoke.MethodType.methodType(type).wrap().returnType().getSimpleName());
        }
        ValueForms.requireTrust(type);
        ValueForm<T> form = (ValueForm<T>) ValueForms.of(type);
        if (type == String.class) {
            return (ValueEncoding<T>) new OfText();
        }
        if (form.tag() != ValueTags.CODEC && form.isTotal()
                && (Modifier.isFinal(type.getModifiers()) || type.isEnum())) {
            return new OfFinal<>(type, form);
        }
        return type.isRecord() && form.tag() == ValueTags.RECORD ? new OfRecord<>(type, (ValueForm<Object>) form)
                : new OfAny<>(type);
    }

    /**
     * The encoding for a class of keys.
     *
     * @throws IllegalArgumentException where no value can be of it, or no value of it a key, or the filters refuse it
     */
    static <K> ValueEncoding<K> ofKey(Class<K> type) {
        ValueEncoding<K> encoding = of(type);
        String flaw = ValueForms.keyFlaw(type);
        if (flaw != null) {
            throw ValueForms.noKey(type, flaw);
        }
        return encoding;
    }

    /** The declared class. */
    final Class<T> type() {
        return type;
    }

    /** What the bytes mean, to be kept beside them and compared by {@link ValueSchema#differenceFrom}. */
    final ValueSchema schema() {
        return schema;
    }

    /**
     * Writes a value into a buffer, which knows its length then.
     *
     * @throws ClassCastException where it is of another class
     * @throws IllegalArgumentException where it cannot be encoded
     */
    final void encode(@Nullable T value, ValueBuffer out) {
        out.beginValue();
        if (value == null) {
            return;
        }
        try {
            write(type.cast(value), out);
        } catch (ValueBuffer.TooComplex e) {
            out.beginValue();
            ValueForms.codec().writeTagged(value, out);
        }
    }

    /**
     * Writes a key into a buffer, which has all its bytes then. The encoding is one that {@link #ofKey} has given.
     *
     * @throws ClassCastException where it is of another class
     * @throws IllegalArgumentException where it cannot be a key
     */
    final void encodeKey(T key, ValueBuffer out) {
        out.beginKey();
        try {
            write(type.cast(key), out);
        } catch (ValueBuffer.TooComplex e) {
            throw new IllegalArgumentException("a " + key.getClass().getTypeName() + " cannot be a key: "
                    + e.getMessage() + "; take what identifies it", e);
        }
    }

    /**
     * Reads a value.
     *
     * @param at its first byte, which no other thread changes
     * @param length how many
     * @return the value, in memory of its own; null where it has no bytes
     * @throws io.cleave.IncompatibleBlockException where the bytes are no value, or of a class that is not admitted
     */
    final @Nullable T decode(MemorySegment memory, long at, long length) {
        if (length == 0) {
            return null;
        }
        T simple = readSimple(memory, at, length);
        if (simple != null) {
            return simple;
        }
        ValueInput in = new ValueInput(memory, at, length, type.getClassLoader());
        try {
            T value = type.cast(read(in));
            if (value == null) {
                throw in.damaged("a null has bytes");
            }
            if (in.remaining() != 0) {
                throw in.damaged(in.remaining() + " bytes are left over");
            }
            return value;
        } catch (CleaveException e) {
            throw e;
        } catch (RuntimeException | LinkageError e) { // of constructors, among others
            throw ValueInput.damaged(e.toString(), e);
        }
    }

    /**
     * Whether reading runs no code but that of the JDK and of Cleave. Then bytes may be read that another thread changes
     * meanwhile, if the result is thrown away that comes of it, be it a value or an error.
     */
    boolean isPlain() {
        return false;
    }

    /**
     * Reads bytes that another thread may change meanwhile, without harm: the value, the error that they are, or a copy of
     * them where code of the user's would see them. To be thrown away, or passed to {@link #sure} where it has been looked
     * since that they were a value's.
     *
     * @param at the first of them; all are there
     */
    final @Nullable Object readUnsure(MemorySegment memory, long at, long length) {
        if (isPlain()) {
            try {
                return decode(memory, at, length);
            } catch (RuntimeException e) {
                return e;
            }
        }
        byte[] copy = new byte[(int) Math.min(length, MOST_BYTES)];
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, at, copy, 0, copy.length);
        return copy;
    }

    /** What {@link #readUnsure} has read, after it has proved to have been a value. */
    @SuppressWarnings("unchecked") // it is what readUnsure has made
    final @Nullable T sure(@Nullable Object result) {
        if (result instanceof RuntimeException e) {
            throw e;
        }
        if (!isPlain() && result instanceof byte[] bytes) {
            return decode(MemorySegment.ofArray(bytes), 0, bytes.length);
        }
        return (T) result;
    }

    /**
     * The same for bytes of an encoding that is not plain, for who only looks at the value now: a structure is not kept
     * by it.
     */
    @Nullable T brief(byte @Nullable [] bytes) {
        return sure(bytes);
    }

    /** Refuses a value whose bytes nobody could read at once. */
    static void checkLength(long length) {
        if (length > MOST_BYTES) {
            throw new IllegalArgumentException("a value of " + length + " bytes; the limit is " + MOST_BYTES
                    + ": store it in several");
        }
    }

    /**
     * The elements of an array of primitives or of a {@link Tensor}, where they are.
     *
     * @return read-only memory; null where the value is no such array
     * @throws io.cleave.IncompatibleBlockException where the bytes are no value
     */
    final @Nullable MemorySegment viewElements(MemorySegment memory, long at, long length) {
        ValueInput in = new ValueInput(memory, at, length, null);
        return length == 0 ? null : ValueArrays.view(in, tagOf(in));
    }

    /**
     * A {@link Tensor} over the bytes themselves.
     *
     * @return a tensor that is read-only; null where the value is none
     * @throws io.cleave.IncompatibleBlockException where the bytes are no value
     */
    final @Nullable Tensor viewTensor(MemorySegment memory, long at, long length) {
        ValueInput in = new ValueInput(memory, at, length, null);
        return length == 0 ? null : ValueArrays.viewTensor(in, tagOf(in));
    }

    /** Reads a value of the most usual form by fewer steps than {@link #read} takes; null for all others. */
    @Nullable T readSimple(MemorySegment memory, long at, long length) {
        return null;
    }

    /** Those among which values are while they are made, where these are structures; null where they are not. */
    @Nullable LooseStructures loose() {
        return null;
    }

    /** What is left of a value when the entry that has it is gone: a structure's content. */
    T detached(T value) {
        return value;
    }

    abstract void write(T value, ValueBuffer out);

    abstract @Nullable Object read(ValueInput in);

    /** What kind of value follows. */
    int tagOf(ValueInput in) {
        return in.readByte();
    }

    /** Strings, whose length is that of the bytes. */
    private static final class OfText extends ValueEncoding<String> {
        private static final int MOST_SIMPLE_BYTES = 1 << 10;

        OfText() {
            super(String.class);
        }

        @Override
        void write(String value, ValueBuffer out) {
            out.putLastText(value);
        }

        @Override
        @Nullable String readSimple(MemorySegment memory, long at, long length) {
            if (length > MOST_SIMPLE_BYTES || memory.get(ValueLayout.JAVA_BYTE, at) != 0) { // not in Latin-1
                return null;
            }
            byte[] bytes = new byte[(int) length - 1];
            FewBytes.copy(memory, at + 1, bytes, 0, bytes.length);
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }

        @Override
        Object read(ValueInput in) {
            return in.readLastText();
        }

        @Override
        boolean isPlain() {
            return true;
        }

        @Override
        int tagOf(ValueInput in) {
            return ValueTags.TEXT;
        }
    }

    /** Values of one form only. */
    private static final class OfFinal<T> extends ValueEncoding<T> {
        private final ValueForm<T> form;

        OfFinal(Class<T> type, ValueForm<T> form) {
            super(type);
            this.form = form;
        }

        @Override
        void write(T value, ValueBuffer out) {
            form.write(value, out);
        }

        @Override
        @Nullable Object read(ValueInput in) {
            return form.read(in);
        }

        @Override
        boolean isPlain() {
            return form.isPlain();
        }

        @Override
        int tagOf(ValueInput in) {
            return form.tag();
        }
    }

    /** Records, or what is too complex for their form. */
    private static final class OfRecord<T> extends ValueEncoding<T> {
        private final ValueForm<Object> form;

        OfRecord(Class<T> type, ValueForm<Object> form) {
            super(type);
            this.form = form;
        }

        @Override
        void write(T value, ValueBuffer out) {
            ValueForms.write(value, form, out);
        }

        @Override
        @Nullable Object read(ValueInput in) {
            return ValueForms.read(form, in);
        }
    }

    /** Values of any class. */
    private static final class OfAny<T> extends ValueEncoding<T> {
        OfAny(Class<T> type) {
            super(type);
        }

        @Override
        void write(T value, ValueBuffer out) {
            ValueForms.write(value, out);
        }

        @Override
        @Nullable Object read(ValueInput in) {
            return ValueForms.read(in);
        }
    }
}
