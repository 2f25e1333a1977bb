package io.cleave.objects;

import io.cleave.StaleReferenceException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A handle on a structure that may be the value of an entry. */
interface LiveStructure {
    /** How long to wait for one lock of a structure with locks of others. */
    long HOLD_NANOS = 5_000_000;

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
     * Acquires all locks of those who would change it, unless that takes long: who holds them may want a lock that the
     * caller has.
     *
     * @return null where it takes long
     * @throws StaleReferenceException where it was dropped
     */
    @Nullable Hold tryHold();

    /** Waits until it could be held, for who has no lock that others may want. */
    void awaitHold();

    /** Holds a value, if it is a structure of a heap; null where that takes long. */
    static @Nullable Hold tryHold(@Nullable Object value) {
        return value instanceof LiveStructure live ? live.tryHold() : Hold.NONE;
    }

    /** Waits until a value could be held, or has ended. */
    static void awaitHold(@Nullable Object value) {
        if (value instanceof LiveStructure live) {
            try {
                live.awaitHold();
            } catch (StaleReferenceException e) {
                Thread.onSpinWait(); // who looks once more finds out
            }
        }
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
