package io.cleave.fission;

import io.cleave.channel.Ring;
import io.cleave.channel.RingValues;
import io.cleave.share.Codec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Results as frames: the commonest small ones without a codec, all others as the codec has them.
 */
final class Results {
    private Results() {
    }

    /** Writes a result; throws what the codec throws where it cannot be encoded, and then has written nothing. */
    static void write(Ring.Producer out, Codec codec, @Nullable Object value) throws IOException {
        switch (value) {
            case null -> out.write(Frames.NULL, 0, 0);
            case Boolean b -> out.write(b ? Frames.TRUE : Frames.FALSE, 0, 0);
            case Integer i -> out.write(Frames.INT, 8, i);
            case Long l -> out.write(Frames.LONG, 8, l);
            case Double d -> out.write(Frames.DOUBLE, 8, Double.doubleToRawLongBits(d));
            case String s -> writeText(out, codec, s);
            default -> writeEncoded(out, codec, value);
        }
    }

    private static void writeText(Ring.Producer out, Codec codec, String text) throws IOException {
        byte[] latin1 = text.getBytes(StandardCharsets.ISO_8859_1);
        if (new String(latin1, StandardCharsets.ISO_8859_1).equals(text)) {
            out.write(Frames.LATIN1, latin1, 0, latin1.length);
        } else {
            writeEncoded(out, codec, text);
        }
    }

    private static void writeEncoded(Ring.Producer out, Codec codec, Object value) throws IOException {
        byte[] bytes = codec.encode(value);
        out.write(Frames.ENCODED, bytes, 0, bytes.length);
    }

    /** Whether a result is small and immutable, so that it may be passed on as it is. */
    static boolean isSimple(@Nullable Object value) {
        return value == null || value instanceof Boolean || value instanceof Integer || value instanceof Long
                || value instanceof Double || value instanceof String;
    }

    /** Whether a result is written by the codec. */
    static boolean needsCodec(@Nullable Object value) {
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

    /** Whether a frame is a result. */
    static boolean isResult(int kind) {
        return kind >= Frames.NULL;
    }

    /** Reads the result that a consumer stands at. */
    static @Nullable Object read(Ring.Consumer in, Codec codec) throws IOException {
        return switch (in.kind()) {
            case Frames.NULL -> null;
            case Frames.TRUE -> true;
            case Frames.FALSE -> false;
            case Frames.INT -> (int) RingValues.getLong(in.bytes(), in.offset());
            case Frames.LONG -> RingValues.getLong(in.bytes(), in.offset());
            case Frames.DOUBLE -> Double.longBitsToDouble(RingValues.getLong(in.bytes(), in.offset()));
            case Frames.LATIN1 -> new String(in.bytes(), in.offset(), in.length(), StandardCharsets.ISO_8859_1);
            case Frames.ENCODED -> codec.decode(in.bytes(), in.offset(), in.length());
            default -> throw new IOException("no such frame: " + in.kind());
        };
    }

    /**
     * What a result computed in the calling JVM becomes: the same as if it had come from a child. Immutable small ones
     * are passed on; all others are encoded and decoded, so that no result shares state with the caller's objects, and
     * one that cannot be encoded is refused wherever it was computed.
     */
    static @Nullable Object asIfSent(Codec codec, @Nullable Object value) throws IOException {
        if (isSimple(value)) {
            return value;
        }
        byte[] bytes = codec.encode(value);
        return codec.decode(bytes, 0, bytes.length);
    }
}
