package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import org.jspecify.annotations.Nullable;

/**
 * The end of a map: everything it has is freed, step by step, each a {@link Change} of its own. Who dies in the middle
 * leaves the rest to the next who calls. From the first step on the map is of no use to anybody: its root is 0.
 *
 * <p>
 * <b>Locks.</b> That of the directory first, then one segment's after the other, which is the wrong order: whoever has a
 * segment's and wants the directory's gives up where the root is 0 ({@link MapTable#lockDirectory}).
 */
final class MapEnd {
    private static final int MOST_FREES = Change.MOST_FREES - 2;

    private final Heap heap;
    private final HeapMemory memory;
    private final long header;
    /** Where the values go that are structures; null where they are not. */
    private final @Nullable LooseLists loose;
    private final SweepLimit limit;

    private MapEnd(Heap heap, long header, SweepLimit limit) {
        this.heap = heap;
        this.memory = heap.memory();
        this.header = header;
        this.loose = memory.getPlain(header + MapLayout.HOLDS) == 0 ? null : new LooseLists(heap);
        this.limit = limit;
    }

    /**
     * Frees all of a map that nobody finds by a name any more, but for its header, or goes on where another has stopped.
     *
     * @return whether all of it is free; if not, the limit was reached, or somebody has a lock of it
     */
    static boolean free(Heap heap, long header, SweepLimit limit) {
        long lockAt = header + MapLayout.LOCK;
        if (!limit.tryLock(heap.locks(), lockAt)) {
            return false;
        }
        try {
            return new MapEnd(heap, header, limit).run();
        } finally {
            heap.locks().unlock(lockAt);
        }
    }

    private boolean run() {
        long root = memory.getPlain(header + MapLayout.ROOT);
        if (root != 0) {
            try (Change change = heap.change()) {
                change.set(header + MapLayout.ENDED_ROOT, root);
                change.set(header + MapLayout.ROOT, 0); // SYNC: map-root
                change.commit();
            }
        }
        root = memory.getPlain(header + MapLayout.ENDED_ROOT);
        if (root == 0) {
            return true; // all was done
        }
        if (!freeSegments(root)) {
            return false;
        }
        long log = memory.getPlain(header + MapLayout.LOG);
        if (log != 0 && !freeLog(log)) {
            return false;
        }
        freeDirectory(root);
        return true;
    }

    private void freeDirectory(long root) {
        try (Change change = heap.change()) {
            change.free(MapLayout.directory(root));
            long schema = memory.getPlain(header + MapLayout.SCHEMA);
            if (schema != 0) {
                change.free(schema);
            }
            change.set(header + MapLayout.ENDED_ROOT, 0);
            change.commit();
        }
    }

    private boolean freeSegments(long root) {
        if (MapLayout.depth(root) > MapLayout.MOST_DEPTH) {
            throw MapTable.damaged("its directory has the depth " + MapLayout.depth(root));
        }
        long words = 1L << MapLayout.depth(root);
        long i = memory.getPlain(header + MapLayout.ENDED_TO);
        while (i < words) {
            long end = endOfSegment(MapLayout.directory(root), i, words);
            if (!freeSegment(memory.getPlain(MapLayout.directory(root) + i * Long.BYTES), end)) {
                return false;
            }
            i = end;
        }
        return true;
    }

    /** The index of the first directory word behind an index that leads to another segment. */
    private long endOfSegment(long directory, long index, long words) {
        long segment = memory.getPlain(directory + index * Long.BYTES);
        long end = index + 1;
        while (end < words && memory.getPlain(directory + end * Long.BYTES) == segment) {
            end++;
        }
        return end;
    }

    /**
     * Frees a segment and its entries.
     *
     * @param end the first directory word behind those that lead to it
     */
    private boolean freeSegment(long segment, long end) {
        long lockBlock = memory.getPlain(segment + MapLayout.LOCK_BLOCK_IN_SEGMENT);
        if (!limit.tryLock(heap.locks(), lockBlock + MapLayout.LOCK)) {
            return false;
        }
        try {
            if (!freeAllEntries(segment)) {
                return false;
            }
            try (Change change = heap.change()) {
                change.set(header + MapLayout.ENDED_TO, end);
                change.free(segment);
                change.free(lockBlock);
                change.commit();
            }
            return true;
        } finally {
            heap.locks().unlock(lockBlock + MapLayout.LOCK);
        }
    }

    private boolean freeAllEntries(long segment) {
        long prefix = memory.getPlain(segment + MapLayout.PREFIX_IN_SEGMENT);
        int depth = MapTable.depth(memory, segment);
        long at = segment + MapLayout.FIRST_BUCKET;
        while (at < segment + MapLayout.SEGMENT_BYTES) {
            if (limit.isReached()) {
                return false;
            }
            at = loose == null ? freeEntries(segment, at, prefix, depth)
                    : freeHolders(loose, segment, at, prefix, depth);
        }
        return true;
    }

    private long freeHolders(LooseLists structures, long segment, long from, long prefix, int depth) {
        structures.lock();
        try {
            return freeEntries(segment, from, prefix, depth);
        } finally {
            structures.unlock();
        }
    }

    /** Frees entries from a place on, as many as one change can; the place behind. */
    private long freeEntries(long segment, long from, long prefix, int depth) {
        long at = from;
        int frees = 0;
        int mostFrees = loose == null ? MOST_FREES : HeldStructure.MOST_DROPS;
        try (Change change = heap.change()) {
            for (; at < segment + MapLayout.SEGMENT_BYTES && frees < mostFrees; at += Long.BYTES) {
                long slot = memory.getPlain(at);
                boolean isVersion = (at & (MapLayout.BUCKET_BYTES - 1)) == 0;
                if (!isVersion && slot != 0 && MapLayout.isCovered(slot, prefix, depth)) {
                    change.set(at, 0);
                    long entry = MapLayout.entry(slot);
                    if (loose != null) {
                        int keyLength = MapLayout.keyLength(memory.getPlain(entry));
                        HeldStructure.drop(loose, change, entry + MapLayout.valueIn(keyLength));
                    }
                    change.free(entry);
                    frees++;
                }
            }
            change.commit();
        }
        limit.count(frees);
        return at;
    }

    private boolean freeLog(long head) {
        long ring = memory.getPlain(head + MapLogLayout.RING);
        if (!limit.tryLock(heap.locks(), head + MapLogLayout.LOCK)) {
            return false;
        }
        try {
            for (int i = 0; i < MapLogLayout.RECORDS;) {
                i = freeRecords(ring, i);
            }
            try (Change change = heap.change()) {
                change.set(header + MapLayout.LOG, 0);
                change.free(ring);
                change.free(head);
                change.commit();
            }
            return true;
        } finally {
            heap.locks().unlock(head + MapLogLayout.LOCK);
        }
    }

    private int freeRecords(long ring, int from) {
        int i = from;
        int frees = 0;
        try (Change change = heap.change()) {
            for (; i < MapLogLayout.RECORDS && frees < MOST_FREES; i++) {
                long record = memory.getPlain(MapLogLayout.recordAt(ring, i));
                if (record != 0) {
                    change.set(MapLogLayout.recordAt(ring, i), 0);
                    change.free(record);
                    frees++;
                }
            }
            change.commit();
        }
        return i;
    }
}
