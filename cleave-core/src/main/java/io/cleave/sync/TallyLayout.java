package io.cleave.sync;

/**
 * The layout of a {@link Tally}, on which semaphore and read-write lock are built; zeroes are a fresh one.
 *
 * <pre>
 *      0                8                16               24               32
 *      +----------------+----------------+----------------+----------------+
 *    0 | state          | turn           | zeroes         | stamp          |
 *      +----------------+----------------+----------------+----------------+
 *   32 | ledger         | reserve        | next reserve   | next base      |
 *      +----------------+----------------+----------------+----------------+
 *   64 | wanted         | beat           | next seat      | writer         |
 *      +----------------+----------------+----------------+----------------+
 *   96 | write holds    | died           | identity       | zeroes         |
 *      +----------------+----------------+----------------+----------------+
 *  128 | seat 0: member | base           | seat 1: member | base           | ...
 *      +----------------+----------------+----------------+----------------+
 *
 * state    63  62   61   60      59       58        43 42    35 34        25 24         0
 *        +---+----+----+-------+--------+-------------+--------+------------+------------+
 *        |BIG|MARK|ONE |SEVERAL|RESERVED| available   | last   | held       | version    |
 *        +---+----+----+-------+--------+-------------+--------+------------+------------+
 *
 * payload of a member   37 35 34        25 24         0
 *                      +-----+------------+------------+
 *                      | 0   | held       | version    |
 *                      +-----+------------+------------+
 * </pre>
 *
 * {@code last} is the seat whose process was the last to take or give something of its own, plus 1, and {@code held}
 * what that process holds. {@code available} has a sign. The words {@code wanted}, {@code beat} and from {@code writer}
 * to {@code identity} belong to the read-write lock.
 */
final class TallyLayout {
    static final long STATE_AT = 0;
    static final long TURN_AT = 8;
    static final long STAMP_AT = 24;
    static final long LEDGER_AT = 32;
    static final long RESERVE_AT = 40;
    static final long NEXT_RESERVE_AT = 48;
    static final long NEXT_BASE_AT = 56;
    static final long WANTED_AT = 64;
    static final long BEAT_AT = 72;
    static final long NEXT_SEAT_AT = 80;
    static final long WRITER_AT = 88;
    static final long WRITE_HOLDS_AT = 96;
    static final long DIED_AT = 104;
    static final long IDENTITY_AT = 112;
    static final long MEMBERS_AT = 128;
    static final int STRIDE = 16;
    static final int BASE_IN_SEAT = 8;
    /** Seats on memory of the caller's. */
    static final int SEATS = 56;
    /** Seats of an object with a name. */
    static final int NAMED_SEATS = 248;
    static final long BYTES = MEMBERS_AT + SEATS * STRIDE;
    static final long NAMED_BYTES = MEMBERS_AT + NAMED_SEATS * STRIDE;

    /** The ledger has an entry that must be carried out. */
    static final long BIG = 1L << 63;
    /** The object's own bit. */
    static final long MARK = 1L << 62;
    /** Somebody may sleep who waits for one. */
    static final long ONE = 1L << 61;
    /** Somebody may sleep who waits for several. */
    static final long SEVERAL = 1L << 60;
    /** The reserve is not zero. */
    static final long RESERVED = 1L << 59;
    static final long SLEEPERS = ONE | SEVERAL;
    static final long FLAGS = BIG | MARK | SLEEPERS | RESERVED;
    /** The most that lies in {@code available}, and the least with a minus. */
    static final int MOST_AVAILABLE = (1 << 15) - 1;
    /** The most that {@code held} counts. */
    static final int MOST_HELD = (1 << 10) - 1;

    private static final int FLAG_BITS = 5;
    private static final int AVAILABLE_SHIFT = 43;
    private static final long AVAILABLE = (1L << (Long.SIZE - FLAG_BITS - AVAILABLE_SHIFT)) - 1;
    private static final int LAST_SHIFT = 35;
    private static final long LAST = 0xffL << LAST_SHIFT;
    private static final int HELD_SHIFT = 25;
    private static final long HELD = (long) MOST_HELD << HELD_SHIFT;
    private static final long VERSION = (1L << HELD_SHIFT) - 1;

    private TallyLayout() {
    }

    static int available(long state) {
        return (int) (state << FLAG_BITS >> (AVAILABLE_SHIFT + FLAG_BITS));
    }

    /** The seat of the last to change what it holds, -1 where there is none. */
    static int last(long state) {
        return (int) ((state & LAST) >>> LAST_SHIFT) - 1;
    }

    /** What the last holds, or what a member's payload says that it held. */
    static int held(long word) {
        return (int) ((word & HELD) >>> HELD_SHIFT);
    }

    static boolean isBig(long state) {
        return state < 0;
    }

    static boolean isMarked(long state) {
        return (state & MARK) != 0;
    }

    /** A state that follows another one, by its version. */
    static long next(long state, long flags, long available, int last, long held) {
        return flags | (available & AVAILABLE) << AVAILABLE_SHIFT | (last + 1L) << LAST_SHIFT | held << HELD_SHIFT
                | ((state + 1) & VERSION);
    }

    /** A state that follows another one and differs from it in what is available. */
    static long nextAvailable(long state, long available) {
        return next(state, state & FLAGS, available, last(state), held(state));
    }

    /** The payload with which the last is written back to its seat. */
    static long payload(long state) {
        return state & (HELD | VERSION);
    }

    private static final long ONE_AVAILABLE = 1L << AVAILABLE_SHIFT;
    private static final long ONE_HELD = 1L << HELD_SHIFT;

    /**
     * The state after some more were taken, 0 where that is not so simple: the seat is not the last's, there are not as
     * many, or a field would overflow.
     *
     * @param seat whose share they become, -1 for nobody's
     */
    static long taken(long state, int seat, int number) {
        if (number > available(state) || (state & VERSION) == VERSION) {
            return 0;
        }
        if (seat < 0) {
            return state - number * ONE_AVAILABLE + 1;
        }
        boolean fits = last(state) == seat && number <= MOST_HELD - held(state);
        return fits ? state + number * (ONE_HELD - ONE_AVAILABLE) + 1 : 0;
    }

    /**
     * The state after some were given back, 0 where that is not so simple: the seat is not the last's, it does not hold as
     * many, somebody is to be woken, there is a debt, or a field would overflow.
     *
     * @param seat whose share they were, -1 for nobody's
     */
    static long given(long state, int seat, int number) {
        if (available(state) < 0 || number > MOST_AVAILABLE - available(state) || (state & (SLEEPERS | RESERVED)) != 0
                || (state & VERSION) == VERSION) {
            return 0;
        }
        if (seat < 0) {
            return state + number * ONE_AVAILABLE + 1;
        }
        boolean fits = last(state) == seat && number <= held(state);
        return fits ? state - number * (ONE_HELD - ONE_AVAILABLE) + 1 : 0;
    }
}
