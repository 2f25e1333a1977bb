package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.StaleReferenceException;
import io.cleave.fission.Fission;
import io.cleave.heap.HeapMemory;
import io.cleave.testing.Delays;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who keeps the memory of live objects: threads that open one at once, forked children, heaps that are closed. */
class LiveHoldersTest {
    private SharedHeap heap;

    /** An object with a primitive. */
    interface Counter {
        long count();

        void count(long value);

        long incrementAndGetCount();
    }

    @BeforeEach
    void open() {
        heap = SharedHeap.create("holders" + ProcessHandle.current().pid(), 16 << 20);
    }

    @AfterEach
    void close() {
        HeapVerification report = heap.verify();
        assertThat(report.isSound()).as(report::toString).isTrue();
        heap.close();
    }

    private static long header(Object handle) {
        return ((HeapObject) LiveClass.fields(handle)).versionAt() - ObjectLayout.VERSION;
    }

    private static long holderAt(long header, int index) {
        return header + ObjectLayout.FIRST_HOLDER + index * (long) Long.BYTES;
    }

    private static int holders(HeapMemory memory, long header) {
        int count = 0;
        for (int i = 0; i < ObjectLayout.HOLDERS; i++) {
            count += memory.getAcquire(holderAt(header, i)) == 0 ? 0 : 1;
        }
        return count;
    }

    @Test
    void threadsThatOpenAnObjectAtOnceHaveOneHandle() throws Exception {
        int threads = 4;
        CyclicBarrier start = new CyclicBarrier(threads);
        try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            for (int round = 0; round < 200; round++) {
                String name = "counter " + round;
                List<Future<Counter>> opened = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    opened.add(executor.submit(() -> {
                        int _ = start.await();
                        return heap.object(name, Counter.class);
                    }));
                }
                Counter first = opened.getFirst().get();
                for (Future<Counter> each : opened) {
                    assertThat(each.get()).isSameAs(first);
                }
                assertThat(holders(heap.heap().memory(), header(first))).isEqualTo(1);
            }
        }
    }

    @Test
    void aForkedChildThatStoresHoldsTheObjectItself() {
        Counter counter = heap.object("counter", Counter.class);
        counter.count(5);
        HeapMemory memory = heap.heap().memory();
        long header = header(counter);
        try (Fission fission = Fission.builder().children(1).warmUp(0).build()) {
            List<String> seen = fission.map(List.of(1), _ -> {
                long before = counter.count();
                int holdersBefore = holders(memory, header);
                counter.count(7);
                long sum = counter.incrementAndGetCount();
                Live.update(counter, it -> it.count(it.count() + 1));
                boolean isSame = Objects.equals(heap.object("counter", Counter.class), counter);
                return before + " " + holdersBefore + " " + sum + " " + holders(memory, header) + " " + isSame;
            });
            assertThat(seen).containsExactly("5 1 8 2 true");
        }
        assertThat(counter.count()).isEqualTo(9);
    }

    @Test
    void aForkedChildDoesNotStoreIntoWhatItsParentHasLetGo() {
        Counter counter = heap.object("counter", Counter.class);
        HeapMemory memory = heap.heap().memory();
        long header = header(counter);
        try (Fission fission = Fission.builder().children(1).warmUp(0).build()) {
            List<Long> seen = fission.map(List.of(1), _ -> {
                memory.setRelease(holderAt(header, 0), 0); // as when the parent's collector has found the handle
                assertThat(heap.drop("counter")).isTrue();
                Counter next = heap.object("next", Counter.class);
                assertThat(header(next)).as("the memory is used again").isEqualTo(header);
                assertThatThrownBy(() -> counter.count(7)).isInstanceOf(StaleReferenceException.class);
                assertThatThrownBy(counter::incrementAndGetCount).isInstanceOf(StaleReferenceException.class);
                assertThatThrownBy(counter::count).isInstanceOf(StaleReferenceException.class);
                return next.count();
            });
            assertThat(seen).containsExactly(0L);
        }
    }

    @Test
    @SuppressWarnings("try") // to close it by hand, while it is used, is what is tested
    void nothingIsStoredByAHandleAfterItsHeapHasGivenTheObjectBack() throws Exception {
        for (int round = 0; round < 20; round++) {
            long header;
            try (SharedHeap other = SharedHeap.open(heap.name());
                    ExecutorService executor = Executors.newFixedThreadPool(2)) {
                Counter counter = other.object("counter", Counter.class);
                header = header(counter);
                Future<?> storing = executor.submit(() -> {
                    for (long i = 0; i < Long.MAX_VALUE; i++) {
                        counter.count(i);
                    }
                });
                HeapMemory memory = heap.heap().memory();
                long fields = memory.getPlain(header + ObjectLayout.FIELDS);
                long at = header;
                assertThat(Delays.within(Delays.PATIENCE, () -> memory.getAcquire(fields) > 0)).isTrue();
                Future<Long> watching = executor.submit(() -> {
                    while (holders(memory, at) != 0) {
                        Thread.onSpinWait();
                    }
                    return memory.getAcquire(fields);
                });
                other.close();
                assertThatThrownBy(storing::get).hasCauseInstanceOf(IllegalStateException.class);
                assertThat(memory.getAcquire(fields)).isEqualTo(watching.get());
                assertThatThrownBy(() -> counter.count(1)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(counter::count).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> Live.update(counter, it -> it.count(1)))
                        .isInstanceOf(IllegalStateException.class);
            }
            assertThat(heap.drop("counter")).isTrue();
        }
    }

    @Test
    void whatWasDroppedBeforeManyThatAreHeldIsFreedOnceItIsHeldNoMore() {
        SharedMap<Integer, Counter> counters = heap.map("counters", Integer.class,
                StructureType.ofObject(Counter.class));
        List<Counter> held = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            counters.computeIfAbsent(i, _ -> heap.object("source", Counter.class)).count(i);
            held.add(counters.get(i));
        }
        counters.clear();
        HeapMemory memory = heap.heap().memory();
        long header = header(held.getFirst());
        long generation = memory.getAcquire(header);
        assertThat(holders(memory, header)).isEqualTo(1);
        assertThatThrownBy(() -> held.getFirst().count(1)).isInstanceOf(StaleReferenceException.class);
        memory.setRelease(holderAt(header, 0), 0); // as when the collector has found the handle
        SharedMap<Integer, Set<Integer>> others = heap.map("others", Integer.class, StructureType.set(Integer.class));
        try {
            assertThat(Delays.within(Delays.PATIENCE, () -> {
                others.put(1, Set.of(1));
                others.clear();
                return memory.getAcquire(header) != generation;
            })).isTrue();
            for (Counter each : held.subList(1, held.size())) {
                assertThat(holders(memory, header(each))).isEqualTo(1);
            }
        } finally {
            Reference.reachabilityFence(held);
        }
    }

    @Test
    void moreHandlesThanAHeaderHasWordsForHoldAnObject() {
        List<SharedHeap> others = new ArrayList<>();
        try {
            for (int i = 0; i < 2 * ObjectLayout.HOLDERS; i++) {
                SharedHeap other = SharedHeap.open(heap.name());
                others.add(other);
                other.object("counter", Counter.class).count(i);
            }
            Counter last = others.getLast().object("counter", Counter.class);
            assertThat(last.count()).isEqualTo(2 * ObjectLayout.HOLDERS - 1);
        } finally {
            others.forEach(SharedHeap::close);
        }
        long used = heap.statistics().usedBytes();
        assertThat(heap.drop("counter")).isTrue();
        assertThat(heap.statistics().usedBytes()).isLessThan(used);
    }
}
