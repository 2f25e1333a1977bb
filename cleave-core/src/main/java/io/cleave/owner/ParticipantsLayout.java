package io.cleave.owner;

import io.cleave.os.CrashPoint;
import io.cleave.os.ProcessIdentity;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The layout of the file of participants, and of the 64 bits by which it knows an owner.
 *
 * <pre>
 *      0                8                16               24
 *      +----------------+----------------+----------------+
 *    0 | magic, version | seed           | next   | zeroes |
 *      +----------------+----------------+----------------+
 * 4096 | slot 0, unused                                                    |
 *      +----------------+----------------+----------------+----------------+
 * 4128 | slot 1: count  | pid    | zeroes| start          | pid namespace  | slot 2 ...
 *      +----------------+----------------+----------------+----------------+
 *
 * owner   63        52 51           38 37                 3   2    1    0
 *        +------------+---------------+--------------------+----+----+----+
 *        | slot       | generation    | thread             | flags        |
 *        +------------+---------------+--------------------+----+----+----+
 * </pre>
 *
 * A slot's {@code count} goes up with each process that takes it; only that process writes the slot's fields, the count
 * last: pid, start time in ticks since boot and the inode of its pid namespace say which process it is. The generation is
 * seed plus count. The seed is random and never 0: a file made anew does not repeat the owners of the old one, and what
 * lies in shared memory names the file that it speaks of by it.
 */
public final class ParticipantsLayout {
    /** "CLEAVEP" and the format's version, 3, in the highest byte. */
    static final long MAGIC = 0x0350_4556_4145_4c43L;
    /** Slots are 1 to {@value}. */
    public static final int SLOTS = 4095;
    static final long MAGIC_AT = 0;
    static final long SEED_AT = 8;
    static final long NEXT_AT = 16;
    static final long TABLE_AT = 4096;
    static final long SLOT_BYTES = 32;
    static final long PID_IN_SLOT = 8;
    static final long START_IN_SLOT = 16;
    static final long NAMESPACE_IN_SLOT = 24;
    public static final long FILE_BYTES = TABLE_AT + (SLOTS + 1) * SLOT_BYTES;

    /** Where the slot begins. */
    public static final int SLOT_SHIFT = 52;
    public static final int GENERATION_SHIFT = 38;
    static final long GENERATIONS = 1L << (SLOT_SHIFT - GENERATION_SHIFT);
    public static final int THREAD_SHIFT = 3;
    public static final long THREADS = 1L << (GENERATION_SHIFT - THREAD_SHIFT);
    /** The bits of an owner that say which process. */
    public static final long PROCESS = -1L << GENERATION_SHIFT;
    /** The bits that say which thread of which process. */
    public static final long OWNER = -1L << THREAD_SHIFT;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private ParticipantsLayout() {
    }

    /** Stores a word of the header where it is still zero, and returns what is there then. */
    static long longOnce(MemorySegment file, long at, long value) {
        long found = (long) LONG.compareAndExchange(file, at, 0L, value);
        CrashPoint.reached();
        return found == 0 ? value : found;
    }

    static long seedAcquire(MemorySegment file) {
        return (long) LONG.getAcquire(file, SEED_AT);
    }

    static int nextIncrement(MemorySegment file) {
        int next = (int) INT.getAndAdd(file, NEXT_AT, 1);
        CrashPoint.reached();
        return next;
    }

    static long countAcquire(MemorySegment file, int slot) {
        return (long) LONG.getAcquire(file, at(slot));
    }

    static void countRelease(MemorySegment file, int slot, long value) {
        LONG.setRelease(file, at(slot), value);
        CrashPoint.reached();
    }

    static int pidOpaque(MemorySegment file, int slot) {
        return (int) INT.getOpaque(file, at(slot) + PID_IN_SLOT);
    }

    /** The process that has a slot, or had it last. */
    static ProcessIdentity identityOpaque(MemorySegment file, int slot) {
        return new ProcessIdentity(pidOpaque(file, slot), (long) LONG.getOpaque(file, at(slot) + START_IN_SLOT),
                (long) LONG.getOpaque(file, at(slot) + NAMESPACE_IN_SLOT));
    }

    static void identityOpaque(MemorySegment file, int slot, ProcessIdentity process) {
        INT.setOpaque(file, at(slot) + PID_IN_SLOT, process.pid());
        CrashPoint.reached();
        LONG.setOpaque(file, at(slot) + START_IN_SLOT, process.startTicks());
        CrashPoint.reached();
        LONG.setOpaque(file, at(slot) + NAMESPACE_IN_SLOT, process.pidNamespace());
        CrashPoint.reached();
    }

    private static long at(int slot) {
        return TABLE_AT + slot * SLOT_BYTES;
    }

    /** The process part of an owner. */
    public static long process(int slot, long generation) {
        return (long) slot << SLOT_SHIFT | (generation & (GENERATIONS - 1)) << GENERATION_SHIFT;
    }

    public static int slot(long owner) {
        return (int) (owner >>> SLOT_SHIFT);
    }

    public static long generation(long owner) {
        return owner >>> GENERATION_SHIFT & (GENERATIONS - 1);
    }
}
