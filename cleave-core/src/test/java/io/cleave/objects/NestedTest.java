package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.HeapFullException;
import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.HeapMemory;
import io.cleave.memory.Lifetime;
import io.cleave.testing.Delays;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Structures that are values of structures, in one process. */
class NestedTest {
    private SharedHeap heap;
    private SharedMap<String, List<Long>> map;

    @BeforeEach
    void open() {
        heap = SharedHeap.create("nested" + ProcessHandle.current().pid(), 64 << 20);
        map = heap.map("map", String.class, StructureType.list(Long.class));
    }

    @AfterEach
    void close() {
        heap.close();
    }

    private void verify() {
        HeapVerification report = heap.verify();
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    /** All that was in structures is free again, but for what is named. */
    private void assertNothingIsLeft() {
        for (String name : heap.names()) {
            assertThat(heap.drop(name)).isTrue();
        }
        verify();
        assertThat(heap.verify().usedBytes()).isLessThanOrEqualTo(2048 + 64); // the table of names
    }

    @Test
    void whatIsPutIsCopiedAndWhatIsGotIsLive() {
        List<Long> mine = new ArrayList<>(List.of(1L, 2L));
        assertThat(map.put("a", mine)).isNull();
        mine.add(3L);
        List<Long> live = map.get("a");
        assertThat(live).isInstanceOf(SharedList.class).containsExactly(1L, 2L);
        live.add(4L);
        assertThat(map.get("a")).containsExactly(1L, 2L, 4L);
        try (SharedHeap other = SharedHeap.open(heap.name())) {
            other.map("map", String.class, StructureType.list(Long.class)).get("a").add(5L);
        }
        assertThat(live).containsExactly(1L, 2L, 4L, 5L);
        verify();
        assertNothingIsLeft();
    }

    @Test
    void anEntryThatIsRemovedOrReplacedEndsItsStructure() {
        map.put("a", List.of(1L));
        List<Long> first = map.get("a");
        first.add(7L);
        assertThat(map.put("a", List.of(2L))).containsExactly(1L, 7L).isNotInstanceOf(SharedList.class);
        assertThatThrownBy(() -> first.get(0)).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(() -> first.add(1L)).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(first::size).isInstanceOf(StaleReferenceException.class);
        List<Long> second = map.get("a");
        assertThat(map.replace("a", List.of(3L))).containsExactly(2L);
        assertThatThrownBy(second::size).isInstanceOf(StaleReferenceException.class);
        List<Long> third = map.get("a");
        assertThat(map.remove("a")).containsExactly(3L);
        assertThatThrownBy(third::size).isInstanceOf(StaleReferenceException.class);
        map.putAll(Map.of("a", List.of(4L), "b", List.of()));
        List<Long> fourth = map.get("a");
        assertThat(map.keySet().remove("a")).isTrue();
        map.values().removeIf(List::isEmpty);
        assertThatThrownBy(fourth::size).isInstanceOf(StaleReferenceException.class);
        assertThat(map.remove("a")).isNull();
        assertThat(map.replace("a", List.of(3L))).isNull();
        assertThat(map).isEmpty();
        verify();
        assertNothingIsLeft();
    }

    @Test
    void valuesAreComparedByTheirContent() {
        map.put("a", List.of(1L, 2L));
        assertThat(map.containsValue(List.of(1L, 2L))).isTrue();
        assertThat(map.containsValue(List.of(1L))).isFalse();
        assertThat(map.replace("a", List.of(1L), List.of(7L))).isFalse();
        assertThat(map.replace("a", List.of(1L, 2L), List.of(7L))).isTrue();
        assertThat(map.remove("a", List.of(1L, 2L))).isFalse();
        assertThat(map).isEqualTo(Map.of("a", List.of(7L))).hasSameHashCodeAs(Map.of("a", List.of(7L)));
        assertThat(map.entrySet()).contains(Map.entry("a", List.of(7L)));
        assertThat(map).hasToString("{a=[7]}");
        assertThat(map.remove("a", List.of(7L))).isTrue();
        assertNothingIsLeft();
    }

    @Test
    void computingReturnsTheLiveStructureAndKeepsTheOneThatIsReturned() {
        List<Long> live = map.computeIfAbsent("a", _ -> List.of());
        live.add(1L);
        assertThat(map.computeIfAbsent("a", _ -> List.of(5L))).containsExactly(1L);
        List<Long> same = map.compute("a", (_, value) -> {
            value.add(2L);
            return value;
        });
        same.add(3L);
        assertThat(live).containsExactly(1L, 2L, 3L);
        assertThat(map.merge("a", List.of(4L), (value, more) -> {
            value.addAll(more);
            return value;
        })).containsExactly(1L, 2L, 3L, 4L);
        map.merge("b", List.of(9L), (_, _) -> null).add(8L);
        assertThat(map.get("b")).containsExactly(9L, 8L);
        map.replaceAll((_, value) -> value.reversed());
        assertThat(map.get("b")).containsExactly(8L, 9L);
        assertThatThrownBy(live::size).isInstanceOf(StaleReferenceException.class);
        assertThat(map.computeIfPresent("b", (_, _) -> null)).isNull();
        assertThat(map).hasSize(1);
        verify();
        assertNothingIsLeft();
    }

    @Test
    void aHandleThatIsPutIntoItsOwnPlaceStays() {
        map.put("a", List.of(1L));
        List<Long> live = map.get("a");
        live.add(2L);
        assertThat(map.put("a", live)).isEqualTo(live);
        assertThat(map.replace("a", live)).isEqualTo(live);
        assertThat(map.replace("a", List.of(1L, 2L), live)).isTrue();
        map.entrySet().iterator().next().setValue(live);
        assertThat(live).containsExactly(1L, 2L);
        map.put("b", live);
        map.get("b").add(3L);
        assertThat(live).containsExactly(1L, 2L);
        SharedList<List<Long>> list = heap.list("list", StructureType.list(Long.class));
        list.add(live);
        List<Long> inList = list.get(0);
        assertThat(list.set(0, inList)).isEqualTo(inList);
        list.replaceAll(each -> each);
        ListIterator<List<Long>> all = list.listIterator();
        all.next();
        all.set(inList);
        inList.add(7L);
        assertThat(list.get(0)).containsExactly(1L, 2L, 7L);
        verify();
        assertNothingIsLeft();
    }

    @Test
    void anEntrysNewValueIsLiveToo() {
        map.put("a", List.of(1L));
        Map.Entry<String, List<Long>> entry = map.entrySet().iterator().next();
        entry.setValue(List.of(2L));
        entry.getValue().add(3L);
        assertThat(map.get("a")).containsExactly(2L, 3L);
    }

    @Test
    void aListOfListsIsAList() {
        SharedList<List<String>> list = heap.list("list", StructureType.list(String.class));
        list.add(List.of("a", "a longer text of some bytes"));
        list.add(null);
        list.addAll(1, Arrays.asList(List.of("b"), null, List.of()));
        assertThat(list).hasSize(5).containsExactly(List.of("a", "a longer text of some bytes"), List.of("b"), null,
                List.of(), null);
        list.get(3).add("x");
        assertThat(list.indexOf(List.of("x"))).isEqualTo(3);
        List<String> last = list.get(3);
        list.sort((one, other) -> Integer.compare(one == null ? -1 : one.size(), other == null ? -1 : other.size()));
        assertThat(list).last().isEqualTo(List.of("a", "a longer text of some bytes"));
        assertThat(last).containsExactly("x");
        assertThat(list.remove(List.of("x"))).isTrue();
        assertThatThrownBy(last::size).isInstanceOf(StaleReferenceException.class);
        assertThat(list.remove(0)).isNull();
        assertThat(list.removeIf(each -> each == null)).isTrue();
        assertThat(list).hasSize(2);
        list.replaceAll(each -> List.of(each.getFirst()));
        assertThat(list.set(0, List.of("y", "z"))).containsExactly("b").isNotInstanceOf(SharedList.class);
        assertThat(list).containsExactly(List.of("y", "z"), List.of("a"));
        verify();
        for (int i = 0; i < 300; i++) {
            list.add(List.of("number " + i, "x"));
        }
        list.subList(20, 200).clear();
        verify();
        list.clear();
        assertThat(list).isEmpty();
        verify();
        assertNothingIsLeft();
    }

    @Test
    void aViewThatIsOutdatedRefusesAlsoWhatWouldChangeNothing() {
        SharedList<List<Long>> list = heap.list("list", StructureType.list(Long.class));
        list.addAll(List.of(List.of(1L), List.of(2L)));
        List<List<Long>> view = list.subList(0, 2);
        List<Long> second = view.get(1);
        assertThat(view.set(1, second)).isEqualTo(second);
        list.add(List.of());
        assertThatThrownBy(() -> view.set(1, second)).isInstanceOf(ConcurrentModificationException.class);
        list.clear();
        assertThatThrownBy(() -> view.set(1, second)).isInstanceOf(ConcurrentModificationException.class);
        assertNothingIsLeft();
    }

    /** Lets another thread add to what is being tested, once, after it was tested; how many additions went in. */
    private static final class Adding {
        private final AtomicInteger added = new AtomicInteger();
        private final List<Thread> threads = new ArrayList<>();

        <T> boolean isEmpty(Collection<T> tested, T element) {
            boolean isEmpty = tested.isEmpty();
            if (threads.isEmpty()) {
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        if (tested.add(element)) {
                            int _ = added.incrementAndGet();
                        }
                    } catch (StaleReferenceException e) {
                        return; // so it is not lost without a word
                    }
                }));
                boolean _ = Delays.within(Delays.SHORT, () -> added.get() != 0);
            }
            return isEmpty;
        }

        int end() throws InterruptedException {
            for (Thread thread : threads) {
                thread.join();
            }
            return added.get();
        }
    }

    @Test
    void whatIsRemovedBecauseOfItsContentGoesWithThatContent() throws Exception {
        map.put("a", List.of());
        Adding toValue = new Adding();
        boolean isGone = map.values().removeIf(list -> toValue.isEmpty(list, 1L));
        assertThat(toValue.end()).isEqualTo(isGone ? 0 : 1);
        map.put("a", List.of());
        Adding toEntry = new Adding();
        isGone = map.entrySet().removeIf(entry -> toEntry.isEmpty(entry.getValue(), 1L));
        assertThat(toEntry.end()).isEqualTo(isGone ? 0 : 1);
        SharedMap<String, Set<Long>> sets = heap.map("sets", String.class, StructureType.set(Long.class));
        sets.put("a", Set.of());
        Adding toSet = new Adding();
        isGone = sets.values().removeIf(set -> toSet.isEmpty(set, 1L));
        assertThat(toSet.end()).isEqualTo(isGone ? 0 : 1);
        SharedList<List<Long>> list = heap.list("list", StructureType.list(Long.class));
        list.addAll(List.of(List.of(), List.of(7L)));
        Adding toElement = new Adding();
        isGone = list.removeIf(each -> toElement.isEmpty(each, 1L));
        assertThat(toElement.end()).isEqualTo(isGone ? 0 : 1);
        verify();
        assertNothingIsLeft();
    }

    @Test
    void whatHasManySegmentsIsHeldAsAWhole() {
        SharedMap<Long, Map<Long, Long>> maps = heap.map("maps", Long.class, StructureType.map(Long.class, Long.class));
        maps.put(1L, Map.of());
        Map<Long, Long> inner = maps.get(1L);
        for (long i = 0; i < 50_000; i++) {
            inner.put(i, i);
        }
        assertThat(maps.values().removeIf(each -> {
            for (long i = 0; i < 1000; i++) {
                long key = i;
                assertThatThrownBy(() -> each.put(key, 0L)).isInstanceOf(IllegalStateException.class);
            }
            return each.size() != 50_000;
        })).isFalse();
        assertThat(inner.put(1L, 2L)).isEqualTo(1L);
        assertThat(maps.values().remove(Map.of(1L, 1L))).isFalse();
        assertThat(maps.values().remove(new HashMap<>(inner))).isTrue();
        assertThat(maps).isEmpty();
        verify();
        assertNothingIsLeft();
    }

    @Test
    void levelsCanBeDeep() {
        SharedMap<Long, Map<String, List<Set<Integer>>>> deep = heap.map("deep", Long.class,
                StructureType.map(String.class, StructureType.list(StructureType.set(Integer.class))));
        Map<String, List<Set<Integer>>> value = Map.of("a", List.of(Set.of(1, 2), Set.of()), "b", List.of());
        deep.put(1L, value);
        deep.put(2L, deep.get(1L));
        Map<String, List<Set<Integer>>> first = deep.get(1L);
        first.get("a").get(0).add(3);
        first.computeIfAbsent("c", _ -> List.of()).add(Set.of(9));
        assertThat(deep.get(2L)).isEqualTo(value);
        assertThat(deep.get(1L)).isEqualTo(
                Map.of("a", List.of(Set.of(1, 2, 3), Set.of()), "b", List.of(), "c", List.of(Set.of(9))));
        Set<Integer> inner = first.get("a").get(0);
        verify();
        assertThat(deep.remove(1L)).isEqualTo(
                Map.of("a", List.of(Set.of(1, 2, 3), Set.of()), "b", List.of(), "c", List.of(Set.of(9))));
        assertThatThrownBy(() -> inner.add(1)).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(() -> first.get("a")).isInstanceOf(StaleReferenceException.class);
        verify();
        assertNothingIsLeft();
    }

    @Test
    void aHandleOnAMapThatEndedIsStaleWhereAnotherMapHasItsPlace() {
        SharedMap<Long, Map<Long, Long>> maps = heap.map("maps", Long.class, StructureType.map(Long.class, Long.class));
        maps.put(1L, Map.of(1L, 2L));
        Map<Long, Long> first = maps.get(1L);
        for (int i = 0; i < 100; i++) {
            maps.put(1L, Map.of(1L, 2L));
        }
        assertThatThrownBy(() -> first.get(1L)).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(() -> first.put(1L, 3L)).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(() -> first.remove(1L)).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(first::size).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(() -> first.forEach((_, _) -> {})).isInstanceOf(StaleReferenceException.class);
        assertThat(maps.get(1L)).isEqualTo(Map.of(1L, 2L));
    }

    @Test
    void otherClassesAreRefusedAtEachLevel() {
        heap.map("deep", Long.class, StructureType.map(String.class, StructureType.list(Long.class)));
        assertThatThrownBy(() -> heap.map("deep", Long.class,
                StructureType.map(String.class, StructureType.list(Integer.class))))
                .isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("map of java.lang.String to list of java.lang.Long")
                .hasMessageContaining("map of java.lang.String to list of java.lang.Integer");
        assertThatThrownBy(() -> heap.map("deep", Long.class,
                StructureType.map(Long.class, StructureType.list(Long.class))))
                .isInstanceOf(IncompatibleBlockException.class);
        assertThatThrownBy(() -> heap.map("deep", Long.class, StructureType.map(String.class, List.class)))
                .isInstanceOf(IncompatibleBlockException.class);
        assertThatThrownBy(() -> heap.map("map", String.class, List.class))
                .isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("list of java.lang.Long")
                .hasMessageContaining("java.util.List");
        assertThatThrownBy(() -> heap.list("map", StructureType.list(Long.class)))
                .isInstanceOf(IncompatibleBlockException.class);
        heap.map("deep", Long.class, StructureType.map(String.class, StructureType.list(Long.class)));
        StructureType<?> type = StructureType.list(Long.class);
        for (int i = 1; i < HeldStructure.MOST_LEVELS; i++) {
            type = StructureType.list(type);
        }
        StructureType<?> most = type;
        putDeepest(most);
        assertThatThrownBy(() -> StructureType.list(most)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("17");
    }

    /** A value of as many levels as there can be is put and verified. */
    @SuppressWarnings("unchecked") // a list of lists of lists and so on
    private void putDeepest(StructureType<?> most) {
        List<?> value = List.of(7L);
        for (int i = 1; i < HeldStructure.MOST_LEVELS; i++) {
            value = List.of(value);
        }
        SharedList<Object> list = heap.list("deepest", (StructureType<Object>) most);
        list.add(value);
        assertThat(list).containsExactly(value);
        verify();
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes"}) // what a careless caller does
    void aValueOfAnotherClassInTheMiddleOfACopyChangesNothing() {
        map.put("a", List.of(1L));
        List<Object> wrong = new ArrayList<>(List.of(1L, 2L, "three"));
        assertThatThrownBy(() -> ((Map) map).put("a", wrong)).isInstanceOf(ClassCastException.class);
        assertThatThrownBy(() -> ((Map) map).put("b", Set.of())).isInstanceOf(ClassCastException.class);
        assertThatThrownBy(() -> ((Map) map).compute("a", (_, _) -> wrong)).isInstanceOf(ClassCastException.class);
        SharedList<List<Long>> list = heap.list("list", StructureType.list(Long.class));
        list.add(List.of(7L));
        assertThatThrownBy(() -> ((List) list).addAll(List.of(List.of(1L), List.of(2L), wrong)))
                .isInstanceOf(ClassCastException.class);
        assertThat(list).containsExactly(List.of(7L));
        assertThat(map).isEqualTo(Map.of("a", List.of(1L)));
        verify();
        assertNothingIsLeft();
    }

    @Test
    void aFullHeapInTheMiddleOfACopyLeavesAllAsItWas() {
        String name = "small" + ProcessHandle.current().pid();
        List<Long> large = new ArrayList<>();
        for (long i = 0; i < 1000; i++) {
            large.add(Long.MAX_VALUE - i);
        }
        try (SharedHeap small = SharedHeap.create(name, 2 << 20)) {
            SharedMap<Integer, List<List<Long>>> lists = small.map("lists", Integer.class,
                    StructureType.list(StructureType.list(Long.class)));
            int count = 0;
            try {
                while (true) {
                    lists.put(count, List.of(large, large));
                    count++;
                }
            } catch (HeapFullException e) {
                assertThat(count).isGreaterThan(3);
            }
            Map<Integer, List<List<Long>>> before = new HashMap<>(lists);
            int key = count - 1;
            assertThatThrownBy(() -> lists.compute(key, (_, value) -> List.of(large, large, large, large)))
                    .isInstanceOf(HeapFullException.class);
            assertThatThrownBy(() -> lists.put(key, List.of(large, large, large, large)))
                    .isInstanceOf(HeapFullException.class);
            assertThatThrownBy(() -> lists.get(key).addAll(List.of(large, large, large)))
                    .isInstanceOf(HeapFullException.class);
            assertThat(lists).isEqualTo(before).hasSize(count);
            HeapVerification report = small.verify();
            assertThat(report.isSound()).as(report::toString).isTrue();
            long used = report.usedBytes();
            lists.remove(0);
            lists.put(0, List.of(large, large));
            assertThat(small.verify().usedBytes()).isEqualTo(used);
            lists.clear();
            assertThat(small.verify().usedBytes()).isLessThan(32 << 10);
        }
    }

    @Test
    void whatHoldsAStructureThatIsNotItsOwnIsDamage() {
        map.put("a", List.of(1L));
        map.put("b", List.of(2L));
        SlotList slots = ((HeapList<Long>) map.get("a")).slots();
        HeapMemory memory = heap.heap().memory();
        long generation = memory.getPlain(slots.header());
        memory.setPlain(slots.header(), generation + 2);
        assertThat(heap.verify().faults()).isNotEmpty();
        assertThatThrownBy(() -> map.keySet().remove("a")).isInstanceOf(IncompatibleBlockException.class);
        assertThatThrownBy(() -> map.remove("a")).isInstanceOf(StaleReferenceException.class);
        assertThat(map).hasSize(2);
        memory.setPlain(slots.header(), generation);
        memory.setPlain(heap.heap().rootAt(RootLayout.FIRST_FREED), slots.header() + 8);
        assertThat(heap.verify().faults()).isNotEmpty();
        assertThatThrownBy(() -> map.keySet().remove("b")).isInstanceOf(IncompatibleBlockException.class);
        memory.setPlain(heap.heap().rootAt(RootLayout.FIRST_FREED), 0);
        verify();
        assertThat(map.remove("b")).containsExactly(2L);
        assertNothingIsLeft();
    }

    @Test
    void aReaderOnlyReads() {
        map.put("a", List.of(1L));
        try (SharedHeap reader = SharedHeap.open(heap.name(), HeapOptions.defaults().withReadOnly(true))) {
            SharedMap<String, List<Long>> seen = reader.map("map", String.class, StructureType.list(Long.class));
            assertThat(seen.get("a")).containsExactly(1L);
            assertThat(seen).isEqualTo(Map.of("a", List.of(1L)));
            assertThatThrownBy(() -> seen.put("b", List.of())).isInstanceOf(RuntimeException.class);
            assertThatThrownBy(() -> seen.get("a").add(2L)).isInstanceOf(RuntimeException.class);
        }
        assertThat(map).isEqualTo(Map.of("a", List.of(1L)));
    }

    @Test
    void inspectionTellsTheTypesOfAllLevels() {
        map.put("a", List.of(1L, 2L));
        HeapInfo info = HeapInfo.of(heap.name());
        assertThat(info.roots()).singleElement()
                .isEqualTo(new HeapInfo.Named("map", "map", "map of java.lang.String to list of java.lang.Long", 1));
        assertThat(HeapInfo.verify(heap.name()).isSound()).isTrue();
    }

    @Test
    void aHeapThatNobodyIsAttachedToIsVerifiedWithAllLevels() {
        String name = "dead" + ProcessHandle.current().pid();
        HeapOptions options = HeapOptions.defaults().withLifetime(Lifetime.PERSISTENT);
        try (SharedHeap other = SharedHeap.create(name, 4 << 20, options)) {
            other.list("list", StructureType.map(Long.class, StructureType.list(Long.class)))
                    .add(Map.of(1L, List.of(Long.MAX_VALUE)));
        }
        assertThat(HeapInfo.verify(name).isSound()).isTrue();
        assertThat(HeapInfo.of(name).roots()).singleElement().extracting(HeapInfo.Named::description)
                .isEqualTo("list of map of java.lang.Long to list of java.lang.Long");
        try (SharedHeap other = SharedHeap.open(name)) {
            assertThat(other.list("list", StructureType.map(Long.class, StructureType.list(Long.class))))
                    .containsExactly(Map.of(1L, List.of(Long.MAX_VALUE)));
            other.unlink();
        }
    }

    @Test
    void aFunctionMayChangeWhatTheMapHoldsButNotTheMap() {
        map.put("a", List.of(1L));
        map.computeIfPresent("a", (_, list) -> {
            list.add(2L);
            assertThatThrownBy(() -> map.put("b", List.of())).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> map.remove("b")).isInstanceOf(IllegalStateException.class);
            return list;
        });
        List<Long> meddling = new AbstractList<>() {
            @Override
            public Long get(int index) {
                return map.put("c", List.of()) == null ? 1L : 2L;
            }

            @Override
            public int size() {
                return 1;
            }
        };
        assertThatThrownBy(() -> map.compute("a", (_, _) -> meddling)).isInstanceOf(IllegalStateException.class);
        assertThat(map).isEqualTo(Map.of("a", List.of(1L, 2L)));
        verify();
        assertNothingIsLeft();
    }

    @Test
    void aWatcherIsToldTheLiveValue() throws Exception {
        java.util.concurrent.LinkedBlockingQueue<List<Long>> news = new java.util.concurrent.LinkedBlockingQueue<>();
        try (AutoCloseable _ = map.watch((_, value) -> news.add(value == null ? List.of() : value))) {
            map.put("a", List.of(1L));
            List<Long> told = news.take();
            map.get("a").add(2L);
            assertThat(told).containsExactly(1L, 2L);
            map.remove("a");
            assertThat(news.take()).isEmpty();
        }
        verify();
    }
}
