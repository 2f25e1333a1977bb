package io.cleave.objects;

import io.cleave.heap.Change;
import org.jspecify.annotations.Nullable;

/**
 * Values that were encoded before the lock is acquired under which they are stored. Structures that were made of them, and
 * that were not stored, are dropped by {@link #close}.
 */
final class EncodedValues<T extends @Nullable Object> implements AutoCloseable {
    private final StoredValue<T> values;
    private final ValueSlots<T> slots;
    private final long[] words;
    /** Of those that take a block. */
    private final byte[] @Nullable [] bytes;
    /** Up to which there are structures that were made. */
    private int made;

    /**
     * Encodes values.
     *
     * @param all values of the class
     * @throws ClassCastException where one is of another class
     * @throws IllegalArgumentException where one cannot be encoded
     */
    EncodedValues(StoredValue<T> values, ValueSlots<T> slots, @Nullable Object[] all) {
        this.values = values;
        this.slots = slots;
        this.words = new long[all.length];
        this.bytes = new byte[all.length][];
        LooseStructures loose = slots.loose();
        if (loose != null) {
            loose.begin();
        }
        boolean isDone = false;
        try {
            encode(all);
            isDone = true;
        } finally {
            if (!isDone) {
                close();
            }
        }
    }

    private void encode(@Nullable Object[] all) {
        try (ValueBuffer buffer = slots.lend()) {
            for (int i = 0; i < all.length; i++) {
                words[i] = values.encode(slots.type().cast(all[i]), buffer);
                if (words[i] == StoredValue.NOTHING) {
                    bytes[i] = StoredValue.bytes(buffer);
                }
                made = i + 1;
                buffer.forgetMade();
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

    /** Stores a value, as a part of a change of {@link ValueSlots#change}. */
    long store(Change change, int index) {
        byte[] own = bytes[index];
        if (own == null) {
            return words[index];
        }
        LooseStructures loose = slots.loose();
        if (loose != null) {
            HeldStructure.adopt(loose.lists(), change, own);
        }
        return values.store(change, own);
    }

    /** Ends the operation; what it has made of structures and not stored is dropped. */
    @Override
    public void close() {
        LooseStructures loose = slots.loose();
        if (loose == null) {
            return;
        }
        for (int i = 0; i < made; i++) {
            byte[] own = bytes[i];
            if (own != null) {
                HeldStructure.discard(loose.lists(), own);
            }
        }
        made = 0;
        loose.end();
    }
}
