package io.cleave.heap;

import java.util.List;

/**
 * What {@link Heap#verify} has found.
 *
 * @param faults what is not as it should be, each in a sentence; at most {@value #MOST_FAULTS}
 * @param committedBytes all memory of the heap's pages
 * @param usedBytes in blocks that can be reached, with what the allocator added
 * @param freeBytes in free blocks and free pages
 * @param wasteBytes what is too small at the end of a span to be a block
 */
public record HeapReport(List<String> faults, long committedBytes, long usedBytes, long freeBytes, long wasteBytes) {
    /** How many faults are named. */
    public static final int MOST_FAULTS = 100;

    /**
     * Whether nothing is wrong: every byte is in use, free, or waste.
     *
     * @return whether there is no fault
     */
    public boolean isSound() {
        return faults.isEmpty();
    }

    @Override
    public String toString() {
        return committedBytes + " bytes: " + usedBytes + " in use, " + freeBytes + " free, " + wasteBytes + " waste"
                + (isSound() ? "" : "; " + faults.size() + " faults:\n  " + String.join("\n  ", faults));
    }
}
