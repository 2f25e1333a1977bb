package io.cleave.objects;

import io.cleave.CleaveException;
import io.cleave.HeapFullException;
import io.cleave.heap.Change;
import io.cleave.heap.HeapMemory;

/**
 * The splitting of segments and the growth of the directory.
 *
 * <h2>Overview</h2>
 *
 * A split makes a new segment for the upper half of the hashes of another, fills it, unseen by anybody, with the slots
 * that belong there, and lets the upper half of the directory words lead to it: one {@link Change} under the locks of the
 * segment and of the directory. The old segment keeps these slots as they are. They are <b>stale</b>: their hash does not
 * have the segment's prefix any more, so readers never follow them, and who writes takes them for empty.
 *
 * <p>
 * Where the directory has one word only for the segment, or more than fit into one change, a new directory takes its
 * place, with all words as they are to be, by the store of the root in the same change. So nobody ever waits for more
 * than the copying of directory words, and only those who have a segment to split.
 *
 * <p>
 * <b>Order of the words.</b> {@code splits} becomes odd first and even last: who adds up the counts sees that they do not
 * fit together. The depth of the old segment comes before the directory words: who walks through the buckets, and sees
 * the old depth after he has read them, has read what no other segment had yet.
 *
 * <p>
 * <b>The new segment's lock</b> need not be held: of what others can change there no word is among those of this change.
 * Who finds the new segment by a directory word while the others are being stored can change it, but only entries whose
 * hashes belong to that word, and cannot split it without the lock of the directory.
 */
final class MapGrowth {
    /** How many directory words one change stores. */
    private static final int MOST_WORDS = 64;

    private final MapTable table;
    private final HeapMemory memory;

    MapGrowth(MapTable table) {
        this.table = table;
        this.memory = table.memory();
    }

    /** A segment without entries, with its lock. */
    static long newSegment(HeapMemory memory, Change change, long prefix, int depth) {
        long lockBlock = change.allocateHeader();
        memory.setPlain(lockBlock + MapLayout.COUNT_IN_LOCK_BLOCK, 0);
        long segment = change.allocateZeroed(MapLayout.SEGMENT_BYTES);
        memory.setPlain(segment + MapLayout.LOCK_BLOCK_IN_SEGMENT, lockBlock);
        memory.setPlain(segment + MapLayout.PREFIX_IN_SEGMENT, prefix);
        memory.setPlain(segment + MapLayout.DEPTH_IN_SEGMENT, depth);
        return segment;
    }

    /** Splits a segment, whose lock the caller holds. */
    void split(long segment) {
        try {
            splitOnce(segment);
        } catch (HeapFullException e) {
            if (!table.heap().makeRoom()) {
                throw e;
            }
            splitOnce(segment);
        }
    }

    private void splitOnce(long segment) {
        if (!table.lockDirectory()) {
            return; // dropped: the caller finds out
        }
        try (Change change = table.heap().change()) {
            long root = table.root();
            int depth = table.depth(segment);
            if (depth == MapLayout.MOST_DEPTH) {
                throw new CleaveException("the map is full: a bucket has " + MapLayout.SLOTS + " entries in one of 2^"
                        + MapLayout.MOST_DEPTH + " segments; spread the entries over several maps");
            }
            long prefix = memory.getPlain(segment + MapLayout.PREFIX_IN_SEGMENT) | (Long.MIN_VALUE >>> depth);
            long upper = newSegment(memory, change, prefix, depth + 1);
            long moved = copy(segment, upper, prefix, depth + 1);
            memory.setPlain(table.lockBlock(upper) + MapLayout.COUNT_IN_LOCK_BLOCK, moved);

            long splitsAt = table.header() + MapLayout.SPLITS;
            long splits = memory.getPlain(splitsAt);
            long countAt = table.lockBlock(segment) + MapLayout.COUNT_IN_LOCK_BLOCK;
            change.set(splitsAt, splits + 1);
            change.set(segment + MapLayout.DEPTH_IN_SEGMENT, depth + 1L);
            change.set(countAt, memory.getPlain(countAt) - moved);
            int global = MapLayout.depth(root);
            if (depth > global || global > MapLayout.MOST_DEPTH) {
                throw MapTable.damaged("a segment has the depth " + depth + ", and the directory " + global);
            }
            if (global > depth && 1L << (global - depth - 1) <= MOST_WORDS) {
                long at = MapLayout.wordAt(root, prefix);
                for (long end = at + ((long) Long.BYTES << (global - depth - 1)); at < end; at += Long.BYTES) {
                    change.set(at, upper); // SYNC: map-directory
                }
            } else {
                replaceDirectory(change, root, Math.max(global, depth + 1), upper);
            }
            change.set(splitsAt, splits + 2);
            change.commit();
        } finally {
            table.unlockDirectory();
        }
    }

    /** Fills a new segment with the slots of another that belong to it. */
    private long copy(long segment, long upper, long prefix, int depth) {
        long moved = 0;
        for (int i = 0; i < MapLayout.BUCKETS; i++) {
            long to = MapLayout.bucketAt(upper, i) + MapLayout.FIRST_SLOT;
            long from = MapLayout.bucketAt(segment, i);
            for (long at = from + MapLayout.FIRST_SLOT; at < from + MapLayout.BUCKET_BYTES; at += Long.BYTES) {
                long slot = memory.getPlain(at);
                if (slot != 0 && MapLayout.isCovered(slot, prefix, depth)) {
                    memory.setPlain(to, slot);
                    to += Long.BYTES;
                    moved++;
                }
            }
        }
        return moved;
    }

    private void replaceDirectory(Change change, long root, int depth, long upper) {
        int before = MapLayout.depth(root);
        long directory = change.allocate(Long.BYTES << depth);
        long upperPrefix = memory.getPlain(upper + MapLayout.PREFIX_IN_SEGMENT);
        int upperDepth = table.depth(upper);
        for (long i = 0; i < 1L << depth; i++) {
            long hash = i << 1 << (Long.SIZE - 1 - depth);
            long word = MapLayout.isCovered(hash, upperPrefix, upperDepth) ? upper
                    : memory.getPlain(MapLayout.directory(root) + (i >>> (depth - before)) * Long.BYTES);
            memory.setPlain(directory + i * Long.BYTES, word);
        }
        change.set(table.header() + MapLayout.ROOT, MapLayout.root(directory, depth, root)); // SYNC: map-root
        change.free(MapLayout.directory(root));
    }
}
