package io.cleave.memory;

import io.cleave.memory.raw.OwnerIdentity;
import io.cleave.memory.raw.Shortage;
import io.cleave.os.Mman;
import io.cleave.os.SigbusGuard;
import io.cleave.os.Unistd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The locks and mappings of one attachment to a block: what has to be given up when it ends. It knows nothing of the
 * object that it is for, so that the collector can tell that this one is gone.
 */
final class Hold implements Runnable {
    private static final Set<Hold> OPEN = ConcurrentHashMap.newKeySet();

    /** A range of addresses. */
    private record Range(long address, long byteSize) {}

    /** Those that the collector wanted to end while this process held the object. */
    private static final Set<Hold> SPARED = ConcurrentHashMap.newKeySet();

    private final BlockFile file;
    private final Holders holders;
    private final int pid = Unistd.getpid();
    /** What is unmapped where no arena does it; guarded by this. */
    private final List<Range> ranges = new ArrayList<>(2);
    /** Whether the block stays when nobody is attached; guarded by this. */
    private boolean persistent;
    /** Whether the lock has been given up; guarded by this. */
    private boolean released;

    Hold(BlockFile file, boolean persistent) {
        this(file, persistent, Holders.NONE);
    }

    Hold(BlockFile file, boolean persistent, Holders holders) {
        this.file = file;
        this.persistent = persistent;
        this.holders = holders;
    }

    /** From now on, the collector's finding that an object is gone ends this hold. */
    Cleaner.Cleanable watch(Object holder) {
        if (Unistd.isForkedChild()) {
            return () -> { // a child has no threads to look after it; what it leaves open becomes an orphan
            };
        }
        SPARED.forEach(Hold::runQuietly); // what they are for may have been given up since
        AtExit.isRegistered();
        Cleaner.Cleanable cleanable = Shortage.watch(holder, this);
        OPEN.add(this);
        return cleanable;
    }

    private void runQuietly() {
        try {
            run();
        } catch (RuntimeException ignored) {
            // It is another block, which becomes an orphan.
        }
    }

    /** Remembers a mapping that {@link #run} is to end. */
    synchronized void unmapsInTheEnd(MemorySegment mapping) {
        ranges.add(new Range(mapping.address(), mapping.byteSize()));
    }

    /**
     * Ends a mapping by closing its arena. Whoever looks for it here, as the end of the JVM does, finds it whole or not
     * at all.
     *
     * @throws IllegalStateException where it is in use; nothing has been done then
     */
    synchronized void unmap(Arena arena, long address) {
        arena.close();
        isUnmapped(address);
    }

    /** Whether no access to one of the mappings has failed because the file was truncated. */
    synchronized boolean isIntact() {
        return ranges.stream().allMatch(range -> SigbusGuard.isIntact(range.address));
    }

    /** Forgets a mapping, which is not to be ended. */
    synchronized void isUnmapped(long address) {
        ranges.removeIf(range -> range.address == address);
    }

    synchronized void persistent(boolean stays) {
        persistent = stays;
    }

    /**
     * For the collector: nobody can reach the mappings any more, and none was closed unless all was released. What this
     * process holds it goes on holding, with its name; a later handle that is opened looks again.
     */
    @Override
    public synchronized void run() {
        MemorySegment content = content();
        if (!released && content != null && holders.isHeldBy(content, OwnerIdentity.process())) {
            SPARED.add(this);
            return;
        }
        SPARED.remove(this);
        if (!released) {
            ranges.forEach(range -> Mman.munmap(range.address, range.byteSize));
            release();
        }
    }

    /** The object's memory, null where nobody can hold it or it is not mapped any more. */
    private @Nullable MemorySegment content() {
        if (holders.byteSize() == 0 || ranges.isEmpty()) {
            return null;
        }
        Range range = ranges.getFirst();
        return MemorySegment.ofAddress(range.address).reinterpret(range.byteSize).asSlice(BlockLayout.HEADER_BYTES);
    }

    /** At the normal end of the JVM. The mapping stays, and threads may use it until the process has ended. */
    private synchronized void releaseAtExit() {
        MemorySegment content = content();
        if (released || content == null || persistent || pid != Unistd.getpid() || !isLast()) {
            release();
        } else {
            released = true;
            OPEN.remove(this);
            file.leaveAtExit(holders, content);
        }
    }

    /** Whether this process has no other handle on the block. It looks at all of them. */
    private boolean isLast() {
        return OPEN.stream().noneMatch(other -> other != this && other.file.status().isSameFile(file.status()));
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

    /**
     * At the normal end of the JVM. The mappings stay, because other threads may still use them. Those through which nobody
     * can hold an object come first, so that the last one on an object can seal it.
     */
    private static void releaseAll() {
        List<Hold> holds = new ArrayList<>(OPEN);
        holds.sort(Comparator.comparingLong(hold -> hold.holders.byteSize()));
        for (Hold hold : holds) {
            try {
                hold.releaseAtExit();
            } catch (RuntimeException ignored) {
                // Nobody is left to tell. The block becomes an orphan, which is swept later.
            }
        }
    }

    /** What gives up handles that nobody closed at the JVM's end. Made in the JVM itself, never in a forked child. */
    private static final class AtExit {
        static {
            try {
                io.cleave.os.AtExit.add("cleave-blocks", Hold::releaseAll);
            } catch (IllegalStateException ignored) {
                // The JVM is on its way out. What is opened from now on becomes an orphan, which is swept later.
            }
        }

        static void isRegistered() {
            // the class has been initialised
        }
    }
}
