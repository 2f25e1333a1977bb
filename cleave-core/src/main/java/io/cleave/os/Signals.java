package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** {@code signal.h}, {@code sys/wait.h} and {@code sys/prctl.h}: how processes end, and how others learn of it. */
public final class Signals {
    /** Asks a process to end. */
    public static final int SIGTERM = 15;
    /** Ends a process, which cannot catch it. */
    public static final int SIGKILL = 9;
    /** Goes on, for {@link #kill}. */
    public static final int SIGCONT = 18;
    /** Stops until {@link #SIGCONT}, for {@link #kill}. */
    public static final int SIGSTOP = 19;
    /** {@code waitpid}: return at once where nothing has ended. */
    public static final int WNOHANG = 1;
    /** {@code prctl}: the signal that a process gets when the thread that forked it ends. */
    public static final int PR_SET_PDEATHSIG = 1;
    /** {@code prctl}: the calling thread's name. */
    public static final int PR_SET_NAME = 15;

    private static final int P_PID = 1;
    private static final int WEXITED = 4;
    private static final int WNOWAIT = 0x0100_0000;
    private static final int SIGINFO_BYTES = 128;
    private static final long SYS_PIDFD_OPEN = 434;
    private static final String[] NAMES = {"0", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS",
            "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT",
            "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ",
            "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS"};

    private static final MethodHandle KILL = Native.capturing("kill", FunctionDescriptor.of(INT, INT, INT));
    private static final MethodHandle WAITPID = Native.capturing("waitpid",
            FunctionDescriptor.of(INT, INT, POINTER, INT));
    private static final MethodHandle WAITID = Native.capturing("waitid",
            FunctionDescriptor.of(INT, INT, INT, POINTER, INT));
    private static final MethodHandle PRCTL = Native.capturingVariadic("prctl", 1,
            FunctionDescriptor.of(INT, INT, LONG, LONG, LONG, LONG));
    private static final MethodHandle PRCTL_TEXT = Native.capturingVariadic("prctl", 1,
            FunctionDescriptor.of(INT, INT, POINTER));
    private static final MethodHandle PIDFD_OPEN = Native.capturingVariadic("syscall", 1,
            FunctionDescriptor.of(LONG, LONG, INT, INT));

    private Signals() {
    }

    /**
     * {@code kill(2)}.
     *
     * @param pid the process
     * @param signal the signal, 0 to ask only whether it exists
     * @return 0 or -errno
     */
    public static int kill(int pid, int signal) {
        try {
            return Native.result((int) KILL.invokeExact(Native.state(), pid, signal));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code waitpid(2)} for one child.
     *
     * @param pid the child
     * @param options 0 or {@link #WNOHANG}
     * @return {@code pid << 32 | status} where it has ended, 0 where it has not, or -errno
     */
    public static long waitpid(int pid, int options) {
        try {
            MemorySegment status = Native.scratch().asSlice(0, 4);
            status.set(INT, 0, 0);
            int result = Native.result((int) WAITPID.invokeExact(Native.state(), pid, status, options));
            return result <= 0 ? result : ((long) result << 32) | (status.get(INT, 0) & 0xffff_ffffL);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code waitid(2)} for the end of one child, which stays to be waited for by {@link #waitpid}: until then no other
     * process can have its number.
     *
     * @param pid the child
     * @return 0 when it has ended, or -errno
     */
    public static int awaitEnd(int pid) {
        try {
            MemorySegment info = Native.scratch().asSlice(0, SIGINFO_BYTES);
            return Native.result((int) WAITID.invokeExact(Native.state(), P_PID, pid, info, WEXITED | WNOWAIT));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * Whether a wait status is that of a process ended by a signal.
     *
     * @param status from {@link #waitpid}
     * @return the signal, or 0 where the process left by itself
     */
    public static int signalOf(int status) {
        return status & 0x7f;
    }

    /**
     * The exit code in a wait status.
     *
     * @param status from {@link #waitpid}
     * @return 0 to 255
     */
    public static int exitCodeOf(int status) {
        return (status >> 8) & 0xff;
    }

    /**
     * Says how a process ended.
     *
     * @param status from {@link #waitpid}
     * @return such as {@code "killed by SIGSEGV (signal 11)"} or {@code "exit code 3"}
     */
    public static String describe(int status) {
        int signal = signalOf(status);
        return signal == 0 ? "exit code " + exitCodeOf(status)
                : "killed by " + nameOf(signal) + " (signal " + signal + ")";
    }

    /**
     * A signal's name.
     *
     * @param signal a signal's number
     * @return its name, such as {@code "SIGKILL"}
     */
    public static String nameOf(int signal) {
        return signal > 0 && signal < NAMES.length ? NAMES[signal] : "SIG" + signal;
    }

    /**
     * {@code prctl(2)}.
     *
     * @param option such as {@link #PR_SET_PDEATHSIG}
     * @param argument its argument
     * @return the option's value or -errno
     */
    public static int prctl(int option, long argument) {
        try {
            return Native.result((int) PRCTL.invokeExact(Native.state(), option, argument, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code prctl(2)} with a text.
     *
     * @param option such as {@link #PR_SET_NAME}
     * @param argument native memory that holds the text and a zero
     * @return the option's value or -errno
     */
    public static int prctl(int option, MemorySegment argument) {
        try {
            return Native.result((int) PRCTL_TEXT.invokeExact(Native.state(), option, argument));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code pidfd_open(2)}, Linux 5.3 and later.
     *
     * @param pid a process
     * @return a file descriptor that becomes readable when the process ends, or -errno
     */
    public static int pidfd_open(int pid) {
        try {
            return (int) Native.result((long) PIDFD_OPEN.invokeExact(Native.state(), SYS_PIDFD_OPEN, pid, 0));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
