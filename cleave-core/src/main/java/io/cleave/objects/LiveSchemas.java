package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.heap.Change;
import io.cleave.heap.HeapMemory;

/** What objects with names say of their fields, and how fields are added to it. */
final class LiveSchemas {
    private LiveSchemas() {
    }

    /** What a block says. */
    static ValueSchema stored(HeapMemory memory, long schema) {
        StoredSchema stored = StoredSchema.read(memory, schema);
        if (stored == null) {
            throw new IncompatibleBlockException(
                    "an object in the heap is damaged: its schema is none; verify the heap");
        }
        return new ValueSchema(stored.first());
    }

    /** Refuses more fields than an object has room for. */
    static void requireRoom(LiveLayout layout, String name, long capacity) {
        if (layout.count() > capacity) {
            throw new IncompatibleBlockException(
                    "the object \"" + name + "\" was made by another version of the program "
                            + "and has room for " + capacity + " fields, not for " + layout.addedFields()
                            + "; copy it into a new one under another name, with SharedHeap.copyIn");
        }
    }

    /** Adds fields, as a part of a change under the object's lock. */
    static void add(HeapMemory memory, Change change, long header, LiveLayout layout, LiveInterface<?> type) {
        long schema = memory.getPlain(header + ObjectLayout.SCHEMA);
        long fields = memory.getPlain(header + ObjectLayout.FIELDS);
        long capacity = memory.getPlain(header + ObjectLayout.CAPACITY);
        for (int i = 0; i < layout.slots().size(); i++) {
            int slot = layout.slots().get(i);
            if (slot >= layout.count() - layout.added()) {
                long kindsAt = ObjectLayout.kindsAt(fields, capacity, slot);
                change.set(kindsAt, ObjectLayout.withKind(change.get(kindsAt), slot, type.fields().get(i).kind()));
            }
        }
        change.set(header + ObjectLayout.SCHEMA, StoredSchema.store(memory, change, layout.schema(), null));
        change.set(header + ObjectLayout.PRINT, layout.schema().fingerprint());
        change.free(schema);
    }
}
