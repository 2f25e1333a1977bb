package io.cleave.sync;

import io.cleave.os.CrashPoint;
import io.cleave.owner.LockWord;
import io.cleave.owner.Participants;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The layout of a mutex; zeroes are a fresh one.
 *
 * <pre>
 *      0                8        12       16               24               64
 *      +----------------+--------+--------+----------------+-----------------+
 *    0 | word           | holds  | zeroes | stamp          | zeroes          |
 *      +----------------+--------+--------+----------------+-----------------+
 *   64 | condition 0: epoch | group even | group odd | turn even | turn odd | passed | zeroes |
 *      +------------------------------------------------------------------------------------+
 *  120 | condition 1 ...
 *      +-----------------
 * </pre>
 *
 * {@code word} is a {@link LockWord}. {@code holds} counts how often the owner holds it beyond the first time, and is
 * written by the owner only. {@code stamp} is that of {@link Participants#join}. A condition's fields, of 8 bytes each,
 * are those of {@link Signals}.
 */
final class MutexLayout {
    static final long WORD_AT = 0;
    static final long HOLDS_AT = 8;
    static final long STAMP_AT = 16;
    static final long CONDITIONS_AT = 64;
    static final long CONDITION_BYTES = 56;
    static final int CONDITIONS = 8;
    static final long GROUPS_IN_CONDITION = 8;
    static final long TURNS_IN_CONDITION = 24;
    static final long PASSED_IN_CONDITION = 40;
    static final long BYTES = CONDITIONS_AT + CONDITIONS * CONDITION_BYTES;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private MutexLayout() {
    }

    static int intPlain(MemorySegment mutex, long at) {
        return (int) INT.get(mutex, at);
    }

    static void intOpaque(MemorySegment mutex, long at, int value) {
        INT.setOpaque(mutex, at, value);
        CrashPoint.reached();
    }

    static long conditionAt(int index) {
        return CONDITIONS_AT + index * CONDITION_BYTES;
    }
}
