package io.cleave.fission;

import io.cleave.os.ProcFs;
import io.cleave.os.WholeFork;

/** What the forks of a run have cost, for its report. */
final class ForkFigures {
    private long lastNanos;
    private long longestNanos;
    private long longestPauseNanos;
    private long pageTableBytes;
    private long wholeForks;
    private String whyNotWhole = "";

    /**
     * A fork has been made.
     *
     * @param nanos how long it took
     * @param isWhole whether the child is a whole JVM
     */
    void add(long nanos, boolean isWhole) {
        lastNanos = nanos;
        longestNanos = Math.max(longestNanos, nanos);
        pageTableBytes = Math.max(0, ProcFs.memoryField("/proc/self/status", "VmPTE"));
        if (isWhole) {
            wholeForks++;
            longestPauseNanos = Math.max(longestPauseNanos, WholeFork.lastPauseNanos());
        } else if (SupportCheck.result() instanceof Support.Supported supported) {
            whyNotWhole = supported.reason();
        }
    }

    /** How long the last one took. */
    long lastNanos() {
        return lastNanos;
    }

    long longestNanos() {
        return longestNanos;
    }

    long longestPauseNanos() {
        return longestPauseNanos;
    }

    long pageTableBytes() {
        return pageTableBytes;
    }

    long wholeForks() {
        return wholeForks;
    }

    String whyNotWhole() {
        return whyNotWhole;
    }
}
