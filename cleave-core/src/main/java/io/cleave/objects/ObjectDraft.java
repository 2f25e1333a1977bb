package io.cleave.objects;

import io.cleave.heap.Change;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * What an update of a live object has set so far, under the object's lock: nobody else sees it before it is stored by
 * one change, and nothing of it has happened where it is not.
 */
final class ObjectDraft extends LiveFields implements AutoCloseable {
    // A field takes a word of the change. A structure that comes takes three more, one that goes five, and a value with a
    // block one allocation and one that is freed: 60 + 8 * (3 + 5) words are less than Change.MOST_WORDS.
    /** How many fields of primitives and short values one change can store. */
    static final int MOST_FIELDS = 60;
    /** How many values one change can store, or replace, that take blocks: each of them may be a structure. */
    static final int MOST_BLOCKS = 8;

    private final HeapObject object;
    private final long[] words;
    /** The bytes of values that take blocks. */
    private final byte[] @Nullable [] bytes;
    private final BitSet changed = new BitSet();
    private boolean isOver;

    ObjectDraft(HeapObject object) {
        super(object.type());
        this.object = object;
        this.words = new long[object.type().slotCount()];
        this.bytes = new byte[words.length][];
    }

    @Override
    long bits(int slot, FieldAccess.Mode mode) {
        requireOpen();
        return changed.get(slot) ? words[slot] : object.bits(slot, mode);
    }

    @Override
    void setBits(int slot, long bits, FieldAccess.Mode mode) {
        requireOpen();
        words[slot] = bits;
        changed.set(slot);
    }

    @Override
    boolean compareAndSetBits(int slot, long expected, long bits) {
        boolean isSame = bits(slot, FieldAccess.Mode.VOLATILE) == expected;
        if (isSame) {
            setBits(slot, bits, FieldAccess.Mode.VOLATILE);
        }
        return isSame;
    }

    @Override
    @Nullable Object value(int slot) {
        requireOpen();
        if (!changed.get(slot)) {
            return object.valueUnderLock(slot);
        }
        LiveObjects.Codec codec = type().codec(slot);
        byte[] own = bytes[slot];
        return own == null ? codec.values().decodeInline(words[slot])
                : codec.encoding().decode(MemorySegment.ofArray(own), 0, own.length);
    }

    @Override
    boolean isMissing(int slot) {
        return !changed.get(slot) && object.isMissing(slot);
    }

    @Override
    void setValue(int slot, @Nullable Object value) {
        requireOpen();
        LiveObjects.Codec codec = type().codec(slot);
        if (codec.isStructure() && LiveStructure.isOne(value) && !isMissing(slot)
                && LiveStructure.areSame(value(slot), value)) {
            return; // it is not to be copied into its own place
        }
        try (ValueBuffer buffer = object.lend(codec)) {
            long word = codec.values().encode(value, buffer);
            byte[] own = word == StoredValue.NOTHING ? StoredValue.bytes(buffer) : null;
            discard(slot);
            words[slot] = word;
            bytes[slot] = own;
            changed.set(slot);
            buffer.forgetMade();
        }
    }

    private void discard(int slot) {
        byte[] own = bytes[slot];
        bytes[slot] = null;
        if (own != null && type().codec(slot).isStructure()) {
            HeldStructure.discard(object.loose().lists(), own);
        }
    }

    private void requireOpen() {
        if (isOver) {
            throw new IllegalStateException("the update is over; use the object itself, or another update");
        }
    }

    /** Whether it has set anything. */
    boolean isEmpty() {
        return changed.isEmpty();
    }

    /** Refuses what one change cannot store. */
    void checkSize() {
        int blocks = 0;
        for (int slot = changed.nextSetBit(0); slot >= 0; slot = changed.nextSetBit(slot + 1)) {
            boolean isValue = type().codec(slot).field().kind() != ObjectLayout.PRIMITIVE;
            blocks += isValue && (bytes[slot] != null || StoredValue.isBlock(object.word(slot))) ? 1 : 0;
        }
        if (changed.cardinality() > MOST_FIELDS || blocks > MOST_BLOCKS) {
            throw new IllegalArgumentException("an update of " + changed.cardinality() + " fields, " + blocks
                    + " of them values of more than 7 bytes or structures; the limits are " + MOST_FIELDS + " and "
                    + MOST_BLOCKS + ": put values that change together into one record, or make several updates");
        }
    }

    /** Stores all of it, as a part of a change while the version is odd. */
    void into(Change change) {
        for (int slot = changed.nextSetBit(0); slot >= 0; slot = changed.nextSetBit(slot + 1)) {
            LiveObjects.Codec codec = type().codec(slot);
            if (codec.field().kind() == ObjectLayout.PRIMITIVE && words[slot] == object.word(slot)) {
                continue; // what is not stored cannot be stored again over what others set
            }
            byte[] own = bytes[slot];
            if (own != null && codec.isStructure()) {
                HeldStructure.adopt(object.loose().lists(), change, own);
            }
            long word = own == null ? words[slot] : codec.values().store(change, own);
            change.set(object.slotAt(slot), word); // SYNC: object-field
        }
        for (int slot = changed.nextSetBit(0); slot >= 0; slot = changed.nextSetBit(slot + 1)) {
            LiveObjects.Codec codec = type().codec(slot);
            if (codec.field().kind() != ObjectLayout.PRIMITIVE) {
                StoredValue.free(object.word(slot), change, codec.isStructure() ? object.loose().lists() : null);
            }
        }
    }

    /** Ends it. What was made for it and not stored is dropped. */
    @Override
    public void close() {
        isOver = true;
        for (int slot = changed.nextSetBit(0); slot >= 0; slot = changed.nextSetBit(slot + 1)) {
            discard(slot);
        }
    }
}
