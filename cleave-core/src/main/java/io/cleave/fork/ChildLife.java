package io.cleave.fork;

import io.cleave.os.Fcntl;
import io.cleave.os.Mman;
import io.cleave.os.ProcFs;
import io.cleave.os.Stat;
import io.cleave.os.Unistd;
import io.cleave.os.WholeFork;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;
import jdk.management.VirtualThreadSchedulerMXBean;

/** What a forked child does before it computes: it lets go of what is its parent's and becomes different from its siblings. */
public final class ChildLife {
    /** Exit code of a child that found its parent gone. */
    public static final int EXIT_ORPHANED = 90;
    /** Exit code of a child that could not even report what went wrong. */
    public static final int EXIT_BROKEN = 91;
    /** Exit code of a child in which {@link System#exit} ran as far as the shutdown hooks. */
    public static final int EXIT_BY_HOOK = 92;

    /** Exit code of a worker whose task waits for a thread that is not there. */
    public static final int EXIT_STUCK = 94;

    private static final int O_ACCMODE = 3;
    private static final int S_IFDIR = 0x4000;
    private static final int S_IFCHR = 0x2000;
    private static final int MOST_LOOKS = 100;
    private static final long LOOK_NANOS = 50_000;
    private static final int SEEK_SET = 0;
    private static final int SEEK_CUR = 1;
    private static final MemorySegment HIGHEST_SCORE = Arena.global().allocateFrom(ValueLayout.JAVA_BYTE,
            "1000".getBytes(StandardCharsets.US_ASCII));

    private ChildLife() {
    }

    /** Asked for only where virtual threads are used, as it starts what they need. */
    private static final class Scheduler {
        static final VirtualThreadSchedulerMXBean BEAN = ManagementFactory
                .getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
    }

    /**
     * Does all of it.
     *
     * @param firstFile the lowest descriptor to let go of
     */
    public static void begin(int firstFile) {
        detachFiles(firstFile);
        Seeds.renew();
    }

    /** Has {@link ProcessHandle#current} be the child, rather than its parent; for children that are whole JVMs. */
    public static void renewHandle() {
        OwnHandle.renew();
    }

    /**
     * Becomes a JVM like any other, for children that are whole ones: the first to be ended where memory runs out, with
     * time-outs and virtual threads of its own.
     */
    public static void becomeWhole() {
        beFirstVictim();
        JdkThreads.forget();
        reviveCarriers();
    }

    /** Lets virtual threads of the child's own run, unless those of the parent's wait to be carried. */
    private static void reviveCarriers() {
        if (WholeFork.hasIdleCarriers()) {
            reviveUnblocker();
            if (Scheduler.BEAN.getQueuedVirtualThreadCount() == 0) {
                WholeFork.resumeIdleCarriers();
            }
        }
    }

    /**
     * Lets the thread go on that schedules virtual ones when they get the monitor that they waited for. It has done so for
     * those of the parent's, if there are any, when this returns.
     */
    private static void reviveUnblocker() {
        for (ThreadInfo thread : ManagementFactory.getThreadMXBean().getThreadInfo(WholeFork.goneThreads())) {
            if (thread != null && thread.getThreadName().equals("VirtualThread-unblocker")) {
                int number = WholeFork.resume(thread.getThreadId());
                for (int look = 0; look < MOST_LOOKS && !isAsleep(number); look++) {
                    LockSupport.parkNanos(LOOK_NANOS);
                }
            }
        }
    }

    private static boolean isAsleep(int thread) {
        ProcFs.ProcessStatus status = ProcFs.status("/proc/self/task/" + thread);
        return status == null || status.state() == 'S';
    }

    /** Where memory runs out, the kernel ends a child, whose items others compute, and not the parent. */
    private static void beFirstVictim() {
        int file = Fcntl.open("/proc/self/oom_score_adj", Fcntl.O_WRONLY, 0);
        if (file >= 0) { // else /proc is not writable here, and the kernel decides by size
            Unistd.write(file, HIGHEST_SCORE);
            Unistd.close(file);
        }
    }

    /**
     * Writes what the task has printed and a stream of the program's own still keeps. Nothing of the parent's is in there: it
     * has flushed both when it forked. The parent ends a child that takes too long over it.
     */
    public static void writeOutput() {
        try {
            System.out.flush();
            System.err.flush();
        } catch (Throwable t) { // a stream of the program's own; the end of the child must come
            return;
        }
    }

    /**
     * Lets go of the parent's files, but for the first few.
     *
     * <p>
     * Sockets, pipes and the like are replaced by a descriptor on which every operation fails with EBADF: the number
     * stays taken, so that an object of the parent's that still uses it can never write into another file; and the
     * other end of a pipe or connection sees it closed when the parent closes it. Regular files that can be read are
     * opened anew, as their position would be shared with the parent and every sibling, and two that load classes from
     * one jar would read from each other's places. Files that are only written, such as logs, stay shared: their
     * position must be. Devices and directories have no state to share.
     *
     * @param first the lowest descriptor to look at
     */
    public static void detachFiles(int first) {
        int dead = Fcntl.open("/dev/null", Fcntl.O_PATH, 0);
        for (int fd : ProcFs.openFiles()) {
            if (fd >= first && fd != dead && !Lifeline.isHeld(fd)) {
                detach(fd, dead);
            }
        }
    }

    /**
     * Lets go of files of its own, in the parent, so that children find done what that needs.
     *
     * @param rounds how often
     */
    public static void rehearse(int rounds) {
        int dead = Fcntl.open("/dev/null", Fcntl.O_PATH, 0);
        int file = Fcntl.open("/proc/self/maps", Fcntl.O_RDONLY, 0); // any regular file will do
        int other = Mman.memfd_create("cleave-rehearsal", Mman.MFD_CLOEXEC);
        for (int round = 0; round < rounds; round++) {
            detach(file, dead);
            detach(other, dead);
        }
        Unistd.close(file);
        Unistd.close(other);
        Unistd.close(dead);
    }

    /**
     * Lets go of one file.
     *
     * @param fd its descriptor
     * @param dead a descriptor on which every operation fails
     */
    static void detach(int fd, int dead) {
        int mode = Stat.mode(fd);
        if (mode < 0) {
            return; // closed since it was listed
        }
        int type = mode & Stat.S_IFMT;
        if (type == S_IFDIR || type == S_IFCHR) {
            return;
        }
        if (type == Stat.S_IFREG) {
            int flags = Fcntl.fcntl(fd, Fcntl.F_GETFL, 0);
            boolean onlyWritten = (flags & O_ACCMODE) == 1;
            if (onlyWritten || reopen(fd, flags & O_ACCMODE)) {
                return;
            }
        }
        Unistd.dup3(dead, fd, Fcntl.O_CLOEXEC);
    }

    private static boolean reopen(int fd, int accessMode) {
        int fresh = Fcntl.reopen(fd, accessMode);
        if (fresh < 0) {
            return false;
        }
        long position = Unistd.lseek(fd, 0, SEEK_CUR);
        if (position > 0) {
            Unistd.lseek(fresh, position, SEEK_SET);
        }
        Unistd.dup3(fresh, fd, Fcntl.O_CLOEXEC);
        Unistd.close(fresh);
        return true;
    }
}
