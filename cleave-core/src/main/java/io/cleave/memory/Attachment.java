package io.cleave.memory;

import io.cleave.os.Mman;
import io.cleave.os.Unistd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

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
    Attachment(BlockFile file, BlockHeader header) {
        this.header = header;
        long fileBytes = BlockLayout.HEADER_BYTES + header.byteSize();
        // The mapping keeps its companion reachable, so that the collector takes this object after the last slice.
        this.whole = file.map(arena, fileBytes, this);
        this.hold = new Hold(file, header.isPersistent(), whole);
        this.cleanable = hold.watch(this);
    }

    BlockHeader header() {
        return header;
    }

    MemorySegment headerSegment() {
        return whole.asSlice(0, BlockLayout.HEADER_BYTES);
    }

    MemorySegment userSegment() {
        return whole.asSlice(BlockLayout.HEADER_BYTES);
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
            if (!Unistd.isForkedChild()) {
                arena.close();
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

    /** What has to be given up. It knows nothing of the attachment, so that the collector can tell that it is gone. */
    private static final class Hold implements Runnable {
        private static final Set<Hold> OPEN = ConcurrentHashMap.newKeySet();

        private final BlockFile file;
        private final boolean persistent;
        private final long address;
        private final long mappedBytes;
        private final int pid = Unistd.getpid();
        /** Whether the lock has been given up; guarded by this. */
        private boolean released;

        Hold(BlockFile file, boolean persistent, MemorySegment whole) {
            this.file = file;
            this.persistent = persistent;
            this.address = whole.address();
            this.mappedBytes = whole.byteSize();
        }

        Cleaner.Cleanable watch(Attachment attachment) {
            if (Unistd.isForkedChild()) {
                return () -> { // a child has no threads to look after it; what it leaves open becomes an orphan
                };
            }
            OPEN.add(this);
            return Caretaker.CLEANER.register(attachment, this);
        }

        /** For the collector: nobody can reach the mapping any more, and it was not closed unless all was released. */
        @Override
        public synchronized void run() {
            if (!released) {
                Mman.munmap(address, mappedBytes);
                release();
            }
        }

        synchronized void release() {
            if (released) {
                return;
            }
            released = true;
            OPEN.remove(this);
            // In a forked child the descriptor's number may stand for another file, and the lock is the parent's.
            if (pid == Unistd.getpid()) {
                file.leave(persistent);
            }
        }

        synchronized void unlink() {
            if (released) {
                throw new IllegalStateException("this handle is closed: only an open one can unlink its block");
            }
            if (pid != Unistd.getpid()) {
                throw new IllegalStateException("this handle was inherited through fork: only the process that opened "
                        + "it can unlink its block");
            }
            file.removeName();
        }

        /** At the normal end of the JVM. The mappings stay, because other threads may still use them. */
        private static void releaseAll() {
            for (Hold hold : OPEN) {
                try {
                    hold.release();
                } catch (RuntimeException ignored) {
                    // Nobody is left to tell. The block becomes an orphan, which is swept later.
                }
            }
        }
    }

    /** What gives up handles that nobody closed. Made in the JVM itself, never in a forked child. */
    private static final class Caretaker {
        static final Cleaner CLEANER = Cleaner.create();

        static {
            try {
                Runtime.getRuntime().addShutdownHook(new Thread(Hold::releaseAll, "cleave-blocks"));
            } catch (IllegalStateException ignored) {
                // The JVM is on its way out. What is opened from now on becomes an orphan, which is swept later.
            }
        }
    }
}
