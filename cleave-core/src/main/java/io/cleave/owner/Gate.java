package io.cleave.owner;

import io.cleave.os.SigbusGuard;
import io.cleave.os.Unistd;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The gate that the handle on a block is: who is inside has the memory, and the handle closes when everybody is out.
 * Where there is no block, because the memory is a caller's, the gate is always open.
 *
 * <h2>Overview</h2>
 *
 * Operations of several steps, and those that sleep, run between {@link #enter} and {@link #exit}. Closing shuts the
 * gate, then wakes those who sleep inside again and again, who leave with an exception and take back on their way out
 * what they had left in the memory; only then the memory goes. A single access needs no gate, as the segment itself
 * refuses one that comes too late.
 *
 * <p>
 * {@code inside} is raised before {@code isShut} is looked at, and {@code isShut} is set before {@code inside} is looked
 * at, all by volatile accesses: so one who enters sees the gate shut, or the closer sees it inside. Where the count is a
 * sum of several, each goes down only once the gate is shut, but for those who come too late and go again: so when each
 * has been seen to be 0 after that, nobody is inside.
 */
public class Gate {
    /** So many counts fill a line of the cache, and the one that is fetched with it. */
    private static final int LINE = 32;
    private static final long NAP_NANOS = 200_000;
    private static final long PATIENCE_NANOS = 5_000_000_000L;

    /** Gives the memory up. */
    private final @Nullable Runnable release;
    /** Some of the memory; empty where it is a caller's. */
    private final MemorySegment memory;
    /** Calls of this process that are inside: the sum of some counts, of which each thread uses one. */
    private final AtomicIntegerArray inside;
    private final boolean isReserving;
    /** Whether nobody is let in any more. Written under this. */
    private volatile boolean isShut;

    /**
     * The gate of a block.
     *
     * @param release gives up the memory behind the gate, or throws {@link IllegalStateException} where somebody is in
     *        the middle of a system call on it
     * @param memory the memory
     */
    protected Gate(Runnable release, MemorySegment memory) {
        this(release, memory, 1, false);
    }

    /** The gate of a caller's memory, which is always open. */
    public Gate() {
        this(null, MemorySegment.NULL, 1, false);
    }

    /**
     * A gate for many threads at once, of which each has stack enough for its way out when it has come in
     * ({@link StackReserve}).
     *
     * @param release as above
     * @param memory as above
     * @param ways how many threads can pass without getting into each other's way, a power of two
     */
    public Gate(Runnable release, MemorySegment memory, int ways) {
        this(release, memory, ways, true);
    }

    private Gate(@Nullable Runnable release, MemorySegment memory, int ways, boolean isReserving) {
        this.release = release;
        this.memory = memory;
        this.isReserving = isReserving;
        this.inside = new AtomicIntegerArray(ways == 1 ? 1 : ways * LINE);
    }

    /** Always the same for a thread. */
    private int way() {
        return (int) Thread.currentThread().threadId() * LINE & inside.length() - 1;
    }

    private int inside() {
        int sum = 0;
        for (int i = 0; i < inside.length(); i += LINE) {
            sum += inside.get(i);
        }
        return sum;
    }

    /** Whether there is a block, whose mapping ends with the handle. */
    public final boolean isBlock() {
        return release != null;
    }

    /** Whether the memory is gone. */
    public final boolean isClosed() {
        return release != null && isShut;
    }

    /**
     * Begins an operation that needs the memory until {@link #exit}.
     *
     * @throws IllegalStateException where the handle is closed or closing
     * @throws io.cleave.IncompatibleBlockException where somebody has truncated the block, and an access has failed
     */
    public final void enter() {
        if (release != null) {
            SigbusGuard.requireIntact(memory);
            if (isReserving) {
                StackReserve.check();
            }
            int way = way();
            inside.getAndIncrement(way);
            if (isShut) {
                inside.getAndDecrement(way);
                throw new IllegalStateException("this handle is closed; open the object by its name again");
            }
        }
    }

    /** Ends what {@link #enter} began. */
    public final void exit() {
        if (release != null) {
            inside.getAndDecrement(way());
        }
    }

    /**
     * Sends away who waits through this handle, and gives it up once nobody is inside; where there is no block, nothing.
     *
     * @param cells where threads sleep through this handle
     * @throws IllegalStateException where somebody was still inside after 5 s; nothing is closed then
     */
    public final synchronized void close(List<SharedCell> cells) {
        Runnable memory = release;
        if (memory == null || isShut) {
            return;
        }
        isShut = true;
        boolean done = false;
        try {
            close(memory, cells);
            done = true;
        } finally {
            if (!done) {
                cells.forEach(SharedCell::reopen);
                isShut = false;
            }
        }
    }

    private void close(Runnable memory, List<SharedCell> cells) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            cells.forEach(SharedCell::close);
            boolean isLate = System.nanoTime() - deadline > 0;
            // A forked child has its parent's count and none of the parent's threads, and its memory stays mapped.
            if (inside() == 0 || Unistd.isForkedChild()) {
                try {
                    memory.run();
                    return;
                } catch (IllegalStateException e) { // somebody is just in the middle of a system call on the memory
                    if (isLate) {
                        throw e;
                    }
                }
            } else if (isLate) {
                throw new IllegalStateException(
                        inside() + " calls are still under way through this handle; nothing "
                                + "was closed, let them end and close it again");
            }
            Patience.nap(NAP_NANOS);
        }
    }

    /** What {@code toString()} says: of a closed handle, that it is closed. */
    public final String describe(String type, Supplier<String> state) {
        try {
            enter();
        } catch (IllegalStateException e) {
            return type + "[closed]";
        }
        try {
            return type + "[" + state.get() + "]";
        } catch (IllegalStateException e) {
            return type + "[closed]"; // the caller's memory is
        } finally {
            exit();
        }
    }
}
