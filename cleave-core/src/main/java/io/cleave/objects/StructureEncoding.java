package io.cleave.objects;

import io.cleave.StaleReferenceException;
import io.cleave.heap.Change;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How values that are structures become bytes: a value is copied into a structure of its own in the heap, and its bytes are
 * a {@link HeldStructure}. From them comes a handle on that structure.
 *
 * @param <T> what the values are to their users
 */
abstract class StructureEncoding<T> extends ValueEncoding<T> {
    private static final int MOST_COPIES = 10;

    private final LooseStructures loose;

    StructureEncoding(Class<? super T> type, ValueSchema schema, LooseStructures loose) {
        super(cast(type), schema);
        this.loose = loose;
    }

    @SuppressWarnings("unchecked") // the structures check their elements by themselves
    private static <T> Class<T> cast(Class<? super T> type) {
        return (Class<T>) type;
    }

    @Override
    final LooseStructures loose() {
        return loose;
    }

    /** Makes an empty one, as a part of a change; its header. */
    abstract long create(Change change);

    abstract RootKind kind();

    /** A handle on the one with a header. */
    abstract T open(long header, long generation);

    /** One that does not keep the structure's memory, for who only looks at it now. */
    T openBriefly(long header, long generation) {
        return open(header, generation);
    }

    /** What stands for a structure that nobody has made yet: it has nothing in it, and cannot be changed. */
    abstract T empty();

    /** Copies a value into an empty one. */
    abstract void fill(T empty, T value);

    /**
     * Copies what is in one at the moment, with all levels.
     *
     * @param isLenient whether to leave out what ends meanwhile, instead of a {@link StaleReferenceException}
     */
    abstract T copy(T value, boolean isLenient);

    /** Whether structures are in it. */
    abstract boolean isDeep();

    /**
     * Copies what is in one, while others may end what is in that. Where they do each time, which may hold up whoever wants
     * the lock that the caller has, the last copy is without what has ended.
     */
    @Override
    final T detached(T value) {
        for (int copies = 1; copies < MOST_COPIES; copies++) {
            try {
                return copy(value, false);
            } catch (StaleReferenceException e) {
                if (!isDeep() || !((LiveStructure) value).isInUse()) {
                    throw e;
                }
            }
        }
        return copy(value, true);
    }

    /** Copies what is in a copy; null where it has ended and is to be left out. */
    private static <V> @Nullable V part(ValueEncoding<V> encoding, V value, boolean isLenient) {
        try {
            return encoding.detached(value);
        } catch (StaleReferenceException e) {
            if (isLenient) {
                return null;
            }
            throw e;
        }
    }

    /** Copies a value into an empty one, which is the calling thread's. */
    void fill(long header, long generation, T value) {
        fill(open(header, generation), value);
    }

    /** Makes a structure of a value, which is the buffer's until it is adopted. */
    @Override
    final void write(T value, ValueBuffer out) {
        make(value, out);
    }

    /** Makes an empty structure, as the value in a buffer. */
    final void encodeEmpty(ValueBuffer out) {
        out.beginValue();
        make(null, out);
    }

    private void make(@Nullable T value, ValueBuffer out) {
        long header = loose.lists().make(kind(), this::create);
        long generation = loose.heap().memory().getPlain(header);
        boolean isDone = false;
        try {
            if (value != null) {
                fill(header, generation, isDeep() && value instanceof LiveStructure ? detached(value) : value);
            }
            out.putMade(header, generation);
            isDone = true;
        } finally {
            if (!isDone) {
                loose.lists().discard(header, generation);
            }
        }
    }

    @Override
    final Object read(ValueInput in) {
        long header = in.readLong();
        if (!RootLayout.isHeader(loose.heap().memory(), header)) {
            throw in.damaged("it should be the place of a structure and is " + header);
        }
        return open(header, in.readLong());
    }

    /** What {@link #sure} makes of bytes, as {@link #openBriefly} opens it. */
    @Override
    final @Nullable T brief(byte @Nullable [] bytes) {
        if (bytes == null || bytes.length != HeldStructure.BYTES
                || !RootLayout.isHeader(loose.heap().memory(), HeldStructure.header(bytes))) {
            return sure(bytes);
        }
        return openBriefly(HeldStructure.header(bytes), HeldStructure.generation(bytes));
    }

    /** Whether an encoding's values are structures. */
    private static boolean isHolding(ValueEncoding<?> encoding) {
        return encoding.loose() != null;
    }

    /** Values that are lists. */
    static final class OfList<E extends @Nullable Object> extends StructureEncoding<List<E>> {
        private final ValueEncoding<E> elements;

        OfList(ValueSchema schema, LooseStructures loose, ValueEncoding<E> elements) {
            super(List.class, schema, loose);
            this.elements = elements;
        }

        @Override
        long create(Change change) {
            return SlotList.createHeld(loose().heap(), change, isHolding(elements));
        }

        @Override
        RootKind kind() {
            return RootKind.LIST;
        }

        @Override
        List<E> empty() {
            return new DetachedStructures.OfList<>(List.of());
        }

        @Override
        List<E> open(long header, long generation) {
            return new HeapList<>(
                    new SlotList(loose().heap(), loose().gate(), header, generation, SlotKind.VALUES), elements);
        }

        @Override
        boolean isDeep() {
            return isHolding(elements);
        }

        @Override
        List<E> copy(List<E> value, boolean isLenient) {
            List<E> all = new ArrayList<>(value);
            if (!isDeep()) {
                return all;
            }
            List<E> copy = new ArrayList<>(all.size());
            for (E each : all) {
                E part = each == null ? each : part(elements, each, isLenient);
                if (part != null || each == null) {
                    copy.add(part);
                }
            }
            return copy;
        }

        @Override
        void fill(List<E> empty, List<E> value) {
            boolean _ = empty.addAll(value);
        }
    }

    /** Values that are maps. */
    static final class OfMap<K, V> extends StructureEncoding<Map<K, V>> {
        private final ValueEncoding<K> keys;
        private final ValueEncoding<V> values;

        OfMap(ValueSchema schema, LooseStructures loose, ValueEncoding<K> keys, ValueEncoding<V> values) {
            super(Map.class, schema, loose);
            this.keys = keys;
            this.values = values;
        }

        @Override
        long create(Change change) {
            return MapTable.createHeld(loose().heap(), change, isHolding(values));
        }

        @Override
        RootKind kind() {
            return RootKind.MAP;
        }

        @Override
        Map<K, V> empty() {
            return new DetachedStructures.OfMap<>(Map.of());
        }

        @Override
        Map<K, V> open(long header, long generation) {
            return new HeapMap<>(new MapTable(loose().heap(), loose().gate(), header, generation), keys, values);
        }

        @Override
        boolean isDeep() {
            return isHolding(values);
        }

        @Override
        Map<K, V> copy(Map<K, V> value, boolean isLenient) {
            Map<K, V> copy = new HashMap<>();
            value.forEach((key, each) -> {
                V part = part(values, each, isLenient);
                if (part != null) {
                    copy.put(key, part);
                }
            });
            return copy;
        }

        @Override
        void fill(Map<K, V> empty, Map<K, V> value) {
            empty.putAll(value);
        }
    }

    /** Values that are sets. */
    static final class OfSet<E> extends StructureEncoding<Set<E>> {
        private static final ValueEncoding<Boolean> PRESENT = ValueEncoding.of(Boolean.class);

        private final ValueEncoding<E> elements;

        OfSet(ValueSchema schema, LooseStructures loose, ValueEncoding<E> elements) {
            super(Set.class, schema, loose);
            this.elements = elements;
        }

        @Override
        long create(Change change) {
            return MapTable.createHeld(loose().heap(), change, false);
        }

        @Override
        RootKind kind() {
            return RootKind.SET;
        }

        @Override
        Set<E> empty() {
            return new DetachedStructures.OfSet<>(Set.of());
        }

        @Override
        Set<E> open(long header, long generation) {
            return new HeapSet<>(new HeapMap<>(new MapTable(loose().heap(), loose().gate(), header, generation),
                    elements, PRESENT));
        }

        @Override
        boolean isDeep() {
            return false;
        }

        @Override
        Set<E> copy(Set<E> value, boolean isLenient) {
            return new HashSet<>(value);
        }

        @Override
        void fill(Set<E> empty, Set<E> value) {
            boolean _ = empty.addAll(value);
        }
    }
}
