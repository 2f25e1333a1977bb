package io.cleave.objects;

import io.cleave.heap.Heap;
import io.cleave.owner.Gate;
import java.lang.invoke.MethodHandles;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Finds the maps, sets and lists of a heap by their names, or makes them, for one handle on it. */
final class NamedCollections {
    private final Heap heap;
    private final Gate gate;
    private final Roots roots;
    private final LooseStructures loose;

    NamedCollections(Heap heap, Gate gate, Roots roots, LooseStructures loose) {
        this.heap = heap;
        this.gate = gate;
        this.roots = roots;
        this.loose = loose;
    }

    <K, V> HeapMap<K, V> map(String name, Class<K> key, Class<V> value) {
        return map(name, RootKind.MAP, "map of " + key.getTypeName() + " to " + value.getTypeName(),
                ValueEncoding.ofKey(key), ValueEncoding.of(value));
    }

    <K, V> HeapMap<K, V> map(String name, Class<K> key, StructureType<V> value) {
        return map(name, RootKind.MAP, "map of " + key.getTypeName() + " to " + value, ValueEncoding.ofKey(key),
                value.encoding(loose));
    }

    <E> HeapSet<E> set(String name, Class<E> element) {
        return new HeapSet<>(map(name, RootKind.SET, "set of " + element.getTypeName(),
                ValueEncoding.ofKey(element), ValueEncoding.of(Boolean.class)));
    }

    private <K, V> HeapMap<K, V> map(String name, RootKind kind, String description, ValueEncoding<K> keys,
            ValueEncoding<V> values) {
        return find(name, new RootType(kind, 0, description),
                change -> MapTable.create(heap, change, keys.schema(), values.schema()),
                root -> new MapTable(heap, gate, root.header(), root.generation()), MapTable::isInUse,
                table -> new HeapMap<>(name, table, keys, values));
    }

    <E> HeapList<E> list(String name, Class<E> element) {
        return list(name, element.getTypeName(), ValueEncoding.of(element));
    }

    <E> HeapList<E> list(String name, StructureType<E> element) {
        return list(name, element.toString(), element.encoding(loose));
    }

    private <E> HeapList<E> list(String name, String description, ValueEncoding<E> encoding) {
        return list(name, new RootType(RootKind.LIST, 0, "list of " + description), SlotKind.VALUES,
                encoding.schema(), slots -> new HeapList<>(name, slots, encoding));
    }

    HeapIntList intList(String name) {
        return list(name, new RootType(RootKind.INTS, 0, "list of ints"), SlotKind.INTS, null, HeapIntList::new);
    }

    HeapLongList longList(String name) {
        return list(name, new RootType(RootKind.LONGS, 0, "list of longs"), SlotKind.LONGS, null, HeapLongList::new);
    }

    HeapDoubleList doubleList(String name) {
        return list(name, new RootType(RootKind.DOUBLES, 0, "list of doubles"), SlotKind.LONGS, null,
                HeapDoubleList::new);
    }

    <T> T object(String name, Class<T> type, MethodHandles.@Nullable Lookup lookup) {
        LiveInterface<T> live = LiveInterface.of(type);
        live.prepare(lookup);
        RootType root = new RootType(RootKind.OBJECT, 0, "object " + type.getTypeName());
        return find(name, root, change -> LiveObjects.create(heap, change, live, true),
                found -> new LaidOut(found, LiveSchemas.layout(loose, found, live)), found -> found.layout != null,
                found -> found.open(live, lookup, loose));
    }

    /** What a name of an object leads to, and where its fields are; null where it has just been dropped. */
    private record LaidOut(Root root, @Nullable LiveLayout layout) {
        <T> T open(LiveInterface<T> type, MethodHandles.@Nullable Lookup lookup, LooseStructures loose) {
            LiveLayout there = Objects.requireNonNull(layout);
            return new LiveObjects<>(type, type.classFor(there, lookup), there, loose).open(root.header(),
                    root.generation());
        }
    }

    private <L> L list(String name, RootType type, SlotKind kind, @Nullable ValueSchema schema,
            Function<SlotList, L> maker) {
        return find(name, type, change -> SlotList.create(heap, change, schema),
                root -> new SlotList(heap, gate, root.header(), root.generation(), kind), SlotList::isInUse, maker);
    }

    /**
     * Finds what a name leads to, or makes it.
     *
     * @param creator makes it in the heap, as a part of a change
     * @param opener makes a handle on it
     * @param isInUse whether a handle is on what the name leads to still; else it has just been dropped
     * @param maker makes the result of the handle
     */
    private <S, R> R find(String name, RootType type, Roots.Maker creator, Function<Root, S> opener,
            Predicate<S> isInUse, Function<S, R> maker) {
        gate.enter();
        try {
            while (true) {
                S structure = opener.apply(roots.findOrMake(name, type, creator));
                if (isInUse.test(structure)) {
                    return maker.apply(structure);
                }
            }
        } finally {
            gate.exit();
        }
    }
}
