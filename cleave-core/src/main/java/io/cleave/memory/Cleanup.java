package io.cleave.memory;

/**
 * Removes what killed processes left: orphans, which are blocks that nobody is attached to and whose lifetime does not
 * keep them, and damaged ones that nobody is attached to. Only the calling user's own blocks are removed; never one
 * that somebody is attached to, and never a persistent one.
 *
 * <p>
 * What is removed bears the proof that it is a block: a regular file that belongs to the user, that nobody outside its
 * group may access, and that begins as a block of this format does. A name proves nothing: other files stay, whatever they
 * are called, and are only ever opened for reading. So does a block of which so much has been cut off or overwritten that
 * it cannot be told from another file; {@link BlockInfo#note()} says so, and the file has to be removed by hand.
 *
 * <p>
 * It may run at any time, in any number of processes at once, while others create, open and close. Its cost is a few
 * system calls a block.
 *
 * <p>
 * Nobody has to call it. {@link SharedMemory#create(String, long)} and its kin replace an orphan that bears the name that
 * they want; whoever makes blocks, of whatever sort, removes other orphans as it goes, some each time, in a fiftieth of
 * its time at most; and all are removed before an allocation fails. It is for who wants the memory back without making a
 * block.
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
