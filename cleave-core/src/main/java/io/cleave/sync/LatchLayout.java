package io.cleave.sync;

/**
 * The layout of a latch; zeroes are a fresh one, whose count is 0 until somebody makes it.
 *
 * <pre>
 *      0                8                16               24               32
 *      +----------------+----------------+----------------+----------------+
 *    0 | word           | zeroes                          | stamp          |
 *      +----------------+---------------------------------+----------------+
 *   64 | member 0       | member 1       | ...
 *      +----------------+----------------+----------
 *
 * word    63                34   33     32   31   30                      0
 *        +--------------------+--------+------+--------+-------------------+
 *        | zeroes             | waited | made | broken | count             |
 *        +--------------------+--------+------+--------+-------------------+
 *
 * member  63                    38 37       32 31                         0
 *        +------------------------+-----------+----------------------------+
 *        | slot and generation    | active    | handles                    |
 *        +------------------------+-----------+----------------------------+
 * </pre>
 *
 * {@code word} is changed by compare-and-set; its lower half is the futex. {@code made} is set with the first count,
 * {@code waited} where somebody may sleep. A member is {@code active} where the process has counted down or waited.
 */
final class LatchLayout {
    static final long WORD_AT = 0;
    static final long STAMP_AT = 24;
    static final long MEMBERS_AT = 64;
    /** How many processes there can be at a latch on a caller's memory. */
    static final int MEMBERS = 64;
    /** How many there can be at one with a name. */
    static final int NAMED_MEMBERS = 250;
    static final long BYTES = MEMBERS_AT + MEMBERS * Long.BYTES;
    static final long NAMED_BYTES = MEMBERS_AT + NAMED_MEMBERS * Long.BYTES;

    static final long COUNT = Integer.MAX_VALUE;
    static final long BROKEN = 1L << 31;
    static final long MADE = 1L << 32;
    static final long WAITED = 1L << 33;

    /** In a member: the process has counted down or waited. */
    static final long ACTIVE = 1L << 32;

    private LatchLayout() {
    }

    static long count(long word) {
        return word & COUNT;
    }

    static boolean isBroken(long word) {
        return (word & BROKEN) != 0;
    }
}
