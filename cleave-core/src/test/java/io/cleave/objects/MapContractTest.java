package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Background;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What {@link java.util.concurrent.ConcurrentMap} says, as {@code ConcurrentHashMap} is held to it, beyond what
 * {@link MapConformanceTest} and {@link MapUseTest} ask.
 *
 * <p>
 * Left out, with the reason:
 * <ul>
 * <li>what {@code ConcurrentHashMap} has beside the interface ({@code mappingCount}, {@code search}, {@code reduce},
 * {@code newKeySet}, enumerations), and its constructors;
 * <li>copying and deserializing a map, which is not serializable: it would be another process's view of memory that may not
 * be there. That it is refused is tested;
 * <li>keys of bad hash codes and comparable keys that share one: {@link MapUseTest}, as hashes are of the key's bytes;
 * <li>a recursive update of another key, which {@code ConcurrentHashMap} lets pass by chance: it is refused here;
 * <li>identities of keys and values: both are copied.
 * </ul>
 */
class MapContractTest {
    private static final int THREADS = 4;

    private final SharedHeap heap = SharedHeap.create("mapcontract" + ProcessHandle.current().pid(), 32 << 20);
    private final SharedMap<Integer, String> map = heap.map("map", Integer.class, String.class);

    @AfterEach
    void close() {
        HeapVerification report = heap.verify();
        heap.close();
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    private void fill(int count) {
        IntStream.range(0, count).forEach(key -> map.put(key, "value " + key));
    }

    @SuppressWarnings("UnnecessaryLambda") // its type depends on where it is used
    private static <A, B, R> BiFunction<A, B, R> failing() {
        return (_, _) -> {
            throw new IllegalCallerException("on purpose");
        };
    }

    /** Lets some threads do the same at about the same time; what each has got. */
    private static <T> List<T> together(Callable<T> call) throws Exception {
        CountDownLatch start = new CountDownLatch(1);
        List<Background<T>> calls = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            calls.add(Background.start(i % 2 == 0, () -> {
                start.await();
                return call.call();
            }));
        }
        start.countDown();
        List<T> results = new ArrayList<>();
        for (Background<T> each : calls) {
            results.add(each.get());
        }
        return results;
    }

    @Test
    @SuppressWarnings({"NullAway", "ReturnValueIgnored"}) // null is what is refused
    void nullIsRefusedWhereverItIsNoAnswer() {
        fill(2);
        for (Background.Action call : List.<Background.Action>of(() -> map.get(null), () -> map.containsKey(null),
                () -> map.containsValue(null), () -> map.getOrDefault(null, "x"), () -> map.put(null, "x"),
                () -> map.put(0, null), () -> map.putIfAbsent(null, "x"), () -> map.putIfAbsent(0, null),
                () -> map.putIfAbsent(9, null), () -> map.remove(null), () -> map.remove(null, "x"),
                () -> map.replace(null, "x"), () -> map.replace(0, null), () -> map.replace(null, "x", "y"),
                () -> map.replace(0, null, "x"), () -> map.replace(0, "value 0", null),
                () -> map.compute(null, (_, _) -> "x"), () -> map.compute(0, null),
                () -> map.computeIfAbsent(null, _ -> "x"), () -> map.computeIfAbsent(9, null),
                () -> map.computeIfPresent(null, (_, _) -> "x"), () -> map.computeIfPresent(9, null),
                () -> map.merge(null, "x", (_, _) -> "y"), () -> map.merge(9, null, (_, _) -> "y"),
                () -> map.merge(9, "x", null), () -> map.forEach(null), () -> map.replaceAll(null),
                () -> map.replaceAll((_, _) -> null), () -> map.putAll(null),
                () -> map.keySet().contains(null), () -> map.keySet().remove(null), () -> map.keySet().removeIf(null),
                () -> map.values().removeIf(null), () -> map.entrySet().removeIf(null),
                () -> map.keySet().retainAll(null), () -> map.entrySet().iterator().next().setValue(null))) {
            assertThatThrownBy(call::run).isInstanceOf(NullPointerException.class);
        }
        map.clear();
        assertThatThrownBy(() -> map.values().removeIf(null)).isInstanceOf(NullPointerException.class);
        fill(2);
        assertThat(map.remove(0, null)).isFalse();
        assertThat(map.getOrDefault(9, null)).isNull();
        assertThat(map).isEqualTo(Map.of(0, "value 0", 1, "value 1"));
    }

    @Test
    @SuppressWarnings("CollectionIncompatibleType") // which is what is asked for
    void whatCannotBeAKeyOrValueIsNotThere() {
        fill(2);
        Map<?, ?> any = map;
        assertThat(any.get("0")).isNull();
        assertThat(any.containsKey(0L)).isFalse();
        assertThat(any.remove("0")).isNull();
        assertThat(map.remove(0, 0)).isFalse();
        assertThat(map.containsValue(0)).isFalse();
        assertThat(map.keySet().contains("0")).isFalse();
        assertThat(map.entrySet().contains(Map.entry("0", "value 0"))).isFalse();
        assertThat(map.entrySet().contains("0")).isFalse();
        assertThat(map.entrySet().remove(Map.entry(0, "other"))).isFalse();
        assertThat(map).hasSize(2);
    }

    @Test
    @SuppressWarnings("ReturnValueIgnored") // there is none
    void aFunctionThatFailsChangesNothingAndLeavesNothingLocked() {
        fill(3);
        Map<Integer, String> before = new HashMap<>(map);
        for (Runnable call : List.<Runnable>of(() -> map.compute(0, failing()), () -> map.compute(9, failing()),
                () -> map.computeIfPresent(0, failing()), () -> map.merge(0, "x", failing()),
                () -> map.computeIfAbsent(9, key -> MapContractTest.<Integer, Integer, String>failing().apply(key, 0)),
                () -> map.replaceAll(failing()), () -> map.forEach((_, _) -> failing().apply(0, 0)),
                () -> map.keySet().removeIf(_ -> failing().apply(0, 0) == null),
                () -> map.values().removeIf(_ -> failing().apply(0, 0) == null))) {
            assertThatThrownBy(call::run).isInstanceOf(IllegalCallerException.class);
            assertThat(map).isEqualTo(before);
        }
        assertThatThrownBy(() -> map.compute(0, (_, _) -> {
            throw new StackOverflowError("on purpose");
        })).isInstanceOf(StackOverflowError.class);
        fill(10);
        assertThat(map).hasSize(10);
    }

    @Test
    void theComputeFamilyAnswersWhatIsThereAfter() {
        assertThat(map.computeIfAbsent(1, _ -> null)).isNull();
        assertThat(map.computeIfPresent(1, failing())).isNull();
        assertThat(map.compute(1, (_, old) -> old == null ? null : "x")).isNull();
        assertThat(map).isEmpty();
        assertThat(map.computeIfAbsent(1, key -> "a" + key)).isEqualTo("a1");
        assertThat(map.computeIfAbsent(1, key -> failing().apply(key, 0).toString())).isEqualTo("a1");
        assertThat(map.merge(1, "b", String::concat)).isEqualTo("a1b");
        assertThat(map.merge(2, "b", failing())).isEqualTo("b");
        assertThat(map.compute(1, (key, old) -> old + key)).isEqualTo("a1b1");
        assertThat(map.computeIfPresent(2, (_, _) -> null)).isNull();
        assertThat(map.merge(1, "x", (_, _) -> null)).isNull();
        assertThat(map).isEmpty();
    }

    @Test
    void anyRecursiveUpdateIsRefusedAndReadingIsNot() {
        fill(3);
        Map<Integer, String> before = new HashMap<>(map);
        SharedMap<Integer, String> same = heap.map("map", Integer.class, String.class);
        for (Consumer<SharedMap<Integer, String>> inner : List.<Consumer<SharedMap<Integer, String>>>of(
                it -> it.put(0, "x"), it -> it.put(1, "x"), it -> it.putIfAbsent(9, "x"), it -> it.remove(0),
                it -> it.remove(0, "value 0"), it -> it.replace(0, "x"), it -> it.replace(0, "value 0", "x"),
                it -> it.compute(0, (_, _) -> "x"), it -> it.computeIfAbsent(9, _ -> "x"),
                it -> it.computeIfPresent(0, (_, _) -> "x"), it -> it.merge(0, "x", String::concat), Map::clear,
                it -> it.replaceAll((_, _) -> "x"), it -> it.keySet().remove(0), it -> it.putAll(Map.of(0, "x")))) {
            for (SharedMap<Integer, String> handle : List.of(map, same)) {
                assertThatThrownBy(() -> map.compute(0, (_, value) -> {
                    inner.accept(handle);
                    return value;
                })).isInstanceOf(IllegalStateException.class).hasMessageContaining("Recursive update");
            }
        }
        assertThat(map).isEqualTo(before);
        assertThat(map.compute(0, (_, _) -> map.get(0) + map.size() + map.containsKey(9) + map.values().contains("x")))
                .isEqualTo("value 03falsefalse");
    }

    @Test
    void ofThoseWhoDoTheSameExactlyOneHasDoneIt() throws Exception {
        for (int key = 0; key < 100; key++) {
            int same = key;
            AtomicInteger calls = new AtomicInteger();
            assertThat(together(() -> map.putIfAbsent(same, "a"))).containsOnlyOnce((String) null);
            assertThat(together(() -> map.replace(same, "a", "b"))).containsOnlyOnce(true);
            assertThat(together(() -> map.remove(same, "b"))).containsOnlyOnce(true);
            assertThat(together(() -> map.computeIfAbsent(same, _ -> "c" + calls.incrementAndGet())))
                    .containsOnly("c1");
            assertThat(together(() -> map.entrySet().remove(Map.entry(same, "c1")))).containsOnlyOnce(true);
            assertThat(together(() -> map.merge(same, "d", String::concat))).contains("d", "dd", "ddd", "dddd");
            assertThat(together(() -> map.remove(same)).stream().filter("dddd"::equals)).hasSize(1);
        }
        assertThat(map).isEmpty();
    }

    @Test
    void whoComputesHoldsOffOthersOfTheKeyAndNoReader() throws Exception {
        map.put(1, "a");
        CountDownLatch isInside = new CountDownLatch(1);
        CountDownLatch mayGoOn = new CountDownLatch(1);
        Background<String> computing = Background.call(() -> map.compute(1, (_, value) -> {
            isInside.countDown();
            try {
                mayGoOn.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return value + "b";
        }));
        isInside.await();
        Background<String> putting = Background.call(() -> map.put(1, "c"));
        Background<Boolean> interrupted = Background.call(() -> {
            Thread.currentThread().interrupt();
            String _ = map.merge(1, "d", String::concat);
            return Thread.currentThread().isInterrupted();
        });
        assertThat(map.get(1)).isEqualTo("a");
        assertThat(map.keySet()).containsExactly(1);
        assertThat(map.containsValue("a")).isTrue();
        assertThat(map).hasSize(1);
        putting.staysBlocked();
        mayGoOn.countDown();
        assertThat(computing.get()).isEqualTo("ab");
        assertThat(putting.get()).startsWith("ab");
        assertThat(interrupted.get()).isTrue();
    }

    @Test
    void iteratorsGoOnWhateverBecomesOfTheMap() {
        fill(200);
        Iterator<Map.Entry<Integer, String>> all = map.entrySet().iterator();
        assertThatThrownBy(() -> map.keySet().iterator().remove()).isInstanceOf(IllegalStateException.class);
        Map.Entry<Integer, String> first = all.next();
        map.clear();
        assertThat(all.hasNext()).isTrue(); // it has said that there is one
        assertThat(all.next().getKey()).isNotEqualTo(first.getKey());
        List<Integer> others = new ArrayList<>();
        all.forEachRemaining(entry -> others.add(entry.getKey()));
        assertThat(others).doesNotHaveDuplicates();
        assertThat(all.hasNext()).isFalse();
        assertThatThrownBy(all::next).isInstanceOf(NoSuchElementException.class);
        all.remove(); // which others have done
        assertThatThrownBy(all::remove).isInstanceOf(IllegalStateException.class);
        assertThat(first.setValue("new")).isEqualTo("value " + first.getKey());
        assertThat(map).isEqualTo(Map.of(first.getKey(), "new"));
        assertThat(first).isEqualTo(new AbstractMap.SimpleEntry<>(first.getKey(), "new"));
    }

    @Test
    void allWaysToGoThroughItBearThatOthersPutAndRemove() throws Exception {
        fill(100);
        CountDownLatch isOver = new CountDownLatch(1);
        Background<Void> other = Background.run(() -> {
            for (int i = 0; isOver.getCount() > 0; i++) {
                if (i % 1000 < 500) {
                    map.put(1000 + i % 500, "other");
                } else {
                    map.remove(1000 + i % 500);
                }
            }
        });
        try {
            for (int i = 0; i < 100; i++) {
                assertThat(map.keySet().stream().filter(key -> key < 100).toList()).hasSize(100);
                assertThat(map.values().stream().toList()).doesNotContainNull();
                assertThat(map.entrySet().parallelStream().toArray()).hasSizeGreaterThanOrEqualTo(100);
                assertThat(map.keySet().toArray(new Integer[0])).contains(0, 50, 99);
                assertThat(new HashMap<>(map)).containsEntry(42, "value 42");
                assertThat(map.values()).contains("value 7");
                assertThat(map.toString()).contains("42=value 42");
                int[] count = {0};
                map.forEach((key, _) -> count[0] += key < 100 ? 1 : 0);
                assertThat(count[0]).isEqualTo(100);
            }
        } finally {
            isOver.countDown();
        }
        other.get();
        assertThat(map.keySet().spliterator().hasCharacteristics(Spliterator.SIZED)).isFalse();
        assertThat(map.keySet().spliterator().hasCharacteristics(Spliterator.CONCURRENT | Spliterator.DISTINCT
                | Spliterator.NONNULL)).isTrue();
    }

    @Test
    void viewsAreTheMapAndTakeWhatItTakes() {
        fill(10);
        assertThatThrownBy(() -> map.keySet().add(1)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> map.values().add("x")).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> map.entrySet().add(Map.entry(1, "x")))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(map.keySet().remove(0)).isTrue();
        assertThat(map.keySet().remove(0)).isFalse();
        assertThat(map.keySet().removeAll(List.of(1, 2, 77))).isTrue();
        assertThat(map.keySet().removeIf(key -> key == 3)).isTrue();
        assertThat(map.values().remove("value 4")).isTrue();
        assertThat(map.values().removeAll(List.of("value 5", "x"))).isTrue();
        assertThat(map.entrySet().removeIf(entry -> entry.getValue().endsWith("6"))).isTrue();
        assertThat(map.entrySet().retainAll(List.of(Map.entry(7, "value 7"), Map.entry(8, "x")))).isTrue();
        assertThat(map).isEqualTo(Map.of(7, "value 7"));
        assertThat(map.hashCode()).isEqualTo(Map.of(7, "value 7").hashCode());
        assertThat(map.keySet()).isEqualTo(java.util.Set.of(7));
        assertThat(map.keySet().toArray(new Integer[2])).containsExactly(7, null);
        map.putAll(map);
        map.values().clear();
        assertThat(map.isEmpty() && map.entrySet().isEmpty() && map.values().isEmpty()).isTrue();
        assertThat(map.toString()).isEqualTo("{}");
    }

    @Test
    void replaceAllReplacesWhatIsThereAndPutAllGoesEntryByEntry() throws Exception {
        fill(100);
        Background<Void> other = Background.run(() -> {
            for (int key = 50; key < 100; key++) {
                map.remove(key);
            }
        });
        map.replaceAll((_, value) -> value + "!");
        other.get();
        assertThat(map).hasSize(50);
        assertThat(map.values()).allMatch(value -> value.endsWith("!"));
        assertThatThrownBy(() -> map.putAll(new HashMap<>() {
            private static final long serialVersionUID = 1L;

            @Override
            public void forEach(java.util.function.BiConsumer<? super Integer, ? super String> action) {
                action.accept(200, "x");
                throw new IllegalCallerException("on purpose");
            }
        })).isInstanceOf(IllegalCallerException.class);
        assertThat(map).containsEntry(200, "x");
    }

    @Test
    void aMapIsNotSerialized() throws IOException {
        try (ObjectOutputStream output = new ObjectOutputStream(new ByteArrayOutputStream())) {
            for (Object each : List.of(map, map.keySet(), map.values(), map.entrySet())) {
                assertThatThrownBy(() -> output.writeObject(each)).isInstanceOf(NotSerializableException.class);
            }
        }
    }
}
