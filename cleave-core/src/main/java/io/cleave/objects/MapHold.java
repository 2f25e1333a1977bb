package io.cleave.objects;

import io.cleave.heap.HeapMemory;
import java.util.Arrays;

/** The locks of all segments of a map. */
final class MapHold implements LiveStructure.Hold {
    private final MapWriter writer;
    private final HeapMemory memory;
    private long[] segments = new long[1];
    private int count;

    /** None yet, for who is inside the map's gate. */
    MapHold(MapWriter writer, HeapMemory memory) {
        this.writer = writer;
        this.memory = memory;
    }

    /** Makes room for one more lock, before there is one that an error would leave. */
    void reserve() {
        if (count == segments.length) {
            segments = Arrays.copyOf(segments, 2 * count);
        }
    }

    /** Takes on the lock of a segment, for which there is room. */
    void add(long segment) {
        segments[count++] = segment;
    }

    @Override
    public LiveStructure.Stamp stamp() {
        long version = 0;
        for (int i = 0; i < count; i++) {
            version += version(memory, segments[i]);
        }
        return stamp(version);
    }

    /** The stamp of a map whose segments have such versions. A split raises none: it changes nothing in the map. */
    static LiveStructure.Stamp stamp(long version) {
        return new LiveStructure.Stamp(version, 0, 0);
    }

    /** How often the buckets of a segment were changed. Under its lock. */
    static long version(HeapMemory memory, long segment) {
        long version = 0;
        for (int i = 0; i < MapLayout.BUCKETS; i++) {
            version += memory.getPlain(MapLayout.bucketAt(segment, i));
        }
        return version;
    }

    @Override
    public void close() {
        writer.release(segments, count);
    }
}
