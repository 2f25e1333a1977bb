package io.cleave.owner;

import io.cleave.os.Futex;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How long a call is ready to wait, and whether an interrupt ends it. The deadline is absolute, so wake-ups never
 * prolong it.
 *
 * @param deadlineNanos a moment of {@link System#nanoTime()}, or {@link Futex#NEVER}
 * @param isInterruptible whether the wait ends by an exception when the thread is interrupted
 */
public record Patience(long deadlineNanos, boolean isInterruptible) {
    /**
     * How long a sleeper sleeps before it looks whether somebody has died: less than half of what is promised. That look
     * would also make good for a lost wake-up, so checks that are to find one make it longer, by {@code
     * -Dcleave.sliceNanos}.
     */
    public static final long SLICE_NANOS = Long.getLong("cleave.sliceNanos", 40_000_000);

    public static final Patience FOREVER = new Patience(Futex.NEVER, true);
    public static final Patience UNINTERRUPTIBLY = new Patience(Futex.NEVER, false);

    /** No wait at all. */
    public static final Patience TRY = new Patience(0, false);

    /** Patience from now on; 0 and negative mean not to wait. */
    public static Patience of(long timeoutNanos) {
        long now = System.nanoTime();
        long deadline = now + Math.max(0, timeoutNanos);
        return new Patience(deadline < now ? Futex.NEVER : deadline, true);
    }

    public static Patience of(long timeout, TimeUnit unit) {
        return of(unit.toNanos(timeout));
    }

    public static Patience of(Duration timeout) {
        return of(nanos(timeout));
    }

    /** A duration in nanoseconds, as near as a long comes to it. */
    public static long nanos(Duration timeout) {
        return TimeUnit.NANOSECONDS.convert(timeout);
    }

    /**
     * Lets some time pass, also where the thread is interrupted, which it stays: one that is would not park at all.
     *
     * @param nanos how much
     */
    public static void nap(long nanos) {
        long end = System.nanoTime() + nanos;
        boolean wasInterrupted = false;
        for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
            wasInterrupted |= Thread.interrupted();
        }
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    public boolean isTry() {
        return deadlineNanos == 0;
    }

    public boolean isOver() {
        return deadlineNanos != Futex.NEVER && System.nanoTime() - deadlineNanos >= 0;
    }

    /** The end of the next slice, or the deadline where that is earlier. */
    public long endOfSlice() {
        return Math.min(deadlineNanos, System.nanoTime() + SLICE_NANOS);
    }
}
