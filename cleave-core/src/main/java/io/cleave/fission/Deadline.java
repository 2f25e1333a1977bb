package io.cleave.fission;

import io.cleave.WorkerException;
import io.cleave.work.Apart;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The time limit of a whole run, and an alarm for it that needs nobody who takes results. */
final class Deadline {
    private final long nanos;
    private final CompletableFuture<Void> alarm = new CompletableFuture<>();
    /** Meaningful where {@link #begun}. Written by whoever drives the run. */
    private volatile long since;
    private volatile boolean begun;

    /**
     * Makes one that has not begun.
     *
     * @param nanos how long the run may take, 0 for no limit
     */
    Deadline(long nanos) {
        this.nanos = nanos;
    }

    /**
     * The run begins, unless it has begun.
     *
     * @param expired is run once when the time is over, in a thread of its own
     */
    void begin(Runnable expired) {
        if (nanos == 0 || begun) {
            return;
        }
        since = System.nanoTime();
        begun = true;
        var _ = alarm.completeOnTimeout(null, nanos, TimeUnit.NANOSECONDS).thenRunAsync(() -> {
            if (isOver()) {
                expired.run();
            }
        }, Apart.named("cleave-fission-deadline"));
    }

    boolean isOver() {
        return begun && System.nanoTime() - since >= nanos;
    }

    /** Nobody wants to hear of it any more. */
    void cancel() {
        alarm.cancel(false);
    }

    /**
     * The error for a run that has taken too long.
     *
     * @param delivered how many results there are
     */
    WorkerException error(long delivered) {
        String message = "the run took longer than " + Duration.ofNanos(nanos) + "; " + delivered
                + (delivered == 1 ? " result was" : " results were") + " delivered";
        return new WorkerException(message, "", -1, "", "", new TimeoutException(message));
    }
}
