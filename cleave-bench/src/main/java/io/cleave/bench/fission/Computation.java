package io.cleave.bench.fission;

/**
 * Work that takes a time of one's choice and no memory: a chain of shifts, each of which needs the one before. It is
 * measured out in steps, not by the clock, so that whoever gets less of a processor takes longer.
 */
public final class Computation {
    private static final long CALIBRATION_NANOS = 20_000_000;
    private static final int CALIBRATIONS = 25;

    private Computation() {
    }

    /**
     * Computes.
     *
     * @param item which of the items
     * @param steps how long to go on
     * @return what comes of it, always the same
     */
    public static long compute(int item, int steps) {
        long x = (item + 1) * 0x9E37_79B9_7F4A_7C15L;
        for (int i = 0; i < steps; i++) {
            x ^= x << 13;
            x ^= x >>> 7;
            x ^= x << 17;
        }
        return x;
    }

    /** What is done in steps. */
    interface Steps {
        long compute(int item, int steps);
    }

    /**
     * How many steps take so long here, at the best speed seen.
     *
     * @param nanos a time
     * @return steps for {@link #compute}
     */
    public static int stepsFor(long nanos) {
        return stepsFor(Computation::compute, nanos);
    }

    /** How many steps of a work take so long here. */
    static int stepsFor(Steps work, long nanos) {
        int steps = 1000;
        double best = Double.MAX_VALUE;
        long sink = 0;
        for (int round = 0; round < CALIBRATIONS; round++) {
            long start = System.nanoTime();
            sink += work.compute(round, steps);
            long taken = System.nanoTime() - start;
            best = Math.min(best, (double) taken / steps);
            steps = (int) Math.clamp(CALIBRATION_NANOS / best, 1000, 100_000_000);
        }
        if (sink == 0) {
            throw new IllegalStateException("shifts lead to nothing"); // and the JIT cannot know that they do not
        }
        return (int) (nanos / best);
    }
}
