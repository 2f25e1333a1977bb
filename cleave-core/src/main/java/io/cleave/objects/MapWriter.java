package io.cleave.objects;

import io.cleave.HeapFullException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapLocks;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Gate;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Who writes to a {@link MapTable}: finds the segment as readers do, acquires its lock, and looks whether the directory
 * still leads to it, which then stays so: a split needs the lock of the segment that it divides. The lock lies in a block
 * that is only ever used for locks at its place ({@link MapLayout}): who comes after the map was dropped disturbs nobody
 * for longer than that look takes. Order of locks: segment, directory or change log, that of the loose structures,
 * context, the heap's.
 */
final class MapWriter {
    private final MapTable table;
    private final Heap heap;
    private final Gate gate;
    private final HeapMemory memory;
    private final HeapLocks locks;
    private final MemorySegment all;
    private final MapGrowth growth;
    private final MapLog log;
    /** Where values come from and go to that are structures; null where they are not. */
    private final @Nullable LooseLists loose;

    MapWriter(MapTable table, @Nullable LooseLists loose) {
        this.table = table;
        this.loose = loose;
        this.heap = table.heap();
        this.gate = table.gate();
        this.memory = table.memory();
        this.locks = heap.locks();
        this.all = memory.segment();
        this.growth = new MapGrowth(table);
        this.log = table.log();
    }

    /** Acquires the lock of the segment for a key, and finds the key in it. */
    void lock(MapAccess access) {
        access.checkNotRunning(table);
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
        access.segment = lockSegment(access, Long.MAX_VALUE);
        boolean isFound = false;
        try {
            find(access);
            isFound = true;
        } finally {
            if (!isFound) {
                locks.unlock(lockAt(access.segment));
            }
        }
    }

    private long lockAt(long segment) {
        return table.lockBlock(segment) + MapLayout.LOCK;
    }

    /**
     * Acquires the lock of the segment for a hash.
     *
     * @param nanos how long to wait at most
     * @return the segment; 0 where the time was over
     */
    private long lockSegment(MapAccess access, long nanos) {
        long hash = access.hash;
        while (true) {
            long root = table.root();
            long wordAt = MapLayout.wordAt(root, hash);
            long word = memory.isCommitted(wordAt, Long.BYTES) ? memory.getAcquire(wordAt) : 0;
            long segment = MapLayout.segment(word);
            if (!memory.isCommitted(segment, MapLayout.SEGMENT_BYTES)) {
                table.requireUse(root);
                continue;
            }
            long lockAt = lockAt(segment);
            access.touched = touch(MapLayout.bucketAt(segment, hash), hash);
            VarHandle.loadLoadFence(); // the lock block was read before the look whether it is one
            if (!table.isCurrent(root, wordAt, word)) {
                continue;
            }
            if ((memory.getAcquire(lockAt) & ParticipantsLayout.OWNER) == Participants.me()) {
                throw MapAccess.recursive();
            }
            if (nanos == Long.MAX_VALUE) {
                locks.lock(lockAt);
            } else if (!locks.tryLock(lockAt, nanos)) {
                return 0;
            }
            boolean isFound = false;
            try {
                if (isStill(hash, segment)) {
                    table.requireOwner();
                    isFound = true;
                    return segment;
                }
            } finally {
                if (!isFound) {
                    locks.unlock(lockAt);
                }
            }
        }
    }

    /**
     * Acquires the locks of all segments, in the order of their hashes. None of them is split while its lock is held.
     *
     * @param nanos how long to wait for each at most
     * @return null where the time was over
     */
    LiveStructure.@Nullable Hold tryHold(long nanos) {
        MapHold hold = new MapHold(this, memory);
        gate.enter();
        boolean isDone = false;
        try (MapAccess access = MapAccess.lend()) {
            access.checkNotRunning(table);
            access.hash = 0;
            do {
                hold.reserve();
                long segment = lockSegment(access, nanos);
                if (segment == 0) {
                    return null;
                }
                hold.add(segment);
                access.hash = endOfSegment(segment);
            } while (access.hash != 0);
            isDone = true;
        } finally {
            if (!isDone) {
                hold.close();
            }
        }
        return hold;
    }

    /** Reads the map's stamp: segment by segment, with the lock of that one only. */
    LiveStructure.Stamp stamp() {
        gate.enter();
        try (MapAccess access = MapAccess.lend()) {
            access.checkNotRunning(table);
            access.hash = 0;
            long version = 0;
            do {
                long segment = lockSegment(access, Long.MAX_VALUE);
                try {
                    version += MapHold.version(memory, segment);
                    access.hash = endOfSegment(segment);
                } finally {
                    locks.unlock(lockAt(segment));
                }
            } while (access.hash != 0);
            return MapHold.stamp(version);
        } finally {
            gate.exit();
        }
    }

    /** The least hash behind those of a segment; 0 where there is none. */
    private long endOfSegment(long segment) {
        int depth = table.depth(segment);
        return depth == 0 ? 0
                : memory.getPlain(segment + MapLayout.PREFIX_IN_SEGMENT) + (1L << (Long.SIZE - depth));
    }

    /** Releases the locks of some segments, and leaves the gate. */
    void release(long[] segments, int count) {
        for (int i = 0; i < count; i++) {
            locks.unlock(lockAt(segments[i]));
        }
        gate.exit();
    }

    /**
     * Reads what will be needed under the lock, which may be rubbish by then. The processor fetches it while it waits for
     * the line of the lock: an atomic operation would let it begin only after.
     */
    private long touch(long bucket, long hash) {
        long found = table.candidates(bucket, hash, 0, MapLayout.FIRST_LINE_SLOTS);
        long slot = found == 0 ? 0 : memory.getPlain(MapLayout.slotAt(bucket, Long.numberOfTrailingZeros(found)));
        long entry = MapLayout.entry(slot);
        return memory.isCommitted(entry, Long.BYTES) ? memory.getPlain(entry) : found;
    }

    /** Whether the directory leads to a segment whose lock the caller has, in which case it stays so. */
    private boolean isStill(long hash, long segment) {
        while (true) {
            long root = table.root();
            long wordAt = MapLayout.wordAt(root, hash);
            if (root == 0 || !memory.isCommitted(wordAt, Long.BYTES)) {
                if (table.isCurrent(root)) {
                    return false;
                }
                continue;
            }
            long word = memory.getAcquire(wordAt);
            VarHandle.loadLoadFence(); // the word was read before the look whether it was one
            if (table.isCurrent(root)) {
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
        locks.unlock(lockAt(access.segment));
        gate.exit();
    }

    private void find(MapAccess access) {
        long bucket = MapLayout.bucketAt(access.segment, access.hash);
        access.freeAt = 0;
        access.slotAt = slotOf(access, bucket, 0, MapLayout.FIRST_LINE_SLOTS);
        if (access.slotAt == 0) {
            access.slotAt = slotOf(access, bucket, MapLayout.FIRST_LINE_SLOTS, MapLayout.SLOTS);
        }
        if (access.slotAt == 0) {
            access.freeAt = freeSlot(access.segment, bucket);
        }
    }

    /** The slot of the key among some of a bucket; 0 where it is none of them. */
    private long slotOf(MapAccess access, long bucket, int from, int to) {
        for (long found = table.candidates(bucket, access.hash, from, to); found != 0; found &= found - 1) {
            long at = MapLayout.slotAt(bucket, Long.numberOfTrailingZeros(found));
            long entry = MapLayout.entry(memory.getPlain(at));
            if (entry != 0 && table.isKey(entry, access.key.bytes(), access.keyLength())) {
                return at;
            }
        }
        return 0;
    }

    /** The first slot of a bucket that has no key of its segment; 0 where all have. */
    private long freeSlot(long segment, long bucket) {
        long prefix = memory.getPlain(segment + MapLayout.PREFIX_IN_SEGMENT);
        int depth = table.depth(segment);
        for (int i = 0; i < MapLayout.SLOTS; i++) {
            long at = MapLayout.slotAt(bucket, i);
            long slot = memory.getPlain(at);
            if (slot == 0 || !MapLayout.isCovered(slot, prefix, depth)) {
                return at;
            }
        }
        return 0;
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

    /** The bytes of the value in the slot that was found; null where the key is absent. Under the lock. */
    byte @Nullable [] bytes(MapAccess access) {
        if (access.slotAt == 0) {
            return null;
        }
        long entry = MapLayout.entry(memory.getPlain(access.slotAt));
        long lengths = memory.getPlain(entry);
        byte[] bytes = new byte[(int) MapLayout.valueLength(lengths)];
        memory.copyOut(entry + MapLayout.valueIn(MapLayout.keyLength(lengths)), bytes, 0, bytes.length);
        return bytes;
    }

    /** Whether these are the bytes of the value that the key has; null where it is absent. Under the lock. */
    boolean isStill(MapAccess access, byte @Nullable [] bytes) {
        if (access.slotAt == 0 || bytes == null) {
            return access.slotAt == 0 && bytes == null;
        }
        long entry = MapLayout.entry(memory.getPlain(access.slotAt));
        long lengths = memory.getPlain(entry);
        return MapLayout.valueLength(lengths) == bytes.length
                && memory.matches(entry + MapLayout.valueIn(MapLayout.keyLength(lengths)), bytes, 0, bytes.length);
    }

    /** Lets the key have the value, instead of the one it has or in the free slot, and finds it there. Under the lock. */
    void put(MapAccess access) {
        changing(access, false);
        access.slotAt = access.slotAt != 0 ? access.slotAt : access.freeAt;
    }

    /** Removes the key that was found. Under the lock. */
    void remove(MapAccess access) {
        changing(access, true);
    }

    private void changing(MapAccess access, boolean isRemoval) {
        try {
            changeLogged(access, isRemoval);
        } catch (HeapFullException e) {
            if (!heap.makeRoom()) {
                throw e;
            }
            changeLogged(access, isRemoval);
        }
    }

    private void changeLogged(MapAccess access, boolean isRemoval) {
        boolean isLogged = log.enter();
        try {
            if (loose == null) {
                change(access, isRemoval, isLogged);
            } else {
                loose.lock();
                try {
                    change(access, isRemoval, isLogged);
                    access.value.forgetMade();
                } finally {
                    loose.unlock();
                }
            }
        } finally {
            log.leave(isLogged);
        }
    }

    private void change(MapAccess access, boolean isRemoval, boolean isLogged) {
        try (Change change = heap.change()) {
            if (isRemoval) {
                remove(change, access, isLogged);
            } else {
                put(change, access, isLogged);
            }
            change.commit();
        }
    }

    private void put(Change change, MapAccess access, boolean isLogged) {
        long slotAt = access.slotAt != 0 ? access.slotAt : access.freeAt;
        long old = memory.getPlain(slotAt);
        long bucket = MapLayout.bucketAt(access.segment, access.hash);
        long entry = newEntry(change, access);
        change.set(bucket, memory.getPlain(bucket) + 1); // SYNC: map-version
        change.set(slotAt, MapLayout.slot(entry, access.hash)); // SYNC: map-slot
        if (access.slotAt == 0) {
            count(change, access.segment, 1);
        } else {
            free(change, MapLayout.entry(old));
        }
        if (isLogged) {
            log.add(change, entry, false);
        }
    }

    private void remove(Change change, MapAccess access, boolean isLogged) {
        long entry = MapLayout.entry(memory.getPlain(access.slotAt));
        long bucket = MapLayout.bucketAt(access.segment, access.hash);
        change.set(bucket, memory.getPlain(bucket) + 1); // SYNC: map-version
        change.set(access.slotAt, 0); // SYNC: map-slot
        count(change, access.segment, -1);
        free(change, entry);
        if (isLogged) {
            log.add(change, entry, true);
        }
    }

    private long newEntry(Change change, MapAccess access) {
        int keyLength = access.keyLength();
        long valueLength = access.value.length();
        ValueEncoding.checkLength(valueLength);
        long lengths = MapLayout.lengths(keyLength, valueLength);
        long entry = change.allocate(MapLayout.entryBytes(lengths));
        memory.setPlain(entry, lengths);
        memory.copyIn(access.key.bytes(), 0, entry + MapLayout.ENTRY_HEAD, keyLength);
        access.value.copyTo(all, entry + MapLayout.valueIn(keyLength));
        access.value.adopt(change);
        return entry;
    }

    private void free(Change change, long entry) {
        long lengths = memory.getPlain(entry);
        if (loose != null) {
            HeldStructure.drop(loose, change, entry + MapLayout.valueIn(MapLayout.keyLength(lengths)));
        }
        change.free(entry, MapLayout.entryBytes(lengths));
    }

    private void count(Change change, long segment, long by) {
        long countAt = table.lockBlock(segment) + MapLayout.COUNT_IN_LOCK_BLOCK;
        change.set(countAt, memory.getPlain(countAt) + by);
    }
}
