package io.cleave.bench.objects;

/** How long operations took: counts in steps of a thirty-second, and the longest as it was. For one thread. */
final class Latencies {
    /** Each doubling has two to the power of this many steps. */
    private static final int STEPS_SHIFT = 5;
    private static final int STEPS = 1 << STEPS_SHIFT;

    private final long[] counts = new long[(Long.SIZE - STEPS_SHIFT + 1) << STEPS_SHIFT];
    private long total;
    private long longest;

    void add(long nanos) {
        counts[index(nanos)]++;
        total++;
        longest = Math.max(longest, nanos);
    }

    private static int index(long nanos) {
        if (nanos < STEPS) {
            return (int) Math.max(0, nanos);
        }
        int shift = Long.SIZE - 1 - STEPS_SHIFT - Long.numberOfLeadingZeros(nanos);
        return (shift << STEPS_SHIFT) + (int) (nanos >>> shift);
    }

    /** The greatest number of a step. */
    private static long end(int index) {
        if (index < 2 * STEPS) {
            return index;
        }
        int shift = (index >>> STEPS_SHIFT) - 1;
        return (((index & (STEPS - 1)) + STEPS + 1L) << shift) - 1;
    }

    /** What so many of a million were not slower than, in nanoseconds. */
    long perMillion(long share) {
        long left = Math.ceilDiv(total * share, 1_000_000);
        for (int i = 0; i < counts.length; i++) {
            left -= counts[i];
            if (left <= 0) {
                return Math.min(end(i), longest);
            }
        }
        return longest;
    }

    /** The median, what 999 of 1000 and 9999 of 10000 were not slower than, and the longest, in microseconds. */
    double[] micros() {
        return new double[] {perMillion(500_000) / 1e3, perMillion(999_000) / 1e3, perMillion(999_900) / 1e3,
                longest / 1e3};
    }

    /** The columns of {@link #micros}. */
    static String[] names() {
        return new String[] {"p50", "p99.9", "p99.99", "max"};
    }
}
