package io.cleave.sync;

import io.cleave.os.CrashPoint;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The layout that semaphore, read-write lock, latch and barrier share; zeroes are a fresh one.
 *
 * <pre>
 *      0                8                16               24               32
 *      +----------------+----------------+----------------+----------------+
 *    0 | guard          | turn           | sleepers       | initialised    |
 *      +----------------+----------------+----------------+----------------+
 *   32 | six fields, the meaning of which is the object's own              |
 *      +----------------+----------------+---------------------------------+
 *  128 | member 0       | member 1       | ... 63
 *      +----------------+----------------+----------
 *
 * member  63                    38 37                              0
 *        +------------------------+---------------------------------+
 *        | slot and generation    | count                           |
 *        +------------------------+---------------------------------+
 * </pre>
 *
 * {@code guard} is a {@link LockWord}. All else is written by its owner only. {@code turn} goes up whenever something
 * happens that may let a waiter go, which sleeps on it. A member is a process, as {@link ParticipantsLayout} has it, and
 * what it holds, which may be nothing.
 */
final class GuardedLayout {
    static final long GUARD_AT = 0;
    static final long TURN_AT = 8;
    static final long SLEEPERS_AT = 16;
    static final long INITIALISED_AT = 24;
    static final long FIELDS_AT = 32;
    static final long MEMBERS_AT = 128;
    static final int MEMBERS = 64;
    private static final int MEMBERS_IN_LINE = 8;
    private static final int LINES = MEMBERS / MEMBERS_IN_LINE;
    static final long BYTES = MEMBERS_AT + MEMBERS * Long.BYTES;
    /** The bits of a member that count. */
    static final long COUNT = ~ParticipantsLayout.PROCESS;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private GuardedLayout() {
    }

    static long fieldAt(int index) {
        return FIELDS_AT + (long) index * Long.BYTES;
    }

    static long memberAt(int index) {
        return MEMBERS_AT + (long) index * Long.BYTES;
    }

    /** The members in an order in which those that come one after the other lie on lines of their own. */
    static int spread(int index) {
        return index % LINES * MEMBERS_IN_LINE + index / LINES;
    }

    static long longOpaque(MemorySegment memory, long at) {
        return (long) LONG.getOpaque(memory, at);
    }

    /** Stores after all that was stored before: who repairs after a death in between must find that, too. */
    static void longRelease(MemorySegment memory, long at, long value) {
        LONG.setRelease(memory, at, value);
        CrashPoint.reached();
    }
}
