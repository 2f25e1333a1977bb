package io.cleave.fission;

import io.cleave.work.Sneaky;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The platform thread in which a run's steps happen: the caller's own, or, where the caller is a virtual thread, one
 * kept for the run. A virtual thread cannot be forked: in the child nothing would ever mount it again.
 *
 * <p>
 * The stand-in is interrupted when its caller is, and the caller when its stand-in was and has not noticed. A step is
 * always waited for: two threads would drive the run otherwise.
 */
final class Driver implements AutoCloseable {
    private @Nullable ExecutorService standIn;
    private boolean closed;

    /**
     * Does a step.
     *
     * @return what it gives; false where the driver is closed
     */
    boolean call(BooleanSupplier step) {
        if (!Thread.currentThread().isVirtual()) {
            return step.getAsBoolean();
        }
        Errand errand = new Errand(step, Thread.interrupted());
        ExecutorService executor = executor();
        if (executor == null) {
            errand.giveBack();
            return false;
        }
        try {
            executor.execute(errand);
        } catch (RejectedExecutionException e) { // closed since
            errand.giveBack();
            return false;
        }
        return errand.await();
    }

    private synchronized @Nullable ExecutorService executor() {
        if (standIn == null && !closed) {
            standIn = Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("cleave-fission-driver").factory());
        }
        return standIn;
    }

    /** Lets the stand-in end after its step. */
    @Override
    public synchronized void close() {
        closed = true;
        if (standIn != null) {
            standIn.shutdown();
        }
    }

    /** A step that is done on behalf of another thread. */
    private static final class Errand implements Runnable {
        private final BooleanSupplier step;
        private final CountDownLatch done = new CountDownLatch(1);
        private @Nullable Thread runner;
        /** Whether there is an interrupt for the runner before its step, or for the caller after it. Guarded by this. */
        private boolean interrupted;
        private boolean result;
        private @Nullable Throwable thrown;

        Errand(BooleanSupplier step, boolean interrupted) {
            this.step = step;
            this.interrupted = interrupted;
        }

        @Override
        public void run() {
            begin();
            try {
                result = step.getAsBoolean();
            } catch (Throwable t) {
                thrown = t;
            }
            end();
            done.countDown();
        }

        private synchronized void begin() {
            runner = Thread.currentThread();
            if (interrupted) {
                interrupted = false;
                runner.interrupt();
            }
        }

        private synchronized void end() {
            runner = null;
            interrupted |= Thread.interrupted();
        }

        private synchronized void interrupt() {
            if (runner == null) {
                interrupted = true;
            } else {
                runner.interrupt();
            }
        }

        boolean await() {
            boolean waiting = true;
            while (waiting) {
                try {
                    done.await();
                    waiting = false;
                } catch (InterruptedException e) {
                    interrupt();
                }
            }
            giveBack();
            if (thrown != null) {
                throw Sneaky.rethrow(thrown);
            }
            return result;
        }

        /** The caller is interrupted, where nobody has noticed yet. */
        synchronized void giveBack() {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
