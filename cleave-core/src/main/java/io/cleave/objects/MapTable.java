package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapLocks;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Gate;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
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
 * <b>Who writes</b> finds the segment as readers do, acquires its lock, and looks whether the directory still leads to it,
 * which then stays so: a split needs the lock of the segment that it divides. The lock lies in a block that is only ever
 * used for locks at its place ({@link MapLayout}): who comes after the map was dropped disturbs nobody for longer than
 * that look takes. Order of locks: segment, directory or change log, context, the heap's.
 */
final class MapTable {
    /** Stands for a value that nobody wanted to read. */
    private static final Object PRESENT = new Object();

    private final Heap heap;
    private final Gate gate;
    private final HeapMemory memory;
    private final HeapLocks locks;
    private final MemorySegment all;
    private final long header;
    private final long generation;
    private final MapGrowth growth;
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
        this.locks = heap.locks();
        this.all = memory.segment();
        this.header = header;
        this.generation = generation;
        this.growth = new MapGrowth(this);
        this.log = new MapLog(this);
    }

    /**
     * Makes an empty map, as a part of a change that lets somebody find it.
     *
     * @return its header
     */
    static long create(Heap heap, Change change, ValueSchema key, ValueSchema value) {
        HeapMemory memory = heap.memory();
        long header = change.allocateHeader();
        long directory = change.allocate(Long.BYTES);
        memory.setPlain(directory, MapGrowth.newSegment(memory, change, 0, 0));
        byte[] keyText = key.text().getBytes(StandardCharsets.UTF_8);
        byte[] valueText = value.text().getBytes(StandardCharsets.UTF_8);
        long schema = change.allocate((long) Long.BYTES + keyText.length + valueText.length);
        memory.setIntPlain(schema, keyText.length);
        memory.setIntPlain(schema + Integer.BYTES, valueText.length);
        memory.copyIn(keyText, 0, schema + Long.BYTES, keyText.length);
        memory.copyIn(valueText, 0, schema + Long.BYTES + keyText.length, valueText.length);
        memory.clear(header + MapLayout.ROOT, MapLayout.OWN_END - MapLayout.ROOT);
        memory.setPlain(header + MapLayout.ROOT, MapLayout.root(directory, 0, 0));
        memory.setPlain(header + MapLayout.SCHEMA, schema);
        memory.setPlain(header + MapLayout.KEY_PRINT, key.fingerprint());
        memory.setPlain(header + MapLayout.VALUE_PRINT, value.fingerprint());
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
        long schema = memory.getPlain(header + MapLayout.SCHEMA);
        int keyLength = memory.getIntPlain(schema);
        int valueLength = memory.getIntPlain(schema + Integer.BYTES);
        if (!isInUse()) {
            requireUse(0);
        }
        if (keyLength < 0 || valueLength < 0
                || !memory.isCommitted(schema, (long) Long.BYTES + keyLength + valueLength)) {
            throw damaged("its schema has " + keyLength + " and " + valueLength + " bytes");
        }
        refuse(name, "keys", key, text(schema + Long.BYTES, keyLength));
        refuse(name, "values", value, text(schema + Long.BYTES + keyLength, valueLength));
    }

    private String text(long at, int length) {
        byte[] bytes = new byte[length];
        memory.copyOut(at, bytes, 0, length);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void refuse(String name, String what, ValueSchema here, String stored) {
        String difference = here.differenceFrom(new ValueSchema(stored));
        if (difference != null) {
            throw new IncompatibleBlockException(
                    "the " + what + " of \"" + name + "\" are of another class than it was "
                            + "made with: " + difference + "; open it with that class, or drop it and make it anew");
        }
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

    MapLog log() {
        return log;
    }

    /** Whether another handle is for the same map. */
    boolean isSame(MapTable other) {
        return header == other.header && memory.segment().address() == other.memory.segment().address();
    }

    long root() {
        return MapLayout.rootAcquire(memory, header);
    }

    /** The last look of a reader, after a fence: whether a directory word, the root and the map are what they were. */
    boolean isCurrent(long root, long wordAt, long segment) {
        return memory.getAcquire(wordAt) == segment && isCurrent(root);
    }

    boolean isCurrent(long root) {
        return root() == root && isInUse(); // SYNC: map-root
    }

    /** Whether the header is still the map's. */
    boolean isInUse() {
        return MapLayout.generationAcquire(memory, header) == generation;
    }

    /** What to do where something is not committed: it was rubbish because of a change, or the map is none any more. */
    void requireUse(long root) {
        VarHandle.loadLoadFence();
        if (root == 0 || !isInUse()) {
            throw new StaleReferenceException("the map was dropped; nothing may use it any more");
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
        byte[] key = access.key.bytes();
        int length = access.keyLength();
        long hash = access.hash;
        retry : while (true) {
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
            for (long at = bucket + MapLayout.FIRST_SLOT; at < bucket + MapLayout.BUCKET_BYTES; at += Long.BYTES) {
                if (!MapLayout.isPrint(memory.getPlain(at), hash)) {
                    continue;
                }
                long slot = memory.getAcquire(at); // SYNC: map-slot
                long entry = MapLayout.entry(slot);
                if (entry == 0) {
                    continue;
                }
                boolean isKey = isKey(entry, key, length);
                long lengths = isKey ? memory.getPlain(entry) : 0;
                VarHandle.loadLoadFence(); // what was read of the entry comes before the look at its slot
                if (memory.getAcquire(at) != slot) {
                    continue retry;
                }
                if (isKey) {
                    Object result = reader == null ? PRESENT
                            : readUnsure(reader, entry + MapLayout.valueIn(length), MapLayout.valueLength(lengths));
                    VarHandle.loadLoadFence(); // all that was read comes before the looks
                    if (memory.getAcquire(at) != slot || memory.getAcquire(bucket) != version
                            || !isCurrent(root, wordAt, word)) {
                        continue retry;
                    }
                    return reader == null ? PRESENT : sure(reader, result);
                }
            }
            VarHandle.loadLoadFence(); // the slots were read before the looks
            if (memory.getAcquire(bucket) == version && isCurrent(root, wordAt, word)) {
                return null;
            }
        }
    }

    /** Whether an entry, or the rubbish that is there now, is for a key. */
    private boolean isKey(long entry, byte[] key, int length) {
        if (!memory.isCommitted(entry, Long.BYTES)) {
            return false;
        }
        long lengths = memory.getPlain(entry);
        return MapLayout.keyLength(lengths) == length && memory.isCommitted(entry, MapLayout.entryBytes(lengths))
                && memory.matches(entry + MapLayout.ENTRY_HEAD, key, 0, length);
    }

    /** What a reader that is not harmed by it makes of bytes that may change meanwhile; a copy of them for others. */
    <R> @Nullable Object readUnsure(ValueEncoding<R> reader, long at, long length) {
        if (reader.isPlain()) {
            try {
                return reader.decode(all, at, length);
            } catch (RuntimeException e) {
                return e; // to be thrown if what was read was no rubbish
            }
        }
        byte[] copy = new byte[(int) Math.min(length, MapLayout.MOST_VALUE_BYTES)];
        memory.copyOut(at, copy, 0, copy.length);
        return copy;
    }

    /** What was read, after it has proved to have been there. */
    @SuppressWarnings("unchecked") // it is what readUnsure has made
    <R> @Nullable R sure(ValueEncoding<R> reader, @Nullable Object result) {
        if (result instanceof RuntimeException e) {
            throw e;
        }
        if (!reader.isPlain() && result instanceof byte[] bytes) {
            return reader.decode(MemorySegment.ofArray(bytes), 0, bytes.length);
        }
        return (R) result;
    }

    /** Acquires the lock of the segment for a key, and finds the key in it. */
    void lock(MapAccess access) {
        access.checkNotComputing(this);
        gate.enter();
        boolean isHeld = false;
        try {
            acquire(access);
            isHeld = true;
        } finally {
            if (!isHeld) {
                gate.exit();
            }
        }
    }

    private void acquire(MapAccess access) {
        long hash = access.hash;
        while (true) {
            long root = root();
            long wordAt = MapLayout.wordAt(root, hash);
            long word = memory.isCommitted(wordAt, Long.BYTES) ? memory.getAcquire(wordAt) : 0;
            long segment = MapLayout.segment(word);
            if (!memory.isCommitted(segment, MapLayout.SEGMENT_BYTES)) {
                requireUse(root);
                continue;
            }
            long lockBlock = memory.getPlain(segment + MapLayout.LOCK_BLOCK_IN_SEGMENT);
            VarHandle.loadLoadFence(); // the lock block was read before the look whether it is one
            if (!isCurrent(root, wordAt, word)) {
                continue;
            }
            if ((memory.getAcquire(lockBlock + MapLayout.LOCK) & ParticipantsLayout.OWNER) == Participants.me()) {
                throw MapAccess.recursive();
            }
            locks.lock(lockBlock + MapLayout.LOCK);
            boolean isFound = false;
            try {
                if (isStill(hash, segment)) {
                    access.segment = segment;
                    find(access);
                    isFound = true;
                    return;
                }
            } finally {
                if (!isFound) {
                    locks.unlock(lockBlock + MapLayout.LOCK);
                }
            }
        }
    }

    /** Whether the directory leads to a segment whose lock the caller has, in which case it stays so. */
    private boolean isStill(long hash, long segment) {
        while (true) {
            long root = root();
            long wordAt = MapLayout.wordAt(root, hash);
            if (root == 0 || !memory.isCommitted(wordAt, Long.BYTES)) {
                if (isCurrent(root) || !isInUse()) {
                    return false;
                }
                continue;
            }
            long word = memory.getAcquire(wordAt);
            VarHandle.loadLoadFence(); // the word was read before the look whether it was one
            if (isCurrent(root)) {
                return MapLayout.segment(word) == segment;
            }
        }
    }

    /** As {@link #lock}, with a free slot where the key is absent. */
    void lockWithRoom(MapAccess access) {
        while (true) {
            lock(access);
            if (access.slotAt != 0 || access.freeAt != 0) {
                return;
            }
            try {
                growth.split(access.segment);
            } finally {
                unlock(access);
            }
        }
    }

    void unlock(MapAccess access) {
        locks.unlock(lockBlock(access.segment) + MapLayout.LOCK);
        gate.exit();
    }

    Gate gate() {
        return gate;
    }

    long lockBlock(long segment) {
        return memory.getPlain(segment + MapLayout.LOCK_BLOCK_IN_SEGMENT);
    }

    private void find(MapAccess access) {
        byte[] key = access.key.bytes();
        int length = access.keyLength();
        long hash = access.hash;
        long bucket = MapLayout.bucketAt(access.segment, hash);
        access.slotAt = 0;
        access.freeAt = 0;
        for (long at = bucket + MapLayout.FIRST_SLOT; at < bucket + MapLayout.BUCKET_BYTES; at += Long.BYTES) {
            long slot = memory.getPlain(at);
            if (MapLayout.isPrint(slot, hash) && MapLayout.entry(slot) != 0
                    && isKey(MapLayout.entry(slot), key, length)) {
                access.slotAt = at;
                return;
            }
        }
        long prefix = memory.getPlain(access.segment + MapLayout.PREFIX_IN_SEGMENT);
        int depth = depth(access.segment);
        for (long at = bucket + MapLayout.FIRST_SLOT; at < bucket + MapLayout.BUCKET_BYTES; at += Long.BYTES) {
            long slot = memory.getPlain(at);
            if (slot == 0 || !MapLayout.isCovered(slot, prefix, depth)) {
                access.freeAt = at;
                return;
            }
        }
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

    /** Reads the value in the slot that was found. Under the lock. */
    <R> @Nullable R read(MapAccess access, ValueEncoding<R> reader) {
        if (access.slotAt == 0) {
            return null;
        }
        long entry = MapLayout.entry(memory.getPlain(access.slotAt));
        long lengths = memory.getPlain(entry);
        return reader.decode(all, entry + MapLayout.valueIn(MapLayout.keyLength(lengths)),
                MapLayout.valueLength(lengths));
    }

    /** Lets the key have the value, instead of the one it has or in the free slot. Under the lock. */
    void put(MapAccess access) {
        boolean isLogged = log.enter();
        try (Change change = heap.change()) {
            long slotAt = access.slotAt != 0 ? access.slotAt : access.freeAt;
            long old = memory.getPlain(slotAt);
            long bucket = MapLayout.bucketAt(access.segment, access.hash);
            long entry = newEntry(change, access);
            change.set(bucket, memory.getPlain(bucket) + 1); // SYNC: map-version
            change.set(slotAt, MapLayout.slot(entry, access.hash)); // SYNC: map-slot
            if (access.slotAt == 0) {
                count(change, access.segment, 1);
            } else {
                change.free(MapLayout.entry(old));
            }
            if (isLogged) {
                log.add(change, entry, false);
            }
            change.commit();
        } finally {
            log.leave(isLogged);
        }
    }

    private long newEntry(Change change, MapAccess access) {
        int keyLength = access.keyLength();
        long valueLength = access.value.length();
        if (valueLength > MapLayout.MOST_VALUE_BYTES) {
            throw new IllegalArgumentException("a value of " + valueLength + " bytes; the limit is "
                    + MapLayout.MOST_VALUE_BYTES + ": store it in several");
        }
        long lengths = MapLayout.lengths(keyLength, valueLength);
        long entry = change.allocate(MapLayout.entryBytes(lengths));
        memory.setPlain(entry, lengths);
        memory.copyIn(access.key.bytes(), 0, entry + MapLayout.ENTRY_HEAD, keyLength);
        access.value.copyTo(all, entry + MapLayout.valueIn(keyLength));
        return entry;
    }

    private void count(Change change, long segment, long by) {
        long countAt = lockBlock(segment) + MapLayout.COUNT_IN_LOCK_BLOCK;
        change.set(countAt, memory.getPlain(countAt) + by);
    }

    /** Removes the key that was found. Under the lock. */
    void remove(MapAccess access) {
        boolean isLogged = log.enter();
        try (Change change = heap.change()) {
            long entry = MapLayout.entry(memory.getPlain(access.slotAt));
            long bucket = MapLayout.bucketAt(access.segment, access.hash);
            change.set(bucket, memory.getPlain(bucket) + 1); // SYNC: map-version
            change.set(access.slotAt, 0); // SYNC: map-slot
            count(change, access.segment, -1);
            change.free(entry);
            if (isLogged) {
                log.add(change, entry, true);
            }
            change.commit();
        } finally {
            log.leave(isLogged);
        }
    }

    /** The number of entries: exact when nothing is changed meanwhile, otherwise one of those that it has had meanwhile. */
    long size() {
        gate.enter();
        try {
            return sum();
        } finally {
            gate.exit();
        }
    }

    private long sum() {
        while (true) {
            long root = root();
            long splits = memory.getAcquire(header + MapLayout.SPLITS);
            long size = (splits & 1) == 0 ? count(root, true) : 0;
            VarHandle.loadLoadFence(); // the counts were read before the looks
            boolean isSame = memory.getAcquire(header + MapLayout.SPLITS) == splits && isCurrent(root);
            if (root == 0 || (isSame && size < 0)) {
                requireUse(root);
            } else if ((splits & 1) != 0) {
                awaitSplit();
            } else if (isSame) {
                return size;
            } else if (!isInUse()) {
                requireUse(0);
            }
        }
    }

    /** Waits until a split is over, or finishes that of one who is dead. */
    void awaitSplit() {
        gate.enter();
        try {
            locks.lock(header + MapLayout.LOCK);
            try {
                if ((memory.getPlain(header + MapLayout.SPLITS) & 1) != 0 && isInUse()) {
                    throw damaged("a split of it is neither under way nor over");
                }
            } finally {
                locks.unlock(header + MapLayout.LOCK);
            }
        } finally {
            gate.exit();
        }
    }

    /** The number of entries as it stands, for who may not store anything; -1 where it cannot be told. */
    long sizeAsItStands() {
        return count(root(), false);
    }

    /**
     * The sum of the counts; -1 where there is rubbish.
     *
     * @param isSettled whether to finish first what dead processes have begun
     */
    private long count(long root, boolean isSettled) {
        long sum = 0;
        long last = 0;
        long words = 1L << MapLayout.depth(root);
        long at = MapLayout.directory(root);
        if (!memory.isCommitted(at, words * Long.BYTES)) {
            return -1;
        }
        for (long end = at + words * Long.BYTES; at < end; at += Long.BYTES) {
            long segment = MapLayout.segment(memory.getAcquire(at));
            if (segment != last) {
                if (!memory.isCommitted(segment, MapLayout.SEGMENT_BYTES)) {
                    return -1;
                }
                long lockBlock = lockBlock(segment);
                if (!memory.isCommitted(lockBlock, Heap.HEADER_BYTES) || lockBlock % Long.BYTES != 0) {
                    return -1;
                }
                if (isSettled) {
                    settle(lockBlock);
                }
                sum += memory.getAcquire(lockBlock + MapLayout.COUNT_IN_LOCK_BLOCK);
                last = segment;
            }
        }
        return sum;
    }

    /** Finishes what a dead process has begun in a segment. */
    private void settle(long lockBlock) {
        long owner = memory.getAcquire(lockBlock + MapLayout.LOCK) & ParticipantsLayout.OWNER;
        if (owner != 0 && Participants.isDead(owner)) {
            locks.lock(lockBlock + MapLayout.LOCK);
            locks.unlock(lockBlock + MapLayout.LOCK);
        }
    }
}
