package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;

/** What the directory of a heap asks of live objects. */
final class ObjectStructure implements Structure {
    /** How many values one change frees: each may drop a structure. */
    private static final int STEP = HeldStructure.MOST_DROPS;

    @Override
    public void walk(Heap heap, long header, Check check) {
        if (check.reached(header) < Heap.HEADER_BYTES) {
            return;
        }
        HeapMemory memory = heap.memory();
        long fields = memory.getPlain(header + ObjectLayout.FIELDS);
        if (fields == 0) {
            return; // all but the header is free
        }
        long schema = memory.getPlain(header + ObjectLayout.SCHEMA);
        if (schema != 0) {
            long _ = check.reached(schema);
        }
        for (long block = memory.getPlain(header + ObjectLayout.MORE_HOLDERS); block != 0
                && check.reached(block) >= ObjectLayout.HOLDER_BLOCK_BYTES; block = memory.getPlain(block)) {
            Thread.onSpinWait(); // each is named once, so a ring ends where it was reached before
        }
        long capacity = memory.getPlain(header + ObjectLayout.CAPACITY);
        if (capacity < 0 || capacity > ObjectLayout.MOST_SLOTS
                || check.reached(fields) < ObjectLayout.fieldsBytes(capacity)) {
            check.fault("the object at " + header + " has " + capacity + " slots, and its fields are at " + fields);
            return;
        }
        for (int slot = 0; slot < capacity; slot++) {
            walk(heap, memory.getPlain(ObjectLayout.slotAt(fields, slot)),
                    ObjectLayout.kind(memory, fields, capacity, slot), check);
        }
    }

    private static void walk(Heap heap, long word, int kind, Check check) {
        if (kind == ObjectLayout.PRIMITIVE || word == StoredValue.NOTHING) {
            return;
        }
        if (kind > ObjectLayout.STRUCTURE) {
            check.fault("a field has the kind " + kind);
            return;
        }
        StoredValue.walk(heap.memory(), word, check);
        if (kind == ObjectLayout.STRUCTURE && word != StoredValue.NULL) {
            StoredValue.walkStructure(heap, word, check);
        }
    }

    /** An object that a living process has open is left to a later sweep, as its handles store without a lock. */
    @Override
    public boolean dismantle(Heap heap, long header, SweepLimit limit) {
        long lockAt = header + ObjectLayout.LOCK;
        if (!limit.tryLock(heap.locks(), lockAt)) {
            return false;
        }
        try {
            return !ObjectHolders.isHeld(heap.memory(), header) && free(heap, header, limit);
        } finally {
            heap.locks().unlock(lockAt);
        }
    }

    private static boolean free(Heap heap, long header, SweepLimit limit) {
        HeapMemory memory = heap.memory();
        long fields = memory.getPlain(header + ObjectLayout.FIELDS);
        if (fields == 0) {
            return true;
        }
        long capacity = memory.getPlain(header + ObjectLayout.CAPACITY);
        LooseLists loose = new LooseLists(heap);
        for (int slot = 0; slot < capacity;) {
            if (limit.isReached()) {
                return false;
            }
            slot = freeValues(loose, fields, capacity, slot, limit);
        }
        while (memory.getPlain(header + ObjectLayout.MORE_HOLDERS) != 0) {
            freeHolders(heap, header);
        }
        try (Change change = heap.change()) {
            long schema = memory.getPlain(header + ObjectLayout.SCHEMA);
            if (schema != 0) {
                change.set(header + ObjectLayout.SCHEMA, 0);
                change.free(schema);
            }
            change.set(header + ObjectLayout.FIELDS, 0);
            change.free(fields);
            change.commit();
        }
        return true;
    }

    /** Frees some values from a slot on; the slot to go on with. */
    private static int freeValues(LooseLists loose, long fields, long capacity, int from, SweepLimit limit) {
        HeapMemory memory = loose.heap().memory();
        int slot = from;
        int frees = 0;
        loose.lock();
        try (Change change = loose.heap().change()) {
            for (; slot < capacity && frees < STEP; slot++) {
                long slotAt = ObjectLayout.slotAt(fields, slot);
                long word = memory.getPlain(slotAt);
                int kind = ObjectLayout.kind(memory, fields, capacity, slot);
                if (kind != ObjectLayout.PRIMITIVE && StoredValue.isBlock(word)) {
                    change.set(slotAt, StoredValue.NOTHING);
                    StoredValue.free(word, change, kind == ObjectLayout.STRUCTURE ? loose : null);
                    frees++;
                }
            }
            change.commit();
        } finally {
            loose.unlock();
        }
        limit.count(frees);
        return slot;
    }

    private static void freeHolders(Heap heap, long header) {
        HeapMemory memory = heap.memory();
        long block = memory.getPlain(header + ObjectLayout.MORE_HOLDERS);
        try (Change change = heap.change()) {
            change.set(header + ObjectLayout.MORE_HOLDERS, memory.getPlain(block));
            change.free(block);
            change.commit();
        }
    }

    @Override
    public long size(Heap heap, long header) {
        return -1;
    }
}
