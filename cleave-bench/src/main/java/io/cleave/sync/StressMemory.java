package io.cleave.sync;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Zeroed memory for millions of short-lived objects: it goes when the last of those that lie in one piece has gone. */
final class StressMemory {
    private static final long PIECE_BYTES = 1 << 18;
    private static final long ALIGNMENT = 64;

    /** What is left of the piece in use. Guarded by the class. */
    private static MemorySegment left = MemorySegment.NULL;

    private StressMemory() {
    }

    static synchronized MemorySegment next(long bytes) {
        long size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (left.byteSize() < size) {
            left = Arena.ofAuto().allocate(PIECE_BYTES, ALIGNMENT);
        }
        MemorySegment taken = left.asSlice(0, size);
        left = left.asSlice(size);
        return taken;
    }
}
