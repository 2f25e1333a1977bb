package io.cleave.sync;

import io.cleave.owner.Cell;
import java.util.List;

/**
 * Who waits for a condition and who of them has been told to go: the state of a condition, without its lock.
 *
 * <h2>Overview</h2>
 *
 * A signal is for those who waited when it was sent. So waiters form groups, by the number {@code epoch} that they find
 * when they come:
 *
 * <pre>
 * group           who                            what happens to it
 * epoch           the newer: those who come      waiters join; nobody of it has been told to go
 * epoch - 1       the older                      signals go here, until all of it have been told
 * before that     the gone                       each was told: may go when it runs, whatever the words say
 *
 * word of a group  63     40 39       20 19        0
 *                 +---------+-----------+-----------+
 *                 | tag     | signals   | waiting   |   tag: the group's number; with another, it is an empty group's
 *                 +---------+-----------+-----------+
 * </pre>
 *
 * {@code waiting} counts those who have neither gone nor left, {@code signals} how many of them have been told and have
 * not gone. A signal raises the older group's {@code signals} where that is less than {@code waiting}; else it raises
 * {@code epoch} first, which makes the newer group the older one. There are two words, one for even groups and one for
 * odd ones, since no word is needed for a group that is gone; and two words {@code turn} to sleep on, likewise. To tell
 * all is to raise {@code epoch} by 2.
 *
 * <p>
 * A waiter that has the lock back goes where its group is gone, or where it takes a signal of its group; else it sleeps
 * again. One that leaves before, by time or interrupt, takes itself out of {@code waiting}, unless as many have been told
 * as wait, itself among them: then it was told, and takes the signal. {@link #abandon} leaves without the lock.
 *
 * <p>
 * All words but {@code turn} are changed by compare-and-set, and each change leaves a state that could have come about
 * otherwise, so a death between any two of them leaves nothing to repair. Joining, signalling and going happen under the
 * lock, abandoning does not.
 *
 * <p>
 * <b>No wake-up is lost.</b> A waiter reads {@code turn} under the lock, and sleeps while it is the same. Each signal
 * changes the {@code turn} of its group and wakes one that sleeps there: of the group, or of one that is gone, which then
 * wakes another in its place, as does one who leaves. So for each signal that has not been taken, somebody of the group
 * is awake, or about to be woken. A wake-up that is lost by a death is made good by the look that sleepers take at times.
 *
 * <p>
 * <b>The dead stay counted</b>, as nobody knows who of a group has died, and so can keep a signal from a newer group, for
 * one each. A process that is stopped looks like a dead one here, and its signal is its own. So a waiter of the newer
 * group that finds a signal left alone for long lets itself go, and leaves the signal where it is: a spurious wake-up, of
 * which there is at most one for each such signal. {@code passed} counts them.
 */
final class Signals {
    private static final int SIGNALS_SHIFT = 20;
    private static final int TAG_SHIFT = 40;
    private static final long COUNT = (1L << SIGNALS_SHIFT) - 1;
    private static final long ONE_SIGNAL = 1L << SIGNALS_SHIFT;
    /** {@code passed} is the group's number in its upper half, and the count in the lower one. */
    private static final int PASSED_SHIFT = 32;

    private final Cell epoch;
    private final List<? extends Cell> groups;
    private final List<? extends Cell> turns;
    private final Cell passed;

    /**
     * @param groups the word of even groups, and that of odd ones
     * @param turns where even groups sleep, and where odd ones do
     */
    Signals(Cell epoch, List<? extends Cell> groups, List<? extends Cell> turns, Cell passed) {
        this.epoch = epoch;
        this.groups = groups;
        this.turns = turns;
        this.passed = passed;
    }

    private static int parity(long group) {
        return (int) (group & 1);
    }

    private static long tagged(long group) {
        return group << TAG_SHIFT;
    }

    private static long waitingIn(long word) {
        return word & COUNT;
    }

    private static long signalsIn(long word) {
        return word >>> SIGNALS_SHIFT & COUNT;
    }

    /** The word of a group: an empty one where it is another's by now. */
    private long word(long group) {
        long word = groups.get(parity(group)).get();
        return word >>> TAG_SHIFT == tagged(group) >>> TAG_SHIFT ? word : tagged(group);
    }

    /** Where a group sleeps. */
    Cell turn(long group) {
        return turns.get(parity(group));
    }

    /** How many wait that have not been told to go; those who died waiting are among them. */
    long waiting() {
        long now = epoch.get();
        long older = word(now - 1);
        return waitingIn(older) - signalsIn(older) + waitingIn(word(now));
    }

    /** How many have been told to go and have not gone, of the older group; those who died are among them. */
    long told() {
        return signalsIn(word(epoch.get() - 1));
    }

    /** Joins the newer group, and returns its number. Under the lock. */
    long join() {
        long group = epoch.get();
        Cell cell = groups.get(parity(group));
        while (true) {
            long seen = cell.get();
            long word = seen >>> TAG_SHIFT == tagged(group) >>> TAG_SHIFT ? seen : tagged(group);
            if (waitingIn(word) == COUNT) {
                throw new IllegalStateException(COUNT + " threads wait for this condition already");
            }
            if (cell.cas(seen, word + 1)) {
                return group;
            }
        }
    }

    /** Tells one to go. Under the lock. */
    void signal() {
        while (true) {
            long now = epoch.get();
            long older = word(now - 1);
            if (signalsIn(older) < waitingIn(older)) {
                if (groups.get(parity(now - 1)).cas(older, older + ONE_SIGNAL)) {
                    wake(now - 1, 1);
                    return;
                }
            } else if (waitingIn(word(now)) == 0) {
                return;
            } else {
                boolean _ = epoch.cas(now, now + 1); // another look follows
            }
        }
    }

    /** Tells all to go. Under the lock. */
    void signalAll() {
        if (waiting() == 0) {
            return;
        }
        long now = epoch.get();
        while (!epoch.cas(now, now + 2)) {
            now = epoch.get();
        }
        wake(now - 1, Cell.ALL);
        wake(now, Cell.ALL);
    }

    private void wake(long group, int count) {
        Cell turn = turn(group);
        long seen;
        do {
            seen = turn.get();
        } while (!turn.cas(seen, seen + 1));
        turn.wake(count);
    }

    /** Whether one of a group may go. It is a hint without the lock. */
    boolean mayGo(long group) {
        long now = epoch.get();
        return now > group + 1 || (now == group + 1 && signalsIn(word(group)) > 0);
    }

    /** Goes, where one of a group may. Under the lock. */
    boolean go(long group) {
        while (mayGo(group)) {
            if (epoch.get() > group + 1) {
                turn(group).wake(1); // a wake-up that came here may have been for another
                return true;
            }
            if (takeSignal(group, word(group))) {
                return true;
            }
        }
        return false;
    }

    private boolean takeSignal(long group, long word) {
        long before = passed.get();
        if (before >>> PASSED_SHIFT == (group & 0xffff_ffffL) && (int) before != 0) {
            boolean _ = passed.cas(before, before - 1); // first: a death in between lets one pass that need not
        }
        return signalsIn(word) > 0 && groups.get(parity(group)).cas(word, word - ONE_SIGNAL - 1);
    }

    /**
     * Stops waiting before it was told to go, under the lock.
     *
     * @return true where it was told all the same, and has gone
     */
    boolean leave(long group) {
        while (true) {
            long word = word(group);
            if (epoch.get() > group + 1) {
                return go(group);
            }
            if (waitingIn(word) == 0) {
                return false; // not by any of this code
            }
            boolean isTold = signalsIn(word) >= waitingIn(word);
            if (isTold ? takeSignal(group, word) : groups.get(parity(group)).cas(word, word - 1)) {
                if (!isTold && signalsIn(word) > 0) {
                    turn(group).wake(1); // the wake-up that went with a signal may have come here
                }
                return isTold;
            }
        }
    }

    /**
     * Stops waiting without the lock. Where it was told to go, it is as if it had died: its signal is left, and lets
     * another pass.
     */
    void abandon(long group) {
        while (true) {
            long word = word(group);
            if (epoch.get() > group + 1 || signalsIn(word) >= waitingIn(word)) {
                break;
            }
            if (groups.get(parity(group)).cas(word, word - 1)) {
                break;
            }
        }
        turn(group).wake(1); // a wake-up that came here may have been for another
    }

    /**
     * The older group's word where it has a signal that nobody takes and for which nobody has passed, else 0; for one of
     * the newer group.
     */
    long leftAlone(long group) {
        long word = word(group - 1);
        boolean isLeft = epoch.get() == group && signalsIn(word) > passedFor(group - 1);
        return isLeft ? word : 0;
    }

    private long passedFor(long group) {
        long word = passed.get();
        return word >>> PASSED_SHIFT == (group & 0xffff_ffffL) ? word & 0xffff_ffffL : 0;
    }

    /** Lets one of the newer group go for a signal that is left alone. Under the lock. */
    boolean pass(long group) {
        long before = passed.get();
        long tag = (group - 1) << PASSED_SHIFT;
        if (leftAlone(group) == 0 || !passed.cas(before, tag | (passedFor(group - 1) + 1))) {
            return false;
        }
        boolean _ = leave(group); // either way it goes
        return true;
    }
}
