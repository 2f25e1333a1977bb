package io.cleave.work;

import io.cleave.channel.FrameSink;
import io.cleave.channel.Ring;
import io.cleave.channel.RingValues;
import io.cleave.share.Codec;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Items and results as frames: the commonest small ones without a codec, all others as the codec has them.
 */
public final class Values {
    /** The first kind of frame that is a value; those below are for whoever sends them. */
    public static final int FIRST = 16;
    /** Null. */
    static final int NULL = FIRST;
    /** Boolean.TRUE. */
    static final int TRUE = 17;
    /** Boolean.FALSE. */
    static final int FALSE = 18;
    /** An Integer. */
    static final int INT = 19;
    /** A Long. */
    static final int LONG = 20;
    /** A Double. */
    static final int DOUBLE = 21;
    /** A String of characters below 256. */
    static final int LATIN1 = 22;
    /** Whatever the codec made of it. */
    public static final int ENCODED = 23;

    private Values() {
    }

    /**
     * Writes a value.
     *
     * @param out where to
     * @param codec for what is not small and common
     * @param value the value
     * @throws IOException what the codec throws where it cannot be encoded; nothing has been written then
     */
    public static void write(FrameSink out, Codec codec, @Nullable Object value) throws IOException {
        // No pattern switch: the first one in a JVM takes a worker milliseconds.
        if (value == null) {
            out.write(NULL, 0, 0);
        } else if (value instanceof Integer i) {
            out.write(INT, Long.BYTES, i);
        } else if (value instanceof String text) {
            writeText(out, codec, text);
        } else if (value instanceof Long l) {
            out.write(LONG, Long.BYTES, l);
        } else if (value instanceof Double d) {
            out.write(DOUBLE, Long.BYTES, Double.doubleToRawLongBits(d));
        } else if (value instanceof Boolean b) {
            out.write(b ? TRUE : FALSE, 0, 0);
        } else {
            writeEncoded(out, codec, value);
        }
    }

    private static void writeText(FrameSink out, Codec codec, String text) throws IOException {
        byte[] latin1 = text.getBytes(StandardCharsets.ISO_8859_1);
        if (new String(latin1, StandardCharsets.ISO_8859_1).equals(text)) {
            out.write(LATIN1, latin1, 0, latin1.length);
        } else {
            writeEncoded(out, codec, text);
        }
    }

    private static void writeEncoded(FrameSink out, Codec codec, Object value) throws IOException {
        byte[] bytes = codec.encode(value);
        out.write(ENCODED, bytes, 0, bytes.length);
    }

    /**
     * Whether a value is small and immutable, so that it may be passed on as it is.
     *
     * @param value the value
     * @return whether it needs neither codec nor copy, but for text
     */
    public static boolean isSimple(@Nullable Object value) {
        return value == null || value instanceof Boolean || value instanceof Integer || value instanceof Long
                || value instanceof Double || value instanceof String;
    }

    /**
     * Whether a value is written by the codec.
     *
     * @param value the value
     * @return whether {@link #write} will use it
     */
    public static boolean needsCodec(@Nullable Object value) {
        return value instanceof String text ? !isLatin1(text) : !isSimple(value);
    }

    private static boolean isLatin1(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0xff) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether a frame is a value.
     *
     * @param kind the frame's kind
     * @return whether {@link #read} knows it
     */
    public static boolean isValue(int kind) {
        return kind >= FIRST;
    }

    /** Reads the value of a single frame that is no consumer's, and needs no codec. */
    static @Nullable Object readOne(byte[] frame) throws IOException {
        int length = (int) RingValues.getLong(frame, 0);
        int kind = (int) (RingValues.getLong(frame, 0) >>> Integer.SIZE);
        return switch (kind) {
            case NULL -> null;
            case TRUE -> true;
            case FALSE -> false;
            case INT -> (int) RingValues.getLong(frame, Long.BYTES);
            case LONG -> RingValues.getLong(frame, Long.BYTES);
            case DOUBLE -> Double.longBitsToDouble(RingValues.getLong(frame, Long.BYTES));
            case LATIN1 -> new String(frame, Long.BYTES, length, StandardCharsets.ISO_8859_1);
            default -> throw new IOException("no such frame: ".concat(Integer.toString(kind)));
        };
    }

    /**
     * Reads the value that a consumer stands at.
     *
     * @param in the consumer
     * @param codec as it was written with
     * @return the value
     * @throws IOException where it is damaged or refused
     */
    public static @Nullable Object read(Ring.Consumer in, Codec codec) throws IOException {
        return read(in.kind(), in.bytes(), in.offset(), in.length(), codec);
    }

    /**
     * Reads the value of a frame.
     *
     * @param kind the frame's kind
     * @param bytes hold its payload
     * @param offset the first byte
     * @param length how many
     * @param codec as it was written with
     * @return the value
     * @throws IOException where it is damaged or refused
     */
    public static @Nullable Object read(int kind, byte[] bytes, int offset, int length, Codec codec)
            throws IOException {
        return switch (kind) {
            case NULL -> null;
            case TRUE -> true;
            case FALSE -> false;
            case INT -> (int) RingValues.getLong(bytes, offset);
            case LONG -> RingValues.getLong(bytes, offset);
            case DOUBLE -> Double.longBitsToDouble(RingValues.getLong(bytes, offset));
            case LATIN1 -> new String(bytes, offset, length, StandardCharsets.ISO_8859_1);
            case ENCODED -> codec.decode(bytes, offset, length);
            default -> throw new IOException("no such frame: " + kind);
        };
    }

    /**
     * What a result computed in the calling JVM becomes: the same as if it had come from a child. Immutable small ones
     * are passed on; all others are encoded and decoded, so that no result shares state with the caller's objects, and
     * one that cannot be encoded is refused wherever it was computed.
     *
     * @param codec the codec
     * @param value the result
     * @return what the caller gets
     * @throws IOException where it cannot be encoded
     */
    public static @Nullable Object asIfSent(Codec codec, @Nullable Object value) throws IOException {
        if (isSimple(value)) {
            return value;
        }
        Copies copies = new Copies();
        byte[] bytes = codec.encode(value, copies);
        return codec.decode(bytes, 0, bytes.length, copies::get);
    }

    /** Large arrays of numbers, which are copied as they are: a codec would do it twice, and slower. */
    private static final class Copies implements Codec.Sink {
        private static final int LEAST_ELEMENTS = 1024;

        private final IdentityHashMap<Object, Integer> numbers = new IdentityHashMap<>();
        private final List<Object> copies = new ArrayList<>();

        @Override
        public int offer(Object part) {
            Class<?> type = part.getClass();
            if (!type.isArray() || !type.componentType().isPrimitive() || Array.getLength(part) < LEAST_ELEMENTS) {
                return -1;
            }
            return numbers.computeIfAbsent(part, array -> {
                int length = Array.getLength(array);
                Object copy = Array.newInstance(type.componentType(), length);
                System.arraycopy(array, 0, copy, 0, length);
                copies.add(copy);
                return copies.size() - 1;
            });
        }

        Object get(int number) throws IOException {
            if (number < 0 || number >= copies.size()) {
                throw new IOException("there is no part " + number);
            }
            return copies.get(number);
        }
    }
}
