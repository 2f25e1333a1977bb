package io.cleave.os;

import org.jspecify.annotations.Nullable;

/**
 * A process, told from every other that has had or will have its number: pid, start time and pid namespace. A zombie
 * counts as dead.
 *
 * @param pid the process id, as its own namespace has it
 * @param startTicks when it started, in clock ticks since boot, from {@code /proc/PID/stat}
 * @param pidNamespace the inode of its pid namespace, 0 where {@code /proc} does not say
 */
public record ProcessIdentity(int pid, long startTicks, long pidNamespace) {
    private static volatile @Nullable ProcessIdentity self;

    /** What can be said of a process. */
    public enum Liveness {
        /** It runs. */
        ALIVE,
        /** It has ended; its number may belong to another by now. */
        DEAD,
        /** It lives in another pid namespace, or {@code /proc} cannot be read. */
        UNKNOWN
    }

    /**
     * The calling process. It is right in a forked child, too.
     *
     * @return its identity
     */
    public static ProcessIdentity current() {
        ProcessIdentity known = self;
        int pid = Unistd.getpid();
        if (known == null || known.pid != pid) {
            ProcFs.ProcessStatus status = ProcFs.status("/proc/" + pid);
            known = new ProcessIdentity(pid, status == null ? 0 : status.startTicks(), namespace());
            self = known;
        }
        return known;
    }

    /**
     * The process that has a number now, in the caller's pid namespace.
     *
     * @param pid a process id
     * @return its identity, or null where there is no such process or it has ended
     */
    public static @Nullable ProcessIdentity of(int pid) {
        ProcFs.ProcessStatus status = ProcFs.status("/proc/" + pid);
        return status == null || status.hasEnded() ? null
                : new ProcessIdentity(pid, status.startTicks(), current().pidNamespace());
    }

    private static long namespace() {
        Stat.FileStatus[] status = new Stat.FileStatus[1];
        return Stat.stat("/proc/self/ns/pid", status) == 0 ? status[0].inode() : 0;
    }

    /**
     * Whether this very process still runs.
     *
     * @return alive, dead, or unknown where it cannot be told from here
     */
    public Liveness liveness() {
        if (pidNamespace != current().pidNamespace()) {
            return Liveness.UNKNOWN;
        }
        ProcFs.ProcessStatus status = ProcFs.status("/proc/" + pid);
        if (status == null) {
            return Signals.kill(pid, 0) == -Errno.ESRCH ? Liveness.DEAD : Liveness.UNKNOWN;
        }
        return status.hasEnded() || status.startTicks() != startTicks ? Liveness.DEAD : Liveness.ALIVE;
    }

    /**
     * Whether this very process has ended or is about to, so that it will never run an instruction of its program again:
     * it is on its way out of the kernel with all of its threads, which lets go of its memory before its locks and files.
     *
     * <p>
     * A thread that exits still runs in the kernel, so each of them must be seen to exit, by the flag PF_EXITING in
     * {@code /proc/PID/task/TID/stat}, and twice: one that began between two looks, or took the place of the first by
     * exec, is among those of the second.
     *
     * @return true where that is proven; false where it lives, or where it cannot be told from here
     */
    public boolean isExiting() {
        if (pid <= 0 || pidNamespace == 0 || pidNamespace != current().pidNamespace() || !ProcFs.isOwnNamespace()) {
            return false;
        }
        ProcFs.ProcessStatus first = ProcFs.status("/proc/" + pid);
        if (first == null) {
            return Signals.kill(pid, 0) == -Errno.ESRCH;
        }
        // Another start may be due to another time namespace, so it proves nothing.
        return first.isExiting() && first.startTicks() == startTicks && isEachExiting(ProcFs.threads(pid))
                && isEachExiting(ProcFs.threads(pid));
    }

    /** Whether threads exit, which are to be all of the process. That none were found proves it only of one that is gone. */
    boolean isEachExiting(int[] threads) {
        if (threads.length == 0) {
            return Signals.kill(pid, 0) == -Errno.ESRCH;
        }
        for (int thread : threads) {
            ProcFs.ProcessStatus status = ProcFs.status("/proc/" + pid + "/task/" + thread);
            if (status != null && !status.isExiting()) {
                return false;
            }
        }
        return true;
    }
}
