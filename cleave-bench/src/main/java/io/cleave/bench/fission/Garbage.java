package io.cleave.bench.fission;

/** Work that makes about a MiB of small objects for each item, most of which nobody refers to for long. */
final class Garbage {
    private static final int OBJECTS = 16 << 10;
    /** With the object's header 64 bytes. */
    private static final int LONGS = 6;
    /** How many objects are kept at a time; their places are not known to the compiler, so that it makes them all. */
    private static final int KEPT = 16;

    private Garbage() {
    }

    /**
     * Computes, and allocates between any two parts of the computation.
     *
     * @param item which of the items
     * @param steps how long to go on, besides allocating
     * @return what comes of it, always the same
     */
    static long compute(int item, int steps) {
        long[][] kept = new long[KEPT][];
        long x = item;
        for (int i = 0; i < OBJECTS; i++) {
            x = Computation.compute((int) x, steps / OBJECTS);
            long[] next = new long[LONGS];
            next[i % LONGS] = x;
            kept[(int) x & (KEPT - 1)] = next;
        }
        for (long[] each : kept) {
            x += each == null ? 0 : each[0];
        }
        return x;
    }
}
