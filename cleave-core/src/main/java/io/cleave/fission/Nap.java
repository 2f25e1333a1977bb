package io.cleave.fission;

import java.util.concurrent.locks.LockSupport;

/** A short wait that an interrupt does not end: whoever looks again and again would look without a pause from then on. */
final class Nap {
    private Nap() {
    }

    /**
     * Waits.
     *
     * @param nanos how long; an interrupt is kept for later
     */
    static void of(long nanos) {
        long begun = System.nanoTime();
        boolean interrupted = false;
        for (long left = nanos; left > 0; left = nanos - (System.nanoTime() - begun)) {
            LockSupport.parkNanos(left);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
