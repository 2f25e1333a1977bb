package io.cleave.fission;

import io.cleave.pool.ProgressListener;
import io.cleave.share.Codec;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Fission} was built with.
 *
 * @param children the most children at once
 * @param warmUp items to compute in the caller before the first fork; 0 for none ever; -1 for as many as it takes
 * @param itemTimeoutNanos the most time for an item, 0 for no limit
 * @param maxRetries how often an item is tried again after its child died
 * @param codec for results
 * @param progress hears of progress, or null
 */
record Settings(int children, int warmUp, long itemTimeoutNanos, int maxRetries, Codec codec,
        @Nullable ProgressListener progress) {
    static final int ADAPTIVE = -1;

    /** Whether nothing may ever run in the calling JVM. */
    boolean isIsolated() {
        return warmUp == 0;
    }
}
