package io.cleave.share;

import io.cleave.TokenException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The text by which a value is found: {@code cleave:1:}, then either {@code s:} with the id of a value in shared memory,
 * or {@code i:} with a whole image. Both are Base64 for URLs, and end with a CRC-32C.
 */
sealed interface Token {
    /** How a token of this version begins. */
    String START = "cleave:1:";
    /** How tokens of all versions begin. */
    String FAMILY = "cleave:";
    /** What a token never exceeds, as an array cannot. */
    int SHOWN = 60;

    /**
     * A value in shared memory.
     *
     * @param high the first half of 128 random bits
     * @param low the other half
     */
    record Shared(long high, long low) implements Token {
        private static final int BYTES = 16;
        private static final int TEXT_LENGTH = START.length() + 2 + 27; // 20 bytes as Base64

        /** An id that nobody can guess, and that no other value has. */
        static Shared random() {
            byte[] bytes = new byte[BYTES];
            Random.SOURCE.nextBytes(bytes);
            MemorySegment s = MemorySegment.ofArray(bytes);
            return new Shared(s.get(ValueLayout.JAVA_LONG_UNALIGNED, 0), s.get(ValueLayout.JAVA_LONG_UNALIGNED, 8));
        }

        private byte[] bytes() {
            byte[] bytes = new byte[BYTES];
            MemorySegment s = MemorySegment.ofArray(bytes);
            s.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, high);
            s.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, low);
            return bytes;
        }

        /** The name of the block. */
        String blockName() {
            return "value." + ENCODER.encodeToString(bytes());
        }

        String text() {
            byte[] checked = new byte[BYTES + Integer.BYTES];
            System.arraycopy(bytes(), 0, checked, 0, BYTES);
            MemorySegment.ofArray(checked).set(ValueLayout.JAVA_INT_UNALIGNED, BYTES,
                    ~check(checked, BYTES)); // the other kind has it as it is: neither passes for the other
            return START + "s:" + ENCODER.encodeToString(checked);
        }
    }

    /**
     * A value that the token itself holds.
     *
     * @param image the image, whose checksum is right
     */
    record Inline(MemorySegment image) implements Token {
        /** The text for an image with its checksum. */
        static String text(byte[] image) {
            return START + "i:" + ENCODER.encodeToString(image);
        }
    }

    Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

    /** Made when it is first needed: a child that never writes has no use for it. */
    final class Random {
        static final SecureRandom SOURCE = new SecureRandom();

        private Random() {
        }
    }

    /** Reads a token, which may be anything. */
    static Token parse(@Nullable String text) {
        if (text == null) {
            throw new TokenException("null is no token; pass what Share.write() returned");
        }
        if (!text.startsWith(START)) {
            throw bad(text, text.startsWith(FAMILY) ? "this Cleave understands those that begin with " + START
                    : "tokens begin with " + START);
        }
        if (text.startsWith("s:", START.length())) {
            return shared(text);
        }
        if (text.startsWith("i:", START.length())) {
            return inline(text);
        }
        throw bad(text, "after " + START + " comes s: or i:");
    }

    /** Reads a token as bytes, which may be anything: those of the text, or an image with its checksum. */
    static Token parse(byte[] bytes) {
        if (bytes.length > 0 && bytes[0] == FAMILY.charAt(0)) {
            return parse(new String(bytes, StandardCharsets.ISO_8859_1));
        }
        int length = bytes.length - Integer.BYTES;
        if (length < 0 || MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_INT_UNALIGNED, length) != check(bytes,
                length)) {
            throw new TokenException(
                    bytes.length + " bytes are no token of a shared value: they have been cut or changed "
                            + "on their way, or are not what Share.writeBytes() returned");
        }
        return new Inline(MemorySegment.ofArray(bytes).asSlice(0, length));
    }

    private static Shared shared(String text) {
        if (text.length() != Shared.TEXT_LENGTH) {
            throw bad(text, "it has " + text.length() + " characters instead of " + Shared.TEXT_LENGTH);
        }
        MemorySegment s = MemorySegment.ofArray(decoded(text));
        Shared shared = new Shared(s.get(ValueLayout.JAVA_LONG_UNALIGNED, 0),
                s.get(ValueLayout.JAVA_LONG_UNALIGNED, 8));
        if (!shared.text().equals(text)) {
            throw bad(text, "it has been changed on its way, as its checksum says");
        }
        return shared;
    }

    private static Inline inline(String text) {
        byte[] bytes = decoded(text);
        int length = bytes.length - Integer.BYTES;
        if (length < 0 || MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_INT_UNALIGNED, length) != check(bytes,
                length)) {
            throw bad(text, "it has been cut or changed on its way, as its checksum says");
        }
        return new Inline(MemorySegment.ofArray(bytes).asSlice(0, length));
    }

    private static byte[] decoded(String text) {
        try {
            return Base64.getUrlDecoder().decode(text.substring(START.length() + 2));
        } catch (IllegalArgumentException e) {
            throw new TokenException(message(text, "it holds characters that no token has, or ends too early"), e);
        }
    }

    private static int check(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    private static TokenException bad(String text, String why) {
        return new TokenException(message(text, why));
    }

    /** Names a token that cannot be used. */
    static String message(String text, String why) {
        return "\"" + shown(text) + "\" is no token of a shared value: " + why;
    }

    /** A token as messages show it. */
    static String shown(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "... (" + text.length() + " characters)";
    }
}
