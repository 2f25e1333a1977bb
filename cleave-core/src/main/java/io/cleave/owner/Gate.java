package io.cleave.owner;

import io.cleave.os.Membarrier;
import io.cleave.os.SigbusGuard;
import io.cleave.os.Unistd;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
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
 * what they had left in the memory; only then the memory goes. A single access by a segment needs no gate, as that
 * refuses one that comes too late; one by an address does.
 *
 * <p>
 * {@code inside} is raised before {@code isShut} is looked at, and {@code isShut} is set before {@code inside} is looked
 * at, all by volatile accesses: so one who enters sees the gate shut, or the closer sees it inside. Where the count is a
 * sum of several, each goes down only once the gate is shut, but for those who come too late and go again: so when each
 * has been seen to be 0 after that, nobody is inside.
 *
 * <p>
 * <b>Seats.</b> Of a gate for many threads each platform thread gets a count that it alone writes, as long as there are some
 * left. So it needs no atomic operation, which would also wait for all stores before it; and no fence, as the closer has one
 * made in all threads ({@link Membarrier}) between shutting the gate and looking at the counts. A seat is given to another
 * thread when its own has ended.
 */
public class Gate {
    /** So many counts fill a line of the cache, and the one that is fetched with it. */
    private static final int LINE = 32;
    private static final long NAP_NANOS = 200_000;
    private static final long PATIENCE_NANOS = 5_000_000_000L;
    private static final boolean HAS_BARRIER = Membarrier.registerThreads();
    /** From the seat's own count to that of the threads which share it. */
    private static final int SHARED = 1;

    /** Gives the memory up. */
    private final @Nullable Runnable release;
    /** Some of the memory; empty where it is a caller's. */
    private final MemorySegment memory;
    /** Calls of this process that are inside: the sum of some counts, two for each seat. */
    private final AtomicIntegerArray inside;
    /** Whose the seats are, by {@link Thread#threadId}; a thread that finds another at its seat is counted beside it. */
    private final long[] owners;
    /** The same as threads, which are not kept for it: they may have the class loader of an application. */
    private final AtomicReferenceArray<@Nullable WeakReference<Thread>> threads;
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
     * @param seats how many threads can pass without getting into each other's way, a power of two
     */
    public Gate(Runnable release, MemorySegment memory, int seats) {
        this(release, memory, seats, true);
    }

    private Gate(@Nullable Runnable release, MemorySegment memory, int seats, boolean isReserving) {
        this.release = release;
        this.memory = memory;
        this.isReserving = isReserving;
        this.inside = new AtomicIntegerArray(seats * LINE);
        this.owners = new long[HAS_BARRIER && seats > 1 ? seats : 0];
        this.threads = new AtomicReferenceArray<>(owners.length);
    }

    /** Where the count of a thread is, unless it gets a seat meanwhile. */
    private int count(Thread thread) {
        long id = thread.threadId();
        int seat = (int) id & inside.length() / LINE - 1;
        return seat * LINE + (seat < owners.length && owners[seat] == id ? 0 : SHARED);
    }

    /** As {@link #count}, for a thread that comes in: it gets a seat if one is left. */
    private int countOfNew(Thread thread) {
        int count = count(thread);
        boolean getsSeat = count % LINE != 0 && inside.get(count) == 0 && takesSeat(count / LINE, thread);
        return getsSeat ? count - SHARED : count;
    }

    /** Takes a seat that is nobody's; with the thread not inside. */
    private boolean takesSeat(int seat, Thread thread) {
        if (seat >= owners.length || thread.isVirtual()) {
            return false;
        }
        WeakReference<Thread> before = threads.get(seat);
        Thread owner = before == null ? null : before.get();
        if ((owner != null && owner.isAlive())
                || !threads.compareAndSet(seat, before, new WeakReference<>(thread))) {
            return false;
        }
        owners[seat] = thread.threadId();
        return true;
    }

    private int inside() {
        int sum = 0;
        for (int i = 0; i < inside.length(); i += LINE) {
            sum += inside.get(i) + inside.get(i + SHARED);
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
            Thread thread = Thread.currentThread();
            int count = countOfNew(thread);
            if (count % LINE == 0) {
                inside.setOpaque(count, inside.getPlain(count) + 1); // SYNC: seat
                VarHandle.releaseFence(); // for the compiler: the closer makes the fence
            } else {
                inside.getAndIncrement(count);
            }
            if (isShut) { // SYNC: seat
                exit();
                throw new IllegalStateException("this handle is closed; open the object by its name again");
            }
        }
    }

    /** Ends what {@link #enter} began. */
    public final void exit() {
        if (release != null) {
            int count = count(Thread.currentThread());
            if (count % LINE == 0) {
                inside.setRelease(count, inside.getPlain(count) - 1);
            } else {
                inside.getAndDecrement(count);
            }
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
        isShut = true; // SYNC: seat
        boolean done = false;
        try {
            if (owners.length > 0) {
                boolean _ = Membarrier.registerThreads(); // a forked child is another process
                Membarrier.amongThreads();
            }
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
