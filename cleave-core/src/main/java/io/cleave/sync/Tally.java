package io.cleave.sync;

import io.cleave.owner.Cell;
import io.cleave.owner.EventCount;
import io.cleave.owner.LockWord;
import io.cleave.owner.LockWord.News;
import io.cleave.owner.LockWord.Outcome;
import io.cleave.owner.Participants;
import io.cleave.owner.Patience;

/**
 * A number of things that processes take from and give back to, of which each process's share comes back when it dies:
 * the permits of a semaphore, the read holds of a read-write lock.
 *
 * <h2>Overview</h2>
 *
 * What is available and what each process holds must change together, though they do not fit into one word. So the word
 * {@code state} holds what is available <em>and what one process holds</em>: the last one that took or gave. While the
 * same process goes on, each change is one compare-and-set of that word. Before another takes its place there, the
 * share of the former is written back to its seat, where it stays until it is the last again. It is a cache of one line,
 * and the share of a process is what the state says, where it is the last, and else what its seat says.
 *
 * <p>
 * <b>Why a write-back is never wrong.</b> Each change raises the version in the state. Who is to replace the last reads
 * the state, then the seat, then the state once more, and only where it is the same sets the seat by compare-and-set to
 * the share and the version of that state, unless the seat says so already. After that it replaces the state by
 * compare-and-set. A write-back that comes too late, by one that was stopped in between, finds another seat: had the
 * former last been replaced meanwhile, its seat was written with a later version. Where it has not, the state still
 * counts and not the seat. The version has 25 bits; who is stopped between its look and its compare-and-set for exactly
 * a multiple of 33,554,432 changes, after which all else in the word is the same too, would not notice.
 *
 * <p>
 * <b>Large numbers</b> do not fit into the word. What is available beyond some 32,000 lies in {@code reserve}, what a
 * process holds beyond some 1,000 in its {@code base}. A change of these is an entry in the ledger: under the lock
 * {@code ledger} (a {@link LockWord}) the new reserve and base are noted, then one compare-and-set of the state changes
 * it and says by BIG that the entry counts; then reserve and base are stored and BIG is cleared. Who reads while BIG is
 * set takes the entry for the two words. Whoever gets the ledger next carries an entry out that a dead one has left:
 * storing the same numbers again is harmless. Small changes go on meanwhile, and never wait for the ledger. What is
 * available in the word and the reserve never have opposite signs for long: where the word says that there is something,
 * there is.
 *
 * <p>
 * <b>Death.</b> Every change counts by one compare-and-set, so a process that dies leaves what it held and nothing in
 * between. {@link #bury} gives it back as that process would have, which any number of processes may try at once: the
 * first compare-and-set counts, and changes what the others have seen.
 *
 * <p>
 * The idea that whoever overwrites an operation's trace first hands its outcome to its owner is that of recoverable
 * compare-and-swap (H. Attiya, O. Ben-Baruch, D. Hendler: Nesting-Safe Recoverable Linearizability, PODC 2018); here the
 * trace is the share itself, and one word instead of a matrix.
 */
final class Tally implements EventCount.Sleepers {
    /** How long those wait for the ledger who are not to wait: who has it has it for microseconds, unless it is stopped. */
    private static final long MOVING_NANOS = 10_000_000;

    private final Words words;
    private final Members members;
    private final LockWord ledger;
    private final boolean isMarkOwned;
    /** The state that this handle's last change of the usual sort has left; a guess, so races do no harm. */
    private long last;
    /**
     * Whether that was the state still when the one after it was made. Then the next one is tried from there before the
     * state is read: a read right after a locked instruction on the same word costs as much as that instruction.
     */
    private boolean isAlone;

    /** What a change is made of: what is available and held before it, and after it. */
    static final class Sums {
        long available;
        /** What the process holds. */
        long held;
        boolean isMarked;
        /** The seat of the last to change its share, -1 where there is none. Not to be changed. */
        int last;
        private long reserve;
        private long base;
    }

    /** A change of the sums. */
    interface Change {
        /** Changes the sums; returns false where there is nothing to be changed, or it is not to be. */
        boolean apply(Sums sums);
    }

    /**
     * A tally.
     *
     * @param isMarkOwned whether the mark, where it is set, belongs to the last to change its share, and stays with it
     */
    Tally(Words words, Members members, LockWord ledger, boolean isMarkOwned) {
        this.words = words;
        this.members = members;
        this.ledger = ledger;
        this.isMarkOwned = isMarkOwned;
    }

    long state() {
        return words.get(TallyLayout.STATE_AT);
    }

    boolean isMarked() {
        return TallyLayout.isMarked(state());
    }

    /** What is available, beyond the range of an int where somebody has given more. */
    long available() {
        while (true) {
            long state = state();
            long available = TallyLayout.available(state) + reserve(state);
            if (state() == state) {
                return available;
            }
        }
    }

    /** Whether there seem to be so many; a guess where the numbers are large. */
    boolean seemsToHave(int number) {
        long state = state();
        return TallyLayout.available(state) >= number || (number > 0 && reserve(state) != 0);
    }

    private long reserve(long state) {
        if ((state & TallyLayout.RESERVED) == 0) {
            return 0;
        }
        return words.get(TallyLayout.isBig(state) ? TallyLayout.NEXT_RESERVE_AT : TallyLayout.RESERVE_AT);
    }

    private long base(long state, int seat) {
        boolean isInLedger = TallyLayout.isBig(state) && words.get(TallyLayout.NEXT_SEAT_AT) == seat + 1;
        return words.get(isInLedger ? TallyLayout.NEXT_BASE_AT : baseAt(seat));
    }

    private long baseAt(int seat) {
        return members.at(seat) + TallyLayout.BASE_IN_SEAT;
    }

    /** What a process holds at a state but for its base; right where the state has not changed when this returns. */
    private int held(long state, int seat) {
        return TallyLayout.last(state) == seat ? TallyLayout.held(state) : TallyLayout.held(members.word(seat));
    }

    /** What the calling process holds. */
    long ownHeld() {
        int seat = members.find();
        return seat < 0 ? 0 : heldBy(seat);
    }

    /** What a process holds. */
    long heldBy(int seat) {
        while (true) {
            long state = state();
            long held = held(state, seat) + base(state, seat);
            if (state() == state) {
                return held;
            }
        }
    }

    /** Whether a seat's process has something that others may wait for. */
    boolean holds(int seat) {
        long state = state();
        return held(state, seat) != 0 || base(state, seat) != 0
                || (isMarkOwned && TallyLayout.isMarked(state) && TallyLayout.last(state) == seat);
    }

    private boolean cas(long state, long next) {
        return words.cas(TallyLayout.STATE_AT, state, next);
    }

    /** As {@link #takeQuickly}, in the case that is most frequent; small, to be compiled in place. */
    boolean takeAtOnce(int number, int seat) {
        long guess = last;
        if (isAlone && isReplaced(guess, TallyLayout.taken(guess, seat, number))) {
            return true;
        }
        long state = state();
        return isReplaced(state, TallyLayout.taken(state, seat, number));
    }

    /** As {@link #giveQuickly}, in the case that is most frequent; small, to be compiled in place. */
    boolean giveAtOnce(int number, int seat) {
        long guess = last;
        if (isAlone && isReplaced(guess, TallyLayout.given(guess, seat, number))) {
            return true;
        }
        long state = state();
        return isReplaced(state, TallyLayout.given(state, seat, number));
    }

    private boolean isReplaced(long state, long next) {
        if (next == 0 || !cas(state, next)) {
            return false;
        }
        isAlone = state == last;
        last = next;
        return true;
    }

    /**
     * Takes some where the word has as many and a number of a usual size is to be taken.
     *
     * @param seat the seat of the process whose share they become, -1 for nobody's
     * @return whether they were taken; where not, {@link #change} says whether they can be
     */
    boolean takeQuickly(int number, int seat) {
        while (true) {
            long state = state();
            long available = (long) TallyLayout.available(state) - number;
            if (available < 0) {
                return false;
            }
            if (seat < 0) {
                if (cas(state, TallyLayout.nextAvailable(state, available))) {
                    return true;
                }
                continue;
            }
            long held = (long) held(state, seat) + number;
            if (held > TallyLayout.MOST_HELD) {
                return false;
            }
            if (isLast(state, seat) && cas(state,
                    TallyLayout.next(state, flags(state), available, seat, held))) {
                return true;
            }
        }
    }

    /**
     * Gives some back where the process holds as many in the word or its seat, or nothing at all and gives new ones, and
     * where nobody sleeps who is to be woken for it.
     *
     * @param seat the calling process's seat, -1 where it has none
     * @return whether they were given; where not, {@link #change} does it
     */
    boolean giveQuickly(int number, int seat) {
        while (true) {
            long state = state();
            long available = (long) TallyLayout.available(state) + number;
            if ((state & (TallyLayout.SLEEPERS | TallyLayout.RESERVED)) != 0
                    || available > TallyLayout.MOST_AVAILABLE) {
                return false;
            }
            long held = seat < 0 ? 0 : held(state, seat);
            if (held == 0 && (seat < 0 || base(state, seat) == 0)) {
                if (cas(state, TallyLayout.nextAvailable(state, available))) {
                    return true;
                }
            } else if (held < number) {
                return false;
            } else if (isLast(state, seat) && cas(state,
                    TallyLayout.next(state, flags(state), available, seat, held - number))) {
                return true;
            }
        }
    }

    private static long flags(long state) {
        return state & TallyLayout.FLAGS;
    }

    /** Whether the seat is the last, or can replace it: the share of the last has been written back then. */
    private boolean isLast(long state, int seat) {
        int last = TallyLayout.last(state);
        return last == seat || last < 0 || hasWrittenBack(state, last);
    }

    /** Writes the share of the last back to its seat, where the state has not changed. */
    private boolean hasWrittenBack(long state, int last) {
        long word = members.word(last);
        if (state() != state) {
            return false;
        }
        long written = Members.process(word) | TallyLayout.payload(state);
        return word == 0 || word == written || members.cas(last, word, written);
    }

    /**
     * Makes any change.
     *
     * @param seat whose share is changed, -1 for nobody's
     * @param change what to do; called again where others were quicker
     * @param patience for the ledger, where the numbers are large
     * @return whether the change was made; false where it did not want to be, or the time was over
     */
    boolean change(int seat, Change change, Patience patience) throws InterruptedException {
        return change(seat, 0, change, patience);
    }

    /**
     * As the other, where the seat is still that of a process. Who buries may have been stopped until another has freed
     * the seat and a third has taken it. What it finds to be changed is the dead one's, then, as long as the state is the
     * same: a seat that holds something is not freed before a change of the state.
     *
     * @param process the process, 0 for any
     */
    private boolean change(int seat, long process, Change change, Patience patience) throws InterruptedException {
        Sums sums = new Sums();
        while (true) {
            long state = state();
            long flags = look(state, seat, sums);
            boolean isIts = isOf(seat, process);
            if (state() != state) {
                continue;
            }
            if (!isIts || !change.apply(sums)) {
                return false;
            }
            long available = sums.available - sums.reserve;
            long held = sums.held - sums.base;
            if (!fits(available, sums.reserve, held)) {
                return changeInLedger(seat, process, change, patience);
            }
            if (replace(state, flags, seat, sums, available, held)) {
                return true;
            }
        }
    }

    /** Whether the word has room for it, and what is available there and in reserve is not of opposite signs. */
    private static boolean fits(long available, long reserve, long held) {
        return Math.abs(available) <= TallyLayout.MOST_AVAILABLE && held >= 0 && held <= TallyLayout.MOST_HELD
                && (reserve == 0 || reserve < 0 == available < 0);
    }

    /** As {@link #change}, for those that must. */
    boolean changeUninterruptibly(int seat, Change change) {
        try {
            return change(seat, change, Patience.UNINTERRUPTIBLY);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // this wait was not to be interruptible
        }
    }

    /** Works the sums out, and returns the flags but for the mark. */
    private long look(long state, int seat, Sums sums) {
        sums.reserve = reserve(state);
        sums.base = seat < 0 ? 0 : base(state, seat);
        sums.available = TallyLayout.available(state) + sums.reserve;
        sums.held = seat < 0 ? 0 : held(state, seat) + sums.base;
        sums.isMarked = TallyLayout.isMarked(state);
        sums.last = TallyLayout.last(state);
        return flags(state) & ~TallyLayout.MARK;
    }

    private boolean replace(long state, long flags, int seat, Sums sums, long available, long held) {
        long all = flags | (sums.isMarked ? TallyLayout.MARK : 0);
        if (seat < 0) {
            return cas(state,
                    TallyLayout.next(state, all, available, TallyLayout.last(state), TallyLayout.held(state)));
        }
        return isLast(state, seat) && cas(state, TallyLayout.next(state, all, available, seat, held));
    }

    private boolean isOf(int seat, long process) {
        return process == 0 || Members.process(members.word(seat)) == process;
    }

    private boolean changeInLedger(int seat, long process, Change change, Patience patience)
            throws InterruptedException {
        long me = Participants.me();
        // Also who does not wait for what there is not waits for who is just moving what there is.
        Patience atLeast = patience.isOver() ? new Patience(System.nanoTime() + MOVING_NANOS, false) : patience;
        Outcome outcome = ledger.acquire(me, News.TAKE, atLeast);
        if (!outcome.isHeld()) {
            return false;
        }
        try {
            carryOut();
            boolean _ = ledger.consistent(me); // nothing of the dead one's is left to be told
            Sums sums = new Sums();
            while (true) {
                long state = state();
                long flags = look(state, seat, sums); // BIG is not set, and only the ledger's holder sets it
                boolean isIts = isOf(seat, process);
                if (state() != state) {
                    continue;
                }
                if (!isIts || !change.apply(sums)) {
                    return false;
                }
                if (enter(state, flags, seat, sums)) {
                    return true;
                }
            }
        } finally {
            boolean _ = ledger.release(me);
        }
    }

    /** Notes the new reserve and base, and lets them count; in the words as much as fits well is kept. */
    private boolean enter(long state, long flags, int seat, Sums sums) {
        long available = Math.clamp(sums.available, -TallyLayout.MOST_AVAILABLE / 2, TallyLayout.MOST_AVAILABLE / 2);
        long held = Math.min(sums.held, TallyLayout.MOST_HELD / 2);
        words.set(TallyLayout.NEXT_RESERVE_AT, sums.available - available);
        words.set(TallyLayout.NEXT_BASE_AT, sums.held - held);
        words.set(TallyLayout.NEXT_SEAT_AT, seat + 1L);
        long reserved = sums.available == available ? 0 : TallyLayout.RESERVED;
        if (!replace(state, (flags & TallyLayout.SLEEPERS) | TallyLayout.BIG | reserved, seat, sums, available, held)) {
            return false;
        }
        carryOut();
        return true;
    }

    /** Stores what an entry says, where there is one. Called by the ledger's holder. */
    private void carryOut() {
        if (!TallyLayout.isBig(state())) {
            return;
        }
        words.set(TallyLayout.RESERVE_AT, words.get(TallyLayout.NEXT_RESERVE_AT));
        int seat = (int) words.get(TallyLayout.NEXT_SEAT_AT) - 1;
        if (seat >= 0) {
            words.set(baseAt(seat), words.get(TallyLayout.NEXT_BASE_AT));
        }
        long state;
        do {
            state = state();
        } while (!cas(state, withFlags(state, flags(state) & ~TallyLayout.BIG)));
    }

    private static long withFlags(long state, long flags) {
        return TallyLayout.next(state, flags, TallyLayout.available(state), TallyLayout.last(state),
                TallyLayout.held(state));
    }

    @Override
    public void announce(boolean needsSeveral) {
        long kind = needsSeveral ? TallyLayout.SEVERAL : TallyLayout.ONE;
        long state = state();
        while ((state & kind) == 0 && !cas(state, withFlags(state, flags(state) | kind))) {
            state = state();
        }
    }

    @Override
    public int take(int count) {
        long state = state();
        while ((state & TallyLayout.SLEEPERS) != 0
                && !cas(state, withFlags(state, flags(state) & ~TallyLayout.SLEEPERS))) {
            state = state();
        }
        boolean isOne = (state & TallyLayout.SLEEPERS) == TallyLayout.ONE;
        return isOne ? count : (state & TallyLayout.SEVERAL) != 0 ? Cell.ALL : 0;
    }

    /**
     * Gives back what a dead process held, as {@code change} says, and frees its seat.
     *
     * @return whether the change was made
     */
    boolean bury(int seat, long word, Change change) {
        boolean isChanged = false;
        try {
            if (holds(seat)) {
                isChanged = change(seat, Members.process(word), change,
                        new Patience(System.nanoTime() + MOVING_NANOS, false));
                if (holds(seat)) {
                    return isChanged; // another is at it, or somebody who has stopped keeps the ledger
                }
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // this wait was not to be interruptible
        }
        free(seat, word);
        return isChanged;
    }

    /** Frees the seat of a dead process that holds nothing. */
    private void free(int seat, long word) {
        long state = state();
        while (TallyLayout.last(state) == seat && TallyLayout.held(state) == 0 && isOf(seat, Members.process(word))) {
            if (hasWrittenBack(state, seat)
                    && cas(state, TallyLayout.next(state, flags(state), TallyLayout.available(state), -1,
                            0))) {
                break;
            }
            state = state();
        }
        long seen = members.word(seat);
        if (Members.process(seen) == Members.process(word) && TallyLayout.last(state()) != seat
                && TallyLayout.held(seen) == 0) {
            boolean _ = members.cas(seat, seen, 0);
        }
    }
}
