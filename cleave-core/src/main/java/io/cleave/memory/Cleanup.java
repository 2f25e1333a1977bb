package io.cleave.memory;

/**
 * Removes what killed processes left: orphans, which are blocks that nobody is attached to and whose lifetime does not
 * keep them, and damaged ones that nobody is attached to. Only the calling user's own blocks are removed; never one
 * that somebody is attached to, and never a persistent one.
 *
 * <p>
 * It may run at any time, in any number of processes at once, while others create, open and close. Its cost is a few
 * system calls a block.
 *
 * <p>
 * Nobody has to call it for the sake of a name: {@link SharedMemory#create} and {@link SharedMemory#openOrCreate} sweep
 * an orphan that bears the name that they want. It is for the memory of the orphans whose names nobody wants again.
 */
public final class Cleanup {
    private Cleanup() {
    }

    /**
     * Removes the orphaned and the damaged blocks.
     *
     * @return what was removed, and what was not; it does not throw for a block that cannot be removed
     */
    public static CleanupResult run() {
        return BlockDirectory.standard().cleanup(false);
    }

    /**
     * Says what {@link #run} would remove now, and changes nothing.
     *
     * @return the lists that {@link #run} would return, as far as can be told without trying
     */
    public static CleanupResult dryRun() {
        return BlockDirectory.standard().cleanup(true);
    }
}
