package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Code of the user's runs under no lock, but what a map computes by, and nothing is lost that others do meanwhile. */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UserCodeTest {
    private static final StructureType<List<Long>> LISTS = StructureType.list(Long.class);
    /** What the code of a {@link Hooked} does. */
    private static final AtomicReference<Runnable> HOOK = new AtomicReference<>(() -> {});

    private SharedHeap heap;

    @BeforeEach
    void open() {
        heap = SharedHeap.create("code" + ProcessHandle.current().pid(), 64 << 20);
    }

    @AfterEach
    void close() {
        HOOK.set(() -> {});
        HeapVerification report = heap.verify();
        heap.close();
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    /** A value whose making, comparing and hashing are code of the user's. */
    record Hooked(long number) implements Comparable<Hooked> {
        Hooked {
            HOOK.get().run();
        }

        @Override
        public boolean equals(Object other) {
            HOOK.get().run();
            return other instanceof Hooked hooked && hooked.number == number;
        }

        @Override
        public int hashCode() {
            HOOK.get().run();
            return Long.hashCode(number);
        }

        @Override
        public int compareTo(Hooked other) {
            HOOK.get().run();
            return Long.compare(number, other.number);
        }
    }

    /** Has another thread do something, which must end before this returns: so it waits for no lock of the caller. */
    private static void elsewhere(Runnable action) {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = Thread.ofPlatform().daemon().unstarted(() -> {
            try {
                action.run();
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        thread.start();
        try {
            assertThat(thread.join(Delays.PATIENCE)).as("another thread is held up").isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        assertThat(failure.get()).isNull();
    }

    /** Something that another thread does when it is asked for the first time. */
    private static Runnable once(Runnable action) {
        AtomicInteger calls = new AtomicInteger();
        return () -> {
            if (calls.getAndIncrement() == 0) {
                elsewhere(action);
            }
        };
    }

    /** Something that another thread does each time that this one asks. */
    private static Runnable always(Runnable action) {
        Thread me = Thread.currentThread();
        return () -> {
            if (me.equals(Thread.currentThread())) {
                elsewhere(action);
            }
        };
    }

    private interface OnMap {
        void in(SharedMap<Long, Hooked> map);
    }

    private interface OnList {
        void in(SharedList<Hooked> list);
    }

    private static Hooked hooked(long number) {
        return new Hooked(number);
    }

    private static Map<String, OnMap> onMap() {
        Map<String, OnMap> all = new LinkedHashMap<>();
        all.put("get", map -> assertThat(map.get(1L)).isEqualTo(hooked(1)));
        all.put("put", map -> assertThat(map.put(1L, hooked(2))).isEqualTo(hooked(1)));
        all.put("put if absent", map -> assertThat(map.putIfAbsent(1L, hooked(2))).isEqualTo(hooked(1)));
        all.put("compute if absent", map -> assertThat(map.computeIfAbsent(1L, _ -> null)).isEqualTo(hooked(1)));
        all.put("replace", map -> assertThat(map.replace(1L, hooked(2))).isEqualTo(hooked(1)));
        all.put("replace one", map -> assertThat(map.replace(1L, hooked(1), hooked(2))).isTrue());
        all.put("replace another", map -> assertThat(map.replace(1L, hooked(3), hooked(2))).isFalse());
        all.put("remove", map -> assertThat(map.remove(1L)).isEqualTo(hooked(1)));
        all.put("remove one", map -> assertThat(map.remove(1L, hooked(1))).isTrue());
        all.put("remove another", map -> assertThat(map.remove(1L, hooked(2))).isFalse());
        all.put("values' remove", map -> assertThat(map.values().remove(hooked(1))).isTrue());
        all.put("values' removeIf", map -> assertThat(map.values().removeIf(each -> each.number == 1)).isTrue());
        all.put("values' removeAll", map -> assertThat(map.values().removeAll(List.of(hooked(1)))).isTrue());
        all.put("values' retainAll", map -> assertThat(map.values().retainAll(List.of(hooked(0)))).isTrue());
        all.put("entries' remove", map -> assertThat(map.entrySet().remove(Map.entry(1L, hooked(1)))).isTrue());
        all.put("entries' removeAll",
                map -> assertThat(map.entrySet().removeAll(List.of(Map.entry(1L, hooked(1))))).isTrue());
        all.put("an entry's setValue", map -> {
            for (Map.Entry<Long, Hooked> entry : map.entrySet()) {
                Hooked _ = entry.setValue(hooked(7));
            }
        });
        all.put("contains", map -> assertThat(map.containsValue(hooked(1))).isTrue());
        return all;
    }

    static Stream<String> namesOnMap() {
        return onMap().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("namesOnMap")
    void aMapHoldsNobodyUpWhileItRunsCodeOfTheUsers(String name) {
        SharedMap<Long, Hooked> map = heap.map("map", Long.class, Hooked.class);
        SharedMap<Long, Hooked> same = heap.map("map", Long.class, Hooked.class);
        map.put(1L, hooked(1));
        HOOK.set(always(() -> { // there is one segment, and so one lock
            same.keySet().remove(9L);
            same.computeIfAbsent(9L, _ -> hooked(0));
        }));
        onMap().get(name).in(map);
    }

    private static Map<String, OnList> onList() {
        Map<String, OnList> all = new LinkedHashMap<>();
        all.put("get", list -> assertThat(list.get(0)).isEqualTo(hooked(1)));
        all.put("set", list -> assertThat(list.set(0, hooked(2))).isEqualTo(hooked(1)));
        all.put("remove by index", list -> assertThat(list.remove(0)).isEqualTo(hooked(1)));
        all.put("remove", list -> assertThat(list.remove(hooked(1))).isTrue());
        all.put("removeIf", list -> assertThat(list.removeIf(each -> each.number == 1)).isTrue());
        all.put("removeAll", list -> assertThat(list.removeAll(List.of(hooked(1)))).isTrue());
        all.put("retainAll", list -> assertThat(list.retainAll(List.of(hooked(0)))).isTrue());
        all.put("replaceAll", list -> list.replaceAll(each -> hooked(each.number + 1)));
        all.put("an iterator's set", list -> {
            ListIterator<Hooked> iterator = list.listIterator();
            Hooked _ = iterator.next();
            iterator.set(hooked(5));
            assertThat(list.get(0)).isEqualTo(hooked(5));
        });
        all.put("sort", list -> list.sort(null));
        all.put("sort by another order", list -> list.sort(Comparator.reverseOrder()));
        all.put("toArray", list -> assertThat(list.toArray()).contains(hooked(1)));
        all.put("indexOf", list -> assertThat(list.indexOf(hooked(1))).isZero());
        all.put("addAll", list -> assertThat(list.addAll(0, List.of(hooked(2), hooked(1)))).isTrue());
        return all;
    }

    static Stream<String> namesOnList() {
        return onList().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("namesOnList")
    void aListHoldsNobodyUpWhileItRunsCodeOfTheUsers(String name) {
        SharedList<Hooked> list = heap.list("list", Hooked.class);
        SharedList<Hooked> same = heap.list("list", Hooked.class);
        list.addAll(List.of(hooked(1), hooked(0), hooked(0)));
        AtomicInteger calls = new AtomicInteger();
        HOOK.set(always(() -> {
            if (calls.getAndIncrement() < 100) {
                boolean _ = same.add(hooked(0));
            }
        }));
        onList().get(name).in(list);
    }

    @Test
    void whoReplacesElementsOneByOneMeetsThoseOfOthers() {
        SharedList<Hooked> list = heap.list("list", Hooked.class);
        SharedList<Hooked> same = heap.list("list", Hooked.class);
        list.addAll(List.of(hooked(1), hooked(2)));
        HOOK.set(once(() -> same.add(hooked(3))));
        list.replaceAll(each -> hooked(each.number + 10));
        assertThat(list).as("what is added meanwhile stays").containsExactly(hooked(11), hooked(12), hooked(3));
        ListIterator<Hooked> iterator = list.listIterator();
        Hooked _ = iterator.next();
        same.set(2, null);
        same.set(1, hooked(7));
        boolean _ = same.add(hooked(8));
        iterator.set(hooked(20)); // that nobody else has changed
        assertThat(list).containsExactly(hooked(20), hooked(7), null, hooked(8));
    }

    /** A list whose code lets another thread do something before it is compared as equal. */
    private static List<Long> meddling(Runnable hook, Long... elements) {
        return new AbstractList<>() {
            @Override
            public Long get(int index) {
                hook.run();
                return elements[index];
            }

            @Override
            public int size() {
                hook.run();
                return elements.length;
            }
        };
    }

    private static <T> boolean isEmpty(Collection<T> each, AtomicInteger calls, Runnable hook) {
        int _ = calls.incrementAndGet();
        boolean isEmpty = each.isEmpty();
        hook.run();
        return isEmpty;
    }

    @Test
    void whatIsAddedToAValueAfterItWasLookedAtKeepsIt() {
        SharedMap<Long, List<Long>> map = heap.map("map", Long.class, LISTS);
        map.put(1L, List.of());
        for (int i = 0; i < 2; i++) {
            map.get(1L).clear();
            AtomicInteger calls = new AtomicInteger();
            Runnable adding = once(() -> map.get(1L).add(7L));
            assertThat(i == 0 ? map.values().removeIf(each -> isEmpty(each, calls, adding))
                    : map.entrySet().removeIf(entry -> isEmpty(entry.getValue(), calls, adding))).isFalse();
            assertThat(calls).hasValue(2);
            assertThat(map.get(1L)).containsExactly(7L);
        }
        map.get(1L).clear();
        assertThat(map.remove(1L, meddling(once(() -> map.get(1L).add(7L))))).isFalse();
        map.get(1L).clear();
        assertThat(map.replace(1L, meddling(once(() -> map.get(1L).add(7L))), List.of(8L))).isFalse();
        map.get(1L).clear();
        assertThat(map.values().remove(meddling(once(() -> map.get(1L).add(7L))))).isFalse();
        map.get(1L).clear();
        assertThat(map.values().removeAll(List.of(meddling(once(() -> map.get(1L).add(7L)))))).isFalse();
        assertThat(map.get(1L)).containsExactly(7L);
        assertThat(map.values().removeAll(List.of(meddling(() -> {}, 7L)))).isTrue();
    }

    @Test
    void eachWayToChangeAStructureKeepsItsEntry() {
        SharedMap<Long, List<Long>> map = heap.map("map", Long.class, LISTS);
        long large = Long.MAX_VALUE / 3;
        List<java.util.function.Consumer<List<Long>>> changes = List.of(list -> list.add(1L), list -> list.add(large),
                list -> list.set(0, 5L), list -> list.set(0, large), list -> list.add(0, 1L), list -> list.remove(0),
                List::clear, list -> list.sort(null), list -> list.replaceAll(each -> each + 1), list -> {
                    list.set(0, 9L);
                    list.set(0, 3L);
                });
        for (var change : changes) {
            map.put(1L, List.of(3L, 2L));
            AtomicInteger calls = new AtomicInteger();
            Runnable changing = once(() -> change.accept(map.get(1L)));
            assertThat(map.values().removeIf(_ -> {
                changing.run();
                return calls.incrementAndGet() == 1;
            })).isFalse();
            assertThat(calls).hasValue(2);
        }
        SharedMap<Long, Map<Long, Long>> maps = heap.map("maps", Long.class,
                StructureType.map(Long.class, Long.class));
        List<java.util.function.Consumer<Map<Long, Long>>> mapChanges = List.of(each -> each.put(2L, 2L),
                each -> each.put(1L, 2L), each -> each.remove(1L), Map::clear, each -> each.merge(1L, 1L, Long::sum));
        for (var change : mapChanges) {
            maps.put(1L, Map.of(1L, 1L));
            AtomicInteger calls = new AtomicInteger();
            Runnable changing = once(() -> change.accept(maps.get(1L)));
            assertThat(maps.values().removeIf(_ -> {
                changing.run();
                return calls.incrementAndGet() == 1;
            })).isFalse();
            assertThat(calls).hasValue(2);
        }
    }

    @Test
    void anEntryThatHasGotAnotherStructureIsLookedAtOnceMore() {
        SharedMap<Long, List<Long>> map = heap.map("map", Long.class, LISTS);
        map.put(1L, List.of());
        AtomicInteger calls = new AtomicInteger();
        Runnable putting = once(() -> map.put(1L, List.of(3L)));
        assertThat(map.values().removeIf(each -> isEmpty(each, calls, putting))).isFalse();
        assertThat(calls).hasValue(2);
        Runnable removing = once(() -> map.keySet().remove(1L));
        assertThat(map.values().removeIf(each -> !isEmpty(each, calls, removing))).isFalse();
        assertThat(calls).hasValue(3);
        map.put(1L, List.of());
        Runnable ending = once(() -> map.keySet().remove(1L));
        assertThat(map.values().removeIf(each -> {
            ending.run();
            return each.add(1L); // it has ended
        })).isFalse();
    }

    @Test
    void whatIsAddedToAnElementAfterItWasLookedAtKeepsIt() {
        SharedList<List<Long>> list = heap.list("list", LISTS);
        list.addAll(List.of(List.of(), List.of(1L), List.of()));
        AtomicInteger calls = new AtomicInteger();
        Runnable adding = once(() -> list.get(0).add(7L));
        assertThat(list.removeIf(each -> isEmpty(each, calls, adding))).isTrue();
        assertThat(calls).hasValue(4);
        assertThat(list).containsExactly(List.of(7L), List.of(1L));
        list.get(0).clear();
        assertThat(list.remove(meddling(once(() -> list.get(0).add(7L))))).isFalse();
        assertThat(list).containsExactly(List.of(7L), List.of(1L));
        assertThat(list.removeAll(List.of(meddling(once(() -> list.add(0, List.of(1L))), 7L)))).isTrue();
        assertThat(list).containsExactly(List.of(1L), List.of(1L));
        assertThat(list.remove(meddling(once(() -> list.remove(0)), 1L))).isTrue();
        assertThat(list).isEmpty();
    }

    @Test
    void othersChangeAStructureAsLongAsAPredicateTakes() throws Exception {
        SharedMap<Long, List<Long>> map = heap.map("map", Long.class, LISTS);
        SharedList<List<Long>> list = heap.list("list", LISTS);
        map.put(1L, List.of());
        list.add(List.of());
        AtomicLong added = new AtomicLong();
        Thread adding = Thread.ofPlatform().daemon().start(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                map.put(added.incrementAndGet() % 100 + 2, List.of());
                map.get(1L).add(1L);
                list.get(0).add(1L);
                list.add(List.of(2L));
                list.remove(1);
            }
        });
        boolean _ = map.values().removeIf(_ -> hasGoneOn(added));
        boolean _ = list.removeIf(_ -> hasGoneOn(added));
        boolean _ = list.remove(meddling(() -> hasGoneOn(added)));
        adding.interrupt();
        assertThat(adding.join(Delays.PATIENCE)).isTrue();
        assertThat(map.get(1L)).isNotEmpty();
        assertThat(list.get(0)).isNotEmpty();
    }

    /** False, once another thread has done something since the call. */
    private static boolean hasGoneOn(AtomicLong added) {
        long before = added.get();
        assertThat(Delays.within(Delays.PATIENCE, () -> added.get() > before + 1)).isTrue();
        return false;
    }

    @Test
    void whatIsNotBusyGoesWhileSomethingElseIs() throws Exception {
        SharedList<Map<Long, Long>> list = heap.list("list", StructureType.map(Long.class, Long.class));
        list.add(null);
        list.add(Map.of());
        list.add(null);
        list.add(null);
        Map<Long, Long> busy = list.get(1);
        CountDownLatch isBusy = new CountDownLatch(1);
        List<Background<Long>> computing = new ArrayList<>();
        assertThat(list.removeIf(each -> {
            if (each != null && computing.isEmpty()) {
                computing.add(Background.call(() -> busy.compute(1L, (_, _) -> {
                    isBusy.countDown();
                    assertThat(Delays.within(Delays.PATIENCE, () -> list.size() == 1)).as("the others go").isTrue();
                    return 5L;
                })));
                assertThatCode(isBusy::await).doesNotThrowAnyException();
                return true;
            }
            return each == null;
        })).isTrue();
        assertThat(computing.getFirst().get()).isEqualTo(5);
        assertThat(list).containsExactly(Map.of(1L, 5L)); // looked at again, and kept
    }

    @Test
    void whoGoesThroughAListEndsThoughItGrowsWithEachLook() {
        SharedList<Hooked> list = heap.list("list", Hooked.class);
        SharedList<Hooked> same = heap.list("list", Hooked.class);
        list.addAll(List.of(hooked(1), hooked(2), hooked(3)));
        HOOK.set(always(() -> same.add(null)));
        list.replaceAll(each -> each);
        assertThat(list.remove(hooked(4))).isFalse();
        assertThat(list.removeIf(each -> each != null && each.number == 4)).isFalse();
        assertThat(list.removeAll(Collections.singletonList(hooked(4)))).isFalse();
        assertThat(list.contains(hooked(4))).isFalse();
        HOOK.set(() -> {});
        assertThat(list.subList(0, 3)).containsExactly(hooked(1), hooked(2), hooked(3));
        assertThat(list.size()).isGreaterThan(3);
    }

    @Test
    void elementsThatMoveMeanwhileAreTheOnesThatGo() {
        SharedList<String> list = heap.list("list", String.class);
        list.addAll(List.of("a", "a long text", "b", "a", "a long text", "c"));
        Runnable moving = once(() -> {
            list.add(0, "new");
            list.add("another long text");
            list.set(3, "b2");
        });
        AtomicInteger calls = new AtomicInteger();
        assertThat(list.removeIf(each -> {
            moving.run();
            return calls.incrementAndGet() >= 3 && !each.equals("c"); // "b" and the second of each
        })).isTrue();
        assertThat(calls).hasValue(6);
        assertThat(list).containsExactly("new", "a", "a long text", "b2", "c", "another long text");
    }

    @Test
    void aSortLosesNothingThatOthersDoMeanwhile() {
        SharedList<String> list = heap.list("list", String.class);
        list.addAll(List.of("c", "a longer text", "b"));
        Runnable appending = once(() -> list.add("a"));
        list.sort((one, other) -> {
            appending.run();
            return one.compareTo(other);
        });
        assertThat(list).containsExactly("a longer text", "b", "c", "a");
        Runnable inserting = once(() -> {
            list.add(0, "d");
            list.remove("b");
        });
        list.sort((one, other) -> {
            inserting.run();
            return one.compareTo(other);
        });
        assertThat(list).containsExactly("a", "a longer text", "c", "d");
        AtomicInteger number = new AtomicInteger();
        list.sort((one, other) -> {
            elsewhere(() -> list.set(0, "x" + number.incrementAndGet()));
            return other.compareTo(one);
        });
        assertThat(list).hasSize(4).contains("x" + number.get());
    }

    @Test
    void noReplacementIsLostWhereTwoReplaceAll() throws Exception {
        SharedList<Long> list = heap.list("list", Long.class);
        long large = Long.MAX_VALUE / 3;
        for (long i = 0; i < 20; i++) {
            list.add(i % 2 == 0 ? i : large + i);
        }
        List<Long> before = new ArrayList<>(list);
        int rounds = 200;
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int round = 0; round < rounds; round++) {
                    list.replaceAll(each -> each + 1);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(list).isEqualTo(before.stream().map(each -> each + 2L * rounds).toList());
    }

    @Test
    void codeThatChangesWhatItIsAskedAboutIsRefused() {
        SharedMap<Long, List<Long>> map = heap.map("map", Long.class, LISTS);
        SharedList<List<Long>> list = heap.list("list", LISTS);
        map.put(1L, List.of());
        list.add(List.of());
        for (Runnable change : List.<Runnable>of(() -> map.put(2L, List.of()), () -> map.get(1L).add(1L))) {
            assertThatThrownBy(() -> map.values().removeIf(_ -> {
                change.run();
                return true;
            })).isInstanceOf(IllegalStateException.class).hasMessageContaining("Recursive update");
            assertThatThrownBy(() -> map.remove(1L, meddling(change))).isInstanceOf(IllegalStateException.class);
        }
        for (Runnable change : List.<Runnable>of(() -> list.add(List.of()), () -> list.get(0).add(1L))) {
            assertThatThrownBy(() -> list.removeIf(_ -> {
                change.run();
                return true;
            })).isInstanceOf(IllegalStateException.class).hasMessageContaining("Recursive update");
            assertThatThrownBy(() -> list.remove(meddling(change))).isInstanceOf(IllegalStateException.class);
        }
        assertThat(map.get(1L)).isEmpty();
        assertThat(list).containsExactly(List.of());
        list.get(0).add(1L);
        map.get(1L).add(1L);
    }

    @Test
    void codeThatMakesAValueMustNotChangeTheMapThatComputesAnother() {
        SharedMap<Long, Hooked> map = heap.map("map", Long.class, Hooked.class);
        int keys = 10_000; // in many segments, each with a lock of its own
        for (long i = 0; i < keys; i++) {
            map.put(i, hooked(i));
        }
        AtomicLong key = new AtomicLong();
        HOOK.set(() -> map.keySet().remove(key.incrementAndGet() * 7 % keys));
        for (long i = 0; i < 50; i++) {
            long computed = i;
            assertThatThrownBy(() -> map.computeIfPresent(computed, (_, value) -> value))
                    .hasStackTraceContaining("Recursive update");
        }
        assertThat(map).hasSize(keys);
        assertThat(key).hasValue(50);
    }
}
