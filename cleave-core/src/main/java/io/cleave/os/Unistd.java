package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** {@code unistd.h}, and {@code rename} of {@code stdio.h}: processes, file descriptors and names. Each method returns its call's value, or -errno. */
public final class Unistd {
    /** {@code dup3} and {@code close_range} flag: close on exec. */
    public static final int CLOSE_RANGE_CLOEXEC = 4;

    private static final MethodHandle FORK = Native.capturing("fork", FunctionDescriptor.of(INT),
            Linker.Option.critical(false));
    private static final MethodHandle FORK_RELAXED = Native.capturing("fork", FunctionDescriptor.of(INT));
    private static final MethodHandle EXIT = Native.plain("_exit", FunctionDescriptor.ofVoid(INT));
    private static final MethodHandle CLOSE_QUIETLY = Native.plain("close", FunctionDescriptor.ofVoid(INT));
    private static final MethodHandle GETPID = Native.plain("getpid", FunctionDescriptor.of(INT),
            Linker.Option.critical(false));
    private static final MethodHandle GETPPID = Native.plain("getppid", FunctionDescriptor.of(INT),
            Linker.Option.critical(false));
    private static final MethodHandle GETEUID = Native.plain("geteuid", FunctionDescriptor.of(INT),
            Linker.Option.critical(false));
    private static final MethodHandle CLOSE = Native.capturing("close", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle DUP3 = Native.capturing("dup3", FunctionDescriptor.of(INT, INT, INT, INT));
    private static final MethodHandle PIPE2 = Native.capturing("pipe2", FunctionDescriptor.of(INT, POINTER, INT));
    private static final MethodHandle READ = Native.capturing("read", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
    private static final MethodHandle WRITE = Native.capturing("write",
            FunctionDescriptor.of(LONG, INT, POINTER, LONG));
    private static final MethodHandle PREAD = Native.capturing("pread",
            FunctionDescriptor.of(LONG, INT, POINTER, LONG, LONG));
    private static final MethodHandle PWRITE = Native.capturing("pwrite",
            FunctionDescriptor.of(LONG, INT, POINTER, LONG, LONG), Linker.Option.critical(true));
    private static final MethodHandle LSEEK = Native.capturing("lseek", FunctionDescriptor.of(LONG, INT, LONG, INT));
    private static final MethodHandle FTRUNCATE = Native.capturing("ftruncate", FunctionDescriptor.of(INT, INT, LONG));
    private static final MethodHandle UNLINK = Native.capturing("unlink", FunctionDescriptor.of(INT, POINTER));
    private static final MethodHandle RENAME = Native.capturing("rename",
            FunctionDescriptor.of(INT, POINTER, POINTER));
    private static final MethodHandle LINKAT = Native.capturing("linkat",
            FunctionDescriptor.of(INT, INT, POINTER, INT, POINTER, INT));
    private static final MethodHandle CLOSE_RANGE = Native.capturingVariadic("syscall", 1,
            FunctionDescriptor.of(LONG, LONG, INT, INT, INT));

    private static final long SYS_CLOSE_RANGE = 436;

    /** The process that the JVM was started as: nobody can fork without this class. */
    private static volatile int jvmPid = getpid();

    private Unistd() {
    }

    /**
     * {@code fork(2)} as a critical call: the calling thread counts as running Java code, so that no safepoint can be
     * complete while the copy is made. In the child the calling thread is the only one.
     *
     * @return the child's pid in the parent, 0 in the child, or -errno
     */
    public static int fork() {
        try {
            return Native.result((int) FORK.invokeExact(Native.state()));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code fork(2)} as an ordinary call, which lets a safepoint complete during the copy. It exists for comparison.
     *
     * @return the child's pid in the parent, 0 in the child, or -errno
     */
    public static int forkRelaxed() {
        try {
            return Native.result((int) FORK_RELAXED.invokeExact(Native.state()));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code _exit(2)}: ends the process at once, without shutdown hooks, finalisation or flushing.
     *
     * @param status 0 to 255
     * @return never; for the caller's {@code throw}
     */
    public static AssertionError _exit(int status) {
        call(EXIT, status);
        return new AssertionError("_exit returned");
    }

    /** Goes the way of {@link #_exit} to its end without ending anything, so that the JVM has linked it. */
    public static void rehearseExit() {
        call(CLOSE_QUIETLY, -1);
    }

    private static void call(MethodHandle function, int argument) {
        try {
            function.invokeExact(argument);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code getpid(2)}: unlike {@link ProcessHandle}, right in a forked child too.
     *
     * @return the calling process's id
     */
    public static int getpid() {
        try {
            return (int) GETPID.invokeExact();
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * From now on this process counts as a JVM that was started, though it is a copy of one: it is whole, and lasts.
     */
    public static void settle() {
        jvmPid = getpid();
    }

    /**
     * Whether this process is a forked copy of a JVM rather than a JVM that was started. Where it is not a copy of the whole
     * ({@link WholeFork}), it has no VM thread, and nothing that needs one, such as closing a shared arena, ever ends.
     *
     * @return true in a child of {@link #fork} or {@link WholeFork#fork} that has not {@linkplain #settle settled}
     */
    public static boolean isForkedChild() {
        return getpid() != jvmPid;
    }

    /**
     * {@code getppid(2)}.
     *
     * @return the parent's id, 0 where it is outside this pid namespace
     */
    public static int getppid() {
        try {
            return (int) GETPPID.invokeExact();
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code geteuid(2)}.
     *
     * @return the effective user id
     */
    public static int geteuid() {
        try {
            return (int) GETEUID.invokeExact();
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code close(2)}.
     *
     * @param fd a file descriptor
     * @return 0 or -errno
     */
    public static int close(int fd) {
        try {
            return Native.result((int) CLOSE.invokeExact(Native.state(), fd));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code pipe2(2)}.
     *
     * @param flags such as {@link Fcntl#O_CLOEXEC}
     * @return the descriptor to write to in the upper half, that to read from in the lower; or -errno
     */
    public static long pipe2(int flags) {
        try {
            MemorySegment ends = Native.scratch().asSlice(0, 8);
            int result = Native.result((int) PIPE2.invokeExact(Native.state(), ends, flags));
            return result < 0 ? result : (long) ends.get(INT, 4) << 32 | ends.get(INT, 0);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code dup3(2)}: makes one descriptor refer to what another does.
     *
     * @param from the descriptor to copy
     * @param to the number that the copy takes, closed before where it is open
     * @param flags 0 or {@link Fcntl#O_CLOEXEC}
     * @return {@code to} or -errno
     */
    public static int dup3(int from, int to, int flags) {
        try {
            return Native.result((int) DUP3.invokeExact(Native.state(), from, to, flags));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code close_range(2)}, Linux 5.9 and later.
     *
     * @param first the lowest descriptor
     * @param last the highest, inclusive; -1 means no limit
     * @param flags 0 or {@link #CLOSE_RANGE_CLOEXEC}
     * @return 0 or -errno
     */
    public static int close_range(int first, int last, int flags) {
        try {
            return (int) Native
                    .result((long) CLOSE_RANGE.invokeExact(Native.state(), SYS_CLOSE_RANGE, first, last, flags));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code read(2)}.
     *
     * @param fd a file descriptor
     * @param into native memory to fill
     * @return bytes read, 0 at the end, or -errno
     */
    public static long read(int fd, MemorySegment into) {
        try {
            return Native.result((long) READ.invokeExact(Native.state(), fd, into, into.byteSize()));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code write(2)}.
     *
     * @param fd a file descriptor
     * @param from native memory to write
     * @return bytes written, or -errno
     */
    public static long write(int fd, MemorySegment from) {
        try {
            return Native.result((long) WRITE.invokeExact(Native.state(), fd, from, from.byteSize()));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code pread(2)}.
     *
     * @param fd a file descriptor
     * @param into native memory to fill
     * @param offset where in the file
     * @return bytes read, 0 at the end, or -errno
     */
    public static long pread(int fd, MemorySegment into, long offset) {
        try {
            return Native.result((long) PREAD.invokeExact(Native.state(), fd, into, into.byteSize(), offset));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code pwrite(2)}, as a critical call: the bytes may lie in the Java heap, and are written from there without
     * another copy. No collection of garbage can begin or go on meanwhile, so the caller writes little at a time.
     *
     * @param fd a file descriptor
     * @param from native or heap memory to write
     * @param offset where in the file
     * @return bytes written, or -errno
     */
    public static long pwrite(int fd, MemorySegment from, long offset) {
        try {
            return Native.result((long) PWRITE.invokeExact(Native.state(), fd, from, from.byteSize(), offset));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code lseek(2)}.
     *
     * @param fd a file descriptor
     * @param offset bytes
     * @param whence 0 from the start, 1 from where it stands, 2 from the end
     * @return the new offset or -errno
     */
    public static long lseek(int fd, long offset, int whence) {
        try {
            return Native.result((long) LSEEK.invokeExact(Native.state(), fd, offset, whence));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code ftruncate(2)}.
     *
     * @param fd a file open for writing
     * @param byteSize the file's new size
     * @return 0 or -errno
     */
    public static int ftruncate(int fd, long byteSize) {
        try {
            return Native.result((int) FTRUNCATE.invokeExact(Native.state(), fd, byteSize));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code unlink(2)}.
     *
     * @param path a file's path
     * @return 0 or -errno
     */
    public static int unlink(String path) {
        try (Arena arena = Arena.ofConfined()) {
            return Native.result((int) UNLINK.invokeExact(Native.state(), arena.allocateFrom(path)));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code rename(2)}.
     *
     * @param fromPath the file that exists
     * @param toPath its new name, taken from whatever bears it
     * @return 0 or -errno
     */
    public static int rename(String fromPath, String toPath) {
        try (Arena arena = Arena.ofConfined()) {
            return Native.result((int) RENAME.invokeExact(Native.state(), arena.allocateFrom(fromPath),
                    arena.allocateFrom(toPath)));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code linkat(2)}.
     *
     * @param fromPath the file that exists
     * @param toPath the name to give it
     * @param flags 0 or {@link Fcntl#AT_SYMLINK_FOLLOW}
     * @return 0 or -errno
     */
    public static int linkat(String fromPath, String toPath, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return Native.result((int) LINKAT.invokeExact(Native.state(), Fcntl.AT_FDCWD, arena.allocateFrom(fromPath),
                    Fcntl.AT_FDCWD, arena.allocateFrom(toPath), flags));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
