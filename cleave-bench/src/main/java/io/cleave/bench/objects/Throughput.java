package io.cleave.bench.objects;

/** Rates. */
final class Throughput {
    private static final double GIB = 1 << 30;

    private Throughput() {
    }

    static double gibPerSecond(long bytes, double nanos) {
        return bytes / GIB / (nanos / 1e9);
    }
}
