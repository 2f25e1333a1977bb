package io.cleave.fission;

import io.cleave.os.SystemCallException;
import org.jspecify.annotations.Nullable;

/**
 * The forks that the system has refused lately. A limit of processes or memory is often reached for a moment only, so a
 * run goes on with the children that it has, and tries again after a while that doubles.
 */
final class Refusals {
    /** So many in a row, over some 300 ms, and nobody believes in the next any more. */
    private static final int HOPELESS = 6;
    private static final long FIRST_PAUSE_NANOS = 10_000_000;
    private static final int MOST_DOUBLINGS = 6;

    private @Nullable SystemCallException last;
    private int inARow;
    private long nextTry;

    /** Another fork was refused. */
    void add(SystemCallException refusal) {
        last = refusal;
        nextTry = System.nanoTime() + (FIRST_PAUSE_NANOS << Math.min(inARow, MOST_DOUBLINGS));
        inARow++;
    }

    /** A fork has succeeded. */
    void clear() {
        last = null;
        inARow = 0;
    }

    /** Whether it is worth trying to fork. */
    boolean mayTry() {
        return last == null || System.nanoTime() - nextTry >= 0;
    }

    boolean isEmpty() {
        return last == null;
    }

    /** What the system said last, where it has said so too often; null where it may change its mind. */
    @Nullable SystemCallException verdict() {
        return inARow >= HOPELESS ? last : null;
    }
}
