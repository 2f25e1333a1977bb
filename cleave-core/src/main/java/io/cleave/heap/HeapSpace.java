package io.cleave.heap;

import java.lang.foreign.MemorySegment;

/** Where a heap lies: address space for all that it may ever need, of which only a part has memory. */
public interface HeapSpace {
    /**
     * The whole range, mapped shared, at its final size. Only what was reserved may be touched.
     *
     * @return the range; it begins on a page boundary
     */
    MemorySegment memory();

    /**
     * Gives memory to a part of the range; what has some already keeps it, with its content. New memory holds zeroes.
     *
     * @param at where the part begins
     * @param bytes its length
     * @throws io.cleave.AllocationException where the device has not got that much; what was reserved before is intact
     */
    void reserve(long at, long bytes);

    /**
     * Asks for huge pages in a part that was reserved, with its content. Where there are none it has no effect.
     *
     * @param at where the part begins
     * @param bytes its length
     */
    default void unite(long at, long bytes) {
        // small ones do
    }
}
