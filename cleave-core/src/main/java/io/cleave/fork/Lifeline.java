package io.cleave.fork;

import io.cleave.os.Errno;
import io.cleave.os.Fcntl;
import io.cleave.os.Signals;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;

/**
 * What ends a child with its parent's process, whichever of its threads has forked it. The kernel's own way
 * ({@code PR_SET_PDEATHSIG}) ends a child with the <i>thread</i>, and one that submits a task may end long before the task
 * does.
 *
 * <p>
 * It is a pipe that nobody ever writes into. Only the parent has the end to write to, so that the kernel closes it with the
 * parent, however that ends. The child has asked for a signal at any event of the end that it reads from, and for the
 * signal to be SIGKILL.
 */
final class Lifeline {
    private static final int NONE = -1;

    /** The pipe's ends, in the process that has made it. Written under the lock of forks. */
    private static int readEnd = NONE;
    private static int writeEnd = NONE;
    /** That process. A child of it has let go of both ends, and makes a pipe of its own before it forks. */
    private static int maker;
    /** What the child holds on to. */
    private static volatile int held = NONE;

    private Lifeline() {
    }

    /** Makes the pipe, once in each process; called in the parent, before it forks. */
    static void prepare() {
        int process = Unistd.getpid();
        if (maker == process) {
            return;
        }
        long ends = Unistd.pipe2(Fcntl.O_CLOEXEC);
        if (ends < 0) {
            throw new SystemCallException("pipe2", (int) -ends,
                    ends == -Errno.EMFILE ? "the limit of open files is reached (ulimit -n)" : "");
        }
        readEnd = (int) ends;
        writeEnd = (int) (ends >> 32);
        maker = process;
    }

    /**
     * Binds the calling process, a child, to its parent; the caller looks afterwards whether the parent is still there.
     *
     * @return false where the system refuses it
     */
    static boolean hold() {
        Unistd.close(writeEnd); // or the child would keep itself alive
        int fresh = Fcntl.reopen(readEnd, Fcntl.O_RDONLY | Fcntl.O_NONBLOCK); // whom to signal is said once for all copies
        if (fresh < 0) {
            return false;
        }
        held = fresh;
        return Fcntl.fcntl(fresh, Fcntl.F_SETOWN, Unistd.getpid()) >= 0
                && Fcntl.fcntl(fresh, Fcntl.F_SETSIG, Signals.SIGKILL) >= 0
                && Fcntl.fcntl(fresh, Fcntl.F_SETFL, Fcntl.O_NONBLOCK | Fcntl.O_ASYNC) >= 0;
    }

    /** Whether the child holds on to this descriptor, so that it must stay. */
    static boolean isHeld(int fd) {
        return fd == held;
    }
}
