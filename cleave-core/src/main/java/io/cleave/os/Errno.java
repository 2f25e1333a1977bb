package io.cleave.os;

import java.util.Map;

/** Linux error numbers, as x86-64 and AArch64 have them. */
public final class Errno {
    /** Operation not permitted. */
    public static final int EPERM = 1;
    /** No such file or directory. */
    public static final int ENOENT = 2;
    /** No such process. */
    public static final int ESRCH = 3;
    /** A signal arrived first. */
    public static final int EINTR = 4;
    /** Bad file descriptor. */
    public static final int EBADF = 9;
    /** No child processes. */
    public static final int ECHILD = 10;
    /** Try again: a resource is short, or a value has changed. */
    public static final int EAGAIN = 11;
    /** Cannot allocate memory. */
    public static final int ENOMEM = 12;
    /** Permission denied. */
    public static final int EACCES = 13;
    /** Bad address. */
    public static final int EFAULT = 14;
    /** The file exists. */
    public static final int EEXIST = 17;
    /** Not a directory. */
    public static final int ENOTDIR = 20;
    /** Is a directory. */
    public static final int EISDIR = 21;
    /** Invalid argument. */
    public static final int EINVAL = 22;
    /** Too many open files on the system. */
    public static final int ENFILE = 23;
    /** Too many open files in this process. */
    public static final int EMFILE = 24;
    /** File too large. */
    public static final int EFBIG = 27;
    /** No space left on the device. */
    public static final int ENOSPC = 28;
    /** Read-only file system. */
    public static final int EROFS = 30;
    /** Function not implemented. */
    public static final int ENOSYS = 38;
    /** Too many levels of symbolic links. */
    public static final int ELOOP = 40;
    /** Operation not supported. */
    public static final int EOPNOTSUPP = 95;
    /** Timed out. */
    public static final int ETIMEDOUT = 110;
    /** Disk quota exceeded. */
    public static final int EDQUOT = 122;

    private static final Map<Integer, String> TEXTS = Map.ofEntries(Map.entry(EPERM, "EPERM, not permitted"),
            Map.entry(ENOENT, "ENOENT, no such file or directory"), Map.entry(ESRCH, "ESRCH, no such process"),
            Map.entry(EINTR, "EINTR, interrupted by a signal"), Map.entry(EBADF, "EBADF, bad file descriptor"),
            Map.entry(ECHILD, "ECHILD, no such child"), Map.entry(EAGAIN, "EAGAIN, a resource is short or busy"),
            Map.entry(ENOMEM, "ENOMEM, out of memory"), Map.entry(EACCES, "EACCES, permission denied"),
            Map.entry(EFAULT, "EFAULT, bad address"), Map.entry(EEXIST, "EEXIST, it exists already"),
            Map.entry(ENOTDIR, "ENOTDIR, not a directory"), Map.entry(EISDIR, "EISDIR, is a directory"),
            Map.entry(EINVAL, "EINVAL, invalid argument"),
            Map.entry(ENFILE, "ENFILE, too many open files on the system"),
            Map.entry(EMFILE, "EMFILE, too many open files in this process"),
            Map.entry(EFBIG, "EFBIG, file too large"), Map.entry(ENOSPC, "ENOSPC, no space left on the device"),
            Map.entry(EROFS, "EROFS, read-only file system"),
            Map.entry(ENOSYS, "ENOSYS, not implemented by this kernel"),
            Map.entry(ELOOP, "ELOOP, a symbolic link stands there"),
            Map.entry(EOPNOTSUPP, "EOPNOTSUPP, not supported there"), Map.entry(ETIMEDOUT, "ETIMEDOUT, timed out"),
            Map.entry(EDQUOT, "EDQUOT, quota exceeded"));

    private Errno() {
    }

    /**
     * Says what an error number means.
     *
     * @param errno a positive error number
     * @return its name and meaning, or the bare number where it is an unusual one
     */
    public static String describe(int errno) {
        return TEXTS.getOrDefault(errno, "errno " + errno);
    }
}
