package io.cleave.sync;

import io.cleave.owner.Cell;
import java.util.concurrent.BrokenBarrierException;
import java.util.function.BooleanSupplier;

/**
 * The state of a barrier in one word, and how those generations ended that some may still sleep in.
 *
 * <h2>Overview</h2>
 *
 * <pre>
 * word (generation, arrived)    meaning                              leaves it
 * (g, n)                        n of the parties wait                arrival, (g, n+1); the last one's, (g+1, 0), which
 *                                                                    wakes all; by a break, BROKEN (g+1, 0), likewise
 * BROKEN (g+1, 0)               g broke; nobody waits                reset, (g+1, 0)
 * </pre>
 *
 * Each transition is one compare-and-set, after which the word is what somebody has wanted it to be: a death leaves
 * nothing half done, and who stops in the middle keeps nobody up. Sleepers sleep on the lower half, the generation, which
 * changes whenever they have to go, and then only. What a death can prevent is their wake-up, so they look again from
 * time to time.
 *
 * <p>
 * <b>How a generation ended.</b> While the word is broken, the generation before its own is the one that broke. A reset
 * puts that down in the history before it clears the word, so whoever sees g over finds either the word broken in g+1,
 * or in the history whether it broke. Several that reset put down the same. The history forgets: where a later window has
 * taken the place of the sleeper's own, a thousand generations and a break later, it takes its generation for broken.
 *
 * <p>
 * <b>Numbers come again</b> after 2<sup>32</sup> generations. What the history has from then looks as if it were of
 * generations yet to come, so who arrives clears it: nobody waits in any of that window before the first who arrives. It
 * does so only where it finds the word unchanged after its look at the history: else it may itself be the late one.
 */
final class BarrierWord {
    private final Cell cell;
    private final Words words;

    BarrierWord(Cell cell, Words words) {
        this.cell = cell;
        this.words = words;
    }

    long get() {
        return cell.get();
    }

    int parties() {
        return (int) words.get(BarrierLayout.PARTIES_AT);
    }

    /** Says how many take part, where nobody has. */
    void parties(int parties) {
        boolean _ = words.cas(BarrierLayout.PARTIES_AT, 0, parties); // the first who says so counts
    }

    /**
     * Comes to the barrier; the last lets all go.
     *
     * @return the word before
     */
    long arrive() throws BrokenBarrierException {
        while (true) {
            long seen = cell.get();
            if (BarrierLayout.isBroken(seen)) {
                throw new BrokenBarrierException("the barrier is broken; reset() mends it");
            }
            int generation = BarrierLayout.generation(seen);
            boolean isLast = BarrierLayout.arrived(seen) + 1 == parties();
            long next = isLast ? BarrierLayout.fresh(generation + 1) : seen + BarrierLayout.ARRIVAL;
            if (isHistoryClear(generation, seen) && cell.cas(seen, next)) {
                if (isLast && BarrierLayout.arrived(seen) > 0) {
                    cell.wake(Cell.ALL);
                }
                return seen;
            }
        }
    }

    /** Clears what is left of 2^32 generations ago; false where that is to be tried again. */
    private boolean isHistoryClear(int generation, long seen) {
        long at = BarrierLayout.historyAt(generation);
        long history = words.get(at);
        return !BarrierLayout.isOfLater(history, generation)
                || (cell.get() == seen && words.cas(at, history, BarrierLayout.emptyHistory(generation)));
    }

    boolean isOver(int generation) {
        return BarrierLayout.generation(cell.get()) != generation;
    }

    /** Whether a generation that is over broke. */
    boolean hasBroken(int generation) {
        long seen = cell.get();
        if (BarrierLayout.isBroken(seen) && BarrierLayout.generation(seen) == generation + 1) {
            return true;
        }
        long history = words.get(BarrierLayout.historyAt(generation));
        int windowsLater = BarrierLayout.windowsLater(history, generation);
        return windowsLater > 0 || (windowsLater == 0 && (history & BarrierLayout.bit(generation)) != 0);
    }

    /**
     * Breaks a generation.
     *
     * @return false where it is over already
     */
    boolean breakIn(int generation) {
        while (true) {
            long seen = cell.get();
            if (BarrierLayout.generation(seen) != generation || BarrierLayout.isBroken(seen)) {
                return false;
            }
            if (tryBreak(seen)) {
                return true;
            }
        }
    }

    /** Breaks the barrier as long as there is a reason, which is looked at after the word. */
    void breakWhile(BooleanSupplier reason) {
        boolean done = false;
        while (!done) {
            long seen = cell.get();
            done = BarrierLayout.isBroken(seen) || !reason.getAsBoolean() || tryBreak(seen);
        }
    }

    /** Breaks a word that is not broken; false where it has changed. */
    private boolean tryBreak(long seen) {
        boolean isMine = cell.cas(seen, BarrierLayout.broken(seen));
        if (isMine) {
            cell.wake(Cell.ALL);
        }
        return isMine;
    }

    /** Breaks the generation in which somebody waits, and mends what is broken. */
    void reset() {
        long seen = cell.get();
        while (!BarrierLayout.isBroken(seen) && BarrierLayout.arrived(seen) > 0) {
            seen = tryBreak(seen) ? BarrierLayout.broken(seen) : cell.get();
        }
        if (BarrierLayout.isBroken(seen)) {
            putDown(BarrierLayout.generation(seen) - 1);
            boolean _ = cell.cas(seen, BarrierLayout.fresh(BarrierLayout.generation(seen))); // or another has mended it
        }
    }

    /** Puts down that a generation broke. */
    private void putDown(int generation) {
        long at = BarrierLayout.historyAt(generation);
        boolean done = false;
        while (!done) {
            long seen = words.get(at);
            int windowsLater = BarrierLayout.windowsLater(seen, generation);
            long next = (windowsLater == 0 ? seen : BarrierLayout.emptyHistory(generation))
                    | BarrierLayout.bit(generation);
            done = windowsLater > 0 || next == seen || words.cas(at, seen, next);
        }
    }
}
