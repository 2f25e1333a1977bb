package io.cleave.bench.objects;

import java.lang.foreign.MemorySegment;

/**
 * Where something lies that several processes have open.
 *
 * @param name a name for it, of this run only
 * @param memory shared memory for it, zeroes at first
 */
record Place(String name, MemorySegment memory) {
    /** How much memory there is. */
    static final long BYTES = 2 << 20;
}
