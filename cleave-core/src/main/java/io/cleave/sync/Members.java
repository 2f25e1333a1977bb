package io.cleave.sync;

import io.cleave.os.Unistd;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The table, in an object's memory, of the processes that take part in it. Each has a seat: a word that names the
 * process and has 38 bits for what the object wants to know of it.
 *
 * <pre>
 * word    63                    38 37                                 0
 *        +------------------------+------------------------------------+
 *        | slot and generation    | payload, the object's own          |
 *        +------------------------+------------------------------------+
 * </pre>
 *
 * <h2>Overview</h2>
 *
 * A seat is free (0), or some process's, as {@link ParticipantsLayout#PROCESS} has it, until that process gives it up or
 * has died and its payload was taken back. All changes are compare-and-set on the one word, so a seat is never half
 * anybody's. A process has one seat in an object, whichever handles and mappings its threads use: claims of one process
 * are made one at a time. A forked child has another identity and takes a seat of its own.
 *
 * <p>
 * Seats of the dead are given back by whoever finds them: the object takes back what the dead one held, and then frees
 * the seat. Several may do so at once, and die at it, as each step is one compare-and-set from what was seen. Processes
 * that live are never moved: they may be stopped in the middle of a change, and go on later.
 */
final class Members {
    /** The bits of a word that are the object's own. */
    static final long PAYLOAD = ~ParticipantsLayout.PROCESS;

    private static final long LOOK_NANOS = 15_000_000;
    private static final long NAP_NANOS = 10_000;
    private static final int LINE_BYTES = 64;

    /** The pid of the process one of whose threads claims a seat, 0 where none does. A child may find its parent's. */
    private static final AtomicInteger CLAIMANT = new AtomicInteger();
    /** How often this process has got a seat, in whatever object and by whatever handle; raised before it is made use of. */
    private static final AtomicLong CLAIMS = new AtomicLong();

    private final Words words;
    private final long at;
    private final int stride;
    private final int capacity;
    /** The calling process and, in the lower bits, its seat plus 1; a guess that is checked, so races do no harm. */
    private long self;
    /**
     * The calling process and, in the lower bits, what {@link #CLAIMS} was when it was found to have no seat, for those who
     * only give: they need not look through all seats each time. A guess likewise.
     */
    private long seatless;
    /** When somebody looked for the dead last to bury them; races cost a look. */
    private volatile long lastReap = System.nanoTime() - LOOK_NANOS;
    /** When a sleeper looked for them last. Of its own: who only tries, and often, must not keep sleepers from looking. */
    private volatile long lastLook = System.nanoTime() - LOOK_NANOS;

    /** Takes back what the dead have left. */
    interface Heir {
        /**
         * Takes back what a seat's dead process held, and frees the seat by {@link #cas} to 0. Called by several
         * processes at once, perhaps; it may fail where another was quicker.
         *
         * @return whether that may let somebody go on
         */
        boolean bury(int seat, long word);
    }

    /** Whether a dead process's seat matters to those who wait. */
    interface Concern {
        boolean holds(int seat, long word);
    }

    /**
     * A table.
     *
     * @param words the object's memory
     * @param at where the table begins
     * @param stride the bytes from seat to seat, a multiple of 8
     * @param capacity how many seats there are
     */
    Members(Words words, long at, int stride, int capacity) {
        this.words = words;
        this.at = at;
        this.stride = stride;
        this.capacity = capacity;
    }

    int capacity() {
        return capacity;
    }

    /** Where a seat's word is. */
    long at(int seat) {
        return at + (long) seat * stride;
    }

    long word(int seat) {
        return words.get(at(seat));
    }

    boolean cas(int seat, long expected, long value) {
        return words.cas(at(seat), expected, value);
    }

    static long process(long word) {
        return word & ParticipantsLayout.PROCESS;
    }

    static long payload(long word) {
        return word & PAYLOAD;
    }

    /** The calling process's seat, -1 where it has none. */
    int find() {
        long process = Participants.process();
        long guess = self;
        if ((guess & ParticipantsLayout.PROCESS) == process) {
            int seat = (int) guess - 1;
            if (process(word(seat)) == process) {
                return seat;
            }
        }
        long claims = process | (CLAIMS.get() & PAYLOAD); // before the search: a claim that it overlooks raises it after
        if (claims == seatless) {
            return -1;
        }
        int found = search(process);
        if (found < 0) {
            seatless = claims;
        }
        return found;
    }

    private int search(long process) {
        for (int seat = 0; seat < capacity; seat++) {
            if (process(word(seat)) == process) {
                self = process | (seat + 1);
                return seat;
            }
        }
        return -1;
    }

    /**
     * The calling process's seat, -1 where it has none. For objects that free seats of the dead only: it is not looked at
     * again where the process has had it before.
     */
    int keptSeatOrNone() {
        long guess = self;
        return (guess & ParticipantsLayout.PROCESS) == Participants.process() ? (int) guess - 1 : find();
    }

    /**
     * The calling process's seat, which it gets where it has none.
     *
     * @param heir takes back what the dead held, where all seats are taken
     * @throws IllegalStateException where they are taken by processes that live
     */
    int seat(Heir heir) {
        int found = find();
        return found >= 0 ? found : claim(heir);
    }

    private int claim(Heir heir) {
        long process = Participants.process();
        lockClaims();
        try {
            int found = search(process);
            if (found < 0) {
                found = claimFree(process);
            }
            if (found < 0) {
                boolean _ = reap(heir); // what matters is whether it has made room
                found = claimFree(process);
            }
            if (found < 0) {
                throw new IllegalStateException(
                        "all " + capacity + " places for processes that use this object at once "
                                + "are taken by processes that live; an object with a name has more places than one on "
                                + "memory of the caller's, or let some of them end");
            }
            long _ = CLAIMS.incrementAndGet();
            self = process | (found + 1);
            return found;
        } finally {
            CLAIMANT.set(0);
        }
    }

    /** Lets one thread of this process in at a time; where it was forked meanwhile, the child's threads likewise. */
    private static void lockClaims() {
        int pid = Unistd.getpid();
        while (true) {
            int claimant = CLAIMANT.get();
            if (claimant != pid && CLAIMANT.compareAndSet(claimant, pid)) {
                return;
            }
            LockSupport.parkNanos(NAP_NANOS); // the other may be a virtual thread that waits for this one's carrier
        }
    }

    private int claimFree(long process) {
        for (int i = 0; i < capacity; i++) {
            int seat = spread(i);
            if (word(seat) == 0 && cas(seat, 0, process)) {
                return seat;
            }
        }
        return -1;
    }

    /** The seats in an order in which those that come one after the other lie on lines of their own. */
    int spread(int index) {
        int inLine = Math.max(1, LINE_BYTES / stride);
        int lines = capacity / inLine;
        int whole = lines * inLine;
        return index < whole ? index % lines * inLine + index / lines : index;
    }

    /**
     * Takes back what dead processes have left, and frees their seats.
     *
     * @return whether that may let somebody go on
     */
    boolean reap(Heir heir) {
        lastReap = System.nanoTime();
        boolean mayGo = false;
        for (int seat = 0; seat < capacity; seat++) {
            long word = word(seat);
            if (word != 0 && Participants.isDead(word)) {
                mayGo |= heir.bury(seat, word);
            }
        }
        return mayGo;
    }

    /** Whether nobody has buried the dead through this handle for a moment. */
    boolean isTimeToLook() {
        return System.nanoTime() - lastReap >= LOOK_NANOS;
    }

    /** As {@link #reap}, where it {@link #isTimeToLook}. */
    boolean reapNowAndThen(Heir heir) {
        return isTimeToLook() && reap(heir);
    }

    /** Whether somebody who has died keeps something back. Looks now and then, and else says no. */
    boolean hasDead(Concern concern) {
        long now = System.nanoTime();
        if (now - lastLook < LOOK_NANOS) {
            return false;
        }
        lastLook = now;
        for (int seat = 0; seat < capacity; seat++) {
            long word = word(seat);
            if (word != 0 && concern.holds(seat, word) && Participants.isDead(word)) {
                lastReap = now - LOOK_NANOS; // for the sleeper that this wakes
                return true;
            }
        }
        return false;
    }
}
