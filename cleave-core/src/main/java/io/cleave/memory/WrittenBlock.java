package io.cleave.memory;

import io.cleave.AllocationException;
import io.cleave.CleaveException;
import io.cleave.memory.raw.OwnedBlock;
import io.cleave.os.CrashPoint;
import io.cleave.os.Errno;
import io.cleave.os.Mman;
import io.cleave.os.SigbusGuard;
import io.cleave.os.SystemCallException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A block that this process has made. A fresh one is written by write(2), which is the fastest way to memory that nobody
 * has used yet; later content is stored through a mapping whose page tables are full, which is several times as fast.
 */
final class WrittenBlock extends ViewedBlock implements OwnedBlock {
    private final BlockDirectory directory;
    private final BlockHeader header;
    /** The whole file, mapped for writing; null before {@link #body}. Used by one thread at a time. */
    private @Nullable MemorySegment whole;

    WrittenBlock(BlockFile file, BlockHeader header, BlockDirectory directory) {
        super(file, header);
        this.directory = directory;
        this.header = header;
    }

    private long fileBytes() {
        return BlockLayout.HEADER_BYTES + byteSize();
    }

    @Override
    public void write(MemorySegment from, long at) {
        file().write(from, BlockLayout.HEADER_BYTES + at, fileBytes(), directory.directory());
    }

    @Override
    public void publish(String name, Lifetime lifetime) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment page = arena.allocate(BlockLayout.HEADER_BYTES, Long.BYTES);
            header.with(lifetime).write(page);
            file().write(page, 0, fileBytes(), directory.directory());
        }
        headerAndHead(); // now, when a lack of descriptors can still be an error that leaves nothing
        file().name(directory.pathOf(name));
        file().attachFresh();
        file().own();
        CrashPoint.reached();
        if (!file().link()) {
            throw new CleaveException("a block \"" + name + "\" exists already, which chance cannot bring about");
        }
        hold().persistent(lifetime == Lifetime.PERSISTENT);
        CrashPoint.reached();
    }

    @Override
    public boolean excludeViews() {
        return file().excludeViews();
    }

    @Override
    public MemorySegment body() {
        file().requireWhole(header);
        MemorySegment mapped = whole;
        if (mapped == null) {
            mapped = BlockMapping.SHARED.mapUnmanaged(file(), fileBytes());
            hold().unmapsInTheEnd(mapped);
            populate(mapped);
            whole = mapped;
        }
        SigbusGuard.requireIntact(mapped);
        return mapped.asSlice(BlockLayout.HEADER_BYTES);
    }

    /** Fills the page tables. Only an old kernel cannot; stores then do it one by one. */
    private void populate(MemorySegment mapped) {
        int result = Mman.madvise(mapped, Mman.MADV_POPULATE_WRITE);
        if (result == -Errno.EFAULT || result == -Errno.ENOMEM) {
            throw new AllocationException("no memory for a block of " + byteSize()
                    + " bytes: somebody has cut holes into its file, or the machine has run out of memory");
        }
        if (result != -Errno.EINVAL) {
            SystemCallException.check(result, "madvise(MADV_POPULATE_WRITE)", "");
        }
    }

    @Override
    public boolean rename(String name, Lifetime lifetime) {
        if (!file().rename(directory.pathOf(name))) {
            return false;
        }
        header.with(lifetime).write(headerAndHead()); // afterwards: a death in between must not leave what stays
        hold().persistent(lifetime == Lifetime.PERSISTENT);
        CrashPoint.reached();
        return true;
    }

    @Override
    public void admitViews() {
        file().admitViews();
        CrashPoint.reached();
    }
}
