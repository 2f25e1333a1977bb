package io.cleave.objects;

import java.lang.invoke.MethodHandles;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The class of values that are themselves structures in a {@link SharedHeap}: lists, maps and sets, also of one another.
 *
 * <pre>{@code
 * SharedMap<String, List<Long>> sales = heap.map("sales", String.class, StructureType.list(Long.class));
 * sales.put("May", List.of(7L, 12L));
 * List<Long> may = sales.get("May");         // live: all processes see and change the same list
 * may.add(3L);
 * sales.computeIfAbsent("June", _ -> List.of()).add(20L);
 * }</pre>
 *
 * <p>
 * A value that is put is copied into a structure of its own in the heap, with all levels in it, also where it is one of the
 * heap's. What is read from there is a handle on that structure: a {@link SharedList}, {@link SharedMap} or
 * {@link SharedSet}, for which all is true that is said of these. It stays the same structure until its entry is removed or
 * gets another value. Where a handle is put into the very place that it was read from, nothing happens: so a function of
 * {@code compute} or {@code merge} may change the structure that it is given, and return it.
 *
 * <p>
 * <b>An entry owns its structure.</b> To remove or replace the entry ends the structure with all in it, and each handle on it
 * throws a {@link io.cleave.StaleReferenceException}, whoever has it: from then on where it would change something, and
 * where it reads as soon as the memory is free again, mostly when the call that has ended it returns. A handle on a structure
 * within the one that has ended, at the second level or below, may accept changes until then, too, which nobody will see.
 * What {@code put},
 * {@code remove}, {@code replace} and {@code set} return is a copy of the content, an ordinary collection; what others
 * change by their handles while it is made may be missing there. An operation frees 4096 blocks at most; what is left of larger
 * structures, and what somebody is changing at the moment, is freed by those that follow, or all at once by
 * {@link SharedHeap#drop}, or where the heap would be full. Where the structure is large, or what was in it does not
 * matter, {@code keySet().remove(key)}, {@code putAll}, {@code clear} and {@code removeIf} copy nothing.
 *
 * <p>
 * Whoever goes through values while others remove entries may get handles on structures that have ended; so may a
 * watcher of a map. A change within a structure is none of the map that holds it, and no watcher of that is told.
 *
 * <p>
 * <b>Equality</b> is that of the content, as {@link List}, {@link Map} and {@link Set} have it, wherever values are compared:
 * in {@code containsValue}, {@code indexOf}, {@code replace(key, old, new)}, {@code remove(key, value)}. A structure that has
 * ended equals nothing.
 *
 * <p>
 * <b>What decides by the content whether a structure goes</b> lets it go only as it was when that was decided:
 * {@code removeIf}, {@code removeAll} and {@code retainAll} of maps' values and entries and of lists,
 * {@code remove(key, value)}, {@code replace(key, old, new)} and a list's {@code remove(element)}. So nothing that
 * others add to it is lost without an exception. What decides, be it a predicate, {@code contains} or {@code equals},
 * runs under no lock, so that it holds nobody up; where others have changed the structure meanwhile, it is asked again
 * about that one, which so is as often as they do. It must change neither the structure that it is asked about nor the
 * one that holds it, which is an {@link IllegalStateException}. What others change in structures within the one that
 * goes, at the second level or below, is not looked at, and goes with it. An iterator's {@code remove} does not look at
 * what was changed, nor do {@code compute} and its kin and {@code replaceAll}, whose functions may change the
 * structure: where they let another one take its place, what others add to it meanwhile goes with it.
 *
 * <p>
 * <b>Order of locks.</b> A function that a map computes by, and that changes an inner structure, locks the outer one
 * before the inner one. A function that runs under the lock of the inner one may remove its entry, or others; but where
 * functions of both sorts run at once, the two may wait for each other for ever.
 *
 * <p>
 * <b>Death and lack of memory.</b> A value is put as a whole or not at all, whatever process dies at whatever moment; what
 * one who died was copying is freed by the next who changes structures of this sort or makes or drops a name. Where the heap
 * is full in the middle of a copy, everything is as it was.
 *
 * <p>
 * <b>Cost.</b> An empty list takes 256 bytes, and its first 8 short elements 64; an empty map or set takes 17 KiB. To put a
 * structure takes two changes of the heap beside those that fill it, and to free it one beside those that empty it; both
 * hold for moments a lock that all have in common who do this in the heap. To get a handle takes about as long as to get a
 * value.
 *
 * <h2>Threads</h2> Instances are immutable, and may be used for several heaps.
 *
 * @param <T> what the values are to their users, such as {@code List<Long>}
 */
public final class StructureType<T> {
    private final Part<T> part;

    /**
     * Something of which structures can be made.
     *
     * @param description with all levels
     * @param classes that values have, at any level
     * @param lines of a schema for the objects in it, at any level
     * @param levels how many structures are in each other
     * @param encoding of such values in a heap, of which the loose structures are known
     */
    private record Part<T>(String description, Set<Class<?>> classes, Set<String> lines, int levels,
            Function<LooseStructures, ValueEncoding<T>> encoding) {
        static <T> Part<T> of(Class<T> type) {
            return of(type, ValueEncoding.of(type));
        }

        static <T> Part<T> ofKey(Class<T> type) {
            return of(type, ValueEncoding.ofKey(type));
        }

        private static <T> Part<T> of(Class<T> type, ValueEncoding<T> encoding) {
            return new Part<>(type.getTypeName(), Set.of(type), Set.of(), 0, _ -> encoding);
        }
    }

    /** Makes an encoding, once its schema is known. */
    private interface Maker<T> {
        ValueEncoding<T> make(ValueSchema schema, LooseStructures loose);
    }

    private StructureType(String description, Set<Class<?>> classes, Set<String> lines, int levels, Maker<T> maker) {
        if (levels > HeldStructure.MOST_LEVELS) {
            throw new IllegalArgumentException("a structure of " + levels + " levels; the limit is "
                    + HeldStructure.MOST_LEVELS);
        }
        ValueSchema schema = ValueSchema.of(description, classes, lines);
        this.part = new Part<>(description, classes, lines, levels, loose -> maker.make(schema, loose));
    }

    /**
     * Lists of values.
     *
     * @param <E> the class of the elements
     * @param element the class of the elements, which may be null beside that
     * @return the type
     * @throws IllegalArgumentException where no value can be of the class
     */
    public static <E> StructureType<List<E>> list(Class<E> element) {
        return list(Part.of(element));
    }

    /**
     * Lists of structures.
     *
     * @param <E> what the elements are
     * @param element the type of the elements, which may be null beside that
     * @return the type
     * @throws IllegalArgumentException where that has more than 16 levels
     */
    public static <E> StructureType<List<E>> list(StructureType<E> element) {
        return list(element.part);
    }

    private static <E> StructureType<List<E>> list(Part<E> element) {
        return new StructureType<>(ValueSchema.LIST + element.description, element.classes, element.lines,
                element.levels + 1,
                (schema, loose) -> new StructureEncoding.OfList<>(schema, loose, element.encoding.apply(loose)));
    }

    /**
     * Sets of values.
     *
     * @param <E> the class of the elements
     * @param element the class of the elements, whose equality their bytes tell
     * @return the type
     * @throws IllegalArgumentException where the class cannot be that of keys
     */
    public static <E> StructureType<Set<E>> set(Class<E> element) {
        Part<E> elements = Part.ofKey(element);
        return new StructureType<>(ValueSchema.SET + elements.description, elements.classes, Set.of(), 1,
                (schema, loose) -> new StructureEncoding.OfSet<>(schema, loose, elements.encoding.apply(loose)));
    }

    /**
     * Maps of values.
     *
     * @param <K> the class of the keys
     * @param <V> the class of the values
     * @param key the class of the keys, whose equality their bytes tell
     * @param value the class of the values
     * @return the type
     * @throws IllegalArgumentException where the classes cannot be those of keys and values
     */
    public static <K, V> StructureType<Map<K, V>> map(Class<K> key, Class<V> value) {
        return map(Part.ofKey(key), Part.of(value));
    }

    /**
     * Maps of structures.
     *
     * @param <K> the class of the keys
     * @param <V> what the values are
     * @param key the class of the keys, whose equality their bytes tell
     * @param value the type of the values
     * @return the type
     * @throws IllegalArgumentException where the class cannot be that of keys, or that has more than 16 levels
     */
    public static <K, V> StructureType<Map<K, V>> map(Class<K> key, StructureType<V> value) {
        return map(Part.ofKey(key), value.part);
    }

    private static <K, V> StructureType<Map<K, V>> map(Part<K> key, Part<V> value) {
        Set<Class<?>> classes = new LinkedHashSet<>(key.classes); // their order is that of the schema
        classes.addAll(value.classes);
        return new StructureType<>(ValueSchema.MAP + key.description + " to " + value.description, classes,
                value.lines, value.levels + 1, (schema, loose) -> new StructureEncoding.OfMap<>(schema, loose,
                        key.encoding.apply(loose), value.encoding.apply(loose)));
    }

    /**
     * Live objects, as {@link SharedHeap#object} has them.
     *
     * @param <T> the interface
     * @param type the interface whose accessors say which fields they have; {@link Live} says how
     * @return the type
     * @throws IllegalArgumentException where it is no such interface, with the method that is wrong
     */
    public static <T> StructureType<T> object(Class<T> type) {
        LiveInterface.of(type).prepare(null);
        return ofObject(type);
    }

    /**
     * The same for an interface in a package that is not open.
     *
     * @param <T> the interface
     * @param type the interface
     * @param lookup {@code MethodHandles.lookup()} of a class in the interface's module
     * @return the type
     * @throws IllegalArgumentException where it is no such interface, with the method that is wrong
     */
    public static <T> StructureType<T> object(Class<T> type, MethodHandles.Lookup lookup) {
        LiveInterface.of(type).prepare(lookup);
        return ofObject(type);
    }

    /** The same for a field, whose class is made with that of the object which has it. */
    static <T> StructureType<T> ofObject(Class<T> type) {
        LiveInterface<T> live = LiveInterface.of(type);
        return new StructureType<>(ValueSchema.OBJECT + type.getTypeName(), Set.of(), live.lines(), live.levels(),
                (schema, loose) -> new LiveEncoding<>(schema, loose, live));
    }

    /** The lines of a schema that say what objects, records and enums are in it. */
    List<String> lines() {
        return ValueSchema.of(part.description, part.classes, part.lines).lines().stream().skip(1).toList();
    }

    int levels() {
        return part.levels;
    }

    /** What such values are in a heap. */
    ValueEncoding<T> encoding(LooseStructures loose) {
        return part.encoding.apply(loose);
    }

    /**
     * Says what it is.
     *
     * @return all levels, such as {@code map of java.lang.String to list of java.lang.Long}
     */
    @Override
    public String toString() {
        return part.description;
    }
}
