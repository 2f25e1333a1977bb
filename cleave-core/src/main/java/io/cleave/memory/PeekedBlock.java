package io.cleave.memory;

import io.cleave.memory.raw.GrowingBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A block that is only looked at: nobody notices, and what is stored stays in this mapping. */
final class PeekedBlock implements GrowingBlock {
    private final String name;
    private final long reservedBytes;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    PeekedBlock(String name, BlockFile file, BlockHeader header) {
        this.name = name;
        this.reservedBytes = file.reservedBytes();
        this.segment = BlockMapping.PRIVATE.map(file, arena, BlockLayout.HEADER_BYTES + header.byteSize(), this)
                .asSlice(BlockLayout.HEADER_BYTES);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public MemorySegment segment() {
        return segment;
    }

    /** Does nothing: what is private to a mapping gets its memory when it is written. */
    @Override
    public void reserve(long at, long bytes) {
        // see above
    }

    @Override
    public long reservedBytes() {
        return reservedBytes;
    }

    @Override
    public void unlink() {
        throw new UnsupportedOperationException("block \"" + name + "\" was only looked at; open it to remove it");
    }

    @Override
    public void close() {
        arena.close();
    }
}
