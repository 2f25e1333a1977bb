package io.cleave.spark;

/**
 * How many items make a portion: so many that Spark's few milliseconds for each partition are a small part of it, and
 * so few that the last ones keep all cores busy to the end.
 *
 * <p>
 * A run begins with portions of one item, followed by portions of two, four and so on, all in one job, as nothing is
 * known yet; afterwards portions take as long as a sixteenth of the run so far, between 50 ms and a second,
 * but for those whose results are large. Not safe
 * for use by several threads.
 */
final class Sizing {
    private static final double LEAST_NANOS = 50e6;
    private static final double MOST_NANOS = 1e9;
    private static final int PART_OF_RUN = 16;
    private static final int MOST_ITEMS = 1 << 16;
    private static final int GROWTH = 16;
    /** How many portions for each core a job has at most. */
    static final int MOST_PORTIONS = 4;
    /** What the results of a portion are to take at most, in bytes, by those of the portions before. */
    private static final double MOST_ANSWER = 4 << 20;
    private static final int MOST_FIRST = 8;
    /** Towards the end of a collection each core gets at least so many portions of what is left. */
    private static final int LAST_PORTIONS = 3;

    private final int fixed;
    /** What the results of a job may take, in bytes. */
    private final double mostResults;
    private final long start = System.nanoTime();
    private double itemNanos;
    /** What the result of an item takes. */
    private double resultBytes;
    private int largest = 1;

    /**
     * Sizes for a run.
     *
     * @param fixed the size, where it is more than 0
     * @param mostResults what the results of a job may take, in bytes; 0 for any number
     */
    Sizing(int fixed, long mostResults) {
        this.fixed = fixed;
        this.mostResults = mostResults <= 0 ? Double.MAX_VALUE : mostResults;
    }

    /** A portion took so long, and its answer is so large. */
    void learn(long count, long nanos, long bytes) {
        double each = (double) Math.max(1, nanos) / Math.max(1, count);
        double weight = itemNanos == 0 ? 1 : 0.25;
        itemNanos += weight * (each - itemNanos);
        double eachBytes = (double) bytes / Math.max(1, count);
        resultBytes = Math.max(eachBytes, resultBytes + 0.25 * (eachBytes - resultBytes)); // grows at once
        double target = Math.clamp((System.nanoTime() - start) / (double) PART_OF_RUN, LEAST_NANOS, MOST_NANOS);
        double most = Math.min((double) GROWTH * Math.max(largest, count), MOST_ITEMS);
        largest = (int) Math.clamp(target / itemNanos, 1, most);
    }

    /**
     * The size of a portion.
     *
     * @param number its number within the job
     * @param cores how many portions are computed at once
     * @param left how many items are left
     */
    int portion(int number, int cores, long left) {
        if (fixed > 0) {
            return fixed;
        }
        int size = itemNanos == 0 ? 1 << Math.min(number / cores, Integer.numberOfTrailingZeros(MOST_FIRST)) : largest;
        double answer = Math.min(MOST_ANSWER, mostResults / (2.0 * MOST_PORTIONS * cores));
        int fits = resultBytes == 0 ? size : (int) Math.clamp(answer / resultBytes, 1, size);
        return Math.clamp(left / ((long) LAST_PORTIONS * cores), 1, fits);
    }
}
