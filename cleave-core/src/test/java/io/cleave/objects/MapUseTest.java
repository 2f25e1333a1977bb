package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.HeapFullException;
import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What users of a map can rely on beyond what any map does. */
class MapUseTest {
    private final SharedHeap heap = SharedHeap.create("mapuse" + ProcessHandle.current().pid(), 128 << 20);

    @AfterEach
    void close() {
        HeapVerification report = heap.verify();
        heap.close();
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    private SharedMap<String, String> strings(String name) {
        return heap.map(name, String.class, String.class);
    }

    @Test
    void aFunctionThatChangesTheMapIsRefusedAndChangesNothing() {
        SharedMap<String, String> map = strings("map");
        map.put("a", "1");
        assertThatThrownBy(() -> map.compute("a", (key, value) -> map.put("b", "2")))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("Recursive update");
        assertThatThrownBy(() -> map.computeIfAbsent("c", key -> map.computeIfAbsent("c", _ -> "3")))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("Recursive update");
        assertThatThrownBy(() -> map.merge("a", "x", (old, value) -> strings("map").remove("a")))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("Recursive update");
        assertThat(map).isEqualTo(Map.of("a", "1"));
        assertThat(map.compute("a", (key, value) -> value + map.get("a") + strings("other").put("x", "y")))
                .isEqualTo("11null");
        map.put("b", "2");
        assertThat(map).isEqualTo(Map.of("a", "11null", "b", "2"));
    }

    @Test
    void aFunctionThatFailsChangesNothing() {
        SharedMap<String, String> map = strings("map");
        map.put("a", "1");
        assertThatThrownBy(() -> map.compute("a", (key, value) -> {
            throw new IllegalCallerException("on purpose");
        })).isInstanceOf(IllegalCallerException.class);
        assertThat(map.put("a", "2")).isEqualTo("1");
    }

    @Test
    void eachKeyThatIsThereAllTheTimeComesExactlyOnceWhileSegmentsSplit() throws InterruptedException {
        Map<Long, Long> map = heap.map("map", Long.class, Long.class);
        for (long key = 0; key < 400; key++) {
            map.put(key, key);
        }
        AtomicBoolean isOver = new AtomicBoolean();
        Thread writer = Thread.ofPlatform().start(() -> {
            for (long key = 1000; key < 60_000 && !isOver.get(); key++) {
                map.put(key, key);
                if (key % 3 == 0) {
                    map.remove(key);
                }
            }
        });
        for (int round = 0; writer.isAlive() && round < 2000; round++) {
            Map<Long, Integer> times = new HashMap<>();
            for (Map.Entry<Long, Long> entry : map.entrySet()) {
                assertThat(entry.getValue()).isEqualTo(entry.getKey());
                times.merge(entry.getKey(), 1, Integer::sum);
            }
            for (long key = 0; key < 400; key++) {
                assertThat(times.get(key)).as("key " + key).isEqualTo(1);
            }
        }
        isOver.set(true);
        writer.join();
    }

    @Test
    void anIteratorThatStoppedInTheMiddleGoesOnAfterSplits() {
        Map<Long, Long> map = heap.map("map", Long.class, Long.class);
        for (long key = 0; key < 600; key++) {
            map.put(key, key);
        }
        Iterator<Long> keys = map.keySet().iterator();
        List<Long> seen = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            seen.add(keys.next());
        }
        for (long key = 1000; key < 20_000; key++) {
            map.put(key, key);
        }
        keys.forEachRemaining(seen::add);
        assertThat(seen).doesNotHaveDuplicates();
        for (long key = 0; key < 600; key++) {
            assertThat(seen).contains(key);
        }
    }

    @Test
    void manyThreadsLoseNoUpdate() throws InterruptedException {
        Map<String, Long> map = heap.map("map", String.class, Long.class);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int j = 0; j < 20_000; j++) {
                    map.merge("key" + j % 50, 1L, Long::sum);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(map).hasSize(50).allSatisfy((key, value) -> assertThat(value).isEqualTo(1600));
    }

    @Test
    void keysOfOneHashCodeAreSpreadAsOthersAre() {
        Map<String, Integer> map = heap.map("map", String.class, Integer.class);
        List<String> keys = List.of("");
        for (int i = 0; i < 13; i++) {
            List<String> longer = new ArrayList<>();
            for (String key : keys) {
                longer.add(key + "Aa");
                longer.add(key + "BB");
            }
            keys = longer;
        }
        assertThat(keys.stream().map(String::hashCode).distinct()).hasSize(1);
        for (String key : keys) {
            map.put(key, key.length());
        }
        assertThat(map).hasSize(keys.size());
        assertThat(keys).allMatch(map::containsKey);
        assertThat(heap.statistics().usedBytes()).isLessThan(2_000_000);
    }

    @Test
    void aFullHeapIsAnErrorThatChangesNothing() {
        SharedMap<String, String> map = strings("map");
        String value = "x".repeat(100_000);
        Map<String, String> model = new HashMap<>();
        assertThatThrownBy(() -> {
            for (int i = 0; i < 10_000; i++) {
                map.put("key" + i, value);
                model.put("key" + i, value);
            }
        }).isInstanceOf(HeapFullException.class);
        assertThat(map).isEqualTo(model);
        assertThatThrownBy(() -> map.compute("key0", (key, old) -> old + value + value))
                .isInstanceOf(HeapFullException.class);
        assertThat(map.get("key0")).isEqualTo(value);
        map.clear();
        map.put("key", value);
        assertThat(map).isEqualTo(Map.of("key", value));
    }

    @Test
    void aMapOpenedWithOtherClassesIsRefusedWithBothNames() {
        SharedMap<String, String> _ = strings("map");
        assertThatThrownBy(() -> heap.map("map", String.class, Long.class))
                .isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("java.lang.String").hasMessageContaining("java.lang.Long")
                .hasMessageContaining("values");
        assertThatThrownBy(() -> heap.set("map", String.class)).isInstanceOf(IncompatibleBlockException.class);
    }

    @Test
    void aDroppedMapIsStaleAndAllItHadIsFree() {
        SharedMap<String, String> map = strings("map");
        long before = heap.statistics().usedBytes();
        for (int i = 0; i < 5000; i++) {
            map.put("key" + i, "value" + i);
        }
        assertThat(heap.drop("map")).isTrue();
        assertThat(heap.statistics().usedBytes()).isLessThan(before);
        assertThatThrownBy(() -> map.put("a", "b")).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(() -> map.get("a")).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(map::size).isInstanceOf(StaleReferenceException.class);
        assertThatThrownBy(() -> map.keySet().iterator()).isInstanceOf(StaleReferenceException.class);
        SharedMap<String, String> again = strings("map");
        assertThat(again).isEmpty();
        assertThatThrownBy(() -> map.get("a")).isInstanceOf(StaleReferenceException.class);
    }

    @Test
    void largeAndEmptyKeysAndValuesComeBackAsTheyWere() {
        Map<String, byte[]> map = heap.map("map", String.class, byte[].class);
        byte[] large = new byte[20_000_000];
        large[large.length - 1] = 7;
        String longKey = "k".repeat(1_000_000);
        map.put("", large);
        map.put(longKey, new byte[0]);
        map.put("\0", new byte[] {1});
        map.put("\ud800", new byte[] {2});
        assertThat(map.get("")).isEqualTo(large);
        assertThat(map.get(longKey)).isEmpty();
        assertThat(map.get("\0")).containsExactly(1);
        assertThat(map.get("\ud800")).containsExactly(2);
        assertThat(map.keySet()).containsExactlyInAnyOrder("", longKey, "\0", "\ud800");
        assertThat(map.replace("", large.clone(), new byte[] {3})).isTrue();
        assertThat(map.values()).hasSize(4);
    }

    @Test
    void aWatcherIsToldOfEachChangeInOrder() throws Exception {
        SharedMap<String, String> map = strings("map");
        map.put("before", "unseen");
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        try (AutoCloseable _ = map.watch((key, value) -> told.add(key + "=" + value))) {
            map.put("a", "1");
            map.put("a", "2");
            map.remove("a");
            String large = "l".repeat(50_000);
            map.put("b", large);
            Delays.within(Delays.PATIENCE, () -> told.size() >= 4);
            assertThat(told).containsExactly("a=1", "a=2", "a=null", "b=" + large);
        }
        map.put("after", "unseen");
        assertThat(told).hasSize(4);
    }

    @Test
    void aWatcherThatDoesNotKeepUpIsToldHowManyItHasMissed() throws Exception {
        Map<Long, Long> told = new ConcurrentHashMap<>();
        AtomicLong missed = new AtomicLong();
        AtomicBoolean isSlow = new AtomicBoolean(true);
        SharedMap<Long, Long> map = heap.map("map", Long.class, Long.class);
        try (AutoCloseable _ = map.watch((key, value) -> {
            told.put(key, value);
            Delays.within(Delays.PATIENCE, () -> !isSlow.get());
        }, missed::addAndGet)) {
            for (long key = 0; key < 5000; key++) {
                map.put(key, key);
            }
            isSlow.set(false);
            Delays.within(Delays.PATIENCE, () -> told.containsKey(4999L));
            assertThat(told.size() + missed.get()).isEqualTo(5000);
            assertThat(missed.get()).isGreaterThan(3000);
        }
    }

    @Test
    void aWatchEndsWithTheMapAndWithTheHeap() throws Exception {
        SharedMap<String, String> map = strings("map");
        AutoCloseable first = map.watch((_, _) -> {});
        heap.drop("map");
        first.close();
        AutoCloseable second = strings("map").watch((_, _) -> {});
        try (SharedHeap other = SharedHeap.open(heap.name())) {
            AutoCloseable _ = other.map("map", String.class, String.class).watch((_, _) -> {});
        }
        second.close();
    }

    @Test
    void countersNearTheirEndsAreCountersAsOthers() throws Exception {
        for (long near : new long[] {Integer.MAX_VALUE - 2L, (1L << 32) - 2, Long.MAX_VALUE - 1}) {
            heap.drop("map");
            SharedMap<Long, Long> map = heap.map("map", Long.class, Long.class);
            AutoCloseable first = map.watch((_, _) -> {});
            first.close();
            long header = heap.find("map").header();
            long head = heap.heap().memory().getPlain(header + MapLayout.LOG);
            heap.heap().memory().setRelease(head + MapLogLayout.SEQUENCE, near);
            heap.heap().memory().setRelease(header + MapLayout.SPLITS, near & -2);
            long segment = MapLayout.segment(heap.heap().memory().getPlain(
                    MapLayout.directory(MapLayout.rootAcquire(heap.heap().memory(), header))));
            for (int i = 0; i < MapLayout.BUCKETS; i++) {
                heap.heap().memory().setRelease(MapLayout.bucketAt(segment, i), near);
            }
            Set<Long> told = ConcurrentHashMap.newKeySet();
            try (AutoCloseable _ = map.watch((key, _) -> told.add(key))) {
                for (long key = 0; key < 900; key++) {
                    map.put(key, key);
                }
                Delays.within(Delays.PATIENCE, () -> told.size() == 900);
                assertThat(map).hasSize(900);
                assertThat(map.keySet()).hasSize(900).contains(0L, 899L);
                for (long key = 0; key < 900; key++) {
                    assertThat(map.get(key)).isEqualTo(key);
                }
            }
        }
    }
}
