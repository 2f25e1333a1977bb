package io.cleave.bench.sync;

import io.cleave.memory.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The memory that both sides of a measurement see: the words by which they begin and end together, each on lines of its
 * own, and the two regions in which lies what is measured. The blocks are the same for all rivals.
 */
final class Stand implements AutoCloseable {
    /** How often a side has come to {@link #meet}. */
    private static final long ARRIVALS_AT = 0;
    private static final long STOP_AT = 128;
    /** What the critical section changes. Guarded by what is measured. */
    private static final long COUNTER_AT = 256;
    /** The wake-up that the sleeper is waiting for, written before it waits. */
    private static final long ARMED_AT = 384;
    /** When the sleeper woke up, written before {@link #WOKEN_AT}. */
    private static final long MOMENT_AT = 512;
    /** The wake-up that has come. */
    private static final long WOKEN_AT = 640;
    private static final long THREAD_AT = 768;
    private static final long REGIONS_AT = 4096;
    private static final long REGION_BYTES = 1 << 17;
    private static final int SIDES = 2;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final SharedMemory block;
    private final MemorySegment memory;

    private Stand(SharedMemory block) {
        this.block = block;
        this.memory = block.segment();
    }

    /** The stand of a name, made where there is none; the last one out removes it. */
    static Stand open(String name) {
        return new Stand(SharedMemory.openOrCreate(name, REGIONS_AT + SIDES * REGION_BYTES));
    }

    String name() {
        return block.name();
    }

    /** One of the regions, 0 or 1. */
    MemorySegment region(int index) {
        return memory.asSlice(REGIONS_AT + index * REGION_BYTES, REGION_BYTES);
    }

    /** Waits until the other side has come here, too. */
    void meet() {
        long before = (long) LONG.getAndAdd(memory, ARRIVALS_AT, 1L);
        long both = (before / SIDES + 1) * SIDES;
        while ((long) LONG.getAcquire(memory, ARRIVALS_AT) < both) {
            Thread.onSpinWait();
        }
    }

    void stop(boolean isStopped) {
        LONG.setVolatile(memory, STOP_AT, isStopped ? 1L : 0L);
    }

    boolean isStopped() {
        return (long) LONG.getAcquire(memory, STOP_AT) != 0;
    }

    /** The critical section: an addition that loses some where two do it at once. */
    void count() {
        LONG.set(memory, COUNTER_AT, (long) LONG.get(memory, COUNTER_AT) + 1);
    }

    long counter() {
        return (long) LONG.getVolatile(memory, COUNTER_AT);
    }

    void arm(long number) {
        LONG.setVolatile(memory, ARMED_AT, number);
    }

    void awaitArmed(long number) {
        awaitWord(ARMED_AT, number);
    }

    void wokenAt(long number, long moment) {
        LONG.set(memory, MOMENT_AT, moment);
        LONG.setRelease(memory, WOKEN_AT, number);
    }

    /** Waits until a wake-up has come, and returns when that was. */
    long awaitWoken(long number) {
        awaitWord(WOKEN_AT, number);
        return (long) LONG.get(memory, MOMENT_AT);
    }

    private void awaitWord(long at, long value) {
        while ((long) LONG.getAcquire(memory, at) != value) {
            Thread.onSpinWait();
        }
    }

    /** Says which thread sleeps. */
    void sleeper(long pid, int tid) {
        LONG.setVolatile(memory, THREAD_AT, pid << Integer.SIZE | tid);
    }

    /** The directory of the thread that sleeps. */
    String sleeper() {
        long thread = (long) LONG.getVolatile(memory, THREAD_AT);
        return "/proc/" + (thread >>> Integer.SIZE) + "/task/" + (int) thread;
    }

    @Override
    public void close() {
        block.close();
    }
}
