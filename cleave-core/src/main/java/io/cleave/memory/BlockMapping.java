package io.cleave.memory;

import io.cleave.CleaveException;
import io.cleave.os.Fcntl;
import io.cleave.os.Mman;
import io.cleave.os.SigbusGuard;
import io.cleave.os.Stat;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.IntFunction;

/** How a block's file is mapped, always from a description of its own, so that no mapping holds a lock. */
enum BlockMapping {
    /** Stores reach everybody. */
    SHARED(Fcntl.O_RDWR, Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_SHARED),
    /** There are no stores. */
    READ_ONLY(Fcntl.O_RDONLY, Mman.PROT_READ, Mman.MAP_SHARED),
    /** Stores stay in the mapping. */
    PRIVATE(Fcntl.O_RDONLY, Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_PRIVATE | Mman.MAP_NORESERVE);

    private final int openFlags;
    private final int protection;
    private final int flags;

    BlockMapping(int openFlags, int protection, int flags) {
        this.openFlags = openFlags;
        this.protection = protection;
        this.flags = flags;
    }

    /** Maps a file for as long as an arena is open, and keeps a companion reachable as long as the segment is. */
    MemorySegment map(BlockFile file, Arena arena, long fileBytes, Object companion) {
        return mapped(file, second -> Mman.map(arena, fileBytes, protection, flags, second, 0, companion));
    }

    /** Maps as {@link #map} does, so that huge pages can be used: each of the file's at a place in memory for one. */
    MemorySegment mapHuge(BlockFile file, Arena arena, long fileBytes, Object companion) {
        long length = file.mappedLength(fileBytes);
        return mapped(file, second -> {
            long address = Mman.mmapAligned(length, HugePages.byteSize(), protection, flags, second);
            return Mman.wrapped(arena, Mman.checked(address, length), length, protection, companion);
        });
    }

    /** Maps as {@link #map} does, without anything that would ever unmap it. */
    MemorySegment mapUnmanaged(BlockFile file, long fileBytes) {
        return mapped(file, second -> {
            long address = Mman.mmap(fileBytes, protection, flags, second, 0);
            return MemorySegment.ofAddress(Mman.checked(address, fileBytes)).reinterpret(fileBytes);
        });
    }

    private MemorySegment mapped(BlockFile file, IntFunction<MemorySegment> map) {
        String self = "/proc/self/fd/" + file.descriptor();
        int second = SystemCallException.check(Fcntl.open(self, openFlags, 0), "open(" + self + ")",
                "blocks need /proc to be mounted");
        try {
            if (!Stat.fstat(second).isSameFile(file.status())) {
                throw new CleaveException(self + " opened another file than the descriptor " + file.descriptor());
            }
            MemorySegment mapped = map.apply(second);
            if (file.canBeCut()) {
                SigbusGuard.watch(mapped.address(), mapped.byteSize(), protection, file);
            }
            return mapped;
        } finally {
            Unistd.close(second);
        }
    }
}
