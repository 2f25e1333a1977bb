package io.cleave.fork;

import io.cleave.os.Errno;
import io.cleave.os.Fcntl;
import io.cleave.os.Signals;
import io.cleave.os.Stat;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.os.WholeFork;
import io.cleave.os.YoungCollection;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Forks this JVM, one fork at a time. */
public final class Forks {
    /** Held while a fork is prepared and made: one at a time, whoever wants it. */
    public static final Object LOCK = new Object();

    private static final int LARGEST_ERRNO = 1000;

    /** 0 in the process that loaded this class, else the pid of the forked child that this is. */
    private static volatile int childPid;

    private Forks() {
    }

    /**
     * Whether this process is a forked child.
     *
     * @return false in the process that loaded this class
     */
    public static boolean isChild() {
        return childPid != 0;
    }

    /**
     * Forks. The child must leave by {@link Unistd#_exit}.
     *
     * @param isWhole whether the child is to be a whole JVM, rather than the calling thread alone
     * @param outlivesThread whether the child lives as long as its parent's process, or only as the thread that forks
     * @return the child's pid in the parent, 0 in the child, or a negative number: see {@link WholeFork#describe}
     */
    public static int fork(boolean isWhole, boolean outlivesThread) {
        synchronized (LOCK) {
            if (outlivesThread) {
                Lifeline.prepare();
            }
            int parent = Unistd.getpid();
            int pid = forkFlushed(isWhole);
            if (pid == 0) {
                become(parent, outlivesThread);
            }
            return pid;
        }
    }

    /**
     * Loads and initializes classes that are first used in a child, and those of this package. Another thread might be inside
     * the initializer of one of them at the fork, and the child would wait for it; a child that loads a class reads from a jar
     * file whose position it shares with its parent, until it has let go of that; and it saves each child the time.
     *
     * @param others public classes of other packages
     */
    public static void initialize(List<Class<?>> others) {
        List<Class<?>> all = new ArrayList<>(
                List.of(Lifeline.class, ChildLife.class, ExitGuard.class, Seeds.class, JdkThreads.class,
                        WholeSupport.class, Nursery.class, YoungCollection.class, Signals.class, Unistd.class,
                        Stat.class, Fcntl.class));
        all.addAll(others);
        try {
            for (Class<?> type : all) {
                Class.forName(type.getName(), true, type.getClassLoader());
            }
        } catch (ClassNotFoundException e) {
            throw new LinkageError("a class that is there cannot be initialized", e);
        }
    }

    /** Forks when no output lies in a buffer: it would be written by parent and child. */
    private static int forkFlushed(boolean isWhole) {
        System.err.flush();
        PrintStream out = System.out;
        synchronized (out) { // which is what a PrintStream locks, so that nobody prints in between
            out.flush();
            return isWhole ? WholeFork.fork() : Unistd.fork();
        }
    }

    /** The first thing that a child does: it binds its life to its parent's. */
    private static void become(int parent, boolean outlivesThread) {
        boolean isHeld = outlivesThread && Lifeline.hold();
        Signals.prctl(Signals.PR_SET_PDEATHSIG, isHeld ? 0 : Signals.SIGKILL); // a whole child has it set already
        if (Unistd.getppid() != parent) {
            throw Unistd._exit(ChildLife.EXIT_ORPHANED);
        }
        childPid = Unistd.getpid();
    }

    /**
     * Whether the system has refused a fork, rather than that this JVM found itself unable to make one.
     *
     * @param result what {@link #fork} returned, negative
     * @return whether it is an error number
     */
    public static boolean isErrno(int result) {
        return -result < LARGEST_ERRNO;
    }

    /**
     * What a fork that failed throws.
     *
     * @param result what {@link #fork} returned, negative
     * @return the error
     */
    public static SystemCallException refused(int result) {
        return isErrno(result) ? new SystemCallException("fork", -result, remedy(-result))
                : new SystemCallException("fork", Errno.EAGAIN, WholeFork.describe(result));
    }

    /**
     * What a fork comes to whose child was made, and could not become a whole JVM.
     *
     * @return the error
     */
    public static SystemCallException notWhole() {
        return new SystemCallException("fork", Errno.EAGAIN,
                "a child could not have all of the JVM's threads: " + remedy(Errno.EAGAIN) + ", or "
                        + remedy(Errno.ENOMEM));
    }

    private static String remedy(int errno) {
        return switch (errno) {
            case Errno.EAGAIN ->
                "the limit of processes and threads is reached (ulimit -u, cgroup pids.max, kernel.pid_max)";
            case Errno.EMFILE, Errno.ENFILE -> "the limit of open files is reached (ulimit -n, fs.file-max)";
            case Errno.ENOMEM -> "the limit of memory is reached (vm.overcommit_memory, cgroup memory.max)";
            default -> "";
        };
    }
}
