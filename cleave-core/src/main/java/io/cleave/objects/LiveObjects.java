package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Participants;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The live objects of one interface in a heap whose fields are in the same slots: how their values are encoded, and how
 * handles on them are made.
 *
 * @param <T> the interface
 */
final class LiveObjects<T> {
    private final LiveInterface<T> type;
    private final LiveClass<T> liveClass;
    private final LiveLayout layout;
    private final LooseStructures loose;
    /** By their slots; null for a field that this version does not have. */
    private final @Nullable Codec[] codecs;

    /** A field, and how its values become bytes; a primitive has only bits, and no encoding that is used. */
    record Codec(LiveField field, @Nullable ValueEncoding<Object> anyEncoding,
            @Nullable StoredValue<Object> anyValues) {
        boolean isStructure() {
            return field.structure() != null;
        }

        /** What stands for the structure while nobody has made it. */
        Object empty() {
            return ((StructureEncoding<Object>) encoding()).empty();
        }

        ValueEncoding<Object> encoding() {
            return there(anyEncoding);
        }

        StoredValue<Object> values() {
            return there(anyValues);
        }

        private <R> R there(@Nullable R part) {
            if (part == null) {
                throw new IllegalStateException("the field " + field.name() + " is a primitive");
            }
            return part;
        }
    }

    LiveObjects(LiveInterface<T> type, LiveClass<T> liveClass, LiveLayout layout, LooseStructures loose) {
        this.type = type;
        this.liveClass = liveClass;
        this.layout = layout;
        this.loose = loose;
        HeapMemory memory = loose.heap().memory();
        this.codecs = new @Nullable Codec[layout.count()];
        for (int i = 0; i < layout.slots().size(); i++) {
            LiveField field = type.fields().get(i);
            if (layout.slots().get(i) == LiveLayout.ABSENT) {
                continue; // nobody asks for its value
            }
            ValueEncoding<Object> encoding = field.encoding(loose);
            codecs[layout.slots().get(i)] = new Codec(field, encoding,
                    encoding == null ? null : new StoredValue<>(memory, encoding));
        }
    }

    LooseStructures loose() {
        return loose;
    }

    List<LiveField> fields() {
        return type.fields();
    }

    LiveInterface<T> declared() {
        return type;
    }

    LiveClass<T> liveClass() {
        return liveClass;
    }

    boolean isSame(LiveObjects<?> other) {
        return type.equals(other.type);
    }

    /** The slot of a field; {@link LiveLayout#ABSENT} where the object has none for it. */
    int slot(int field) {
        return layout.slots().get(field);
    }

    int slotCount() {
        return codecs.length;
    }

    /** The field that is in a slot. */
    Codec codec(int slot) {
        Codec codec = codecs[slot];
        if (codec == null) {
            throw new IllegalStateException("slot " + slot + " is of a field that this version does not have");
        }
        return codec;
    }

    /**
     * Makes an object without content, as a part of a change that lets somebody find it.
     *
     * @param isNamed whether a name leads to it, so that it says itself what it is
     * @return its header
     */
    static long create(Heap heap, Change change, LiveInterface<?> type, boolean isNamed) {
        HeapMemory memory = heap.memory();
        long header = change.allocateHeader();
        memory.clear(header + RootLayout.OWN_IN_HEADER, ObjectLayout.OWN_END - RootLayout.OWN_IN_HEADER);
        long capacity = type.fields().size() + (isNamed ? (long) ObjectLayout.SPARE_SLOTS : 0);
        long fields = change.allocateZeroed(ObjectLayout.fieldsBytes(capacity));
        for (int slot = 0; slot < type.fields().size(); slot++) {
            long kindsAt = ObjectLayout.kindsAt(fields, capacity, slot);
            memory.setPlain(kindsAt, ObjectLayout.withKind(memory.getPlain(kindsAt), slot,
                    type.fields().get(slot).kind()));
        }
        memory.setPlain(header + ObjectLayout.VERSION, ThreadLocalRandom.current().nextLong() & -2);
        memory.setPlain(header + ObjectLayout.FIELDS, fields);
        memory.setPlain(header + ObjectLayout.CAPACITY, capacity);
        if (isNamed) {
            memory.setPlain(header + ObjectLayout.SCHEMA, StoredSchema.store(memory, change, type.schema(), null));
            memory.setPlain(header + ObjectLayout.PRINT, type.schema().fingerprint());
        }
        return header;
    }

    /** A handle on an object, which has ended where that has; the one that the process has already, if it has one. */
    T open(long header, long generation) {
        T known = known(header, generation);
        if (known != null) {
            return known;
        }
        Heap heap = loose.heap();
        HeapMemory memory = heap.memory();
        if (memory.segment().isReadOnly()) {
            return liveClass.make(unheld(header, generation));
        }
        loose.gate().enter();
        try {
            heap.locks().lock(header + ObjectLayout.LOCK);
            try {
                if (memory.getAcquire(header) != generation || RootLayout.isDropped(memory, header)) {
                    return liveClass.make(unheld(header, generation));
                }
                known = known(header, generation);
                if (known != null) {
                    return known; // another thread was faster
                }
                HeapObject object = made(header, generation);
                T handle = liveClass.make(object);
                loose.holders().hold(header, object, handle);
                return handle;
            } finally {
                heap.locks().unlock(header + ObjectLayout.LOCK);
            }
        } finally {
            loose.gate().exit();
        }
    }

    /** The handle that there is on an object. */
    private @Nullable T known(long header, long generation) {
        Object known = loose.holders().known(header);
        return known != null && known.getClass() == liveClass.type()
                && LiveClass.fields(known) instanceof HeapObject object && object.generation() == generation
                        ? type.type().cast(known) : null;
    }

    /** A handle that does not keep the object's memory, and that so only reads. */
    T openBriefly(long header, long generation) {
        return liveClass.make(unheld(header, generation));
    }

    /** One whose memory may go, and that so only reads. */
    private HeapObject unheld(long header, long generation) {
        HeapMemory memory = loose.heap().memory();
        long fields = memory.getPlain(header + ObjectLayout.FIELDS);
        boolean isThere = memory.isCommitted(fields, ObjectLayout.fieldsBytes(slotCount())) && (fields & 7) == 0;
        return new HeapObject(this, header, generation, isThere ? fields : header, memory, 0);
    }

    /** One that stays as the caller sees to it: it holds the object's lock, or nobody else knows the object. */
    HeapObject made(long header, long generation) {
        return new HeapObject(this, header, generation,
                loose.heap().memory().getPlain(header + ObjectLayout.FIELDS), loose.holders().memory(),
                Participants.process());
    }

    /** Copies what a live object, or anything else of the interface, has. */
    void copy(T from, LiveFields to) {
        boolean _ = Live.read(from, value -> {
            LiveFields own = LiveClass.fieldsOrNull(value);
            for (int i = 0; i < fields().size(); i++) {
                to.set(i, own != null && own.type().isSame(this) ? own.look(i) : liveClass.get(i, value));
            }
            return true;
        });
    }

    /** The content of one as an ordinary object, with all levels. */
    T detached(T value) {
        ObjectCopy copy = new ObjectCopy(this, false);
        copy(value, copy);
        for (int i = 0; i < fields().size(); i++) {
            Codec codec = codec(slot(i));
            Object part = codec.isStructure() ? copy.value(slot(i)) : null;
            if (part != null) {
                copy.setValue(slot(i), codec.encoding().detached(part));
            }
        }
        return liveClass.make(copy);
    }
}
