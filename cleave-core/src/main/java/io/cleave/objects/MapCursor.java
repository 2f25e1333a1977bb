package io.cleave.objects;

import io.cleave.heap.HeapMemory;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A walk through all entries of a map that others change meanwhile: each that is there all the time comes exactly once.
 *
 * <h2>Overview</h2>
 *
 * Hashes are passed by their top bits in ranges, of which each is what one segment had when the walk came to it. Within
 * the range it is bucket after bucket; and for each bucket, segment after segment of those that the range has by then. A
 * split divides the hashes and keeps the numbers of the buckets, so whatever is split meanwhile, the pairs of bucket and
 * hash that were passed are known by these two numbers, and each other one is still to come.
 *
 * <p>
 * A bucket is read as {@link MapTable} does it for a single key, with one more look: whether the segment's depth is what
 * it was. A split stores it before it lets anybody find the new segment. So with the depth unchanged, all slots that have
 * the prefix were what the map had for these hashes; with another, it is read again.
 *
 * <p>
 * A split whose process has died between the two leaves a segment of which the directory says more than its depth does.
 * Then the walk waits for the lock of the directory, which finishes the split.
 */
final class MapCursor<K, V> {
    /** A larger value is not read ahead, but when it is asked for. */
    private static final long MOST_AHEAD_BYTES = 1 << 16;
    private static final long RANGES = 1L << MapLayout.PRINT_BITS;

    private final MapTable table;
    private final HeapMemory memory;
    private final ValueEncoding<K> keyReader;
    private final @Nullable ValueEncoding<V> valueReader;
    private final @Nullable Object[] keys = new Object[MapLayout.SLOTS];
    private final @Nullable Object[] values = new Object[MapLayout.SLOTS];
    private final long[] slots = new long[MapLayout.SLOTS];
    private int count;
    private int next = -1;
    /** The range, in units of the slots' top bits. */
    private long low;
    private long high;
    private long at;
    private int bucket = MapLayout.BUCKETS;
    /** Whether the last bucket that was read had an entry that cannot be one, and was the same after that. */
    private boolean isRubbish;

    /**
     * A walk that has not begun.
     *
     * @param valueReader null where only the keys are wanted
     */
    MapCursor(MapTable table, ValueEncoding<K> keyReader, @Nullable ValueEncoding<V> valueReader) {
        this.table = table;
        this.memory = table.memory();
        this.keyReader = keyReader;
        this.valueReader = valueReader;
    }

    /** Goes to the next entry; false where there is none. */
    boolean advance() {
        next++;
        while (next >= count) {
            if (at >= high && ++bucket >= MapLayout.BUCKETS) {
                if (high == RANGES) {
                    next = count;
                    return false;
                }
                low = high;
                bucket = 0;
                high = 0;
            }
            if (at >= high) {
                at = low;
            }
            next = 0;
            load();
        }
        return true;
    }

    /** The key of the entry. */
    K key() {
        K key = keyReader.sure(keys[next]);
        if (key == null) {
            throw MapTable.damaged("a key has no bytes");
        }
        return key;
    }

    /** The value of the entry; null where it is too large to have been read ahead. */
    @Nullable V value() {
        return valueReader == null ? null : valueReader.sure(values[next]);
    }

    /** Reads one bucket of the segment for the hashes from {@code at} on, and sets {@code at} to the end of those. */
    private void load() {
        long hash = at << MapLayout.PRINT_SHIFT;
        int waits = 0;
        while (true) {
            long root = table.root();
            long wordAt = MapLayout.wordAt(root, hash);
            long word = memory.isCommitted(wordAt, Long.BYTES) ? memory.getAcquire(wordAt) : 0;
            long segment = MapLayout.segment(word);
            if (!memory.isCommitted(segment, MapLayout.SEGMENT_BYTES)) {
                table.requireUse(root);
                continue;
            }
            long prefix = memory.getPlain(segment + MapLayout.PREFIX_IN_SEGMENT);
            long depth = memory.getAcquire(segment + MapLayout.DEPTH_IN_SEGMENT);
            if (depth < 0 || depth > MapLayout.MOST_DEPTH || !MapLayout.isCovered(hash, prefix, (int) depth)) {
                VarHandle.loadLoadFence(); // prefix and depth were read before the look
                if (table.isCurrent(root, wordAt, word)) {
                    requireSplitting(segment, prefix, depth, waits++);
                }
                continue;
            }
            if (read(MapLayout.bucketAt(segment, bucket), prefix, (int) depth)
                    && memory.getAcquire(segment + MapLayout.DEPTH_IN_SEGMENT) == depth
                    && table.isCurrent(root, wordAt, word)) {
                long end = Math.min(RANGES, (prefix >>> MapLayout.PRINT_SHIFT) + (RANGES >>> depth));
                if (high == 0) {
                    high = end;
                }
                at = Math.min(end, high);
                return;
            }
            if (isRubbish && table.isCurrent(root, wordAt, word)) {
                throw MapTable.damaged("bucket " + bucket + " of the segment at " + segment + " leads to rubbish");
            }
        }
    }

    /** Waits for a split to end, which cannot happen more often than a segment can be split. */
    private void requireSplitting(long segment, long prefix, long depth, int waits) {
        if (depth < 0 || depth > MapLayout.MOST_DEPTH || waits > MapLayout.MOST_DEPTH) {
            throw MapTable.damaged("the segment at " + segment + " has the prefix " + Long.toHexString(prefix)
                    + " and the depth " + depth);
        }
        table.awaitSplit();
    }

    /** Reads the entries of a bucket that belong to its segment; false where they have changed meanwhile. */
    private boolean read(long bucketAt, long prefix, int depth) {
        long version = memory.getAcquire(bucketAt); // SYNC: map-version
        count = 0;
        isRubbish = false;
        for (int i = 0; i < MapLayout.SLOTS; i++) {
            long slot = memory.getAcquire(bucketAt + MapLayout.FIRST_SLOT + (long) i * Long.BYTES); // SYNC: map-slot
            slots[i] = slot;
            if (MapLayout.entry(slot) != 0 && MapLayout.isCovered(slot, prefix, depth)
                    && !readEntry(MapLayout.entry(slot))) {
                VarHandle.loadLoadFence(); // the entry was read before the looks
                isRubbish = memory.getAcquire(bucketAt + MapLayout.FIRST_SLOT + (long) i * Long.BYTES) == slot
                        && memory.getAcquire(bucketAt) == version;
                return false;
            }
        }
        VarHandle.loadLoadFence(); // the entries were read before the looks
        for (int i = 0; i < MapLayout.SLOTS; i++) {
            if (memory.getAcquire(bucketAt + MapLayout.FIRST_SLOT + (long) i * Long.BYTES) != slots[i]) {
                return false;
            }
        }
        return memory.getAcquire(bucketAt) == version;
    }

    private boolean readEntry(long entry) {
        if (!memory.isCommitted(entry, Long.BYTES)) {
            return false;
        }
        long lengths = memory.getPlain(entry);
        if (!memory.isCommitted(entry, MapLayout.entryBytes(lengths))) {
            return false;
        }
        int keyLength = MapLayout.keyLength(lengths);
        keys[count] = keyReader.readUnsure(memory.segment(), entry + MapLayout.ENTRY_HEAD, keyLength);
        if (valueReader != null) {
            long length = MapLayout.valueLength(lengths);
            values[count] = length > MOST_AHEAD_BYTES ? null
                    : valueReader.readUnsure(memory.segment(), entry + MapLayout.valueIn(keyLength), length);
        }
        count++;
        return true;
    }
}
