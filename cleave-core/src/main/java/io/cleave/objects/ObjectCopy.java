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

    ObjectCopy(LiveObjects<?> type) {
        super(type);
        this.bits = new long[type.slotCount()];
        this.values = new @Nullable Object[type.slotCount()];
    }

    @Override
    long bits(int slot, FieldAccess.Mode mode) {
        return bits[slot];
    }

    @Override
    void setBits(int slot, long newBits, FieldAccess.Mode mode) {
        bits[slot] = newBits;
    }

    @Override
    boolean compareAndSetBits(int slot, long expected, long newBits) {
        boolean isSame = bits[slot] == expected;
        bits[slot] = isSame ? newBits : bits[slot];
        return isSame;
    }

    @Override
    @Nullable Object value(int slot) {
        return values[slot];
    }

    @Override
    void setValue(int slot, @Nullable Object value) {
        values[slot] = value;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ObjectCopy copy && type().isSame(copy.type()) && Arrays.equals(bits, copy.bits)
                && Arrays.deepEquals(values, copy.values);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(bits) + Arrays.deepHashCode(values);
    }
}
