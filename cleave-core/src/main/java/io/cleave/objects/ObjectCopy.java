package io.cleave.objects;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The content of a live object, taken out of the heap: what {@code remove} of a map returns. Only its own thread has
 * it.
 */
final class ObjectCopy extends LiveFields {
    private final long[] bits;
    private final @Nullable Object[] values;
    private final boolean isFixed;

    /** @param isFixed whether it stands for an object that nobody has made yet, and cannot be changed */
    ObjectCopy(LiveObjects<?> type, boolean isFixed) {
        super(type);
        this.isFixed = isFixed;
        this.bits = new long[type.slotCount()];
        this.values = new @Nullable Object[type.slotCount()];
    }

    @Override
    long bits(int slot, FieldAccess.Mode mode) {
        return bits[slot];
    }

    @Override
    void setBits(int slot, long newBits, FieldAccess.Mode mode) {
        requireChangeable();
        bits[slot] = newBits;
    }

    @Override
    boolean compareAndSetBits(int slot, long expected, long newBits) {
        requireChangeable();
        boolean isSame = bits[slot] == expected;
        bits[slot] = isSame ? newBits : bits[slot];
        return isSame;
    }

    @Override
    @Nullable Object value(int slot) {
        LiveObjects.Codec codec = type().codec(slot);
        if (values[slot] == null && codec.field().isMadeAtOnce()) {
            Object empty = codec.empty();
            values[slot] = isFixed ? empty
                    : DetachedStructures.as(codec.field().type(), codec.encoding().detached(empty));
        }
        return values[slot];
    }

    private void requireChangeable() {
        if (isFixed) {
            throw new UnsupportedOperationException("nobody has made this object yet, and the heap was opened for "
                    + "reading only; open it without withReadOnly to change something");
        }
    }

    /** All values, also of what was never looked at. */
    private @Nullable Object[] all() {
        for (int field = 0; field < type().fields().size(); field++) {
            Object _ = value(type().slot(field));
        }
        return values;
    }

    @Override
    void setValue(int slot, @Nullable Object value) {
        requireChangeable();
        values[slot] = DetachedStructures.as(type().codec(slot).field().type(), value);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ObjectCopy copy && type().isSame(copy.type()) && Arrays.equals(bits, copy.bits)
                && Arrays.deepEquals(all(), copy.all());
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(bits) + Arrays.deepHashCode(all());
    }
}
