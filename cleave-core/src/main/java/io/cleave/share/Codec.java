package io.cleave.share;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * How objects become bytes and bytes objects again.
 *
 * <p>
 * A codec may be used by several threads at once. What it decodes may come from another process, so a codec refuses
 * classes that it was not told to trust rather than running their code. An object that it cannot encode is refused by
 * an exception, never encoded in part.
 */
public interface Codec {
    /**
     * The codec's name, by which the other side finds the same one.
     *
     * @return a short word of letters and digits
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
     * not, but for the JDK's own, which must be.
     *
     * @return the codec {@code "fory"}
     */
    static Codec fory() {
        return ForyCodec.INSTANCE;
    }
}
