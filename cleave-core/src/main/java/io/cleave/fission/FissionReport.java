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
 */
public record FissionReport(long forks, long provenDeadlocks, long unprovenTimeouts, long reforks, long itemsInParent,
        long itemsInChildren, long bytesDirtied, long mostBytesDirtied, List<Duration> detections) {
    /** Makes a report of its own copy of the list. */
    public FissionReport {
        detections = List.copyOf(detections);
    }
}
