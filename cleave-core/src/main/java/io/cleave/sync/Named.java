package io.cleave.sync;

import io.cleave.memory.BlockKind;
import io.cleave.memory.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The block behind an object with a name, and its end. Objects on a caller's memory have none. */
final class Named {
    private static final long NAP_NANOS = 200_000;
    private static final long PATIENCE_NANOS = 5_000_000_000L;

    private final @Nullable SharedMemory block;

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

    /** Makes an object on a block's memory. */
    interface Maker<T> {
        T make(MemorySegment segment, Named named);
    }

    /** Attaches to the block of a name, or makes it; it is closed again where the maker of the object fails. */
    static <T> T open(String name, BlockKind kind, long byteSize, Maker<T> maker) {
        SharedMemory block = SharedMemory.openOrCreate(name, byteSize, kind);
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

    /** Sends away who waits through this handle, and gives it up; where there is no block, nothing. */
    void close(List<SharedCell> cells) {
        SharedMemory named = block;
        if (named == null || !named.segment().scope().isAlive()) {
            return;
        }
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            cells.forEach(SharedCell::close);
            try {
                named.close();
                return;
            } catch (IllegalStateException e) { // a waiter is on its way out of the kernel
                if (System.nanoTime() - deadline > 0) {
                    throw e;
                }
                LockSupport.parkNanos(NAP_NANOS);
            }
        }
    }
}
