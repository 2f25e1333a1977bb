package io.cleave.heap;

import io.cleave.AllocationException;
import io.cleave.memory.SharedMemory;
import java.lang.foreign.MemorySegment;

/** Space for a heap in memory that forked children share, with a device that can be full. */
public final class TestSpace implements HeapSpace, AutoCloseable {
    private final SharedMemory block;
    private final MemorySegment memory;
    private long limit = Long.MAX_VALUE;

    public TestSpace(long maximum) {
        block = SharedMemory.anonymous(maximum);
        memory = block.segment();
    }

    /** Lets the device be full: nothing that ends behind this can be reserved. */
    public void limit(long end) {
        limit = end;
    }

    /** Zeroes, of which nobody knows anything. */
    public void clear() {
        memory.fill((byte) 0);
    }

    @Override
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public void reserve(long at, long bytes) {
        if (at + bytes > limit) {
            throw new AllocationException("the device of the test is full: " + at + " + " + bytes + " is behind "
                    + limit);
        }
    }

    @Override
    public void close() {
        block.close();
    }
}
