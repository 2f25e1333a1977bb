package io.cleave.memory;

import io.cleave.os.Unistd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;

/**
 * A block mapped into this process, and the lock that says so. It ends in one of three ways, whichever comes first:
 * {@link #close}; the garbage collector, when neither the handle nor any slice of the segment is reachable; the normal
 * end of the JVM. A forked child, which inherits the mapping, has no part in the lock.
 */
final class Attachment {
    private final BlockHeader header;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment whole;
    private final Hold hold;
    private final Cleaner.Cleanable cleanable;
    /** Whether {@link #close} has got through; guarded by this. */
    private boolean closed;

    /** Maps a file of the size that a header says, and takes charge of the file. */
    Attachment(BlockFile file, BlockHeader header, BlockMapping mapping, boolean huge) {
        this.header = header;
        long fileBytes = BlockLayout.HEADER_BYTES + header.byteSize();
        // The mapping keeps its companion reachable, so that the collector takes this object after the last slice.
        this.whole = huge && HugePages.byteSize() > 0 ? mapping.mapHuge(file, arena, fileBytes, this)
                : mapping.map(file, arena, fileBytes, this);
        // Nobody can hold an object through memory that is for reading only, nor seal it.
        Holders holders = mapping == BlockMapping.READ_ONLY ? Holders.NONE : Holders.of(header);
        this.hold = new Hold(file, header.isPersistent(), holders);
        hold.unmapsInTheEnd(whole);
        this.cleanable = hold.watch(this);
    }

    BlockHeader header() {
        return header;
    }

    Hold hold() {
        return hold;
    }

    MemorySegment headerSegment() {
        return whole.asSlice(0, BlockLayout.HEADER_BYTES);
    }

    MemorySegment userSegment() {
        return whole.asSlice(BlockLayout.HEADER_BYTES, header.byteSize());
    }

    /** Asks for huge pages, and for all of them now. */
    void populateHuge() {
        HugePages.populate(whole);
    }

    /** How many of the bytes, header included, lie in huge pages. */
    long hugePageBytes() {
        return whole.scope().isAlive() ? HugePages.inForce(whole.address()) : 0;
    }

    /** Removes the name, if it still names this block. */
    void unlink() {
        hold.unlink();
    }

    /**
     * Unmaps, gives up the lock and, as the last one out, removes the name. Does nothing the second time. In a forked
     * child the mapping stays, as closing a shared arena needs the VM thread, which a child does not have.
     */
    synchronized void close() {
        if (closed) {
            return;
        }
        try {
            if (Unistd.isForkedChild()) {
                hold.isUnmapped(whole.address());
            } else {
                hold.unmap(arena, whole.address());
            }
        } catch (IllegalStateException e) {
            throw new IllegalStateException("the block is in use by a native call or by I/O that another thread has "
                    + "under way; nothing was closed, and close() may be called again", e);
        }
        closed = true;
        try {
            hold.release();
        } finally {
            cleanable.clean(); // there is nothing left for the collector to do
        }
    }
}
