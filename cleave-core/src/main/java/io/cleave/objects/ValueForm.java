package io.cleave.objects;

import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How the values of one class become bytes and values again.
 *
 * @param <T> the class
 */
abstract class ValueForm<T> {
    /** What stands before the bytes where the class is not known otherwise. */
    private final int tag;
    private final Class<T> type;

    ValueForm(int tag, Class<T> type) {
        this.tag = tag;
        this.type = type;
    }

    int tag() {
        return tag;
    }

    Class<T> type() {
        return type;
    }

    /** Writes a value that is known to be of the class: one byte at least. */
    abstract void write(T value, ValueBuffer out);

    /** Reads what {@link #write} has written. */
    abstract T read(ValueInput in);

    /** Writes a value with all that tells its class. */
    void writeTagged(T value, ValueBuffer out) {
        out.putByte(tag);
        write(value, out);
    }

    /** Reads what {@link #writeTagged} has written, behind the tag. */
    Object readTagged(ValueInput in) {
        return read(in);
    }

    /** Whether this form is exact for every value of the class. */
    boolean isTotal() {
        return true;
    }

    /** Whether this form is exact for a value of the class; else it takes the codec. */
    boolean fits(T value) {
        return true;
    }

    /** Why equal values may have different bytes, or different ones the same; null where neither can be. */
    @Nullable String keyFlaw() {
        return null;
    }

    /** Whether reading runs no code but that of the JDK and of Cleave, so that bytes may be read that prove to be stale. */
    boolean isPlain() {
        return true;
    }

    /** A form that two functions make. */
    static <T> ValueForm<T> of(int tag, Class<T> type, BiConsumer<T, ValueBuffer> writer,
            Function<ValueInput, T> reader) {
        return new Simple<>(tag, type, writer, reader, null);
    }

    /** A form that two functions make, of a class whose values are no keys. */
    static <T> ValueForm<T> ofNoKey(int tag, Class<T> type, BiConsumer<T, ValueBuffer> writer,
            Function<ValueInput, T> reader, String keyFlaw) {
        return new Simple<>(tag, type, writer, reader, keyFlaw);
    }

    private static final class Simple<T> extends ValueForm<T> {
        private final BiConsumer<T, ValueBuffer> writer;
        private final Function<ValueInput, T> reader;
        private final @Nullable String keyFlaw;

        Simple(int tag, Class<T> type, BiConsumer<T, ValueBuffer> writer, Function<ValueInput, T> reader,
                @Nullable String keyFlaw) {
            super(tag, type);
            this.writer = writer;
            this.reader = reader;
            this.keyFlaw = keyFlaw;
        }

        @Override
        void write(T value, ValueBuffer out) {
            writer.accept(value, out);
        }

        @Override
        T read(ValueInput in) {
            return reader.apply(in);
        }

        @Override
        @Nullable String keyFlaw() {
            return keyFlaw;
        }
    }
}
