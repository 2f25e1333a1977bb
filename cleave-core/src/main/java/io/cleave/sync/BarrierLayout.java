package io.cleave.sync;

/**
 * The layout of a barrier; zeroes are a fresh one, which has no parties yet.
 *
 * <pre>
 *      0                8                16               24               32
 *      +----------------+----------------+----------------+----------------+
 *    0 | word           | parties        | zeroes         | stamp          |
 *      +----------------+----------------+----------------+----------------+
 *   32 | zeroes                                                            |
 *      +-------------------------------------------------------------------+
 *   64 | history 0      | history 1      | ... 31
 *      +----------------+----------------+----------
 *  320 | member 0       | member 1       | ...
 *      +----------------+----------------+----------
 *
 * word    63         62                32 31                           0
 *        +----------+--------------------+------------------------------+
 *        | broken   | arrived            | generation                   |
 *        +----------+--------------------+------------------------------+
 *
 * history 63          59 58            32 31                           0
 *        +--------------+----------------+------------------------------+
 *        | zeroes       | window         | those that broke             |
 *        +--------------+----------------+------------------------------+
 * </pre>
 *
 * {@code word} is a {@link BarrierWord}. A generation goes by its number, modulo 2<sup>32</sup>; 32 in a row are a
 * window, and the last 32 windows have places in the history. A member is a process and how much it has: its handles, and
 * its threads that wait, which {@link Membership} counts.
 */
final class BarrierLayout {
    static final long WORD_AT = 0;
    static final long PARTIES_AT = 8;
    static final long STAMP_AT = 24;
    static final long HISTORY_AT = 64;
    static final int WINDOWS = 32;
    static final int WINDOW_SHIFT = 5;
    static final long MEMBERS_AT = HISTORY_AT + WINDOWS * Long.BYTES;
    /** How many processes there can be in a barrier on a caller's memory. */
    static final int MEMBERS = 64;
    /** How many there can be in one with a name. */
    static final int NAMED_MEMBERS = 250;
    static final long BYTES = MEMBERS_AT + MEMBERS * Long.BYTES;
    static final long NAMED_BYTES = MEMBERS_AT + NAMED_MEMBERS * Long.BYTES;

    static final long BROKEN = 1L << 63;
    static final long ARRIVAL = 1L << 32;

    private BarrierLayout() {
    }

    static int generation(long word) {
        return (int) word;
    }

    static int arrived(long word) {
        return (int) ((word & ~BROKEN) >>> 32);
    }

    static boolean isBroken(long word) {
        return word < 0;
    }

    /** The word of a generation to which nobody has come. */
    static long fresh(int generation) {
        return Integer.toUnsignedLong(generation);
    }

    /** What a word becomes when its generation breaks. */
    static long broken(long word) {
        return BROKEN | fresh(generation(word) + 1);
    }

    static int window(int generation) {
        return generation >>> WINDOW_SHIFT;
    }

    static long bit(int generation) {
        return 1L << (generation & (1 << WINDOW_SHIFT) - 1);
    }

    /** Where the history of a generation's window is. */
    static long historyAt(int generation) {
        return HISTORY_AT + window(generation) % WINDOWS * (long) Long.BYTES;
    }

    /** The history of a generation's window of which none broke. */
    static long emptyHistory(int generation) {
        return Integer.toUnsignedLong(window(generation)) << 32;
    }

    /** How many windows a history is later than a generation: negative where it is of an earlier one. */
    static int windowsLater(long history, int generation) {
        return ((int) (history >>> 32) - window(generation)) << WINDOW_SHIFT >> WINDOW_SHIFT;
    }

    /** Whether a history has anything of a generation or later ones. */
    static boolean isOfLater(long history, int generation) {
        int windowsLater = windowsLater(history, generation);
        return windowsLater > 0 || (windowsLater == 0 && (int) history >>> generation != 0);
    }
}
