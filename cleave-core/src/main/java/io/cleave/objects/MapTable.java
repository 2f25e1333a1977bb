package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapLocks;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Gate;
import io.cleave.owner.Patience;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A table in a heap, from the bytes of keys to the bytes of values, for many processes of which any may die at any moment.
 *
 * <h2>Overview</h2>
 *
 * Extendible hashing (Fagin, Nievergelt, Pippenger and Strong, 1979), with segments as in CCEH (Nam et al., FAST 2019): a
 * directory leads by the top bits of the hash to a segment, the lower half of the hash to one of its buckets, a slot of
 * the bucket to an entry that never changes. Whoever changes something holds the lock of the segment, and makes one
 * {@link Change} of it. A full bucket splits its segment ({@link MapGrowth}). Nothing is ever moved but by that: a key
 * stays in its bucket of its segment, and in its slot until it is removed.
 *
 * <p>
 * <b>Each change of a bucket</b> stores its version first, one higher, then the one slot that it changes (or several, each
 * for another key, where it clears), then the count; blocks are freed last.
 *
 * <p>
 * <b>Readers</b> take no lock and store nothing. They read root, directory word, version v and slots, follow a slot to its
 * entry and read there; then, after a fence, they look again: slot, version, directory word, root, generation, in this
 * order. If anything is different they begin anew. That what they have read is what was there:
 * <ol>
 * <li>If the generation is the same, the header was the map's all the time. A root does not come back, so if it is the
 * same the directory was in use all the time. A directory word goes from a segment to one made later, and not back.
 * So if it is the same, all changes to entries of this hash until that look went through this segment: those of the new
 * segment of a split cannot begin for this hash before the word is stored, by which all who write find it.
 * <li>Then an entry that was found in a slot was in use while it was read. For if it was freed before the look at the
 * slot, then by a change c that took it out of the slot, and that had raised the version. If c's version was raised after
 * the reader's first look at the version, the last look shows it. If it was raised before that, c stored the slot after
 * the reader had it from there and before the reader looked again; what the reader sees then is another slot, or the same
 * by a later change, which raised the version after c had. (So the slot has to be looked at before the version.)
 * <li>And a key that was found in no slot was absent at some moment. Between two looks that show the same version at most
 * one change that the reader can have seen stores a slot for the key, so that the slots are those before it or after it. A
 * slot whose entry had another key counts as looked at only if it is the same after the entry was read, for the reason of
 * (2).
 * </ol>
 * What is read before the looks may be rubbish: it is bounded by what is committed, and decoded only by code that bears
 * it. Readers begin anew only if somebody has changed the bucket, the directory or the root, so that some operation
 * always ends.
 *
 * <p>
 * <b>Who writes</b> holds the lock of the segment: {@link MapWriter}.
 */
final class MapTable {
    /** Stands for a value that nobody wanted to read. */
    private static final Object PRESENT = new Object();
    /** Stands for a value that was another one before it could be read. */
    private static final Object CHANGED = new Object();

    private final Heap heap;
    private final Gate gate;
    private final HeapMemory memory;
    private final MemorySegment all;
    private final long header;
    private final long generation;
    private final MapLog log;

    /**
     * The map with a header, which may have been dropped meanwhile: see {@link #isInUse}.
     *
     * @param gate to be passed by operations of more than one step
     */
    MapTable(Heap heap, Gate gate, long header, long generation) {
        this.heap = heap;
        this.gate = gate;
        this.memory = heap.memory();
        this.all = memory.segment();
        this.header = header;
        this.generation = generation;
        this.log = new MapLog(this);
    }

    /**
     * Makes an empty map, as a part of a change that lets somebody find it.
     *
     * @return its header
     */
    static long create(Heap heap, Change change, ValueSchema key, ValueSchema value) {
        HeapMemory memory = heap.memory();
        long header = createHeld(heap, change, value.isStructure());
        memory.setPlain(header + MapLayout.SCHEMA, StoredSchema.store(memory, change, key, value));
        memory.setPlain(header + MapLayout.KEY_PRINT, key.fingerprint());
        memory.setPlain(header + MapLayout.VALUE_PRINT, value.fingerprint());
        return header;
    }

    /**
     * Makes an empty map of which another structure's schema says what it has.
     *
     * @param isHolding whether its values are structures
     */
    static long createHeld(Heap heap, Change change, boolean isHolding) {
        HeapMemory memory = heap.memory();
        long header = change.allocateHeader();
        long directory = change.allocate(Long.BYTES);
        memory.setPlain(directory, MapGrowth.newSegment(memory, change, 0, 0));
        memory.clear(header + MapLayout.ROOT, MapLayout.OWN_END - MapLayout.ROOT);
        memory.setPlain(header + MapLayout.ROOT, MapLayout.root(directory, 0, 0));
        memory.setPlain(header + MapLayout.HOLDS, isHolding ? 1 : 0);
        return header;
    }

    /**
     * Refuses classes other than those that the map was made with.
     *
     * @throws IncompatibleBlockException with what is different
     */
    void checkSchema(String name, ValueSchema key, ValueSchema value) {
        boolean isSame = memory.getPlain(header + MapLayout.KEY_PRINT) == key.fingerprint()
                && memory.getPlain(header + MapLayout.VALUE_PRINT) == value.fingerprint();
        if (isSame) {
            return;
        }
        StoredSchema stored = StoredSchema.read(memory, memory.getPlain(header + MapLayout.SCHEMA));
        if (!isInUse()) {
            requireUse(0);
        }
        if (stored == null) {
            throw damaged("its schema is none");
        }
        StoredSchema.refuse(name, "keys", key, stored.first());
        StoredSchema.refuse(name, "values", value, stored.second());
    }

    Heap heap() {
        return heap;
    }

    HeapMemory memory() {
        return memory;
    }

    long header() {
        return header;
    }

    long generation() {
        return generation;
    }

    MapLog log() {
        return log;
    }

    /** Whether another handle is for the same map. */
    boolean isSame(MapTable other) {
        return header == other.header && generation == other.generation
                && heap.isSame(other.heap);
    }

    long root() {
        return MapLayout.rootAcquire(memory, header);
    }

    /** The last look of a reader, after a fence: whether a directory word, the root and the map are what they were. */
    boolean isCurrent(long root, long wordAt, long segment) {
        return memory.getAcquire(wordAt) == segment && isCurrent(root);
    }

    /**
     * The same for the root alone.
     *
     * @throws StaleReferenceException where the map was dropped, so that nobody looks again and again at what is another's
     */
    boolean isCurrent(long root) {
        boolean isSame = root() == root; // SYNC: map-root
        if (!isInUse()) {
            throw stale();
        }
        return isSame;
    }

    /** Whether the header is still the map's. */
    boolean isInUse() {
        return MapLayout.generationAcquire(memory, header) == generation;
    }

    /** Whether the map was dropped, or even is free; reading may go on until it is. */
    boolean hasEnded() {
        boolean isEnding = root() == 0 || RootLayout.isDropped(memory, header);
        VarHandle.loadLoadFence(); // what the header says, and then whether it still is that header
        return isEnding || !isInUse();
    }

    /** Refuses to change a map that was dropped and is being freed. Under a lock of it. */
    void requireOwner() {
        if (RootLayout.isDropped(memory, header)) {
            throw stale();
        }
    }

    private static StaleReferenceException stale() {
        return new StaleReferenceException("the map was dropped; nothing may use it any more");
    }

    /** What to do where something is not committed: it was rubbish because of a change, or the map is none any more. */
    void requireUse(long root) {
        VarHandle.loadLoadFence();
        if (root == 0 || !isInUse()) {
            throw stale();
        }
        if (isCurrent(root)) {
            throw damaged("its root is " + Long.toHexString(root));
        }
    }

    static IncompatibleBlockException damaged(String what) {
        return new IncompatibleBlockException("a map in the heap is damaged: " + what + "; verify the heap");
    }

    /**
     * Reads the value of a key.
     *
     * @param reader makes the result; null where the key is to be looked for only
     * @return what the reader has made, or an object that means nothing; null where the key is absent
     */
    <R> @Nullable Object get(MapAccess access, @Nullable ValueEncoding<R> reader) {
        Object result = getUnsure(access, reader);
        return reader == null || result == null ? result : reader.sure(result);
    }

    /**
     * Reads the value of a key.
     *
     * @return what was read, for {@link ValueEncoding#sure}: the bytes, where the encoding is not plain; null where the key
     *         is absent
     */
    <R> @Nullable Object getUnsure(MapAccess access, @Nullable ValueEncoding<R> reader) {
        long hash = access.hash;
        while (true) {
            long root = root(); // SYNC: map-root
            long wordAt = MapLayout.wordAt(root, hash);
            if (!memory.isCommitted(wordAt, Long.BYTES)) {
                requireUse(root);
                continue;
            }
            long word = memory.getAcquire(wordAt); // SYNC: map-directory
            long segment = MapLayout.segment(word);
            if (!memory.isCommitted(segment, MapLayout.SEGMENT_BYTES)) {
                requireUse(root);
                continue;
            }
            long bucket = MapLayout.bucketAt(segment, hash);
            long version = memory.getAcquire(bucket); // SYNC: map-version
            Object result = read(bucket, access, reader);
            VarHandle.loadLoadFence(); // all that was read comes before the looks
            if (!CHANGED.equals(result) && memory.getAcquire(bucket) == version && isCurrent(root, wordAt, word)) {
                return result;
            }
        }
    }

    /** Reads the value of a key in a bucket; null where it has none, {@link #CHANGED} where a slot changes meanwhile. */
    private <R> @Nullable Object read(long bucket, MapAccess access, @Nullable ValueEncoding<R> reader) {
        byte[] key = access.key.bytes();
        int length = access.keyLength();
        long found = candidates(bucket, access.hash, 0, MapLayout.FIRST_LINE_SLOTS);
        boolean isFirstLine = true;
        while (true) {
            for (; found != 0; found &= found - 1) {
                long at = MapLayout.slotAt(bucket, Long.numberOfTrailingZeros(found));
                long slot = memory.getAcquire(at); // SYNC: map-slot
                long entry = MapLayout.entry(slot);
                if (entry == 0) {
                    continue;
                }
                Object result = null;
                boolean isKey = isKey(entry, key, length);
                if (isKey) {
                    result = reader == null ? PRESENT
                            : reader.readUnsure(all, entry + MapLayout.valueIn(length),
                                    MapLayout.valueLength(memory.getPlain(entry)));
                }
                VarHandle.loadLoadFence(); // what was read of the entry comes before the look at its slot
                if (memory.getAcquire(at) != slot) {
                    return CHANGED;
                }
                if (isKey) {
                    return result;
                }
            }
            if (!isFirstLine) {
                return null;
            }
            isFirstLine = false;
            found = candidates(bucket, access.hash, MapLayout.FIRST_LINE_SLOTS, MapLayout.SLOTS);
        }
    }

    /**
     * The slots of a bucket that may be those of a hash, a bit for each. There is no branch that depends on a slot: the
     * processor would guess it wrong as often as not, and not go on with what comes after while it waits for the bucket.
     */
    long candidates(long bucket, long hash, int from, int to) {
        long found = 0;
        for (int i = from; i < to; i++) {
            found |= MapLayout.printBit(memory.getPlain(MapLayout.slotAt(bucket, i)), hash) << i;
        }
        return found;
    }

    /** Whether an entry, or the rubbish that is there now, is for a key. */
    boolean isKey(long entry, byte[] key, int length) {
        if (!memory.isCommitted(entry, Long.BYTES)) {
            return false;
        }
        long lengths = memory.getPlain(entry);
        return MapLayout.keyLength(lengths) == length && memory.isCommitted(entry, MapLayout.entryBytes(lengths))
                && memory.matches(entry + MapLayout.ENTRY_HEAD, key, 0, length);
    }

    Gate gate() {
        return gate;
    }

    long lockBlock(long segment) {
        return memory.getPlain(segment + MapLayout.LOCK_BLOCK_IN_SEGMENT);
    }

    int depth(long segment) {
        return depth(memory, segment);
    }

    static int depth(HeapMemory memory, long segment) {
        long depth = memory.getPlain(segment + MapLayout.DEPTH_IN_SEGMENT);
        if (depth < 0 || depth > MapLayout.MOST_DEPTH) {
            throw damaged("a segment has the depth " + depth);
        }
        return (int) depth;
    }

    /**
     * Acquires the directory's lock unless the map is ending: who ends it waits for the locks of segments while holding
     * this one, and the caller may have one of those.
     *
     * @return whether it is held; if not, the map was dropped
     */
    boolean lockDirectory() {
        HeapLocks locks = heap.locks();
        boolean isHeld = locks.tryLock(header + MapLayout.LOCK);
        while (!isHeld && root() != 0 && isInUse()) {
            isHeld = locks.tryLock(header + MapLayout.LOCK, Patience.SLICE_NANOS);
        }
        if (isHeld && (root() == 0 || !isInUse())) {
            unlockDirectory();
            return false;
        }
        return isHeld;
    }

    void unlockDirectory() {
        heap.locks().unlock(header + MapLayout.LOCK);
    }

    /** Waits until a split is over, or finishes that of one who is dead. */
    void awaitSplit() {
        gate.enter();
        try {
            if (lockDirectory()) {
                try {
                    if ((memory.getPlain(header + MapLayout.SPLITS) & 1) != 0) {
                        throw damaged("a split of it is neither under way nor over");
                    }
                } finally {
                    unlockDirectory();
                }
            }
        } finally {
            gate.exit();
        }
    }
}
