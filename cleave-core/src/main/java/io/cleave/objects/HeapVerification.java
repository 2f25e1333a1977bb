package io.cleave.objects;

import io.cleave.heap.HeapReport;
import java.util.List;

/**
 * What {@link SharedHeap#verify} has found. Used, free and wasted bytes are all that are committed, or there is a fault.
 *
 * @param faults what is not as it should be, each in a sentence; at most 100
 * @param committedBytes what the heap has memory for
 * @param usedBytes in blocks that can be reached, with what the allocator adds
 * @param freeBytes in free blocks and pages
 * @param wasteBytes what is left over between blocks and pages
 */
public record HeapVerification(List<String> faults, long committedBytes, long usedBytes, long freeBytes,
        long wasteBytes) {

    /**
     * Takes the list as it is now.
     *
     * @param faults as above
     * @param committedBytes as above
     * @param usedBytes as above
     * @param freeBytes as above
     * @param wasteBytes as above
     */
    public HeapVerification {
        faults = List.copyOf(faults);
    }

    static HeapVerification of(HeapReport report) {
        return new HeapVerification(report.faults(), report.committedBytes(), report.usedBytes(), report.freeBytes(),
                report.wasteBytes());
    }

    /**
     * Whether every byte is accounted for, and nothing is wrong.
     *
     * @return whether there is no fault
     */
    public boolean isSound() {
        return faults.isEmpty();
    }
}
