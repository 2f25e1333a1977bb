package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/** {@code fcntl.h}: opening files, reserving their space, and locks that belong to an open file description. */
public final class Fcntl {
    /** The current directory as {@code dirfd}. */
    public static final int AT_FDCWD = -100;
    /** {@code linkat}: follow a link, such as one below {@code /proc/self/fd}. */
    public static final int AT_SYMLINK_FOLLOW = 0x400;
    /** {@code open}: read only. */
    public static final int O_RDONLY = 0;
    /** Open for writing only. */
    public static final int O_WRONLY = 1;
    /** {@code open}: read and write. */
    public static final int O_RDWR = 2;
    /** {@code open}: make the file where there is none. */
    public static final int O_CREAT = 0x40;
    /** {@code open}: do not block. */
    public static final int O_NONBLOCK = 0x800;
    /** {@code open}: close on exec. */
    public static final int O_CLOEXEC = 0x80000;
    /** {@code open}: only a name for a place; reading and writing fail with EBADF. */
    public static final int O_PATH = 0x200000;
    /** {@code open}: refuse a symbolic link. */
    public static final int O_NOFOLLOW = Native.isAarch64() ? 0x8000 : 0x20000;
    /** {@code open}: refuse what is no directory. */
    public static final int O_DIRECTORY = Native.isAarch64() ? 0x4000 : 0x10000;
    /** {@code open}: an unnamed file in the directory given. */
    public static final int O_TMPFILE = 0x400000 | O_DIRECTORY;

    /** {@code fcntl}: the descriptor's file status flags. */
    public static final int F_GETFL = 3;
    /** Changes the status flags of an open file description. */
    public static final int F_SETFL = 4;
    /** Says which process hears of an open file description that is {@link #O_ASYNC}. */
    public static final int F_SETOWN = 8;
    /** Says by which signal it does. */
    public static final int F_SETSIG = 10;
    /** Signals when there is something to read or to write, or the other end is gone. */
    public static final int O_ASYNC = 0x2000;
    /** {@code fcntl}: forbids kinds of change to a file made by {@code memfd_create} for good. */
    public static final int F_ADD_SEALS = 1033;
    /** No further seals. */
    public static final int F_SEAL_SEAL = 1;
    /** The file cannot become smaller. */
    public static final int F_SEAL_SHRINK = 2;
    /** The file cannot become larger. */
    public static final int F_SEAL_GROW = 4;
    /** A shared lock. */
    public static final int F_RDLCK = 0;
    /** An exclusive lock. */
    public static final int F_WRLCK = 1;
    /** No lock. */
    public static final int F_UNLCK = 2;

    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;

    private static final MethodHandle OPENAT = Native.capturingVariadic("openat", 3,
            FunctionDescriptor.of(INT, INT, POINTER, INT, INT));
    private static final MethodHandle FCNTL_INT = Native.capturingVariadic("fcntl", 2,
            FunctionDescriptor.of(INT, INT, INT, INT));
    private static final MethodHandle FCNTL_LOCK = Native.capturingVariadic("fcntl", 2,
            FunctionDescriptor.of(INT, INT, INT, POINTER));
    private static final MethodHandle FCHMOD = Native.capturing("fchmod", FunctionDescriptor.of(INT, INT, INT));
    private static final MethodHandle FALLOCATE = Native.capturing("fallocate",
            FunctionDescriptor.of(INT, INT, INT, LONG, LONG));

    private static final byte[] PROC_SELF_FD = "/proc/self/fd/".getBytes(StandardCharsets.US_ASCII);

    // struct flock: l_type 0 (short), l_whence 2 (short), l_start 8, l_len 16, l_pid 24; 32 bytes
    private static final int FLOCK_BYTES = 32;
    private static final long L_TYPE = 0;
    private static final long L_START = 8;
    private static final long L_LEN = 16;

    static {
        // What says that there are no descriptors left needs none itself, not even for its classes: so they are loaded now.
        SystemCallException.prepare();
    }

    private Fcntl() {
    }

    /**
     * {@code open(2)}.
     *
     * @param path a path
     * @param flags the {@code O_} flags; {@link #O_CLOEXEC} is always added
     * @param mode permissions of a file that this call makes
     * @return a file descriptor or -errno
     */
    public static int open(String path, int flags, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            return Native.result((int) OPENAT.invokeExact(Native.state(), AT_FDCWD, arena.allocateFrom(path),
                    flags | O_CLOEXEC, mode));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code open(2)} of what a descriptor refers to, by its entry in {@code /proc/self/fd}: a new open file
     * description, with a position and locks of its own.
     *
     * @param fd a file descriptor
     * @param flags the {@code O_} flags; {@link #O_CLOEXEC} is always added
     * @return a file descriptor or -errno
     */
    public static int reopen(int fd, int flags) {
        MemorySegment path = Native.scratch(); // no arena: this runs in every child, for every file
        MemorySegment.copy(PROC_SELF_FD, 0, path, ValueLayout.JAVA_BYTE, 0, PROC_SELF_FD.length);
        int digits = 1;
        for (int rest = fd / 10; rest > 0; rest /= 10) {
            digits++;
        }
        int at = PROC_SELF_FD.length + digits;
        path.set(ValueLayout.JAVA_BYTE, at, (byte) 0);
        for (int rest = fd; at > PROC_SELF_FD.length; rest /= 10) {
            at--;
            path.set(ValueLayout.JAVA_BYTE, at, (byte) ('0' + rest % 10));
        }
        try {
            return Native.result((int) OPENAT.invokeExact(Native.state(), AT_FDCWD, path, flags | O_CLOEXEC, 0));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code fcntl(2)} with a whole number.
     *
     * @param fd a file descriptor
     * @param command such as {@link #F_GETFL}
     * @param argument the command's argument, 0 where it has none
     * @return the command's value or -errno
     */
    public static int fcntl(int fd, int command, int argument) {
        try {
            return Native.result((int) FCNTL_INT.invokeExact(Native.state(), fd, command, argument));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code fcntl(F_OFD_SETLK)}: takes, changes or gives up a lock on a range of bytes, without waiting. The lock
     * belongs to the open file description: it ends with the last descriptor or mapping of that description, at the
     * latest when the process dies, however it dies. A change from shared to exclusive is atomic.
     *
     * @param fd a file descriptor
     * @param type {@link #F_RDLCK}, {@link #F_WRLCK} or {@link #F_UNLCK}
     * @param start the first byte
     * @param length how many bytes, 0 for all that follow
     * @return 0; -EAGAIN where another description's lock is in the way; or another -errno
     */
    public static int setLock(int fd, int type, long start, long length) {
        try {
            MemorySegment lock = flock(type, start, length);
            return Native.result((int) FCNTL_LOCK.invokeExact(Native.state(), fd, F_OFD_SETLK, lock));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code fcntl(F_OFD_GETLK)}: whether a lock could be taken now.
     *
     * @param fd a file descriptor
     * @param type {@link #F_RDLCK} or {@link #F_WRLCK}
     * @param start the first byte
     * @param length how many bytes, 0 for all that follow
     * @return {@link #F_UNLCK} where nothing is in the way, else the type of the lock that is, or -errno
     */
    public static int testLock(int fd, int type, long start, long length) {
        try {
            MemorySegment lock = flock(type, start, length);
            int result = Native.result((int) FCNTL_LOCK.invokeExact(Native.state(), fd, F_OFD_GETLK, lock));
            return result < 0 ? result : lock.get(ValueLayout.JAVA_SHORT, L_TYPE);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    private static MemorySegment flock(int type, long start, long length) {
        MemorySegment lock = Native.scratch().asSlice(0, FLOCK_BYTES);
        lock.fill((byte) 0);
        lock.set(ValueLayout.JAVA_SHORT, L_TYPE, (short) type);
        lock.set(LONG, L_START, start);
        lock.set(LONG, L_LEN, length);
        return lock;
    }

    /**
     * {@code fallocate(2)}: reserves space, so that no later store can fail for want of it.
     *
     * @param fd a file open for writing
     * @param mode 0 to reserve, or the {@code FALLOC_FL_} flags
     * @param offset the first byte
     * @param length how many bytes
     * @return 0; -ENOSPC where there is not that much; or another -errno
     */
    public static int fallocate(int fd, int mode, long offset, long length) {
        try {
            return Native.result((int) FALLOCATE.invokeExact(Native.state(), fd, mode, offset, length));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code fchmod(2)}.
     *
     * @param fd a file
     * @param mode its permissions to be
     * @return 0 or -errno
     */
    public static int fchmod(int fd, int mode) {
        try {
            return Native.result((int) FCHMOD.invokeExact(Native.state(), fd, mode));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
