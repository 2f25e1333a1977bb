package io.cleave.share;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Native memory for views of values that travel in their tokens. It is given back by the collector, which needs a cleaner
 * for each arena: small views share one, as a cleaner and a malloc cost more than to copy them. A view keeps the memory of
 * those that were made beside it, of {@value #SLAB_BYTES} bytes at most. Without a lock, for forked children.
 */
final class CopyMemory {
    private static final int SLAB_BYTES = 1 << 18;
    /** Larger ones have an arena of their own, so that a slab serves at least sixteen. */
    private static final int MOST_SHARING = SLAB_BYTES / 16;

    private static volatile @Nullable Slab current;

    /** @param used how many bytes are given out; more than there are where it is full */
    private record Slab(MemorySegment memory, AtomicInteger used) {
        @Nullable MemorySegment take(int byteSize) {
            int at = used.getAndAdd((int) ImageLayout.aligned(byteSize));
            return at < 0 || at > SLAB_BYTES - byteSize ? null : memory.asSlice(at, byteSize);
        }
    }

    private CopyMemory() {
    }

    /** Memory that nobody else has, aligned as parts are. */
    static MemorySegment allocate(long byteSize) {
        if (byteSize > MOST_SHARING) {
            return Arena.ofAuto().allocate(byteSize, ImageLayout.ALIGNMENT);
        }
        while (true) {
            Slab slab = current;
            MemorySegment taken = slab == null ? null : slab.take((int) byteSize);
            if (taken != null) {
                return taken;
            }
            current = new Slab(Arena.ofAuto().allocate(SLAB_BYTES, ImageLayout.ALIGNMENT), new AtomicInteger());
        }
    }
}
