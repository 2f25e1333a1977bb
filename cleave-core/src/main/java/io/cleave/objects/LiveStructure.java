package io.cleave.objects;

import io.cleave.StaleReferenceException;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A handle on a structure that may be the value of an entry. */
interface LiveStructure {
    /** How long to wait for one lock of a structure with locks of others. */
    long HOLD_NANOS = 5_000_000;

    /** Whether another object is a handle on the same structure. */
    boolean isSame(@Nullable Object other);

    /** Whether it is still that structure, and nobody has dropped it or begun to free it. */
    boolean isInUse();

    /**
     * In which state the content of a structure is: each change makes it another, and none comes back. What is in a structure
     * that is in it is none of its content.
     *
     * @param version grows with some changes
     * @param count grows with others, as long as the version stays
     * @param changes grows with the rest
     */
    record Stamp(long version, long count, long changes) {
        /** Of what nobody can change. */
        static final Stamp NONE = new Stamp(0, 0, 0);
    }

    /** Keeps others from changing the structure, and the thread itself, until it is closed. */
    interface Hold extends AutoCloseable {
        /** Of what need not be held. */
        Hold NONE = new Hold() {
            @Override
            public Stamp stamp() {
                return Stamp.NONE;
            }

            @Override
            public void close() {
                // there is nothing to release
            }
        };

        /** The state of what is held. */
        Stamp stamp();

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

    /**
     * A state that it has had since the call: who looks at it after that, and finds the same stamp when he holds it, has
     * seen what it has. Waits for those who are changing it, so the caller has no lock that others may want.
     *
     * @throws StaleReferenceException where it was dropped
     */
    Stamp stamp();

    /** Code of the user's begins to run, which must not change the structure. */
    void beginCode(UserCode code);

    /** Holds a value, if it is a structure of a heap; null where that takes long. */
    static @Nullable Hold tryHold(@Nullable Object value) {
        return value instanceof LiveStructure live ? live.tryHold() : Hold.NONE;
    }

    /** Waits until a value could be held, or has ended. */
    static void awaitHold(@Nullable Object value) {
        if (value instanceof LiveStructure live) {
            try {
                Stamp _ = live.stamp();
            } catch (StaleReferenceException e) {
                Thread.onSpinWait(); // who looks once more finds out
            }
        }
    }

    /**
     * Asks code of the user's about a value, under no lock.
     *
     * @return the stamp of the value that it is true of; null where it is false, or the value is a structure that has ended
     */
    static <T extends @Nullable Object> @Nullable Stamp ask(Predicate<? super T> question, T value) {
        if (!(value instanceof LiveStructure live)) {
            return question.test(value) ? Stamp.NONE : null;
        }
        UserCode code = UserCode.ofThread();
        try {
            Stamp stamp = live.stamp();
            live.beginCode(code);
            try {
                return question.test(value) ? stamp : null;
            } finally {
                code.end();
            }
        } catch (StaleReferenceException e) {
            if (live.isInUse()) {
                throw e;
            }
            return null;
        }
    }

    /** Whether a value is a handle on a structure. */
    static boolean isOne(@Nullable Object value) {
        return value instanceof LiveStructure || LiveClass.isLive(value);
    }

    /** Whether both are handles on one structure, which so is not to be copied into its own place. */
    static boolean areSame(@Nullable Object one, @Nullable Object other) {
        return one instanceof LiveStructure live ? live.isSame(other) : one != null && LiveClass.areSame(one, other);
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
