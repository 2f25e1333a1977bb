package io.cleave.memory;

import io.cleave.memory.raw.GrowingBlock;
import java.lang.foreign.MemorySegment;

/**
 * A block whose file has its size and is mapped from the beginning, at a place for huge pages, and gets its pages part by
 * part.
 */
final class SparseBlock implements GrowingBlock {
    private final String name;
    private final String directory;
    private final BlockFile file;
    private final Attachment attachment;
    private final MemorySegment segment;
    /** Whether it is worth asking for huge pages. A guess, so races do no harm. */
    private boolean hasHugePages = true;

    SparseBlock(String name, String directory, BlockFile file, Attachment attachment) {
        this.name = name;
        this.directory = directory;
        this.file = file;
        this.attachment = attachment;
        this.segment = attachment.userSegment();
    }

    Attachment attachment() {
        return attachment;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public MemorySegment segment() {
        return segment;
    }

    @Override
    public void reserve(long at, long bytes) {
        if (at < 0 || bytes < 0 || at > segment.byteSize() - bytes) {
            throw new IllegalArgumentException("bytes " + at + " to " + (at + bytes) + " of a block of "
                    + segment.byteSize());
        }
        if (file.isInherited()) {
            populate(at, bytes);
        } else {
            file.reserve(BlockLayout.HEADER_BYTES + at, bytes, directory);
        }
    }

    @Override
    public void unite(long at, long bytes) {
        if (hasHugePages) {
            hasHugePages = HugePages.collapse(segment.asSlice(at, bytes));
        }
    }

    /** A forked child has the mapping of what its parent has opened, and no descriptor. */
    private void populate(long at, long bytes) {
        long from = at & -BlockLayout.HEADER_BYTES;
        long end = Math.min(segment.byteSize(), at + bytes + BlockLayout.HEADER_BYTES - 1 & -BlockLayout.HEADER_BYTES);
        BlockSpace.check(bytes, directory);
        BlockSpace.populate(segment.asSlice(from, end - from), directory);
    }

    @Override
    public long reservedBytes() {
        return file.reservedBytes();
    }

    @Override
    public void unlink() {
        attachment.unlink();
    }

    @Override
    public void close() {
        attachment.close();
    }
}
