package io.cleave.fission;

import io.cleave.pool.ProgressListener;
import io.cleave.share.Codec;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Fission} was built with.
 *
 * @param children the most children at once
 * @param warmUp items to compute in the caller before the first fork; 0 for none ever; -1 for as many as it takes
 * @param itemTimeoutNanos the most time for an item, 0 for no limit
 * @param deadlineNanos the most time for a whole run, 0 for no limit
 * @param maxRetries how often an item is tried again after its child died
 * @param codec for results
 * @param progress hears of progress, or null
 * @param afterFork runs in each child before its first item, or null
 * @param onReport gets the report of each run when it has ended, or null
 * @param isFinal whether each child is the only one that ever sees the heap that it has, so that no other succeeds it
 */
record Settings(int children, int warmUp, long itemTimeoutNanos, long deadlineNanos, int maxRetries, Codec codec,
        @Nullable ProgressListener progress, @Nullable Runnable afterFork, @Nullable Consumer<FissionReport> onReport,
        boolean isFinal) {
    static final int ADAPTIVE = -1;

    /** The same for a run of one item that is computed in one child, forked at once, or not at all. */
    Settings once() {
        return new Settings(1, 0, itemTimeoutNanos, deadlineNanos, 0, codec, null, afterFork, onReport, true);
    }

    /** Whether nothing may ever run in the calling JVM. */
    boolean isIsolated() {
        return warmUp == 0;
    }
}
