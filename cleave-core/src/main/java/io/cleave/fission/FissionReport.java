package io.cleave.fission;

import java.time.Duration;
import java.util.List;

/**
 * What one run of a {@link Fission} took. The numbers of a run are final when its stream has been closed or read to
 * its end.
 *
 * @param forks how many children were forked
 * @param provenDeadlocks children that provably could never go on, and were replaced
 * @param unprovenTimeouts children that seemed unable to go on where the proof was out of reach, and were replaced
 * @param reforks children forked to take over from one that was replaced or had used up its memory
 * @param itemsInParent items that the calling JVM computed itself
 * @param itemsInChildren items whose results came from children
 * @param bytesDirtied memory that all children together changed or allocated, page by page
 * @param mostBytesDirtied memory that the child with the most of it changed or allocated
 * @param detections for each child replaced, the time from the last sign of life to the verdict
 * @param lastFork how long the last fork took the thread that made it, the wait for a good moment included
 * @param longestFork how long the one took that took longest
 * @param longestPause the longest time for which a fork held the caller's other threads; zero where children are not whole,
 *            as then nobody holds them
 * @param pageTableBytes the page tables of the calling JVM at the last fork, which a fork copies; 0 where the system does
 *            not tell
 * @param wholeForks how many of the children were whole JVMs
 * @param whyNotWhole why the others were not; empty where all were
 */
public record FissionReport(long forks, long provenDeadlocks, long unprovenTimeouts, long reforks, long itemsInParent,
        long itemsInChildren, long bytesDirtied, long mostBytesDirtied, List<Duration> detections, Duration lastFork,
        Duration longestFork, Duration longestPause, long pageTableBytes, long wholeForks, String whyNotWhole) {
    /** Makes a report of its own copy of the list. */
    public FissionReport {
        detections = List.copyOf(detections);
    }

    /** The report of a run that has forked nothing. */
    static FissionReport ofNoForks(long itemsInParent) {
        return new FissionReport(0, 0, 0, 0, itemsInParent, 0, 0, 0, List.of(), Duration.ZERO, Duration.ZERO,
                Duration.ZERO,
                0, 0, "");
    }
}
