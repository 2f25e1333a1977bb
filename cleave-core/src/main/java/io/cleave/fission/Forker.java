package io.cleave.fission;

import io.cleave.os.Errno;
import io.cleave.os.Signals;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.os.WholeFork;
import java.io.PrintStream;

/** Forks this JVM, one fork at a time, at a quiet moment. */
final class Forker {
    private static final long LEAST_PATIENCE_NANOS = 8_000_000;
    private static final long MOST_PATIENCE_NANOS = 128_000_000;
    private static final int MOST_COLLECTIONS = 3;
    private static final int LARGEST_ERRNO = 1000;
    private static final Object LOCK = new Object();
    private static final Quiescence QUIESCENCE = new Quiescence();

    /**
     * How long to wait for a quiet moment: doubled by each deadlock, shortened by each child that met none. While a
     * program is being compiled there may be no quiet moment for long; then a fork that has to be made again now and then
     * costs less than the wait, until it happens too often.
     */
    private static volatile long patience = LEAST_PATIENCE_NANOS;

    /** 0 in the process that loaded this class, else the pid of the forked child that this is. */
    private static volatile int childPid;

    private Forker() {
    }

    /** Whether this process is a forked child. */
    static boolean isChild() {
        return childPid != 0;
    }

    /**
     * Forks. The caller's thread is the only one that the child has; it must leave by {@link Unistd#_exit}.
     *
     * @param room how much of Eden should be free for the child, as 1 in so many
     * @return what came of it
     */
    static Forked fork(int room) {
        synchronized (LOCK) {
            int parent = Unistd.getpid();
            boolean isWhole = SupportCheck.isWhole();
            if (!isWhole) {
                awaitGoodMoment(room);
            }
            int pid = forkFlushed(isWhole);
            if (pid == 0) {
                become(parent);
            } else if (pid < 0 && isWhole && WholeFork.isForGood(pid)) {
                SupportCheck.giveUpWhole(WholeFork.describe(pid));
                Preparation.forChildrenOfOneThread();
                return fork(room);
            } else if (pid < 0) {
                throw refused(pid);
            }
            return new Forked(pid, isWhole);
        }
    }

    /**
     * A fork that was made.
     *
     * @param pid the child in the parent, 0 in the child
     * @param isWhole whether the child is a whole JVM
     */
    record Forked(int pid, boolean isWhole) {}

    private static void awaitGoodMoment(int room) {
        QUIESCENCE.await(patience);
        for (int attempt = 0; attempt < MOST_COLLECTIONS && !Eden.makeRoom(room); attempt++) {
            QUIESCENCE.await(patience); // other threads may allocate meanwhile
        }
    }

    private static SystemCallException refused(int result) {
        return -result < LARGEST_ERRNO ? new SystemCallException("fork", -result, remedy(-result))
                : new SystemCallException("fork", Errno.EAGAIN, WholeFork.describe(result));
    }

    /** A child was made, and could not become a whole JVM. */
    static SystemCallException notWhole() {
        return new SystemCallException("fork", Errno.EAGAIN,
                "a child could not have all of the JVM's threads: " + remedy(Errno.EAGAIN) + ", or "
                        + remedy(Errno.ENOMEM));
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

    private static String remedy(int errno) {
        return switch (errno) {
            case Errno.EAGAIN ->
                "the limit of processes and threads is reached (ulimit -u, cgroup pids.max, kernel.pid_max)";
            case Errno.EMFILE, Errno.ENFILE -> "the limit of open files is reached (ulimit -n, fs.file-max)";
            case Errno.ENOMEM -> "the limit of memory is reached (vm.overcommit_memory, cgroup memory.max)";
            default -> "";
        };
    }

    /**
     * Learns what became of a child.
     *
     * @param deadlocked whether it could not go on
     */
    static void learn(boolean deadlocked) {
        long now = patience;
        patience = deadlocked ? Math.min(2 * now, MOST_PATIENCE_NANOS) : Math.max(now - now / 8, LEAST_PATIENCE_NANOS);
    }

    /** The first thing that a child does: it binds its life to its parent's. */
    private static void become(int parent) {
        Signals.prctl(Signals.PR_SET_PDEATHSIG, Signals.SIGKILL);
        if (Unistd.getppid() != parent) {
            throw Unistd._exit(ChildLife.EXIT_ORPHANED);
        }
        childPid = Unistd.getpid();
    }
}
