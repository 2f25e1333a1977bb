package io.cleave.fission;

import io.cleave.pool.ProgressListener;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Tells a listener how many items are done, not oftener than it can be of use. */
final class Progress {
    private static final long INTERVAL_NANOS = 20_000_000;

    private final @Nullable ProgressListener listener;
    /** Written by whoever drives the run. */
    private final AtomicLong done = new AtomicLong();
    /** Held while the listener is told; guards what is below. */
    private final ReentrantLock telling = new ReentrantLock();
    private long told = -1;
    private long lastTime;

    Progress(@Nullable ProgressListener listener) {
        this.listener = listener;
    }

    /** So many items more are done. */
    void done(long more) {
        if (listener != null) {
            done.addAndGet(more);
        }
    }

    /** Tells the listener, if it has not been told for a while. */
    void tell(long total) {
        if (listener != null && System.nanoTime() - lastTime > INTERVAL_NANOS) {
            end(total);
        }
    }

    /** Tells the listener, unless it has been told the same; does not wait for a listener that is being told. */
    void end(long total) {
        if (listener == null || !telling.tryLock()) {
            return;
        }
        try {
            long now = done.get();
            lastTime = System.nanoTime();
            if (told != now) {
                told = now;
                listener.onProgress(now, total);
            }
        } finally {
            telling.unlock();
        }
    }
}
