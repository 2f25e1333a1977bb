package io.cleave.objects;

import io.cleave.heap.Change;
import org.jspecify.annotations.Nullable;

/** Values that were encoded before the lock is acquired under which they are stored. */
final class EncodedValues<T> {
    private final StoredValue<T> values;
    private final long[] words;
    /** Of those that take a block. */
    private final byte[] @Nullable [] bytes;

    /**
     * Encodes values.
     *
     * @param all values of the class
     * @throws ClassCastException where one is of another class
     * @throws IllegalArgumentException where one cannot be encoded
     */
    EncodedValues(StoredValue<T> values, Class<T> type, @Nullable Object[] all) {
        this.values = values;
        this.words = new long[all.length];
        this.bytes = new byte[all.length][];
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            for (int i = 0; i < all.length; i++) {
                words[i] = values.encode(type.cast(all[i]), buffer);
                if (words[i] == StoredValue.NOTHING) {
                    bytes[i] = StoredValue.bytes(buffer);
                }
            }
        }
    }

    int size() {
        return words.length;
    }

    /** How many values from one on one change can store. */
    int step(int from, long mostValues, int mostBlocks) {
        int blocks = 0;
        int to = from;
        while (to < words.length && to - from < mostValues && (bytes[to] == null || ++blocks <= mostBlocks)) {
            to++;
        }
        return to - from;
    }

    /** Stores a value, as a part of a change. */
    long store(Change change, int index) {
        byte[] own = bytes[index];
        return own == null ? words[index] : values.store(change, own);
    }
}
