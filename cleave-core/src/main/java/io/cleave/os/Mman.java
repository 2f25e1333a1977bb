package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/** {@code sys/mman.h}: mappings of files and memory. */
public final class Mman {
    /** Pages may be read. */
    public static final int PROT_READ = 1;
    /** Pages may be written. */
    public static final int PROT_WRITE = 2;
    /** Protection: may be executed. */
    static final int PROT_EXEC = 4;
    /** Stores reach the file and every other mapping of it. */
    public static final int MAP_SHARED = 1;
    /** Stores stay in this mapping. */
    public static final int MAP_PRIVATE = 2;
    /** At the address given, in place of what is mapped there. */
    public static final int MAP_FIXED = 0x10;
    /** No file: memory that starts as zeroes. */
    public static final int MAP_ANONYMOUS = 0x20;
    /** Do not count the pages against the commit limit. */
    public static final int MAP_NORESERVE = 0x4000;
    /** Fill the page tables at once. */
    public static final int MAP_POPULATE = 0x8000;
    /** {@code memfd_create}: close on exec. */
    public static final int MFD_CLOEXEC = 1;
    /** {@code memfd_create}: seals may be set. */
    public static final int MFD_ALLOW_SEALING = 2;
    /** {@code memfd_create}: of huge pages that the system has reserved. */
    public static final int MFD_HUGETLB = 4;
    /** {@code madvise}: the pages may be dropped. */
    public static final int MADV_DONTNEED = 4;
    /** {@code madvise}: a forked child does not get this range. */
    public static final int MADV_DONTFORK = 10;
    /** {@code madvise}: huge pages are welcome here. */
    public static final int MADV_HUGEPAGE = 14;
    /** {@code madvise}: fill the page tables for writing, and reserve what the file has no pages for. */
    public static final int MADV_POPULATE_WRITE = 23;
    /** {@code madvise}: put the pages of this range into one huge page now. */
    public static final int MADV_COLLAPSE = 25;
    /** {@code madvise}: a forked child finds zeroes in its copy of a private anonymous range. */
    public static final int MADV_WIPEONFORK = 18;

    /** What ends of mappings are rounded to; a kernel with larger pages wants the alignment of those, which is a multiple. */
    private static final long PAGE_BYTES = 4096;

    private static final MethodHandle MMAP = Native.capturing("mmap",
            FunctionDescriptor.of(LONG, POINTER, LONG, INT, INT, INT, LONG));
    private static final MethodHandle MPROTECT = Native.capturing("mprotect",
            FunctionDescriptor.of(INT, POINTER, LONG, INT));
    private static final MethodHandle MUNMAP = Native.capturing("munmap", FunctionDescriptor.of(INT, POINTER, LONG));
    private static final MethodHandle MADVISE = Native.capturing("madvise",
            FunctionDescriptor.of(INT, POINTER, LONG, INT));
    private static final MethodHandle MEMFD_CREATE = Native.capturing("memfd_create",
            FunctionDescriptor.of(INT, POINTER, INT));

    private Mman() {
    }

    /**
     * {@code mmap(2)} at an address of the kernel's choice.
     *
     * @param byteSize bytes to map, more than 0
     * @param protection {@link #PROT_READ}, {@link #PROT_WRITE}
     * @param flags {@link #MAP_SHARED} and so on
     * @param fd the file, -1 with {@link #MAP_ANONYMOUS}
     * @param offset where in the file, a multiple of the page size
     * @return the address, or -errno
     */
    public static long mmap(long byteSize, int protection, int flags, int fd, long offset) {
        return mmap(MemorySegment.NULL, byteSize, protection, flags, fd, offset);
    }

    /**
     * Maps a file as {@link #mmap} does, at an address that is a multiple of a power of two.
     *
     * @param byteSize bytes to map, more than 0
     * @param alignment what the address is to be a multiple of
     * @param protection {@link #PROT_READ}, {@link #PROT_WRITE}
     * @param flags {@link #MAP_SHARED} and so on
     * @param fd the file, mapped from its beginning
     * @return the address, or -errno
     */
    public static long mmapAligned(long byteSize, long alignment, int protection, int flags, int fd) {
        long room = mmap(byteSize + alignment, 0, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (room < 0 && room > -4096) {
            return room;
        }
        long start = (room + alignment - 1) & -alignment;
        long result = mmap(MemorySegment.ofAddress(start), byteSize, protection, flags | MAP_FIXED, fd, 0);
        boolean failed = result < 0 && result > -4096;
        long end = failed ? start : (start + byteSize + PAGE_BYTES - 1) & -PAGE_BYTES;
        if (start > room) {
            munmap(room, start - room);
        }
        if (room + byteSize + alignment > end) {
            munmap(end, room + byteSize + alignment - end);
        }
        return result;
    }

    private static long mmap(MemorySegment address, long byteSize, int protection, int flags, int fd, long offset) {
        try {
            return Native.result((long) MMAP.invokeExact(Native.state(), address, byteSize, protection, flags, fd,
                    offset));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * Maps as {@link #mmap} does and wraps the range in a segment that is unmapped when its arena closes.
     *
     * @param arena the segment's lifetime
     * @param byteSize bytes to map, more than 0
     * @param protection {@link #PROT_READ}, {@link #PROT_WRITE}
     * @param flags {@link #MAP_SHARED} and so on
     * @param fd the file, -1 with {@link #MAP_ANONYMOUS}
     * @param offset where in the file, a multiple of the page size
     * @return the segment, read-only where {@link #PROT_WRITE} is not among the protections
     * @throws SystemCallException where the system refuses
     */
    public static MemorySegment map(Arena arena, long byteSize, int protection, int flags, int fd, long offset) {
        return map(arena, byteSize, protection, flags, fd, offset, arena);
    }

    /**
     * Maps as the method above does, and keeps a companion reachable as long as the segment or any slice of it is.
     *
     * @param arena the segment's lifetime
     * @param byteSize bytes to map, more than 0
     * @param protection {@link #PROT_READ}, {@link #PROT_WRITE}
     * @param flags {@link #MAP_SHARED} and so on
     * @param fd the file, -1 with {@link #MAP_ANONYMOUS}
     * @param offset where in the file, a multiple of the page size
     * @param companion what the garbage collector must not take before the segment
     * @return the segment, read-only where {@link #PROT_WRITE} is not among the protections
     * @throws SystemCallException where the system refuses
     */
    public static MemorySegment map(Arena arena, long byteSize, int protection, int flags, int fd, long offset,
            Object companion) {
        return wrapped(arena, checked(mmap(byteSize, protection, flags, fd, offset), byteSize), byteSize, protection,
                companion);
    }

    /**
     * Passes the result of a mapping through, or throws where it is an error.
     *
     * @param address what a mapping came to
     * @param byteSize what was to be mapped
     * @return the address
     * @throws SystemCallException where it is an error
     */
    public static long checked(long address, long byteSize) {
        if (address < 0 && address > -4096) {
            throw new SystemCallException("mmap(" + byteSize + " bytes)", (int) -address,
                    "check the memory limits (ulimit -v, cgroup memory.max, vm.max_map_count, vm.overcommit_memory)");
        }
        return address;
    }

    /**
     * Makes a segment of a mapping, which ends with an arena, and keeps a companion reachable until then.
     *
     * @param arena the segment's lifetime
     * @param address where the mapping begins
     * @param byteSize its length in bytes
     * @param protection {@link #PROT_READ}, {@link #PROT_WRITE}
     * @param companion what the garbage collector must not take before the segment
     * @return the segment, read-only where {@link #PROT_WRITE} is not among the protections
     */
    public static MemorySegment wrapped(Arena arena, long address, long byteSize, int protection, Object companion) {
        MemorySegment segment = MemorySegment.ofAddress(address).reinterpret(byteSize, arena,
                mapped -> {
                    try {
                        munmap(mapped.address(), byteSize);
                    } finally {
                        Reference.reachabilityFence(companion);
                    }
                });
        return (protection & PROT_WRITE) == 0 ? segment.asReadOnly() : segment;
    }

    /**
     * {@code mprotect(2)}.
     *
     * @param address the range's start
     * @param byteSize its length in bytes
     * @param protection {@link #PROT_READ} and so on
     * @return 0 or -errno
     */
    static int mprotect(long address, long byteSize, int protection) {
        try {
            return Native.result((int) MPROTECT.invokeExact(Native.state(), MemorySegment.ofAddress(address), byteSize,
                    protection));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code munmap(2)}. {@link SigbusGuard} forgets the mapping first.
     *
     * @param address the range's start
     * @param byteSize its length in bytes
     * @return 0 or -errno
     */
    public static int munmap(long address, long byteSize) {
        SigbusGuard.forget(address);
        try {
            return Native.result((int) MUNMAP.invokeExact(Native.state(), MemorySegment.ofAddress(address), byteSize));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code madvise(2)}.
     *
     * @param range page-aligned native memory
     * @param advice {@link #MADV_DONTNEED} and so on
     * @return 0 or -errno
     */
    public static int madvise(MemorySegment range, int advice) {
        try {
            return Native.result((int) MADVISE.invokeExact(Native.state(), range, range.byteSize(), advice));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code memfd_create(2)}: a file without a name, gone with its last descriptor and mapping.
     *
     * @param label what {@code /proc/PID/fd} shows, at most 249 bytes
     * @param flags {@link #MFD_CLOEXEC} and so on
     * @return a file descriptor or -errno
     */
    public static int memfd_create(String label, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return Native.result((int) MEMFD_CREATE.invokeExact(Native.state(), arena.allocateFrom(label), flags));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
