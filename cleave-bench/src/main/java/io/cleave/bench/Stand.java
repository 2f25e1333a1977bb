package io.cleave.bench;

import io.cleave.memory.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The memory that both sides of a measurement see: the words by which they begin and end together, each on lines of its
 * own, and the two regions in which lies what is measured. The blocks are the same for all rivals.
 */
public final class Stand implements AutoCloseable {
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
    private static final int SIDES = 2;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final SharedMemory block;
    private final MemorySegment memory;
    private final long regionBytes;

    private Stand(SharedMemory block, long regionBytes) {
        this.block = block;
        this.memory = block.segment();
        this.regionBytes = regionBytes;
    }

    /**
     * The stand of a name, made where there is none; the last one out removes it.
     *
     * @param name the same on both sides
     * @param regionBytes the size of a region, the same on both sides
     * @return the stand, to be closed
     */
    public static Stand open(String name, long regionBytes) {
        return new Stand(SharedMemory.openOrCreate(name, REGIONS_AT + SIDES * regionBytes), regionBytes);
    }

    /**
     * The name that the other side opens it by.
     *
     * @return the name
     */
    public String name() {
        return block.name();
    }

    /**
     * One of the regions, which are zeroes at first.
     *
     * @param index 0 or 1
     * @return its memory
     */
    public MemorySegment region(int index) {
        return memory.asSlice(REGIONS_AT + index * regionBytes, regionBytes);
    }

    /** Waits until the other side has come here, too. */
    public void meet() {
        meet(SIDES);
    }

    /**
     * Waits until all have come here.
     *
     * @param sides how many take part, the same for each of them
     */
    @SuppressWarnings("ThreadPriorityCheck") // to give way is all that is wanted
    public void meet(int sides) {
        long before = (long) LONG.getAndAdd(memory, ARRIVALS_AT, 1L);
        long all = (before / sides + 1) * sides;
        while ((long) LONG.getAcquire(memory, ARRIVALS_AT) < all) {
            if (sides > SIDES) {
                Thread.yield(); // there may be fewer processors
            } else {
                Thread.onSpinWait();
            }
        }
    }

    /**
     * Says whether the run is over.
     *
     * @param isStopped whether it is
     */
    public void stop(boolean isStopped) {
        LONG.setVolatile(memory, STOP_AT, isStopped ? 1L : 0L);
    }

    /**
     * Whether somebody has said that the run is over.
     *
     * @return whether it is
     */
    public boolean isStopped() {
        return (long) LONG.getAcquire(memory, STOP_AT) != 0;
    }

    /** The critical section: an addition that loses some where two do it at once. */
    public void count() {
        LONG.set(memory, COUNTER_AT, (long) LONG.get(memory, COUNTER_AT) + 1);
    }

    /**
     * How many additions there were.
     *
     * @return the sum
     */
    public long counter() {
        return (long) LONG.getVolatile(memory, COUNTER_AT);
    }

    /**
     * Says that the sleeper is about to wait.
     *
     * @param number for which wake-up
     */
    public void arm(long number) {
        LONG.setVolatile(memory, ARMED_AT, number);
    }

    /**
     * Waits until the sleeper is about to wait.
     *
     * @param number for which wake-up
     */
    public void awaitArmed(long number) {
        awaitWord(ARMED_AT, number);
    }

    /**
     * Says that the sleeper has woken up.
     *
     * @param number by which wake-up
     * @param moment when
     */
    public void wokenAt(long number, long moment) {
        LONG.set(memory, MOMENT_AT, moment);
        LONG.setRelease(memory, WOKEN_AT, number);
    }

    /**
     * Waits until a wake-up has come.
     *
     * @param number which
     * @return when that was
     */
    public long awaitWoken(long number) {
        awaitWord(WOKEN_AT, number);
        return (long) LONG.get(memory, MOMENT_AT);
    }

    private void awaitWord(long at, long value) {
        while ((long) LONG.getAcquire(memory, at) != value) {
            Thread.onSpinWait();
        }
    }

    /**
     * Says which thread sleeps.
     *
     * @param pid its process
     * @param tid the thread, as the kernel knows it
     */
    public void sleeper(long pid, int tid) {
        LONG.setVolatile(memory, THREAD_AT, pid << Integer.SIZE | tid);
    }

    /**
     * The directory of the thread that sleeps.
     *
     * @return a path in /proc
     */
    public String sleeper() {
        long thread = (long) LONG.getVolatile(memory, THREAD_AT);
        return "/proc/" + (thread >>> Integer.SIZE) + "/task/" + (int) thread;
    }

    @Override
    public void close() {
        block.close();
    }
}
