package io.cleave.sync;

import java.lang.foreign.MemorySegment;

/** What a segment must be to hold an object of this package. */
final class Segments {
    private Segments() {
    }

    /**
     * The first bytes of a segment that can hold an object.
     *
     * @throws IllegalArgumentException where it is too small, not aligned, read-only, on the heap or closed
     */
    static MemorySegment check(MemorySegment segment, long bytes, long alignment, Class<?> type) {
        String name = type.getSimpleName();
        if (!segment.scope().isAlive()) {
            throw new IllegalArgumentException(name + " needs memory, this segment is closed");
        }
        if (!segment.isNative()) {
            throw new IllegalArgumentException(name + " needs memory outside the heap, this segment of "
                    + segment.byteSize() + " bytes lies on it");
        }
        if (segment.isReadOnly()) {
            throw new IllegalArgumentException(name + " needs a segment to write to, this one of "
                    + segment.byteSize() + " bytes is read-only");
        }
        if (segment.byteSize() < bytes) {
            throw new IllegalArgumentException(name + " needs " + bytes + " bytes, this segment has "
                    + segment.byteSize());
        }
        if (segment.address() % alignment != 0) {
            throw new IllegalArgumentException(name + " needs memory aligned to " + alignment
                    + " bytes, this segment's address 0x" + Long.toHexString(segment.address()) + " is "
                    + segment.address() % alignment + " past that");
        }
        return segment.asSlice(0, bytes);
    }
}
