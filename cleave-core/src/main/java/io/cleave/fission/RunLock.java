package io.cleave.fission;

import io.cleave.work.Sneaky;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The lock of what a run has of the system's: its children, and the memory that it shares with them. Whoever drives the
 * run holds it for one step at a time, and lets go of it while a task runs, so that nobody who ends the run or asks for its
 * report waits for that. It is held while a result is decoded and an item asked for its text: code of the caller's as well,
 * but such as has no reason to wait for anything. It is fair, or they would wait for the end of all steps.
 */
final class RunLock {
    private final ReentrantLock lock = new ReentrantLock(true);
    /** Whether children and memory are gone. Written under the lock. */
    private volatile boolean closed;

    void lock() {
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    /** Children and memory are gone; called under the lock. */
    void close() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
    }

    /** What whoever drives a closed run gets. */
    static CancellationException cancelled() {
        return new CancellationException("the stream was closed while it was being read");
    }

    /**
     * Runs a task; called under the lock, which others may have meanwhile.
     *
     * @param code touches nothing that ends with the run
     * @throws CancellationException where the run has been closed meanwhile
     */
    void outside(Runnable code) {
        Throwable thrown = null;
        lock.unlock();
        try {
            code.run();
        } catch (Throwable t) {
            thrown = t;
        } finally {
            lock.lock();
        }
        check();
        rethrow(thrown);
    }

    /** Throws where the run is closed. */
    void check() {
        if (closed) {
            throw cancelled();
        }
    }

    private static void rethrow(@Nullable Throwable thrown) {
        if (thrown != null) {
            throw Sneaky.rethrow(thrown);
        }
    }
}
