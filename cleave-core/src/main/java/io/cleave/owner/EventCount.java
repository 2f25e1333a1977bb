package io.cleave.owner;

import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Where threads wait until something can be done: an eventcount, after the one of D. Reed and R. Kanodia
 * ("Synchronization with Eventcounts and Sequencers", 1979).
 *
 * <h2>Overview</h2>
 *
 * The word {@code turn}, on which waiters sleep, and a mark that there may be some, in whatever word the object has it
 * ({@link Sleepers}). A waiter reads {@code turn}, sets the mark, tries once more, and sleeps while {@code turn} is the
 * same. Who has changed something that others may wait for looks for the mark; where it is set it clears it, raises
 * {@code turn} and wakes some.
 *
 * <p>
 * <b>No wake-up is lost.</b> The mark is set before the waiter's last try, and looked for after the change: so either the
 * try sees the change or the look sees the mark. A waiter whose mark another has cleared read {@code turn} before that
 * and does not sleep on. Whoever has slept and leaves sets the mark once more, as those that were not woken sleep on
 * without one of their own, and wakes one of them where there is something for it, which may have come while no mark was
 * set. One that leaves without success may have had a wake-up that was for another, and passes it on. What a process takes with it into death its fellow sleepers make good when they look for themselves, every
 * {@link Patience#SLICE_NANOS}; a mark that a dead one has left costs one call for nothing.
 */
public final class EventCount {
    private final Sleepers sleepers;
    private final Cell turn;
    private final Spinner spinner;
    private final Gate gate;

    /** The mark that there may be sleepers. */
    public interface Sleepers {
        /** Sets the mark, of one kind or the other. */
        void announce(boolean needsSeveral);

        /**
         * Clears the mark.
         *
         * @param count how many are to be woken where each needs one
         * @return how many are to be woken; 0 where the mark was not set
         */
        int take(int count);
    }

    /** Something that is tried until it succeeds. */
    public interface Attempt<E extends Exception> {
        /** Does it where that can be done now. */
        boolean isDone() throws E, InterruptedException;

        /** Whether it seems worth trying. */
        boolean isPromising();

        /** Whether a sleeper should look for itself, as nobody may be left to wake it. Called from time to time. */
        boolean isSuspicious();

        /** Whether there is something left for another, once this one is done. */
        boolean isMoreThere();

        /** Whether it needs more than what one release brings, so that all have to be woken for it. */
        boolean needsSeveral();
    }

    public EventCount(Sleepers sleepers, Cell turn, Gate gate) {
        this.sleepers = sleepers;
        this.turn = turn;
        this.gate = gate;
        this.spinner = new Spinner(turn);
    }

    /** Wakes so many of those that wait, after something has changed. */
    public void signal(int count) {
        int woken = sleepers.take(count);
        if (woken > 0) {
            long seen;
            do {
                seen = turn.get();
            } while (!turn.cas(seen, seen + 1));
            turn.wake(woken);
        }
    }

    /**
     * Looks for what may be about to come, a few times at once; before {@link #await}, which costs more.
     *
     * @return whether it was there at the last look
     */
    public boolean glance(BooleanSupplier look) {
        return spinner.glance(look);
    }

    /**
     * Tries until it succeeds or the time is over.
     *
     * @return whether it succeeded
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public <E extends Exception> boolean await(Attempt<E> attempt, Patience patience) throws InterruptedException, E {
        gate.enter();
        try {
            if (attempt.isDone()) {
                return true;
            }
            if (spinner.await(attempt::isPromising, patience)) {
                if (attempt.isDone()) { // before there is a mark, which would cost the next to signal a system call
                    return true;
                }
            } else if (patience.isOver()) {
                return attempt.isDone();
            }
            return sleep(attempt, patience);
        } finally {
            gate.exit();
        }
    }

    private <E extends Exception> boolean sleep(Attempt<E> attempt, Patience patience) throws InterruptedException, E {
        boolean hasSlept = false;
        boolean isDone = false;
        try {
            while (true) {
                long seen = turn.get();
                sleepers.announce(attempt.needsSeveral());
                isDone = attempt.isDone();
                if (isDone || patience.isOver()) {
                    return isDone;
                }
                hasSlept = true;
                boolean _ = turn.sleep(seen, patience, () -> attempt.isPromising() || attempt.isSuspicious());
            }
        } finally {
            if (hasSlept) {
                sleepers.announce(false);
                if (!isDone || attempt.isMoreThere()) {
                    signal(1);
                }
            }
        }
    }

    /** Keeps the handle open until {@link #exit}. */
    public void enter() {
        gate.enter();
    }

    public void exit() {
        gate.exit();
    }

    /** What {@code toString()} says. */
    public String describe(String type, Supplier<String> text) {
        return gate.describe(type, text);
    }

    /** Sends everybody away who waits through this handle, and gives it up. */
    public void close() {
        gate.close(turn instanceof SharedCell cell ? List.of(cell) : List.of());
    }
}
