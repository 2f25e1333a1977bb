package io.cleave.objects;

import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;

/** The walk of {@link Heap#verify} through a map. */
final class MapCheck {
    private final Heap heap;
    private final HeapMemory memory;
    private final boolean isHolding;
    private final ValueHash hash;
    private final Check check;

    private MapCheck(Heap heap, long header, Check check) {
        this.heap = heap;
        this.memory = heap.memory();
        this.isHolding = memory.getPlain(header + MapLayout.HOLDS) != 0;
        this.hash = HeapMap.hash(heap);
        this.check = check;
    }

    /**
     * Names all blocks of a map.
     *
     * @param header its header, which may be any number
     */
    static void walk(Heap heap, long header, Check check) {
        if (check.reached(header) < Heap.HEADER_BYTES) {
            return;
        }
        new MapCheck(heap, header, check).walk(header);
    }

    private void walk(long header) {
        long root = memory.getPlain(header + MapLayout.ROOT);
        boolean isEnded = root == 0;
        if (isEnded) {
            root = memory.getPlain(header + MapLayout.ENDED_ROOT);
            if (root == 0) {
                return; // all but the header is free
            }
        }
        if ((memory.getPlain(header + MapLayout.SPLITS) & 1) != 0) {
            check.fault("the map at " + header + " is in the middle of a split");
        }
        long schema = memory.getPlain(header + MapLayout.SCHEMA);
        if (schema != 0) {
            long _ = check.reached(schema);
        }
        walkLog(memory.getPlain(header + MapLayout.LOG));
        int depth = MapLayout.depth(root);
        long directory = MapLayout.directory(root);
        if (depth > MapLayout.MOST_DEPTH || check.reached(directory) < (long) Long.BYTES << depth) {
            check.fault("the directory of the map at " + header + " has the depth " + depth);
            return;
        }
        for (long i = memory.getPlain(header + MapLayout.ENDED_TO); i >= 0 && i < 1L << depth;) {
            i += walkSegment(i, depth, directory, isEnded);
        }
    }

    /** Walks the segment of a directory word; how many words lead to it. */
    private long walkSegment(long index, int globalDepth, long directory, boolean isEnded) {
        long segment = memory.getPlain(directory + index * Long.BYTES);
        if (check.reached(segment) < MapLayout.SEGMENT_BYTES) {
            return 1;
        }
        long lockBlock = memory.getPlain(segment + MapLayout.LOCK_BLOCK_IN_SEGMENT);
        long prefix = memory.getPlain(segment + MapLayout.PREFIX_IN_SEGMENT);
        long depth = memory.getPlain(segment + MapLayout.DEPTH_IN_SEGMENT);
        long first = index << 1 << (Long.SIZE - 1 - globalDepth);
        if (check.reached(lockBlock) < Heap.HEADER_BYTES || depth < 0 || depth > globalDepth || prefix != first) {
            check.fault("the segment at " + segment + " has prefix " + Long.toHexString(prefix) + " and depth " + depth
                    + ", and is where " + Long.toHexString(first) + " and at most " + globalDepth + " should be");
            return 1;
        }
        long words = 1L << (globalDepth - depth);
        for (long i = index; i < index + words; i++) {
            if (memory.getPlain(directory + i * Long.BYTES) != segment) {
                check.fault("directory word " + i + " does not lead to the segment at " + segment);
            }
        }
        long entries = 0;
        for (int bucket = 0; bucket < MapLayout.BUCKETS; bucket++) {
            entries += walkBucket(MapLayout.bucketAt(segment, bucket), bucket, prefix, (int) depth);
        }
        long count = memory.getPlain(lockBlock + MapLayout.COUNT_IN_LOCK_BLOCK);
        if (!isEnded && entries != count) {
            check.fault("the segment at " + segment + " has " + entries + " entries, and its count is " + count);
        }
        return words;
    }

    private long walkBucket(long bucketAt, int bucket, long prefix, int depth) {
        long entries = 0;
        for (int i = 0; i < MapLayout.SLOTS; i++) {
            long slot = memory.getPlain(bucketAt + MapLayout.FIRST_SLOT + (long) i * Long.BYTES);
            if (slot != 0 && MapLayout.isCovered(slot, prefix, depth)) {
                entries++;
                walkEntry(slot, bucket);
            }
        }
        return entries;
    }

    private void walkEntry(long slot, int bucket) {
        long entry = MapLayout.entry(slot);
        long size = check.reached(entry);
        if (size == 0) {
            return;
        }
        long lengths = memory.getPlain(entry);
        if (MapLayout.entryBytes(lengths) > size) {
            check.fault("the entry at " + entry + " has " + MapLayout.entryBytes(lengths) + " bytes in " + size);
            return;
        }
        long keyHash = hash.of(memory.segment(), entry + MapLayout.ENTRY_HEAD, MapLayout.keyLength(lengths));
        if (MapLayout.printBit(slot, keyHash) == 0 || MapLayout.bucketAt(0, keyHash) != MapLayout.bucketAt(0, bucket)) {
            check.fault("the entry at " + entry + " has the hash " + Long.toHexString(keyHash) + ", and is in bucket "
                    + bucket + " with " + Long.toHexString(slot));
        }
        if (isHolding) {
            HeldStructure.walk(heap, entry + MapLayout.valueIn(MapLayout.keyLength(lengths)),
                    MapLayout.valueLength(lengths), check);
        }
    }

    private void walkLog(long head) {
        if (head == 0 || check.reached(head) < Heap.HEADER_BYTES) {
            return;
        }
        long ring = memory.getPlain(head + MapLogLayout.RING);
        if (check.reached(ring) < MapLogLayout.RING_BYTES) {
            return;
        }
        long watchers = 0;
        for (int i = 0; i < MapLogLayout.OWNERS; i++) {
            watchers += memory.getPlain(MapLogLayout.ownerAt(ring, i)) == 0 ? 0 : 1;
        }
        if (watchers != memory.getPlain(head + MapLogLayout.WATCHERS)) {
            check.fault("the log at " + head + " has " + watchers + " watchers, and says "
                    + memory.getPlain(head + MapLogLayout.WATCHERS));
        }
        for (int i = 0; i < MapLogLayout.RECORDS; i++) {
            long record = memory.getPlain(MapLogLayout.recordAt(ring, i));
            if (record != 0) {
                long _ = check.reached(record);
            }
        }
    }
}
