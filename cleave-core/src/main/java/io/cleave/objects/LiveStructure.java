package io.cleave.objects;

import io.cleave.StaleReferenceException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A handle on a structure that may be the value of an entry. */
interface LiveStructure {
    /** Whether another object is a handle on the same structure. */
    boolean isSame(@Nullable Object other);

    /** Whether it is still that structure, and nobody has dropped it or begun to free it. */
    boolean isInUse();

    /** Keeps others from changing the structure, and the thread itself, until it is closed. */
    interface Hold extends AutoCloseable {
        /** Of what need not be held. */
        Hold NONE = () -> {};

        @Override
        void close();
    }

    /**
     * Acquires all locks of those who would change it.
     *
     * @throws StaleReferenceException where it was dropped
     */
    Hold hold();

    /** Holds a value, if it is a structure of a heap. */
    static Hold hold(@Nullable Object value) {
        return value instanceof LiveStructure live ? live.hold() : Hold.NONE;
    }

    /** Whether both are handles on one structure, which so is not to be copied into its own place. */
    static boolean areSame(@Nullable Object one, @Nullable Object other) {
        return one instanceof LiveStructure live && live.isSame(other);
    }

    /** Whether a value that is stored equals another one; a structure that is none any more equals nothing. */
    static boolean isEqual(@Nullable Object stored, @Nullable Object other) {
        try {
            return areSame(stored, other) || Objects.deepEquals(stored, other);
        } catch (StaleReferenceException e) {
            return false;
        }
    }
}
