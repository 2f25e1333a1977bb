package io.cleave.work;

import io.cleave.AllocationException;
import io.cleave.channel.FrameSink;
import io.cleave.channel.Ring;
import io.cleave.share.Codec;
import io.cleave.share.Share;
import io.cleave.share.Tensor;
import io.cleave.share.WriteOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Array;
import java.nio.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A value on its way between processes whose decoding is left to whoever wants it: small ones are frames of
 * {@link Values}, large ones lie in shared memory, and a token for them is the frame.
 */
public final class Parcel {
    /** An array of bytes, as it is. */
    private static final int BYTES = 24;
    /** The token of a value in shared memory. */
    private static final int SHARED = 25;
    /** The token of an encoded value in shared memory. */
    private static final int SHARED_BYTES = 26;

    /** A lambda, in parts. */
    private static final int LAMBDA = 27;

    /** What is larger goes through shared memory. */
    public static final int MOST_INLINE = 128 << 10;

    private static volatile boolean codecNeeded;

    private final int kind;
    private final byte[] bytes;
    /** The value, where it has been fetched. Guarded by this. */
    private @Nullable Object fetched;
    private @Nullable Throwable refusal;
    private boolean isFetched;

    private Parcel(int kind, byte[] bytes) {
        this.kind = kind;
        this.bytes = bytes;
    }

    /**
     * Writes a value.
     *
     * @param out where to
     * @param codec for what is not small and common
     * @param value the value
     * @param options how it is shared if it is large
     * @return the token by which it is shared, or null
     * @throws IOException what the codec throws where it cannot be encoded; nothing has been written then
     * @throws AllocationException where there is not enough shared memory for it
     */
    public static @Nullable String write(FrameSink out, Codec codec, @Nullable Object value, WriteOptions options)
            throws IOException {
        if (Values.isSimple(value) && !(value instanceof String text && text.length() > MOST_INLINE / 2)) {
            Values.write(out, codec, value);
            return null;
        }
        if (value instanceof byte[] array) {
            if (array.length > MOST_INLINE) {
                return token(out, SHARED, Share.write(array, options));
            }
            out.write(BYTES, array, 0, array.length);
            return null;
        }
        noteUse(codec);
        LargeParts parts = new LargeParts();
        byte[] bytes = codec.encode(value, parts);
        if (parts.count > 0) {
            return token(out, SHARED, Share.write(value, options));
        }
        if (bytes.length > MOST_INLINE) {
            return token(out, SHARED_BYTES, Share.write(bytes, options));
        }
        out.write(Values.ENCODED, bytes, 0, bytes.length);
        return null;
    }

    /**
     * Writes code: a task, or an initializer.
     *
     * @param out where to
     * @param code a serializable object, most often a lambda
     * @param options how it is shared if it is large
     * @return the token by which it is shared, or null
     * @throws IOException where it cannot be encoded; nothing has been written then
     */
    public static @Nullable String writeCode(FrameSink out, Object code, WriteOptions options) throws IOException {
        return LambdaCode.write(out, LAMBDA, code) ? null : write(out, Codec.java(), code, options);
    }

    /**
     * Writes a value without shared memory, in a frame of any size.
     *
     * @param out where to, which may wait for room
     * @param codec for what is not small and common
     * @param value the value
     * @throws IOException what the codec throws where it cannot be encoded; nothing has been written then
     */
    public static void writeInline(FrameSink out, Codec codec, @Nullable Object value) throws IOException {
        if (value instanceof byte[] array) {
            out.write(BYTES, array, 0, array.length);
        } else {
            Values.write(out, codec, value);
        }
    }

    private static String token(FrameSink out, int kind, String token) {
        byte[] bytes = token.getBytes(StandardCharsets.US_ASCII);
        out.write(kind, bytes, 0, bytes.length);
        return token;
    }

    /** Notices what is to travel in shared memory. */
    private static final class LargeParts implements Codec.Sink {
        private int count;

        @Override
        public int offer(Object part) {
            Class<?> type = part.getClass();
            if (type.isArray()) {
                Class<?> element = type.getComponentType();
                boolean large = element.isPrimitive() && Array.getLength(part) > MOST_INLINE / width(element);
                return large ? count++ : -1;
            }
            return isView(type) ? count++ : -1;
        }

        private static boolean isView(Class<?> type) {
            return MemorySegment.class.isAssignableFrom(type) || Buffer.class.isAssignableFrom(type)
                    || type == Tensor.class;
        }

        private static int width(Class<?> element) {
            if (element == long.class || element == double.class) {
                return Long.BYTES;
            }
            return element == int.class || element == float.class ? Integer.BYTES : Short.BYTES;
        }
    }

    /**
     * The value that a consumer stands at, or a parcel where it takes more to make a value of it.
     *
     * @param in the consumer
     * @return a small value or a parcel
     * @throws IOException where it is damaged
     */
    public static @Nullable Object take(Ring.Consumer in) throws IOException {
        if (in.kind() < Values.ENCODED) {
            return Values.read(in, Codec.java()); // these need no codec
        }
        return new Parcel(in.kind(), Arrays.copyOfRange(in.bytes(), in.offset(), in.offset() + in.length()));
    }

    /**
     * Makes the value of what {@link #take} gave.
     *
     * @param taken a small value or a parcel
     * @param codec as it was written with
     * @return the value
     * @throws IOException where it is damaged, or the codec refuses it
     */
    public static @Nullable Object open(@Nullable Object taken, Codec codec) throws IOException {
        return taken instanceof Parcel parcel ? parcel.value(codec) : taken;
    }

    private synchronized @Nullable Object value(Codec codec) throws IOException {
        if (isShared()) {
            fetch(codec); // once, whoever comes first: it may be read but once
        }
        if (!isFetched) {
            return decode(codec);
        }
        Throwable why = refusal;
        if (why != null) {
            throw new IOException("it could not be fetched: " + Failure.reason(why), why);
        }
        return fetched;
    }

    /**
     * Makes the value now, and keeps it; what goes wrong is said to whoever opens it.
     *
     * @param codec as it was written with
     */
    public synchronized void fetch(Codec codec) {
        if (!isFetched) {
            try {
                fetched = decode(codec);
            } catch (Throwable t) { // whatever the classes of its parts do
                refusal = t;
            }
            isFetched = true;
        }
    }

    private static void noteUse(Codec codec) {
        if (!codecNeeded && !codec.equals(Codec.java())) {
            codecNeeded = true;
        }
    }

    /**
     * Whether this process has sent or taken a value that takes a codec other than Java's own.
     *
     * @return whether one was used
     */
    public static boolean hasNeededCodec() {
        return codecNeeded;
    }

    private @Nullable Object decode(Codec codec) throws IOException {
        return switch (kind) {
            case BYTES -> bytes;
            case SHARED -> Share.read(token(), Object.class);
            case SHARED_BYTES -> {
                noteUse(codec);
                byte[] encoded = Share.read(token(), byte[].class);
                yield codec.decode(Objects.requireNonNull(encoded), 0, encoded.length);
            }
            case LAMBDA -> LambdaCode.read(bytes);
            case Values.ENCODED -> {
                noteUse(codec);
                yield codec.decode(bytes, 0, bytes.length);
            }
            default -> throw new IOException("no such frame: " + kind);
        };
    }

    private String token() {
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    /**
     * Whether it is gone with the process that wrote it.
     *
     * @return whether it lies in shared memory
     */
    public boolean isShared() {
        return kind == SHARED || kind == SHARED_BYTES;
    }

    @Override
    public String toString() {
        return isShared() ? "a large value" : "a value of " + bytes.length + " bytes";
    }

    /** Gives back the memory of a parcel that nobody will open. */
    public synchronized void discard() {
        if (isShared() && !isFetched) {
            Share.free(token());
        }
    }
}
