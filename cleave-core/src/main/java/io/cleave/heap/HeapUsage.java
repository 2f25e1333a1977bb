package io.cleave.heap;

import java.util.ArrayList;
import java.util.List;

/**
 * What of a heap's memory is used and free. It is gathered while others go on, so it is as exact as they are few.
 *
 * @param maximumBytes what blocks may take up in all, once the heap has grown
 * @param committedBytes what the heap has memory for now
 * @param freeBytes what of that is free, in blocks and in pages
 * @param largestHoleBytes the longest run of free pages
 * @param wasteBytes what is too small at the end of a span to be a block
 * @param classes the classes of sizes that have blocks
 */
public record HeapUsage(long maximumBytes, long committedBytes, long freeBytes, long largestHoleBytes, long wasteBytes,
        List<SizeClass> classes) {

    /**
     * The blocks of one size.
     *
     * @param byteSize the size of each
     * @param blocks how many there are
     * @param free how many of them are free
     */
    public record SizeClass(long byteSize, long blocks, long free) {}

    /** What is used: neither free nor waste. */
    public long usedBytes() {
        return committedBytes - freeBytes - wasteBytes;
    }

    static HeapUsage of(Heap heap) {
        HeapMemory memory = heap.memory();
        Central central = heap.central();
        PageTable table = central.table();
        long end = PageTable.page(HeapLayout.committedAcquire(memory));
        long freePages = 0;
        long longest = 0;
        for (long page = table.firstPage(); page < end;) {
            long state = memory.getOpaque(table.stateAt(page));
            long length = Math.clamp(PageTable.length(state), 1, end - page); // whatever a change may have left for the moment
            if (PageTable.kind(state) == PageTable.FREE_HEAD) {
                freePages += length;
                longest = Math.max(longest, length);
            }
            page += PageTable.kind(state) == PageTable.SPAN_BODY ? 1 : length;
        }
        long committed = PageTable.offset(end) - central.dataAt();
        long free = PageTable.offset(freePages);
        long waste = 0;
        List<SizeClass> classes = new ArrayList<>();
        for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
            SizeClass known = sizeClass(heap, sizeClass);
            if (known.blocks > 0) {
                classes.add(known);
                free += known.free * known.byteSize;
                waste += memory.getOpaque(HeapLayout.classAt(sizeClass) + HeapLayout.PAGES_IN_CLASS)
                        * HeapLayout.PAGE_BYTES
                        - known.blocks * known.byteSize;
            }
        }
        return new HeapUsage(central.limit() - central.dataAt(), committed, Math.clamp(free, 0, committed),
                PageTable.offset(longest), Math.clamp(waste, 0, committed - Math.clamp(free, 0, committed)),
                List.copyOf(classes));
    }

    private static SizeClass sizeClass(Heap heap, int sizeClass) {
        long at = HeapLayout.classAt(sizeClass);
        long blocks = Math.max(0, heap.memory().getOpaque(at + HeapLayout.BLOCKS_IN_CLASS));
        long free = heap.memory().getOpaque(at + HeapLayout.FREE_IN_CLASS);
        for (Context context : heap.contexts()) {
            free += context.stock(sizeClass);
        }
        return new SizeClass(SizeClasses.size(sizeClass), blocks, Math.clamp(free, 0, blocks));
    }
}
