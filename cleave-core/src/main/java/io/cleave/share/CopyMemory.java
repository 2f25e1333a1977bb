package io.cleave.share;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Native memory for views of values that travel in their tokens. It is given back by the collector, which needs a cleaner
 * for each arena: small views share one, as a cleaner and a malloc cost more than to copy them. A view keeps the memory of
 * those that were made beside it, which are of about its size: of 4 KiB at most, or of 32 times what it takes itself, so
 * that who keeps a few of many small views does not keep the memory of all. Without a lock, for forked children.
 */
final class CopyMemory {
    /** How many views of the largest size that it is for a slab serves. */
    private static final int SHARING = 16;
    /** Views up to so many bytes share slabs of the first kind, and those up to twice as many such of the next kind. */
    private static final int LEAST_BYTES = 256;
    private static final int KINDS = 7;
    /** Larger ones have an arena of their own. */
    private static final int MOST_SHARING = LEAST_BYTES << (KINDS - 1);

    /** The slabs that memory is taken of, by their kinds. */
    private static final AtomicReferenceArray<@Nullable Slab> CURRENT = new AtomicReferenceArray<>(KINDS);

    /** @param used how many bytes are given out; more than there are where it is full */
    private record Slab(MemorySegment memory, AtomicInteger used) {
        @Nullable MemorySegment take(int byteSize) {
            int at = used.getAndAdd((int) ImageLayout.aligned(byteSize));
            return at < 0 || at > memory.byteSize() - byteSize ? null : memory.asSlice(at, byteSize);
        }
    }

    private CopyMemory() {
    }

    /** Memory that nobody else has, aligned as parts are. */
    static MemorySegment allocate(long byteSize) {
        if (byteSize > MOST_SHARING) {
            return Arena.ofAuto().allocate(byteSize, ImageLayout.ALIGNMENT);
        }
        int kind = kindOf((int) byteSize);
        while (true) {
            Slab slab = CURRENT.get(kind);
            MemorySegment taken = slab == null ? null : slab.take((int) byteSize);
            if (taken != null) {
                return taken;
            }
            MemorySegment memory = Arena.ofAuto().allocate((long) SHARING * (LEAST_BYTES << kind),
                    ImageLayout.ALIGNMENT);
            CURRENT.set(kind, new Slab(memory, new AtomicInteger()));
        }
    }

    private static int kindOf(int byteSize) {
        return byteSize <= LEAST_BYTES ? 0 : Integer.SIZE - Integer.numberOfLeadingZeros((byteSize - 1) / LEAST_BYTES);
    }
}
