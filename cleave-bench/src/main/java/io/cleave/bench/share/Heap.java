package io.cleave.bench.share;

import java.util.List;

/** Heaps that hold what the subjects need, and whose pages are there from the start. */
final class Heap {
    private static final int LARGE = 500_000_000;
    private static final int LEAST_MIB = 256;

    private Heap() {
    }

    /** Options of a JVM that makes values of a size; rivals copy it several times. */
    static List<String> ofSubject(int bytes) {
        return options(bytes, bytes > LARGE ? 3 : 6);
    }

    /** Options of one that receives them. */
    static List<String> ofPeer(int bytes) {
        return options(bytes, bytes > LARGE ? 2 : 5);
    }

    private static List<String> options(int bytes, int copies) {
        long mib = LEAST_MIB + (((long) copies * bytes) >> 20);
        return List.of("-Xms" + mib + "m", "-Xmx" + mib + "m", "-XX:+AlwaysPreTouch",
                "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED");
    }
}
