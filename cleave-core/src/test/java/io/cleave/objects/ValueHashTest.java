package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Random;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ValueHashTest {
    /** The key and the messages of all published vectors: bytes that count from 0. */
    private static final ValueHash PUBLISHED = new ValueHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);
    /** SipHash-2-4 of 0 to 20 bytes, as the authors' reference implementation has it (vectors.h, vectors_sip64). */
    private static final String SIP_2_4 = "310e0edd47db6f72 fd67dc93c539f874 5a4fa9d909806c0d 2d7efbd796666785 b7877127e09427cf 8da699cd64557618 "
            + "cee3fe586e46c9cb 37d1018bf50002ab 6224939a79f5f593 b0e4a90bdf82009e f3b9dd94c5bb5d7a a7ad6b22462fb3f4 "
            + "fbe50e86bc8f1e75 903d84c02756ea14 eef27a8e90ca23f7 e545be4961ca29a1 db9bc2577fcc2a3f 9447be2cf5e99a69 "
            + "9cd38d96f0b3c14b bd6179a71dc96dbb 98eea21af25cd6be ";
    /** SipHash-1-3 of 0 to 20 bytes, as the tests of Rust's core library have it (hash/sip.rs). */
    private static final String SIP_1_3 = "dcc40f055801acab 93ca577df39bf4c9 4dd4c74d029bcb82 fbf7dde7b80af88b 2883d388605775cf 673b53492fd5f9de "
            + "a7229fc5502b0dc5 4011b19b987d92d3 8e9a298d11959036 e43d066cb38ea425 7f09ff92ee85de79 52c34df9c118c170 "
            + "a2d9b457b184a378 a7ff29120c766f30 345df9c011a15a60 5699512a6dd820d3 668b907d1add4fcc 0cd8db639068f29c "
            + "3ee673b49c38fc8f 1c7d298de59d1ff2 40e0cca6462fdcc0 ";

    private static final ValueHash HASH = new ValueHash(0x1234567890abcdefL, 0xfedcba0987654321L);

    private static byte[] counting(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) i;
        }
        return bytes;
    }

    private static String hex(long hash) {
        return HexFormat.of().toHexDigits(Long.reverseBytes(hash));
    }

    @Test
    void sipHashIsThePublishedOne() {
        String[] standard = SIP_2_4.trim().split(" ");
        String[] fast = SIP_1_3.trim().split(" ");
        for (int n = 0; n < standard.length; n++) {
            byte[] message = counting(n);
            assertThat(hex(PUBLISHED.sip(message, 0, n, 2, 4))).as("2-4 of %s bytes", n).isEqualTo(standard[n]);
            assertThat(hex(PUBLISHED.sip(message, 0, n, 1, 3))).as("1-3 of %s bytes", n).isEqualTo(fast[n]);
            if (n > ValueHash.SHORT_BYTES) {
                assertThat(hex(PUBLISHED.of(message, 0, n))).isEqualTo(fast[n]);
            }
        }
    }

    @Test
    void memoryAndArraysHaveTheSameHash() {
        Random random = new Random(1);
        byte[] bytes = new byte[200];
        random.nextBytes(bytes);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(bytes.length);
            memory.copyFrom(MemorySegment.ofArray(bytes));
            for (int at = 0; at < 17; at++) {
                for (int length = 0; length <= 150; length++) {
                    assertThat(HASH.of(memory, at, length)).isEqualTo(HASH.of(bytes, at, length));
                }
                assertThat(HASH.ofWord(memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at)))
                        .isEqualTo(HASH.of(bytes, at, Long.BYTES));
            }
        }
    }

    @Test
    void whatFollowsOrPrecedesDoesNotMatter() {
        byte[] bytes = counting(64);
        byte[] others = counting(64);
        for (int i = 0; i < 64; i++) {
            others[i] = i < 20 || i >= 20 + 13 ? (byte) ~bytes[i] : bytes[i];
        }
        for (int length = 0; length <= 13; length++) {
            assertThat(HASH.of(others, 20, length)).isEqualTo(HASH.of(bytes, 20, length));
        }
    }

    @Test
    void zeroesAtTheEndAndLengthsCount() {
        Set<Long> hashes = new HashSet<>();
        for (int length = 0; length < 64; length++) {
            assertThat(hashes.add(HASH.of(new byte[length], 0, length))).as("zeroes: %s", length).isTrue();
        }
    }

    @Test
    void anotherKeyIsAnotherHash() {
        ValueHash high = new ValueHash(0x1234567890abcdefL, 0xfedcba0987654320L);
        ValueHash low = new ValueHash(0x1234567890abcdeeL, 0xfedcba0987654321L);
        for (int length = 0; length < 40; length++) {
            byte[] message = counting(length);
            assertThat(Set.of(HASH.of(message, 0, length), high.of(message, 0, length), low.of(message, 0, length)))
                    .hasSize(3);
        }
    }

    /** Words that differ in few bits, as keys do that are numbers, in the bits that choose segment, bucket and slot. */
    @ParameterizedTest
    @ValueSource(ints = {0, 7, 16, 32, 48, 56})
    void numbersSpreadEvenly(int shift) {
        spread(i -> HASH.ofWord(i << shift) >>> 54);
        spread(i -> HASH.ofWord(i << shift) & 1023);
        spread(i -> (HASH.ofWord(i << shift) >>> 40) & 1023);
    }

    /** 256 values or more into 1024 places: chi-square within 6 standard deviations of what is expected of chance. */
    private static void spread(LongUnaryOperator place) {
        int[] counts = new int[1024];
        int many = 256;
        for (int i = 0; i < many; i++) {
            counts[(int) place.applyAsLong(i)]++;
        }
        double expected = many / 1024.0;
        double chi = 0;
        for (int count : counts) {
            chi += (count - expected) * (count - expected) / expected;
        }
        assertThat(chi).isBetween(1023 - 6 * Math.sqrt(2 * 1023), 1023 + 6 * Math.sqrt(2 * 1023));
    }

    @Test
    void aBitThatChangesChangesHalfOfTheBits() {
        Random random = new Random(2);
        for (int length : new int[] {1, 2, 3, 4, 5, 7, 8, 9, 16, 31}) {
            long changed = 0;
            int tries = 4000;
            byte[] bytes = new byte[length];
            for (int i = 0; i < tries; i++) {
                random.nextBytes(bytes);
                long before = HASH.of(bytes, 0, length);
                int bit = random.nextInt(8 * length);
                bytes[bit / 8] ^= (byte) (1 << bit % 8);
                changed += Long.bitCount(before ^ HASH.of(bytes, 0, length));
            }
            assertThat((double) changed / tries).as("%s bytes", length).isBetween(31.0, 33.0);
        }
    }

    /** Keys of a String.hashCode: what makes them collide there means nothing here. */
    @Test
    void keysOfOneHashCodeDoNotCollide() {
        Set<Long> hashes = new HashSet<>();
        String[] pairs = {"Aa", "BB"};
        for (int i = 0; i < 1 << 16; i++) {
            StringBuilder text = new StringBuilder();
            for (int j = 0; j < 16; j++) {
                text.append(pairs[i >>> j & 1]);
            }
            byte[] bytes = text.toString().getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
            hashes.add(HASH.of(bytes, 0, bytes.length) >>> 32);
        }
        assertThat(hashes).hasSizeGreaterThan((1 << 16) - 10);
    }
}
