package io.cleave.spark;

import io.cleave.pool.ProgressListener;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a pool on Spark.
 *
 * @param chunkSize how many items make a portion at most, 0 for what fits
 * @param maxRetries how many attempts may go before one that begins
 * @param executorTimeout how long a call may be without any executor
 * @param progress hears how far it has come, or null
 * @param executorLogs finds what executors have written that never came up, or null
 */
record SparkSettings(int chunkSize, int maxRetries, Duration executorTimeout, @Nullable ProgressListener progress,
        @Nullable Supplier<String> executorLogs) {}
