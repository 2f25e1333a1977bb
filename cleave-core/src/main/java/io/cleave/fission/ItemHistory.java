package io.cleave.fission;

/**
 * What has become of an item so far: how often a child ended at it, or had to be ended. Deaths and time-outs are the
 * item's doing until the contrary is shown, and would be the calling JVM's next, so an item with one of them is never
 * computed there. A deadlock may be the fork's doing, and goes away where all threads are.
 */
final class ItemHistory {
    private int deaths;
    private int timeouts;
    private int deadlocks;
    private int exhaustions;
    private boolean exhaustedAlone;

    /** Its child crashed, exited or was killed. */
    void died() {
        deaths++;
    }

    /** It took too long. */
    void timedOut() {
        timeouts++;
    }

    /** Its child could not go on. */
    void deadlocked() {
        deadlocks++;
    }

    /** Its child ran out of memory. */
    void exhausted() {
        exhaustions++;
    }

    /**
     * Its child ran out of memory though it had most of Eden for this item alone.
     *
     * @return whether that has happened before
     */
    boolean exhaustedAlone() {
        boolean before = exhaustedAlone;
        exhaustedAlone = true;
        return before;
    }

    /** How many children it has cost for which it may be to blame. */
    int losses() {
        return deaths + timeouts;
    }

    int deadlocks() {
        return deadlocks;
    }

    int exhaustions() {
        return exhaustions;
    }
}
