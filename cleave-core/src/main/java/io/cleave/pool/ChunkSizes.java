package io.cleave.pool;

/**
 * How many items a run sends together, and how many batches lie ahead of its consumer: that follows from how long the last
 * ones took. Chunks begin with one item, so that the first result is there soon, grow to half a millisecond's work, and shrink
 * towards the end. Changed under the crew's lock.
 */
final class ChunkSizes {
    private static final double CHUNK_NANOS = 500_000;
    private static final int MOST_IN_CHUNK = 4096;
    private static final int GROWTH = 8;
    /** How much work lies ahead of the consumer for each worker, and at most in how many batches. */
    private static final long AHEAD_NANOS = 8_000_000;
    private static final int LEAST_AHEAD = 2;
    private static final int MOST_AHEAD = 256;
    /** How many bytes lie ahead where items are large, in as many batches as each worker needs at least. */
    private static final int BYTES_AHEAD = 4 << 20;

    private final PoolSettings settings;
    private final int workers;
    private double itemNanos;
    private volatile int portion = 1;
    /** How many items a batch may have for their bytes; any number while none has been full. */
    private volatile int fitting = Integer.MAX_VALUE;

    ChunkSizes(PoolSettings settings) {
        this.settings = settings;
        this.workers = Math.max(settings.workers(), 1) * Math.max(1, settings.concurrency());
    }

    /** A batch has been done. */
    void learn(Batch batch) {
        double each = (double) batch.nanos / Math.max(1, batch.items.size());
        itemNanos = itemNanos == 0 ? each : (3 * itemNanos + each) / 4;
        if (settings.chunkSize() == 0 && settings.concurrency() == 0) {
            int most = settings.maxTasks() > 0 ? Math.min(MOST_IN_CHUNK, settings.maxTasks()) : MOST_IN_CHUNK;
            portion = (int) Math.clamp(CHUNK_NANOS / Math.max(1, itemNanos), 1,
                    (double) Math.min((long) GROWTH * portion, most));
        }
    }

    /** A batch has been made of so many items, and was full by then or not. By one thread at a time, under no lock. */
    void made(int items, boolean isFull) {
        if (isFull) {
            fitting = items;
        } else if (items >= fitting) {
            fitting = (int) Math.min(2L * fitting, Integer.MAX_VALUE); // they have become smaller
        }
    }

    /** How many items make a chunk where nobody knows how many there are. */
    int size() {
        return Math.min(settings.chunkSize() > 0 ? settings.chunkSize() : portion, fitting);
    }

    /** How many items make a chunk where so many are left. */
    int size(long left) {
        return settings.chunkSize() > 0 ? settings.chunkSize() : Math.clamp(left / (3L * workers), 1, portion);
    }

    /** How long so many items should take. */
    long expectedNanos(int items) {
        return (long) (itemNanos * items);
    }

    /** How many batches may lie ahead of the consumer. */
    int mostAhead() {
        if (settings.concurrency() > 0) {
            return workers + workers / 2;
        }
        double batchNanos = Math.max(1, itemNanos * Math.min(portion, fitting));
        int most = workers * (itemNanos == 0 ? LEAST_AHEAD
                : Math.clamp((long) (AHEAD_NANOS / batchNanos), LEAST_AHEAD, MOST_AHEAD));
        return fitting == Integer.MAX_VALUE ? most
                : Math.min(most, Math.max(workers * LEAST_AHEAD, BYTES_AHEAD / Batch.MOST_BYTES));
    }
}
