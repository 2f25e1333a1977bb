package io.cleave.os;

import io.cleave.CleaveException;

/** What the system refused: the call, the errno and what to do about it. */
public final class SystemCallException extends CleaveException {
    private static final long serialVersionUID = 1L;

    /** The call's name. */
    private final String call;
    /** The positive error number. */
    private final int errno;

    /**
     * Makes an error for a call that failed.
     *
     * @param call the call with the arguments that matter, such as {@code "open(/dev/shm/cleave.x)"}
     * @param errno the error number, positive
     * @param remedy what to do about it, empty where there is nothing to say
     */
    public SystemCallException(String call, int errno, String remedy) {
        super(call + " failed: " + Errno.describe(errno) + (remedy(errno, remedy).isEmpty() ? "" : "; ")
                + remedy(errno, remedy));
        this.call = call;
        this.errno = errno;
    }

    /** What to do about a failure: where descriptors have run out that is the same for every call. */
    private static String remedy(int errno, String remedy) {
        return switch (errno) {
            case Errno.EMFILE -> "this process may have " + Resource.getrlimit(Resource.RLIMIT_NOFILE)
                    + " file descriptors, and has them all: close handles, leases and files that nobody needs, or raise the "
                    + "limit (ulimit -n; LimitNOFILE= of a systemd unit; docker run --ulimit nofile=...)";
            case Errno.ENFILE -> "all processes together have as many files open as the system allows: close some, or "
                    + "raise it (sysctl fs.file-max)";
            default -> remedy;
        };
    }

    /** Has all loaded that the messages take. */
    static void prepare() {
        String _ = new SystemCallException("open", Errno.EMFILE, "").getMessage();
    }

    /**
     * Whether it failed because no more files may be open.
     *
     * @return true for EMFILE and ENFILE
     */
    public boolean isOutOfDescriptors() {
        return errno == Errno.EMFILE || errno == Errno.ENFILE;
    }

    /**
     * Passes the result of a wrapped call through, or throws where it is an error.
     *
     * @param result a call's value, or -errno
     * @param call the call with the arguments that matter
     * @param remedy what to do about a failure
     * @return the result where it is not negative
     */
    public static int check(int result, String call, String remedy) {
        if (result < 0) {
            throw new SystemCallException(call, -result, remedy);
        }
        return result;
    }

    /**
     * The call that failed.
     *
     * @return its name and the arguments that matter
     */
    public String call() {
        return call;
    }

    /**
     * Why it failed.
     *
     * @return the error number, positive, one of {@link Errno}
     */
    public int errno() {
        return errno;
    }
}
