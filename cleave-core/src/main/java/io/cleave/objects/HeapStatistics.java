package io.cleave.objects;

import io.cleave.heap.HeapFile;
import io.cleave.heap.HeapUsage;
import java.util.ArrayList;
import java.util.List;

/**
 * What a {@link SharedHeap} takes and has free, gathered while others go on: it is as exact as they are few. Bytes of the
 * heap's own tables are not counted, but for {@code reservedBytes}.
 *
 * @param maximumBytes what the heap may grow to
 * @param committedBytes what it has memory for now
 * @param usedBytes what is in use of that, with what the allocator adds
 * @param freeBytes what is free of it; the heap's growth adds to that
 * @param largestHoleBytes the longest piece of free pages
 * @param reservedBytes what the heap's file takes of its device, all told
 * @param classes the sizes of blocks that there are
 */
public record HeapStatistics(long maximumBytes, long committedBytes, long usedBytes, long freeBytes,
        long largestHoleBytes, long reservedBytes, List<SizeClass> classes) {

    /**
     * The blocks of one size. Larger ones take whole pages and are in no class.
     *
     * @param byteSize the size of each
     * @param blocks how many there are
     * @param free how many of them are free
     */
    public record SizeClass(long byteSize, long blocks, long free) {}

    /**
     * Takes the list as it is now.
     *
     * @param maximumBytes as above
     * @param committedBytes as above
     * @param usedBytes as above
     * @param freeBytes as above
     * @param largestHoleBytes as above
     * @param reservedBytes as above
     * @param classes as above
     */
    public HeapStatistics {
        classes = List.copyOf(classes);
    }

    static HeapStatistics of(HeapUsage usage, HeapFile file) {
        List<SizeClass> classes = new ArrayList<>();
        for (HeapUsage.SizeClass known : usage.classes()) {
            classes.add(new SizeClass(known.byteSize(), known.blocks(), known.free()));
        }
        return new HeapStatistics(file.byteSize(), usage.committedBytes(), usage.usedBytes(), usage.freeBytes(),
                usage.largestHoleBytes(), file.reservedBytes(), classes);
    }
}
