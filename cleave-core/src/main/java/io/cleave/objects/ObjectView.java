package io.cleave.objects;

import org.jspecify.annotations.Nullable;

/**
 * A live object as it was at one moment: its words, copied while no change of several fields was in between. What its
 * values have in blocks is read from these when it is asked for, which fails where that value is another by then.
 */
final class ObjectView extends LiveFields {
    private final HeapObject object;
    private final long version;
    private final long[] words;

    /** A value has changed since the words were copied: all that was read is to be read anew. */
    static final class Changed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Changed() {
            super("a value has changed while it was read; this exception must not be caught", null, false, false);
        }
    }

    ObjectView(HeapObject object, long version, long[] words) {
        super(object.type());
        this.object = object;
        this.version = version;
        this.words = words;
    }

    @Override
    long bits(int slot, FieldAccess.Mode mode) {
        return words[slot];
    }

    @Override
    boolean isMissing(int slot) {
        return object.isMissing(slot, words[slot]);
    }

    @Override
    @Nullable Object value(int slot) {
        return object.valueAt(slot, words[slot], version);
    }

    @Override
    void setBits(int slot, long bits, FieldAccess.Mode mode) {
        throw readOnly();
    }

    @Override
    boolean compareAndSetBits(int slot, long expected, long bits) {
        throw readOnly();
    }

    @Override
    void setValue(int slot, @Nullable Object value) {
        throw readOnly();
    }

    private static IllegalStateException readOnly() {
        return new IllegalStateException("what Live.read gives to its function is only for reading; use Live.update");
    }
}
