package io.cleave.share;

import java.io.IOException;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** The default codec: Fory, or Java serialization for exceptions and lambdas. The first byte says which. */
final class StandardCodec implements Codec {
    static final StandardCodec INSTANCE = new StandardCodec();

    private static final byte FORY = 3;
    private static final byte JAVA = 2;

    private StandardCodec() {
    }

    @Override
    public String name() {
        return "standard";
    }

    @Override
    public byte[] encode(@Nullable Object value) throws IOException {
        return encode(value, Codecs.NO_SINK);
    }

    @Override
    public byte[] encode(@Nullable Object value, Sink sink) throws IOException {
        boolean java = value instanceof Throwable || isLambda(value);
        if (!java) {
            return ForyCodec.INSTANCE.encode(value, sink, FORY);
        }
        byte[] body = JavaCodec.INSTANCE.encode(value, sink);
        byte[] bytes = new byte[body.length + 1];
        bytes[0] = JAVA;
        System.arraycopy(body, 0, bytes, 1, body.length);
        return bytes;
    }

    private static boolean isLambda(@Nullable Object value) {
        return value instanceof Serializable && value.getClass().isHidden();
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length) throws IOException {
        return decode(bytes, offset, length, Codecs.NO_SOURCE);
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length, Source source) throws IOException {
        byte which = length > 0 ? bytes[offset] : 0;
        return switch (which) {
            case FORY -> ForyCodec.INSTANCE.decode(bytes, offset + 1, length - 1, source);
            case JAVA -> JavaCodec.INSTANCE.decode(bytes, offset + 1, length - 1, source);
            default -> throw new IOException("not an encoded object: it begins with " + which + ", not 2 or 3");
        };
    }
}
