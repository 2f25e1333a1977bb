package io.cleave.worker;

import io.cleave.channel.Doorbell;
import io.cleave.os.Futex;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.work.PoolMemory;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The second thread of a worker: it lets the kernel end the worker with its pool's process, and interrupts tasks.
 *
 * <p>
 * It begins by loading what downcalls need, which takes tens of milliseconds, and therefore waits until the first result
 * is out, or 50 ms have passed.
 */
final class Control {
    private static final long GRACE_NANOS = 50_000_000;
    private static final long NAP_NANOS = 1_000_000;
    private static final long SLEEP_NANOS = 1_000_000_000L;
    private static final long LEAVE_MILLIS = 100;
    private final PoolMemory.Slot slot;
    private final long parent;
    private final Thread main;
    private final Thread thread = new Thread(this::run, "cleave-control");
    private volatile boolean hasTime;
    private volatile boolean leaving;
    private volatile boolean ready;
    private volatile @Nullable AsyncJobs async;
    /** The batch that is being computed, -1 where none is. Guarded by this. */
    private long current = -1;

    Control(PoolMemory.Slot slot, long parent, Thread main) {
        this.slot = slot;
        this.parent = parent;
        this.main = main;
    }

    void start() {
        thread.setDaemon(true);
        thread.start();
    }

    /** Ends the thread, as the JVM's end waits a third of a second for those that are in a system call. */
    void leave() {
        leaving = true;
        if (ready) {
            slot.control().ringAnyway();
        }
        try {
            thread.join(LEAVE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The other thread has nothing to do, so that downcalls can be loaded. */
    void notBusy() {
        hasTime = true;
    }

    /** Whether downcalls are loaded. */
    boolean isReady() {
        return ready;
    }

    boolean isParentAlive() {
        return !ready || Unistd.getppid() == parent;
    }

    void async(AsyncJobs jobs) {
        async = jobs;
    }

    private void run() {
        long end = System.nanoTime() + GRACE_NANOS;
        while (!hasTime && !leaving && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(NAP_NANOS);
        }
        Signals.prctl(Signals.PR_SET_PDEATHSIG, Signals.SIGKILL); // it holds as long as this thread lives
        if (Unistd.getppid() != parent) {
            Runtime.getRuntime().halt(PoolMemory.EXIT_ORPHANED);
        }
        Doorbell bell = slot.control();
        Futex.wake(MemorySegment.NULL, 0, false); // loads it
        ready = true;
        slot.ready();
        while (!leaving) {
            int ticket = bell.prepare();
            interrupt();
            if (leaving) {
                bell.cancel();
                return;
            }
            bell.sleep(ticket, System.nanoTime() + SLEEP_NANOS);
            if (Unistd.getppid() != parent) {
                Runtime.getRuntime().halt(PoolMemory.EXIT_ORPHANED);
            }
        }
    }

    private synchronized void interrupt() {
        if (current >= 0 && slot.isInterrupted(current)) {
            main.interrupt();
        }
        AsyncJobs jobs = async;
        if (jobs != null) {
            jobs.interrupt(slot);
        }
    }

    /** Makes a batch the current one; false where the pool has taken it back. */
    synchronized boolean begin(long batch) {
        if (!slot.claim(batch, PoolMemory.TAKEN)) {
            return false;
        }
        current = batch;
        return true;
    }

    /** The current batch is done, and an interrupt that was meant for it is forgotten. */
    synchronized void end() {
        current = -1;
        boolean _ = Thread.interrupted();
    }
}
