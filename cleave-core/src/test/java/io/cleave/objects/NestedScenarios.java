package io.cleave.objects;

import io.cleave.StaleReferenceException;
import io.cleave.heap.Check;
import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapReport;
import io.cleave.owner.Gate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What is done with structures in structures, cut off at each store; the models are the collections of the JDK. */
public final class NestedScenarios implements CrashHarness.Scenarios {
    private static final long NEXT_KEY = 99;
    private static final List<String> NEXT = List.of("next", "in a block of its own");
    /** What a heap has in use without content: the table of its names. */
    private static final long EMPTY_BYTES = RootLayout.TABLE_BYTES;

    @Override
    public List<CrashScenario> get() {
        List<CrashScenario> all = new ArrayList<>();
        all.add(whole("put", _ -> {}, world -> world.map.put(1L, texts(3))));
        all.add(whole("replace", world -> world.map.put(1L, texts(3)), world -> world.map.put(1L, texts(2))));
        all.add(whole("remove", world -> world.map.put(1L, texts(3)), world -> world.map.remove(1L)));
        all.add(whole("put-large", _ -> {}, world -> world.map.put(1L, texts(34)))); // in two steps
        all.add(whole("remove-large", world -> world.map.put(1L, texts(300)), world -> world.map.remove(1L)));
        all.add(whole("fail", world -> world.map.put(1L, texts(1)), NestedScenarios::putWrong));
        all.add(new Scenario("clear", world -> {
            for (long key = 0; key < 2; key++) {
                world.map.put(key, texts(1));
            }
        }, world -> world.map.clear(), World::isBetween));
        all.add(whole("put-deep", _ -> {}, world -> world.deep.put(1L, deep(2))));
        all.add(whole("remove-deep", world -> world.deep.put(1L, deep(2)), world -> world.deep.remove(1L)));
        all.add(whole("set", world -> world.list.add(texts(1)), world -> world.list.set(0, texts(2))));
        all.add(whole("add-all", world -> world.list.add(texts(1)),
                world -> world.list.addAll(0, Arrays.asList(texts(2), null, texts(1)))));
        all.add(new Scenario("remove-if", NestedScenarios::fillList,
                world -> world.list.removeIf(list -> list == null || list.isEmpty()), World::isBetween));
        all.add(whole("clear-list", NestedScenarios::fillList, world -> world.list.clear()));
        all.add(new Drop());
        all.add(new RemoveAndAdd());
        return all;
    }

    private static List<String> texts(int count) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(i % 3 == 0 ? "a text in a block " + i : "t" + i);
        }
        return all;
    }

    private static Map<String, List<String>> deep(int count) {
        Map<String, List<String>> all = new HashMap<>();
        for (int i = 0; i < count; i++) {
            all.put("key " + i, texts(i));
        }
        return all;
    }

    private static void fillList(World world) {
        for (int i = 0; i < 3; i++) {
            world.list.add(i == 1 ? null : texts(i / 2));
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // the wrong class is what it is about
    private static void putWrong(World world) {
        if (world.list instanceof HeapList) {
            try {
                ((List) world.list).addAll(List.of(texts(2), List.of("a", 7L)));
                throw new AssertionError("a value of the wrong class was put");
            } catch (ClassCastException e) {
                return; // as it should be
            }
        }
    }

    private static CrashScenario whole(String name, Consumer<World> preparation, Consumer<World> deed) {
        return new Scenario(name, preparation, deed,
                (content, before, after) -> content.equals(before) || content.equals(after));
    }

    /** What there is, in a heap or as a model. */
    private record World(Map<Long, List<String>> map, Map<Long, Map<String, List<String>>> deep,
            List<List<String>> list) {
        static World model() {
            return new World(new HashMap<>(), new HashMap<>(), new ArrayList<>());
        }

        static World of(Heap heap) {
            LooseStructures loose = new LooseStructures(heap, new Gate());
            ValueEncoding<List<String>> lists = StructureType.list(String.class).encoding(loose);
            return new World(openMap(heap, "map", lists),
                    openMap(heap, "deep", StructureType.map(String.class, StructureType.list(String.class))
                            .encoding(loose)),
                    openList(heap, lists));
        }

        private static <V> HeapMap<Long, V> openMap(Heap heap, String name, ValueEncoding<V> values) {
            ValueEncoding<Long> keys = ValueEncoding.ofKey(Long.class);
            Root root = roots(heap).findOrMake(name, new RootType(RootKind.MAP, 0, "map"),
                    change -> MapTable.create(heap, change, keys.schema(), values.schema()));
            return new HeapMap<>(name, new MapTable(heap, new Gate(), root.header(), root.generation()), keys,
                    values);
        }

        private static <E> HeapList<E> openList(Heap heap, ValueEncoding<E> elements) {
            Root root = roots(heap).findOrMake("list", new RootType(RootKind.LIST, 0, "list"),
                    change -> SlotList.create(heap, change, elements.schema()));
            return new HeapList<>("list", new SlotList(heap, new Gate(), root.header(), root.generation(),
                    SlotKind.VALUES), elements);
        }

        /** All there is, as a model. */
        World copy() {
            World copy = model();
            map.forEach((key, value) -> copy.map.put(key, new ArrayList<>(value)));
            deep.forEach((key, value) -> {
                Map<String, List<String>> inner = new HashMap<>();
                value.forEach((name, texts) -> inner.put(name, new ArrayList<>(texts)));
                copy.deep.put(key, inner);
            });
            list.forEach(each -> copy.list.add(each == null ? null : new ArrayList<>(each)));
            if (copy.map.size() != map.size() || copy.deep.size() != deep.size() || copy.list.size() != list.size()) {
                throw new AssertionError("the sizes are not those of the content");
            }
            return copy;
        }

        /** Whether each entry is that of one or the other, and elements are some that have not gone yet. */
        static boolean isBetween(World content, World before, World after) {
            Set<Long> keys = new HashSet<>(before.map.keySet());
            keys.addAll(content.map.keySet());
            for (long key : keys) {
                List<String> value = content.map.get(key);
                if (value == null ? after.map.get(key) != null : !value.equals(before.map.get(key))) {
                    return false;
                }
            }
            return isWithin(after.list, content.list) && isWithin(content.list, before.list)
                    && content.deep.equals(before.deep);
        }

        private static boolean isWithin(List<List<String>> few, List<List<String>> many) {
            int found = 0;
            for (List<String> each : many) {
                boolean isNext = found < few.size()
                        && (each == null ? few.get(found) == null : each.equals(few.get(found)));
                found += isNext ? 1 : 0;
            }
            return found == few.size();
        }
    }

    private static Roots roots(Heap heap) {
        return new Roots("crash", heap, false);
    }

    /** All further operations work. */
    private static void useAll(Heap heap) {
        World world = World.of(heap);
        World model = world.copy();
        for (World each : List.of(world, model)) {
            each.map.put(50L, texts(4));
            each.map.computeIfAbsent(51L, _ -> new ArrayList<>()).add("x");
            each.map.merge(50L, texts(1), (old, more) -> {
                old.addAll(more);
                return old;
            });
            each.deep.computeIfAbsent(7L, _ -> new HashMap<>()).put("z", texts(2));
            each.deep.keySet().removeIf(key -> key == 1L);
            each.list.addFirst(texts(2));
            each.list.sort(Comparator.nullsFirst(Comparator.comparing(List::toString)));
            each.list.removeFirst();
        }
        if (!world.copy().equals(model)) {
            throw new AssertionError(world.copy() + " instead of " + model);
        }
    }

    /** Everything is dropped, and nothing is in use after: also not what those who died had made or dropped. */
    private static void dropAll(Heap heap) {
        for (Root root : roots(heap).list()) {
            if (!roots(heap).drop(root.name())) {
                throw new AssertionError(root + " was not there");
            }
        }
        HeapReport report = heap.verify(roots(heap)::walk);
        if (!report.isSound() || report.usedBytes() != EMPTY_BYTES) {
            throw new AssertionError("something is left of all that was dropped: " + report);
        }
    }

    /** Which contents are right after an operation that was cut off. */
    private interface Allowed {
        boolean is(World content, World before, World after);
    }

    /** One operation; the next process puts an entry into the same part of the map, and adds to the list. */
    private record Scenario(String name, Consumer<World> preparation, Consumer<World> deed,
            Allowed allowed) implements CrashScenario {
        @Override
        public long maximumBytes() {
            return 2 << 20;
        }

        @Override
        public void prepare(Heap heap) {
            preparation.accept(World.of(heap));
        }

        @Override
        public void victim(Heap heap) {
            deed.accept(World.of(heap));
        }

        @Override
        public void next(Heap heap) {
            World.of(heap).map.put(NEXT_KEY, NEXT);
            World.of(heap).list.add(NEXT);
            World.of(heap).deep.put(NEXT_KEY, Map.of());
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            World before = World.model();
            preparation.accept(before);
            World after = before.copy();
            deed.accept(after);
            World content = World.of(heap).copy();
            boolean hasNext = content.deep.remove(NEXT_KEY) != null;
            if (hasNextDied == null ? hasNext : !hasNextDied && !hasNext) {
                throw new AssertionError("the next has died: " + hasNextDied + ", and left " + content);
            }
            content.map.remove(NEXT_KEY);
            if (!content.list.isEmpty() && NEXT.equals(content.list.getLast())) {
                content.list.removeLast();
            }
            if (!(hasVictimDied ? allowed.is(content, before, after) : content.equals(after))) {
                throw new AssertionError(content + " is neither " + before + " nor " + after);
            }
            useAll(heap);
            dropAll(heap);
        }

        @Override
        public void walk(Heap heap, Check check) {
            roots(heap).walk(check);
        }
    }

    /** A name is dropped that leads to structures in structures. */
    private static final class Drop implements CrashScenario {
        private static final int SIZE = 2;

        @Override
        public String name() {
            return "drop";
        }

        @Override
        public long maximumBytes() {
            return 2 << 20;
        }

        @Override
        public void prepare(Heap heap) {
            World world = World.of(heap);
            for (long key = 0; key < SIZE; key++) {
                world.map.put(key, texts(key == 1 ? 1 : 0));
            }
        }

        @Override
        public void victim(Heap heap) {
            roots(heap).drop("map");
        }

        @Override
        public void next(Heap heap) {
            roots(heap).drop("map");
            roots(heap).drop("list");
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            boolean isThere = roots(heap).find("map") != null;
            if (isThere && (!hasVictimDied || Boolean.FALSE.equals(hasNextDied))) {
                throw new AssertionError("what was dropped is there");
            }
            if (isThere && World.of(heap).map.size() != SIZE) {
                throw new AssertionError(World.of(heap).map.toString());
            }
            useAll(heap);
            dropAll(heap);
        }

        @Override
        public void walk(Heap heap, Check check) {
            roots(heap).walk(check);
        }
    }

    /** An entry is removed while its structure is changed by a handle that was read before. */
    private static final class RemoveAndAdd implements CrashScenario {
        @Override
        public String name() {
            return "remove-and-add";
        }

        @Override
        public long maximumBytes() {
            return 2 << 20;
        }

        @Override
        public void prepare(Heap heap) {
            World.of(heap).map.put(1L, texts(2));
        }

        @Override
        public void victim(Heap heap) {
            World world = World.of(heap);
            List<String> inner = world.map.get(1L);
            inner.add("x");
            world.map.remove(1L);
            try {
                inner.add("y");
                throw new AssertionError("an element was added to what is gone");
            } catch (StaleReferenceException e) {
                return; // as it should be
            }
        }

        @Override
        public void next(Heap heap) {
            World world = World.of(heap);
            List<String> inner = world.map.get(1L);
            if (inner != null) {
                inner.add("z");
                world.map.put(2L, inner);
            }
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            Map<Long, List<String>> map = World.of(heap).copy().map;
            List<List<String>> allowed = List.of(List.of(), List.of("x"), List.of("z"), List.of("x", "z"));
            for (List<String> value : map.values()) {
                if (!value.subList(0, 2).equals(texts(2)) || !allowed.contains(value.subList(2, value.size()))) {
                    throw new AssertionError(map.toString());
                }
            }
            if (map.containsKey(1L) && (!hasVictimDied || (map.containsKey(2L) != map.get(1L).contains("z")
                    && !Boolean.TRUE.equals(hasNextDied)))) {
                throw new AssertionError(map.toString());
            }
            useAll(heap);
            dropAll(heap);
        }

        @Override
        public void walk(Heap heap, Check check) {
            roots(heap).walk(check);
        }
    }
}
