package io.cleave.owner;

/**
 * A 64-bit word and the means to sleep until it changes: all that the algorithms of this package need of the world.
 * {@link SharedCell} is the one in shared memory; tests put a scheduler in its place.
 *
 * <p>
 * Sleeping looks at the low 32 bits only: every change that a sleeper waits for must change those.
 */
public abstract class Cell {
    /** Wakes all that sleep. */
    public static final int ALL = Integer.MAX_VALUE;

    /** Something that a sleeper has to look after from time to time, as nobody may be left to wake it. */
    public interface Suspicion {
        /** Whether the sleeper should wake up and look for itself. */
        boolean isRaised();
    }

    /** The word, with acquire semantics. */
    public abstract long get();

    /** Compares and sets the word, with the semantics of a volatile access. */
    public abstract boolean cas(long expected, long value);

    /**
     * Sleeps while the low half is that of {@code expected}. It may return for no reason.
     *
     * @param expected the word as the caller saw it
     * @param wait how long and how
     * @param suspicion looked at every {@link Patience#SLICE_NANOS} or so
     * @return false where the deadline has passed
     * @throws InterruptedException where an interruptible wait finds its thread interrupted, before or while it sleeps
     */
    public abstract boolean sleep(long expected, Patience wait, Suspicion suspicion) throws InterruptedException;

    /** Wakes up to {@code count} sleepers. */
    public abstract void wake(int count);

    /** Lets a moment pass between two looks at a word that is about to change. */
    public abstract void spin();

    /** How many looks are worth taking before sleeping. */
    public abstract int spins();
}
