package io.cleave.memory;

import io.cleave.memory.raw.RawBlock;
import io.cleave.memory.raw.RawBlocks;
import io.cleave.memory.raw.Shortage;
import io.cleave.os.SigbusGuard;
import io.cleave.os.Unistd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * A block that this process is attached to because of its content. It ends as an {@link Attachment} does: by being
 * closed, by the collector when neither it nor any part of its segment is reachable, or with the JVM.
 */
class ViewedBlock implements RawBlock {
    private static final long HEAD_BYTES = BlockLayout.HEADER_BYTES + RawBlocks.HEAD_BYTES;

    private final BlockFile file;
    private final BlockHeader header;
    private final long byteSize;
    private final Hold hold;
    private final Cleaner.Cleanable cleanable;
    /** The segment's arena; null before {@link #map}. Guarded by this. */
    private @Nullable Arena arena;
    /** Where the segment begins; guarded by this. */
    private long address;
    /** Header and head, mapped for writing; null before {@link #head}. Guarded by this. */
    private @Nullable MemorySegment head;
    /** Whether {@link #close} has got through; guarded by this. */
    private boolean closed;

    ViewedBlock(BlockFile file, BlockHeader header) {
        this.file = file;
        this.header = header;
        this.byteSize = header.byteSize();
        this.hold = new Hold(file, header.isPersistent());
        this.cleanable = hold.watch(this);
    }

    final BlockFile file() {
        return file;
    }

    final Hold hold() {
        return hold;
    }

    @Override
    public final synchronized MemorySegment map(Mapping mapping) {
        return Shortage.mended(() -> mapNow(mapping));
    }

    private synchronized MemorySegment mapNow(Mapping mapping) {
        file.requireWhole(header);
        Arena own = Arena.ofShared();
        // The mapping keeps its companion reachable, so that the collector takes this object after the last slice.
        BlockMapping how = mapping == Mapping.READ_ONLY ? BlockMapping.READ_ONLY : BlockMapping.PRIVATE;
        MemorySegment whole = how.map(file, own, BlockLayout.HEADER_BYTES + byteSize, this);
        hold.unmapsInTheEnd(whole);
        arena = own;
        address = whole.address();
        return whole.asSlice(BlockLayout.HEADER_BYTES);
    }

    @Override
    public final MemorySegment head() {
        return Shortage.mended(this::headerAndHead).asSlice(BlockLayout.HEADER_BYTES);
    }

    final synchronized MemorySegment headerAndHead() {
        MemorySegment mapped = head;
        if (mapped == null) {
            mapped = BlockMapping.SHARED.mapUnmanaged(file, HEAD_BYTES);
            hold.unmapsInTheEnd(mapped);
            head = mapped;
        }
        file.requireWhole(header); // an atomic operation on what is not there may end the process
        SigbusGuard.requireIntact(mapped);
        return mapped;
    }

    @Override
    public final boolean isWhole() {
        return file.isWhole(BlockLayout.HEADER_BYTES + byteSize) && hold.isIntact();
    }

    @Override
    public final long byteSize() {
        return byteSize;
    }

    @Override
    public final void endWithHolders() {
        BlockLayout.lifetimeVolatile(headerAndHead(), Lifetime.ATTACHED.number());
        hold.persistent(false);
    }

    @Override
    public final boolean isOwned() {
        return file.isOwned();
    }

    @Override
    public final void unlink() {
        hold.unlink();
    }

    @Override
    public final synchronized void close() {
        if (closed) {
            return;
        }
        if (arena != null && !Unistd.isForkedChild()) {
            try {
                arena.close();
            } catch (IllegalStateException e) {
                throw new IllegalStateException("a view of the block is in use by a native call or by I/O that another "
                        + "thread has under way; nothing was closed, and close() may be called again", e);
            }
        }
        hold.isUnmapped(address); // in a forked child it stays, as the segment cannot be closed there
        closeUnshared();
    }

    @Override
    public final synchronized void closeUnshared() {
        closed = true;
        try {
            hold.run();
        } finally {
            cleanable.clean(); // there is nothing left for the collector to do
        }
    }
}
