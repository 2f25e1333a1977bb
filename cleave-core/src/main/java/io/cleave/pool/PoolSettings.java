package io.cleave.pool;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a pool of worker JVMs was built with.
 *
 * @param workers the most workers at once
 * @param startMethod how workers come into being
 * @param jvmOptions for workers, behind those that they inherit
 * @param classPath more places where workers find classes
 * @param initializer what each worker does first, or null
 * @param maxTasks after so many items a worker is replaced, 0 for never
 * @param maxRssGrowth a worker whose resident memory has grown by more bytes is replaced, 0 for never
 * @param chunkSize how many items travel together, 0 for as many as suit
 * @param taskTimeoutNanos the most time for an item, 0 for no limit
 * @param idleNanos after which an idle worker ends
 * @param maxRetries how often an item is tried again after its worker died
 * @param concurrency how many asynchronous tasks a worker has under way, 0 for a pool of ordinary tasks
 * @param output where workers' output goes
 * @param progress hears of progress, or null
 */
record PoolSettings(int workers, StartMethod startMethod, List<String> jvmOptions, List<Path> classPath,
        @Nullable Initializer initializer,
        int maxTasks, long maxRssGrowth, int chunkSize, long taskTimeoutNanos, long idleNanos, int maxRetries,
        int concurrency, WorkerOutput output, @Nullable ProgressListener progress) {}
