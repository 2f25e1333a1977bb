package io.cleave.share;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * How objects become bytes and bytes objects again.
 *
 * <p>
 * A codec may be used by several threads at once. What it decodes may come from another process, so a codec refuses
 * classes that it was not told to trust rather than running their code. An object that it cannot encode is refused by
 * an exception, never encoded in part; so is one that could not be decoded.
 */
public interface Codec {
    /**
     * The codec's name, by which the other side finds the same one.
     *
     * @return 1 to 32 of the characters {@code A-Z a-z 0-9 . _ -}
     */
    String name();

    /**
     * Encodes an object with all that it refers to.
     *
     * @param value the object, or null
     * @return its bytes
     * @throws IOException where a class cannot be encoded; a codec may throw other exceptions for the same reason
     */
    byte[] encode(@Nullable Object value) throws IOException;

    /**
     * Decodes what {@link #encode} made.
     *
     * @param bytes hold the encoded object
     * @param offset its first byte
     * @param length how many bytes
     * @return the object, or null where null was encoded
     * @throws IOException where the bytes are damaged or name a class that is not trusted
     */
    @Nullable Object decode(byte[] bytes, int offset, int length) throws IOException;

    /**
     * Encodes an object with all that it refers to, but for the parts that a sink takes. A codec that does not implement
     * this method works nevertheless; everything is then among its bytes, which limits them to 2 GiB.
     *
     * @param value the object, or null
     * @param sink takes arrays, segments, buffers and tensors; the codec offers what it meets of them
     * @return the bytes of what is left
     * @throws IOException where a class cannot be encoded; a codec may throw other exceptions for the same reason
     */
    default byte[] encode(@Nullable Object value, Sink sink) throws IOException {
        return encode(value);
    }

    /**
     * Decodes what {@link #encode(Object, Sink)} made.
     *
     * @param bytes hold the encoded object
     * @param offset its first byte
     * @param length how many bytes
     * @param source gives the parts that the sink took
     * @return the object, or null where null was encoded
     * @throws IOException where the bytes are damaged or name a class that is not trusted
     */
    default @Nullable Object decode(byte[] bytes, int offset, int length, Source source) throws IOException {
        return decode(bytes, offset, length);
    }

    /** Where a codec gives the parts that travel beside the encoded object, each in one copy at most. */
    @FunctionalInterface
    interface Sink {
        /**
         * Offers a part.
         *
         * @param part any object
         * @return the number by which the other side asks for it, from 0, the same for the same object; or -1 where the
         *         codec is to encode it itself, as what is small, and everything that is no array of primitives, segment,
         *         buffer or {@link Tensor}
         */
        int offer(Object part);
    }

    /** Where a codec gets them from, until it has decoded the object. */
    @FunctionalInterface
    interface Source {
        /**
         * Takes a part.
         *
         * @param number what {@link Sink#offer} returned
         * @return the part: an array of its own, or a view; the same for the same number
         * @throws IOException where there is no part of this number, or the object has been decoded already
         */
        Object take(int number) throws IOException;
    }

    /**
     * Makes a codec known to this JVM, so that it can read what was written with it. The codecs of this class are known.
     *
     * @param codec the codec; one that was registered by the same name before is replaced
     * @throws IllegalArgumentException where its name is not 1 to 32 of the characters {@code A-Z a-z 0-9 . _ -}, or that
     *         of a codec of this class
     */
    static void register(Codec codec) {
        Codecs.register(codec);
    }

    /**
     * The codec for all kinds of objects: Apache Fory, and Java's own serialization for the objects that only it can
     * carry: exceptions and lambdas.
     *
     * @return the default codec
     */
    static Codec standard() {
        return StandardCodec.INSTANCE;
    }

    /**
     * Java's own serialization, with a filter against classes that are known to be abused.
     *
     * @return the codec {@code "java"}
     */
    static Codec java() {
        return JavaCodec.INSTANCE;
    }

    /**
     * Apache Fory: compact and fast, takes any class that is not known to be abused, {@link java.io.Serializable} or
     * not, but for the JDK's own, which must be. Those come back as the JDK's own serial form has them. Fory's log, which it
     * would write to standard output, is off, unless the program has chosen a level for it before.
     *
     * @return the codec {@code "fory"}
     */
    static Codec fory() {
        return ForyCodec.INSTANCE;
    }
}
