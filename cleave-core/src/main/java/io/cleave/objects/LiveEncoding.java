package io.cleave.objects;

import io.cleave.heap.Change;
import org.jspecify.annotations.Nullable;

/**
 * Values that are live objects of an interface. What is stored is a copy of what is put, be it an object of the heap
 * or anything else that implements the interface.
 *
 * @param <T> the interface
 */
final class LiveEncoding<T> extends StructureEncoding<T> {
    private final LiveInterface<T> type;
    private @Nullable LiveObjects<T> objects;

    LiveEncoding(ValueSchema schema, LooseStructures loose, LiveInterface<T> type) {
        super(type.type(), schema, loose);
        this.type = type;
    }

    /** Made at the first use, as structures are often opened that nothing is read from. */
    private LiveObjects<T> objects() {
        LiveObjects<T> known = objects;
        if (known == null) {
            LiveLayout layout = LiveLayout.of(type);
            known = new LiveObjects<>(type, type.classFor(layout, null), layout, loose());
            objects = known;
        }
        return known;
    }

    @Override
    long create(Change change) {
        return LiveObjects.create(loose().heap(), change, type, false);
    }

    @Override
    RootKind kind() {
        return RootKind.OBJECT;
    }

    @Override
    T open(long header, long generation) {
        return objects().open(header, generation);
    }

    @Override
    T openBriefly(long header, long generation) {
        return objects().openBriefly(header, generation);
    }

    @Override
    T empty() {
        return objects().liveClass().make(new ObjectCopy(objects(), true));
    }

    @Override
    void fill(long header, long generation, T value) {
        objects().copy(value, objects().made(header, generation));
    }

    @Override
    void fill(T empty, T value) {
        objects().copy(value, LiveClass.fields(empty));
    }

    @Override
    T copy(T value, boolean isLenient) {
        return objects().detached(value);
    }

    /** An ordinary object that has what a record, a bean or another live object has. */
    T copyOf(Object source) {
        ObjectCopy copy = new ObjectCopy(objects(), false);
        LiveCopies.fill(copy, source);
        return objects().liveClass().make(copy);
    }

    @Override
    boolean isDeep() {
        return false;
    }
}
