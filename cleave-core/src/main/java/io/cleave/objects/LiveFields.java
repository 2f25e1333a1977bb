package io.cleave.objects;

import org.jspecify.annotations.Nullable;

/**
 * The fields of something that looks like a live object to its user: of one in a heap, of a part of a change to it,
 * of what was in it at one moment. Primitives are bits, in a form that {@link LiveAccess} knows.
 */
abstract class LiveFields {
    private final LiveObjects<?> type;

    LiveFields(LiveObjects<?> type) {
        this.type = type;
    }

    final LiveObjects<?> type() {
        return type;
    }

    /** The bits of a primitive. */
    abstract long bits(int slot, FieldAccess.Mode mode);

    abstract void setBits(int slot, long bits, FieldAccess.Mode mode);

    /** Sets a primitive where it has certain bits; whether it had. */
    abstract boolean compareAndSetBits(int slot, long expected, long bits);

    /** A value, or a handle on a structure. */
    abstract @Nullable Object value(int slot);

    abstract void setValue(int slot, @Nullable Object value);

    /** What a field has, boxed where it is a primitive. */
    final @Nullable Object get(int field) {
        int slot = type.slot(field);
        Class<?> declared = type.fields().get(field).type();
        if (slot == LiveLayout.ABSENT) {
            if (type.fields().get(field).isMadeAtOnce()) {
                throw LiveAccess.absentField(type.fields().get(field).name());
            }
            return declared.isPrimitive() ? LiveAccess.boxed(declared, 0) : null;
        }
        return declared.isPrimitive() ? LiveAccess.boxed(declared, bits(slot, FieldAccess.Mode.ACQUIRE_RELEASE))
                : value(slot);
    }

    /** The same, but null for a structure that nobody has made yet, which so is not made. */
    final @Nullable Object look(int field) {
        int slot = type.slot(field);
        boolean isThere = slot == LiveLayout.ABSENT ? !type.fields().get(field).isMadeAtOnce() : !isMissing(slot);
        return isThere ? get(field) : null;
    }

    /** The same, but an empty structure where the object has a place for it. */
    final @Nullable Object show(int field) {
        int slot = type.slot(field);
        return slot != LiveLayout.ABSENT && isMissing(slot) ? type.codec(slot).empty() : look(field);
    }

    /** Whether a slot is of a structure that is made when it is first read, and has not been. */
    boolean isMissing(int slot) {
        return false;
    }

    /** Lets a field have a value, which is boxed where it is a primitive. */
    final void set(int field, @Nullable Object value) {
        int slot = type.slot(field);
        LiveField declared = type.fields().get(field);
        if (!declared.type().isPrimitive()) {
            setValue(slot, value);
        } else if (value == null) {
            throw new IllegalArgumentException("the field " + declared.name() + " is a " + declared.type()
                    + " and cannot be null");
        } else {
            setBits(slot, LiveAccess.unboxed(declared.type(), value, declared.name()),
                    FieldAccess.Mode.ACQUIRE_RELEASE);
        }
    }
}
