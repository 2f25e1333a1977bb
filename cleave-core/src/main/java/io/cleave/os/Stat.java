package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** {@code sys/stat.h} and {@code sys/statvfs.h}: what a file is, and how much room its file system has. */
public final class Stat {
    /** The bits of a mode that hold the type. */
    public static final int S_IFMT = 0xf000;
    /** A regular file. */
    public static final int S_IFREG = 0x8000;

    /** {@link #fileSystemType} of a file system in memory. */
    public static final long TMPFS_MAGIC = 0x01021994;

    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;

    // struct statx, the same on every processor
    private static final int STATX_BYTES = 256;
    private static final long STX_NLINK = 16;
    private static final long STX_UID = 20;
    private static final long STX_MODE = 28;
    private static final long STX_INO = 32;
    private static final long STX_SIZE = 40;
    private static final long STX_BLOCKS = 48;
    private static final long STX_DEV_MAJOR = 136;
    private static final long STX_DEV_MINOR = 140;

    // struct statvfs on 64-bit glibc and musl
    private static final int STATVFS_BYTES = 112;
    private static final long F_FRSIZE = 8;
    private static final long F_BLOCKS = 16;
    private static final long F_BAVAIL = 32;
    private static final long F_FLAG = 80;

    // struct statfs on 64-bit Linux: f_type 0 (long); 120 bytes
    private static final int STATFS_BYTES = 120;

    private static final MethodHandle STATX = Native.capturing("statx",
            FunctionDescriptor.of(INT, INT, POINTER, INT, INT, POINTER));
    private static final MethodHandle STATVFS = Native.capturing("statvfs",
            FunctionDescriptor.of(INT, POINTER, POINTER));
    private static final MethodHandle STATFS = Native.capturing("statfs",
            FunctionDescriptor.of(INT, POINTER, POINTER));

    /**
     * What {@code statx(2)} says of a file.
     *
     * @param device the file system, major number in the upper half
     * @param inode the file's number there
     * @param links how many names the file has
     * @param uid its owner
     * @param mode its type and permissions
     * @param byteSize its size
     * @param allocatedBytes what it takes up
     */
    public record FileStatus(long device, long inode, int links, int uid, int mode, long byteSize,
            long allocatedBytes) {
        /**
         * Whether it is a regular file.
         *
         * @return true for a regular file
         */
        public boolean isRegular() {
            return (mode & S_IFMT) == S_IFREG;
        }

        /**
         * Whether another status is of the same file.
         *
         * @param other another status
         * @return true where device and inode agree
         */
        public boolean isSameFile(FileStatus other) {
            return device == other.device && inode == other.inode;
        }
    }

    /**
     * What {@code statvfs(3)} says of a file system.
     *
     * @param byteSize its size
     * @param availableBytes what is free for users
     * @param mountFlags the {@code ST_} flags: 1 read-only, 2 nosuid, 8 noexec
     */
    public record FileSystemStatus(long byteSize, long availableBytes, long mountFlags) {}

    private Stat() {
    }

    /**
     * {@code statx(2)} of an open file.
     *
     * @param fd a file descriptor
     * @return what the system says
     * @throws SystemCallException where it refuses
     */
    public static FileStatus fstat(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(STATX_BYTES, 8);
            SystemCallException.check(statx(fd, arena.allocateFrom(""), AT_EMPTY_PATH, buffer), "statx(fd " + fd + ")",
                    "");
            return read(buffer);
        }
    }

    /**
     * {@code statx(2)} of an open file, for callers that only want to know its type.
     *
     * @param fd a file descriptor
     * @return the file's mode, or -errno
     */
    public static int mode(int fd) {
        MemorySegment scratch = Native.scratch(); // no arena: this runs in every child, for every file
        MemorySegment noPath = scratch.asSlice(STATX_BYTES, 1);
        noPath.set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
        int result = statx(fd, noPath, AT_EMPTY_PATH, scratch);
        return result < 0 ? result : scratch.get(ValueLayout.JAVA_SHORT, STX_MODE) & 0xffff;
    }

    /**
     * {@code statx(2)} of a path; links are followed.
     *
     * @param path a path
     * @param into one element, filled where the result is 0
     * @return 0 or -errno
     */
    public static int stat(String path, FileStatus[] into) {
        return stat(path, 0, into);
    }

    /**
     * {@code statx(2)} of a path; a symbolic link is looked at itself.
     *
     * @param path a path
     * @param into one element, filled where the result is 0
     * @return 0 or -errno
     */
    public static int lstat(String path, FileStatus[] into) {
        return stat(path, AT_SYMLINK_NOFOLLOW, into);
    }

    private static int stat(String path, int flags, FileStatus[] into) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(STATX_BYTES, 8);
            int result = statx(Fcntl.AT_FDCWD, arena.allocateFrom(path), flags, buffer);
            if (result == 0) {
                into[0] = read(buffer);
            }
            return result;
        }
    }

    private static int statx(int dirfd, MemorySegment path, int flags, MemorySegment buffer) {
        try {
            return Native.result(
                    (int) STATX.invokeExact(Native.state(), dirfd, path, flags, STATX_BASIC_STATS, buffer));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    private static FileStatus read(MemorySegment s) {
        long device = ((long) s.get(INT, STX_DEV_MAJOR) << 32) | (s.get(INT, STX_DEV_MINOR) & 0xffff_ffffL);
        return new FileStatus(device, s.get(LONG, STX_INO), s.get(INT, STX_NLINK), s.get(INT, STX_UID),
                s.get(ValueLayout.JAVA_SHORT, STX_MODE) & 0xffff, s.get(LONG, STX_SIZE), s.get(LONG, STX_BLOCKS) * 512);
    }

    /**
     * {@code statvfs(3)}: the file system that a path lies on.
     *
     * @param path a path
     * @return what the system says
     * @throws SystemCallException where it refuses
     */
    public static FileSystemStatus statvfs(String path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = arena.allocate(STATVFS_BYTES, 8);
            int result = Native.result((int) STATVFS.invokeExact(Native.state(), arena.allocateFrom(path), s));
            SystemCallException.check(result, "statvfs(" + path + ")",
                    "blocks need a directory that is there; make it, or name another one in CLEAVE_DIR");
            long unit = s.get(LONG, F_FRSIZE);
            return new FileSystemStatus(s.get(LONG, F_BLOCKS) * unit, s.get(LONG, F_BAVAIL) * unit,
                    s.get(LONG, F_FLAG));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code statfs(2)}, its {@code f_type}: what kind of file system a path lies on.
     *
     * @param path a path
     * @return the magic number, such as {@link #TMPFS_MAGIC}
     * @throws SystemCallException where the system refuses
     */
    public static long fileSystemType(String path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = arena.allocate(STATFS_BYTES, 8);
            int result = Native.result((int) STATFS.invokeExact(Native.state(), arena.allocateFrom(path), s));
            SystemCallException.check(result, "statfs(" + path + ")", "");
            return s.get(LONG, 0);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
