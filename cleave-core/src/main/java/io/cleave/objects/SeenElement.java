package io.cleave.objects;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An element of a list as it was at some moment: its word, and what was in the block that the word led to. Two are equal
 * where their elements have the same bytes; those of structures are their place and generation, which no other one ever has.
 */
final class SeenElement {
    private final long word;
    private final byte @Nullable [] bytes;

    /** @param bytes null where the word leads to no block */
    SeenElement(long word, byte @Nullable [] bytes) {
        this.word = word;
        this.bytes = bytes;
    }

    long word() {
        return word;
    }

    byte @Nullable [] bytes() {
        return bytes;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SeenElement seen
                && (bytes == null ? seen.bytes == null && word == seen.word : Arrays.equals(bytes, seen.bytes));
    }

    @Override
    public int hashCode() {
        return bytes == null ? Long.hashCode(word) : Arrays.hashCode(bytes);
    }
}
