package io.cleave.fission;

import io.cleave.pool.ProgressListener;
import org.jspecify.annotations.Nullable;

/** Tells a listener how many items are done, not oftener than it can be of use. */
final class Progress {
    private static final long INTERVAL_NANOS = 20_000_000;

    private final @Nullable ProgressListener listener;
    private long done;
    private long told = -1;
    private long lastTime;

    Progress(@Nullable ProgressListener listener) {
        this.listener = listener;
    }

    void done(long more, long total) {
        done += more;
        if (listener != null) {
            long now = System.nanoTime();
            if (now - lastTime > INTERVAL_NANOS) {
                lastTime = now;
                tell(total);
            }
        }
    }

    void end(long total) {
        tell(total);
    }

    private void tell(long total) {
        if (listener != null && told != done) {
            told = done;
            listener.onProgress(done, total);
        }
    }
}
