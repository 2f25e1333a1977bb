package io.cleave.objects;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A keyed hash of bytes, the same in every JVM that has the key, so that a table in shared memory finds what another
 * process has put there, and so that nobody who does not know the key can choose keys that collide.
 *
 * <p>
 * <b>Overview.</b> More than 8 bytes are hashed by SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF",
 * 2012; one round for each word and three at the end, as Rust and Python have it for their tables).
 *
 * <p>
 * Up to 8 bytes are one word x and a length n, and SipHash would spend most of its time on its beginning and its end. They
 * are hashed as the upper half of {@code a * x + c * n + b} modulo 2^128. With a, b and c drawn at random this is strongly
 * universal: two different (x, n) have any given pair of hashes with a probability of 2^-128 (Dietzfelbinger, "Universal
 * hashing and k-wise independent random variables via integer arithmetic without primes", 1996; Lemire and Kaser, "Strongly
 * universal string hashing is fast", 2014: 64 bits of result from words of 64 bits take products of 127 bits or more). So
 * keys that were chosen without knowledge of their hashes collide as random ones do, in any bits of the hash. a, b and c
 * come from SipHash-2-4 under the heap's seed. What follows is a bijection, which leaves the proof as it is; it hides the
 * linear form from those who see the order of the entries, without a proof.
 *
 * <p>
 * Differences from SipHash: the short keys.
 */
final class ValueHash {
    /** Longer keys take SipHash. */
    static final int SHORT_BYTES = Long.BYTES;

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle HALF = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong WORD_AT = ValueLayout.JAVA_LONG_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    /** An odd number whose bits have no pattern: the fraction of the golden ratio. */
    private static final long MULTIPLIER = 0x9e3779b97f4a7c15L;
    private static final int LENGTH_SHIFT = 56;
    /** What says that no more words come. */
    private static final long LAST = 0xff;

    private final long key0;
    private final long key1;
    private final long factorLow;
    private final long factorHigh;
    private final long mask;
    /** c * n + b for each length n. */
    private final long[] sumLow = new long[SHORT_BYTES + 1];
    private final long[] sumHigh = new long[SHORT_BYTES + 1];

    /**
     * A hash with a key.
     *
     * @param key0 the first 64 bits of the key
     * @param key1 the others
     */
    ValueHash(long key0, long key1) {
        this.key0 = key0;
        this.key1 = key1;
        factorLow = derived(0);
        factorHigh = derived(1);
        mask = derived(2);
        long low = derived(3);
        long high = derived(4);
        for (int n = 0; n <= SHORT_BYTES; n++) {
            sumLow[n] = low;
            sumHigh[n] = high;
            long next = low + derived(5);
            high += derived(6) + (Long.compareUnsigned(next, low) < 0 ? 1 : 0);
            low = next;
        }
    }

    private long derived(long number) {
        byte[] message = new byte[Long.BYTES];
        WORD.set(message, 0, number);
        return sip(message, 0, message.length, 2, 4);
    }

    /** The hash of an array's bytes. */
    long of(byte[] bytes, int at, int length) {
        if (length <= SHORT_BYTES) {
            return ofShort(shortWord(bytes, at, length), length);
        }
        State state = new State(key0, key1);
        int end = at + length - Long.BYTES;
        int from = at;
        for (; from <= end; from += Long.BYTES) {
            state.add((long) WORD.get(bytes, from));
        }
        return state.end(tail(bytes, from, at + length - from) | ((long) length << LENGTH_SHIFT));
    }

    /** The hash of the bytes at a place in memory. */
    long of(MemorySegment memory, long at, long length) {
        if (length <= SHORT_BYTES) {
            return ofShort(tail(memory, at, (int) length), (int) length);
        }
        State state = new State(key0, key1);
        long end = at + length - Long.BYTES;
        long from = at;
        for (; from <= end; from += Long.BYTES) {
            state.add(memory.get(WORD_AT, from));
        }
        return state.end(tail(memory, from, (int) (at + length - from)) | (length << LENGTH_SHIFT));
    }

    /** The hash of the 8 bytes of a word, the lowest first. */
    long ofWord(long word) {
        return ofShort(word, Long.BYTES);
    }

    /** The hash of up to 8 bytes, which are the lowest ones of a word whose others are 0. */
    private long ofShort(long word, int length) {
        long low = factorLow * word + sumLow[length];
        long carry = Long.compareUnsigned(low, sumLow[length]) < 0 ? 1 : 0;
        long high = Math.unsignedMultiplyHigh(factorLow, word) + factorHigh * word + sumHigh[length] + carry;
        long mixed = (high ^ mask) * MULTIPLIER;
        mixed = (mixed ^ (mixed >>> 32)) * MULTIPLIER;
        return mixed ^ (mixed >>> 32);
    }

    private static long shortWord(byte[] bytes, int at, int length) {
        if (length == Long.BYTES) {
            return (long) WORD.get(bytes, at);
        }
        return tail(bytes, at, length);
    }

    /** Fewer than 8 bytes. */
    private static long tail(byte[] bytes, int at, int length) {
        if (length >= Integer.BYTES) {
            long first = (int) HALF.get(bytes, at) & 0xffff_ffffL;
            long last = (int) HALF.get(bytes, at + length - Integer.BYTES) & 0xffff_ffffL;
            return first | (last << (Byte.SIZE * (length - Integer.BYTES)));
        }
        long word = 0;
        for (int i = 0; i < length; i++) {
            word |= (bytes[at + i] & 0xffL) << (Byte.SIZE * i);
        }
        return word;
    }

    private static long tail(MemorySegment memory, long at, int length) {
        if (length == Long.BYTES) {
            return memory.get(WORD_AT, at);
        }
        long word = 0;
        for (int i = 0; i < length; i++) {
            word |= (memory.get(ValueLayout.JAVA_BYTE, at + i) & 0xffL) << (Byte.SIZE * i);
        }
        return word;
    }

    /** SipHash with so many rounds for each word and at the end; 2 and 4 are the standard. */
    long sip(byte[] bytes, int at, int length, int rounds, int lastRounds) {
        State state = new State(key0, key1);
        int end = at + length - Long.BYTES;
        int from = at;
        for (; from <= end; from += Long.BYTES) {
            state.add((long) WORD.get(bytes, from), rounds);
        }
        return state.end(tail(bytes, from, at + length - from) | ((long) length << LENGTH_SHIFT), rounds, lastRounds);
    }

    /** The four words of SipHash; the compiler keeps them in registers. */
    private static final class State {
        private long v0;
        private long v1;
        private long v2;
        private long v3;

        State(long key0, long key1) {
            v0 = key0 ^ 0x736f6d6570736575L;
            v1 = key1 ^ 0x646f72616e646f6dL;
            v2 = key0 ^ 0x6c7967656e657261L;
            v3 = key1 ^ 0x7465646279746573L;
        }

        /** Takes a word, with one round. */
        void add(long word) {
            v3 ^= word;
            round();
            v0 ^= word;
        }

        /** Takes a word, with so many rounds. */
        void add(long word, int rounds) {
            v3 ^= word;
            for (int i = 0; i < rounds; i++) {
                round();
            }
            v0 ^= word;
        }

        /** Takes the last word, with one round, and ends with three. */
        long end(long word) {
            add(word);
            v2 ^= LAST;
            round();
            round();
            round();
            return v0 ^ v1 ^ v2 ^ v3;
        }

        long end(long word, int rounds, int lastRounds) {
            add(word, rounds);
            v2 ^= LAST;
            for (int i = 0; i < lastRounds; i++) {
                round();
            }
            return v0 ^ v1 ^ v2 ^ v3;
        }

        private void round() {
            v0 += v1;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v0 = Long.rotateLeft(v0, 32);
            v2 += v3;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 += v3;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 += v1;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v2 = Long.rotateLeft(v2, 32);
        }
    }
}
