package io.cleave.pool;

import io.cleave.os.Errno;
import io.cleave.os.Signals;
import java.io.InputStream;

/** A worker that is a child of this process's own, as nobody else waits for it. */
final class ForkedProcess implements WorkerProcess {
    private static final int SIGNALED = 128;

    private final int pid;
    private final InputStream output;
    private final InputStream errors;
    /** Whether its number may belong to another process by now. Guarded by this. */
    private boolean isGone;

    ForkedProcess(int pid, InputStream output, InputStream errors) {
        this.pid = pid;
        this.output = output;
        this.errors = errors;
    }

    @Override
    public long pid() {
        return pid;
    }

    @Override
    public synchronized void kill() {
        if (!isGone) {
            Signals.kill(pid, Signals.SIGKILL);
        }
    }

    @Override
    public int awaitEnd() {
        int result = -Errno.EINTR;
        while (result == -Errno.EINTR) {
            result = Signals.awaitEnd(pid);
        }
        synchronized (this) {
            isGone = true;
            int status = (int) Signals.waitpid(pid, Signals.WNOHANG);
            int signal = Signals.signalOf(status);
            return result < 0 ? 0 : signal != 0 ? SIGNALED + signal : Signals.exitCodeOf(status);
        }
    }

    @Override
    public InputStream output() {
        return output;
    }

    @Override
    public InputStream errors() {
        return errors;
    }
}
