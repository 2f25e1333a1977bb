package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Patience;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** What objects with names say of their fields, and how fields are added to it. Callers are inside the gate. */
final class LiveSchemas {
    /** How often to look at a schema that changes: for seconds, while adding fields takes microseconds. */
    private static final int LOOKS = 50_000;
    private static final long NAP_NANOS = 100_000;

    private LiveSchemas() {
    }

    /**
     * Where the fields of an object are, to which those are added that it does not have yet; where the heap is only
     * read, these are {@link LiveLayout#ABSENT}.
     *
     * @param root the object
     * @return null where it has been dropped
     * @throws IncompatibleBlockException where it has a field of another type, no room for those to be added, or is
     *         damaged
     */
    static @Nullable LiveLayout layout(LooseStructures loose, Root root, LiveInterface<?> type) {
        HeapMemory memory = loose.heap().memory();
        long print = memory.getAcquire(root.header() + ObjectLayout.PRINT);
        if (isGone(memory, root)) {
            return null;
        }
        LiveLayout layout = LiveLayout.of(type);
        if (print == layout.schema().fingerprint()) {
            return layout;
        }
        return memory.segment().isReadOnly() ? seen(memory, root, type) : grown(loose.heap(), root, type);
    }

    /** Whether what was read before may be of something else. */
    private static boolean isGone(HeapMemory memory, Root root) {
        VarHandle.loadLoadFence(); // what was read comes before the look
        return memory.getOpaque(root.header()) != root.generation() || RootLayout.isDropped(memory, root.header());
    }

    /**
     * The layout without a lock, which takes memory that can be written. The schema's block is replaced, and freed after,
     * by a change that gives the object another print: one that it had before never comes back.
     */
    private static @Nullable LiveLayout seen(HeapMemory memory, Root root, LiveInterface<?> type) {
        long printAt = root.header() + ObjectLayout.PRINT;
        long schemaAt = root.header() + ObjectLayout.SCHEMA;
        for (int look = 0; look < LOOKS; look++) {
            long print = memory.getAcquire(printAt);
            long schema = memory.getAcquire(schemaAt);
            StoredSchema stored = StoredSchema.read(memory, schema);
            if (isGone(memory, root)) {
                return null;
            }
            if (memory.getOpaque(schemaAt) == schema && memory.getOpaque(printAt) == print) {
                ValueSchema text = text(stored);
                if (text.fingerprint() == print) {
                    return LiveLayout.of(type, root.name(), text).withoutAdded(text);
                }
            }
            Patience.nap(NAP_NANOS); // another version adds fields at the moment
        }
        throw new IncompatibleBlockException("the object \"" + root.name() + "\" does not say which fields it has: "
                + "somebody was stopped or killed who added some, or it is damaged; open the heap for writing, which mends "
                + "the former, or verify it");
    }

    /** The layout once the fields are there that the object does not have yet. */
    private static @Nullable LiveLayout grown(Heap heap, Root root, LiveInterface<?> type) {
        HeapMemory memory = heap.memory();
        long header = root.header();
        heap.locks().lock(header + ObjectLayout.LOCK);
        try {
            if (isGone(memory, root)) {
                return null;
            }
            ValueSchema stored = text(StoredSchema.read(memory, memory.getPlain(header + ObjectLayout.SCHEMA)));
            LiveLayout layout = LiveLayout.of(type, root.name(), stored);
            if (layout.added() > 0) {
                requireRoom(layout, root.name(), memory.getPlain(header + ObjectLayout.CAPACITY));
                try (Change change = heap.change()) {
                    add(memory, change, header, layout, type);
                    change.commit();
                }
            }
            return layout;
        } finally {
            heap.locks().unlock(header + ObjectLayout.LOCK);
        }
    }

    private static ValueSchema text(@Nullable StoredSchema stored) {
        if (stored == null) {
            throw new IncompatibleBlockException(
                    "an object in the heap is damaged: its schema is none; verify the heap");
        }
        return new ValueSchema(stored.first());
    }

    /** Refuses more fields than an object has room for. */
    private static void requireRoom(LiveLayout layout, String name, long capacity) {
        if (layout.count() > capacity) {
            throw new IncompatibleBlockException(
                    "the object \"" + name + "\" was made by another version of the program "
                            + "and has room for " + capacity + " fields, not for " + layout.addedFields()
                            + "; copy it into a new one under another name, with SharedHeap.copyIn");
        }
    }

    /** Adds fields, as a part of a change under the object's lock. */
    private static void add(HeapMemory memory, Change change, long header, LiveLayout layout, LiveInterface<?> type) {
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
