package io.cleave.fission;

import org.jspecify.annotations.Nullable;

/**
 * The moment that a child is given before the next is forked, where somebody waits for the first result. The very first
 * child has it until it has begun, and then as long again as its fork and that have taken: a second child would take that
 * long, too, and what the first one touches has to wait while the second is forked. Not thread-safe: a run's driver asks.
 */
final class HeadStart {
    private static final long LEAST_NANOS = 2_000_000;
    /** How long the very first child may take until it begins. */
    private static final long MOST_NANOS = 1_000_000_000;

    private @Nullable Child child;
    private boolean hasBegun;
    private long forked;
    private long deadline;

    /** Begins with a child that has just been forked. */
    void give(Child latest, boolean isFirst) {
        child = latest;
        hasBegun = !isFirst;
        forked = System.nanoTime();
        deadline = forked + (isFirst ? MOST_NANOS : LEAST_NANOS);
    }

    /**
     * Whether it is not over yet.
     *
     * @param forkNanos what the fork has taken
     */
    boolean lasts(long forkNanos) {
        if (child == null) {
            return false;
        }
        long now = System.nanoTime();
        if (!hasBegun && child.slot.hasBegun()) {
            hasBegun = true;
            long followed = now + (now - forked) + Math.max(LEAST_NANOS, forkNanos);
            deadline = Math.min(followed, forked + MOST_NANOS);
        }
        if (!child.isLive || now - deadline >= 0) {
            child = null;
        }
        return child != null;
    }
}
