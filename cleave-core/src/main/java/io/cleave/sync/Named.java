package io.cleave.sync;

import io.cleave.memory.BlockKind;
import io.cleave.memory.Lifetime;
import io.cleave.memory.MemoryOptions;
import io.cleave.memory.SharedMemory;
import io.cleave.os.Unistd;
import java.io.NotSerializableException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The block behind an object with a name, and the gate that its handle is: who is inside has the memory, and the handle
 * closes when everybody is out. Objects on a caller's memory have no block, and their gate is always open.
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
 * at, all by volatile accesses: so one who enters sees the gate shut, or the closer sees it inside.
 */
final class Named {
    private static final long NAP_NANOS = 200_000;
    private static final long PATIENCE_NANOS = 5_000_000_000L;

    private final @Nullable SharedMemory block;
    /** Calls of this process that are inside. */
    private final AtomicInteger inside = new AtomicInteger();
    /** Whether nobody is let in any more. Written under this. */
    private volatile boolean isShut;

    private Named(@Nullable SharedMemory block) {
        this.block = block;
    }

    static Named none() {
        return new Named(null);
    }

    /** Whether there is a block, whose mapping ends with the handle. */
    boolean isBlock() {
        return block != null;
    }

    /** Whether the memory is gone. */
    boolean isClosed() {
        return block != null && isShut;
    }

    /** Makes an object on a block's memory. */
    interface Maker<T> {
        T make(MemorySegment segment, Named named);
    }

    /** As {@link #open(String, BlockKind, long, Lifetime, Maker)}, for a block that lives while somebody is attached. */
    static <T> T open(String name, BlockKind kind, long byteSize, Maker<T> maker) {
        return open(name, kind, byteSize, Lifetime.ATTACHED, maker);
    }

    /** Attaches to the block of a name, or makes it; it is closed again where the maker of the object fails. */
    static <T> T open(String name, BlockKind kind, long byteSize, Lifetime lifetime, Maker<T> maker) {
        return make(SharedMemory.openOrCreate(name, byteSize,
                MemoryOptions.defaults().withKind(kind).withLifetime(lifetime)), maker);
    }

    private static <T> T make(SharedMemory block, Maker<T> maker) {
        boolean done = false;
        try {
            T made = maker.make(block.segment(), new Named(block));
            done = true;
            return made;
        } finally {
            if (!done) {
                block.close();
            }
        }
    }

    /** Attaches to the block of a name, which must be there. */
    static <T> T openExisting(String name, BlockKind kind, Maker<T> maker) {
        return make(SharedMemory.open(name, MemoryOptions.defaults().withKind(kind)), maker);
    }

    /**
     * What stands for an object on its way to another process.
     *
     * @throws NotSerializableException where it has no name
     */
    ByName travelling(BlockKind kind, boolean isSignal) throws NotSerializableException {
        if (block == null) {
            throw new NotSerializableException("an object of kind " + kind
                    + " on memory of the caller's: another process "
                    + "cannot find it; make it by named(...), or let the task call at(...) on memory that it has opened");
        }
        return new ByName(kind, block.name(), isSignal);
    }

    /** Removes the block's name at once; where there is no block, nothing. */
    void unlink() {
        enter();
        try {
            if (block != null) {
                block.unlink();
            }
        } finally {
            exit();
        }
    }

    /**
     * Begins an operation that needs the memory until {@link #exit}.
     *
     * @throws IllegalStateException where the handle is closed or closing
     */
    void enter() {
        if (block != null) {
            inside.getAndIncrement();
            if (isShut) {
                inside.getAndDecrement();
                throw new IllegalStateException("this handle is closed; open the object by its name again");
            }
        }
    }

    /** Ends what {@link #enter} began. */
    void exit() {
        if (block != null) {
            inside.getAndDecrement();
        }
    }

    /**
     * Sends away who waits through this handle, and gives it up once nobody is inside; where there is no block, nothing.
     *
     * @param cells where threads sleep through this handle
     * @throws IllegalStateException where somebody was still inside after 5 s; nothing is closed then
     */
    synchronized void close(List<SharedCell> cells) {
        SharedMemory named = block;
        if (named == null || isShut) {
            return;
        }
        isShut = true;
        boolean done = false;
        try {
            close(named, cells);
            done = true;
        } finally {
            if (!done) {
                cells.forEach(SharedCell::reopen);
                isShut = false;
            }
        }
    }

    private void close(SharedMemory named, List<SharedCell> cells) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            cells.forEach(SharedCell::close);
            boolean isLate = System.nanoTime() - deadline > 0;
            // A forked child has its parent's count and none of the parent's threads, and its memory stays mapped.
            if (inside.get() == 0 || Unistd.isForkedChild()) {
                try {
                    named.close();
                    return;
                } catch (IllegalStateException e) { // somebody is just in the middle of a system call on the memory
                    if (isLate) {
                        throw e;
                    }
                }
            } else if (isLate) {
                throw new IllegalStateException(
                        inside.get() + " calls are still under way through this handle; nothing "
                                + "was closed, let them end and close it again");
            }
            LockSupport.parkNanos(NAP_NANOS);
        }
    }

    /** What {@code toString()} says: of a closed handle, that it is closed. */
    String describe(String type, Supplier<String> state) {
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
