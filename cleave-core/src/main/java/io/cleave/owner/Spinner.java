package io.cleave.owner;

import java.util.function.BooleanSupplier;

/**
 * How long it pays to look for what another thread is about to do, before sleeping.
 *
 * <p>
 * To sleep and be woken takes some microseconds on either side, so looking for about as long at most doubles what a wait
 * costs. The time doubles with each wait that ends before it is over, and halves with each that does not, down to one in
 * which a running thread answers. Two that answer each other by waking each other would each find that looking does not
 * pay, because the other is slow to wake up, and would stay with it: so some of the waits look for the longest time
 * whatever was before. With one processor nobody looks twice, as nobody else runs meanwhile.
 */
public final class Spinner {
    static final long LEAST_NANOS = 1_000;
    static final long MOST_NANOS = 40_000;
    /** How many looks are taken between two at the clock. */
    private static final int LOOKS = 16;
    /** How many looks a glance is: some 500 nanoseconds with their breaks. */
    private static final int GLANCES = 4 * LOOKS;
    /** One of so many that have not paid is a long one: on average they take 2 microseconds each, as a sleep does. */
    static final int TRIAL = 32;

    private final boolean isUseful;
    /** How long to look; a guess, so races do no harm. */
    private long nanos = MOST_NANOS;
    /** How many have not paid since one did; a guess likewise. */
    private int misses;

    /** For those who would sleep on a cell. */
    public Spinner(Cell cell) {
        this.isUseful = cell.spins() > 0;
    }

    /**
     * Looks until something is there, or looking on does not pay, or the time is over.
     *
     * @return whether it was there at the last look
     */
    public boolean await(BooleanSupplier look, Patience patience) {
        if (look.getAsBoolean()) {
            return true;
        }
        if (!isUseful || patience.isOver()) {
            return false;
        }
        long end = System.nanoTime() + allowance();
        do {
            for (int i = 0; i < LOOKS; i++) {
                Thread.onSpinWait();
                if (look.getAsBoolean()) {
                    hasPaid();
                    return true;
                }
            }
        } while (System.nanoTime() - end < 0 && !patience.isOver());
        nanos = Math.max(LEAST_NANOS, nanos / 2);
        misses++;
        return false;
    }

    /**
     * Looks for a fraction of a microsecond, and asks no clock: enough where another that runs is about to answer.
     *
     * @return whether it was there at the last look
     */
    boolean glance(BooleanSupplier look) {
        for (int i = 0; isUseful && i < GLANCES; i++) {
            Thread.onSpinWait();
            if (look.getAsBoolean()) {
                hasPaid();
                return true;
            }
        }
        return false;
    }

    private void hasPaid() {
        if (nanos < MOST_NANOS) {
            nanos = Math.min(MOST_NANOS, 2 * nanos);
        }
        if (misses != 0) {
            misses = 0;
        }
    }

    /** How long the next wait may look. */
    long allowance() {
        return misses % TRIAL == TRIAL - 1 ? MOST_NANOS : nanos;
    }
}
