package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.heap.RawBlocks;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A named block of bytes.
 *
 * <pre>
 * header   as {@link RootLayout} says, then from 24 on: block | its generation | byte size
 * </pre>
 */
final class RawStructure implements Structure {
    static final long BLOCK_IN_HEADER = RootLayout.OWN_IN_HEADER;
    static final long GENERATION_IN_HEADER = RootLayout.OWN_IN_HEADER + 8;
    static final long SIZE_IN_HEADER = RootLayout.OWN_IN_HEADER + 16;

    /** Makes one of zeroes, as part of a change. */
    static long make(Heap heap, RawBlocks blocks, Change change, long byteSize) {
        HeapMemory memory = heap.memory();
        long header = change.allocateHeader();
        long block = blocks.allocate(change, byteSize, ThreadLocalRandom.current().nextLong());
        memory.clear(block + RawBlocks.HEAD_BYTES, byteSize);
        memory.setPlain(header + BLOCK_IN_HEADER, block);
        memory.setPlain(header + GENERATION_IN_HEADER, blocks.generation(block));
        memory.setPlain(header + SIZE_IN_HEADER, byteSize);
        return header;
    }

    @Override
    public void walk(Heap heap, long header, Check check) {
        if (check.reached(header) != 0) {
            long block = heap.memory().getPlain(header + BLOCK_IN_HEADER);
            if (block != 0) {
                long _ = check.reached(block);
            }
        }
    }

    @Override
    public boolean dismantle(Heap heap, long header, SweepLimit limit) {
        HeapMemory memory = heap.memory();
        long block = memory.getPlain(header + BLOCK_IN_HEADER);
        if (block == 0) {
            return true;
        }
        try (Change change = heap.change()) {
            change.set(header + BLOCK_IN_HEADER, 0);
            change.set(block, 0); // its generation: who has a reference to it finds that it is none any more
            change.free(block);
            change.commit();
        }
        return true;
    }

    @Override
    public long size(Heap heap, long header) {
        return heap.memory().getPlain(header + SIZE_IN_HEADER);
    }
}
