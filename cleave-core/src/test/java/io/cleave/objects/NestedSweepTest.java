package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.IncompatibleBlockException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Gate;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is dropped is freed, by whomever and under whatever locks, and holds up nobody. */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NestedSweepTest {
    private static final StructureType<List<Long>> LISTS = StructureType.list(Long.class);
    private static final StructureType<Map<Long, Long>> MAPS = StructureType.map(Long.class, Long.class);
    /** Bytes that a heap without names has in use: the table of names, and what it is rounded up to. */
    private static final long EMPTY_BYTES = RootLayout.TABLE_BYTES + 64;

    private SharedHeap heap;

    @BeforeEach
    void open() {
        heap = SharedHeap.create("sweep" + ProcessHandle.current().pid(), 64 << 20);
    }

    @AfterEach
    void close() {
        heap.close();
    }

    private long usedBytes() {
        HeapVerification report = heap.verify();
        assertThat(report.isSound()).as(report::toString).isTrue();
        return report.usedBytes();
    }

    private void assertNothingIsLeft() {
        for (String name : heap.names()) {
            assertThat(heap.drop(name)).isTrue();
        }
        assertThat(usedBytes()).isLessThanOrEqualTo(EMPTY_BYTES);
    }

    /** Numbers of which each takes a block. */
    private static List<Long> large(int count) {
        return LongStream.range(0, count).mapToObj(i -> Long.MAX_VALUE / 3 * 2 - i).toList();
    }

    private LooseLists lists() {
        return new LooseLists(heap.heap());
    }

    /** An empty list that is being made, by a worker of that number. */
    private long making(long worker) {
        Heap of = heap.heap();
        long header = lists().make(RootKind.LIST, change -> SlotList.createHeld(of, change, false));
        of.memory().setRelease(header + RootLayout.WORKER_IN_HEADER, worker);
        return header;
    }

    /** The owner of a process that has ended: one that had the slot of this before. */
    private static long dead() {
        return Participants.me() ^ 1L << ParticipantsLayout.GENERATION_SHIFT;
    }

    @Test
    void anEntryMayBeRemovedUnderTheLockOfItsOwnStructure() {
        SharedMap<Long, Map<Long, Long>> outer = heap.map("outer", Long.class, MAPS);
        outer.put(1L, Map.of(1L, 2L));
        Map<Long, Long> inner = outer.get(1L);
        assertThatCode(() -> inner.compute(1L, (_, value) -> {
            assertThat(outer.keySet().remove(1L)).isTrue();
            return value;
        })).doesNotThrowAnyException();
        assertThat(outer).isEmpty();
        outer.put(2L, Map.of()); // sweeps
        assertThatThrownBy(inner::size).isInstanceOf(StaleReferenceException.class);
        assertNothingIsLeft();
    }

    @Test
    void twoWhoRemoveEachOthersStructuresDoNotWaitForEachOther() throws Exception {
        SharedMap<Long, Map<Long, Long>> outer = heap.map("outer", Long.class, MAPS);
        outer.putAll(Map.of(0L, Map.of(), 1L, Map.of()));
        CyclicBarrier barrier = new CyclicBarrier(2);
        List<Thread> threads = new ArrayList<>();
        for (long mine = 0; mine < 2; mine++) {
            Map<Long, Long> inner = outer.get(mine);
            long others = 1 - mine;
            threads.add(Thread.ofPlatform().daemon().start(() -> inner.compute(7L, (_, _) -> {
                await(barrier);
                boolean _ = outer.keySet().remove(others);
                return 1L;
            })));
        }
        for (Thread thread : threads) {
            assertThat(thread.join(Delays.PATIENCE)).isTrue();
        }
        assertThat(outer).isEmpty();
        assertNothingIsLeft();
    }

    @Test
    void whoRemovesByContentDoesNotWaitForWhoRemovesUnderTheInnerLock() throws Exception {
        SharedMap<Long, Map<Long, Long>> outer = heap.map("outer", Long.class, MAPS);
        SharedList<Map<Long, Long>> list = heap.list("list", MAPS);
        for (int i = 0; i < 2; i++) {
            outer.put(1L, Map.of());
            list.add(Map.of());
            Map<Long, Long> inner = i == 0 ? outer.get(1L) : list.get(0);
            CyclicBarrier barrier = new CyclicBarrier(2);
            Thread changing = Thread.ofPlatform().daemon().start(() -> inner.compute(7L, (_, _) -> {
                await(barrier);
                Delays.pause(Delays.SHORT); // the other one comes by the outer lock meanwhile
                boolean _ = outer.keySet().remove(1L);
                list.clear();
                return 1L;
            }));
            Thread removing = Thread.ofPlatform().daemon().start(() -> {
                await(barrier);
                boolean _ = outer.values().removeIf(Map::isEmpty);
                boolean _ = list.removeIf(Map::isEmpty);
                boolean _ = list.remove(Map.of());
            });
            assertThat(changing.join(Delays.PATIENCE)).isTrue();
            assertThat(removing.join(Delays.PATIENCE)).isTrue();
            assertThat(outer).isEmpty();
            assertThat(list).isEmpty();
        }
        assertNothingIsLeft();
    }

    private static void await(CyclicBarrier barrier) {
        try {
            int _ = barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aNameMayBeDroppedUnderTheLockOfWhatItLedTo() {
        SharedMap<Long, Long> map = heap.map("map", Long.class, Long.class);
        map.compute(1L, (_, _) -> {
            assertThat(heap.drop("map")).isTrue();
            return null;
        });
        assertThat(heap.names()).isEmpty();
        assertThat(heap.drop("map")).isFalse(); // frees it
        assertThat(usedBytes()).isLessThanOrEqualTo(EMPTY_BYTES);
    }

    @Test
    void theCopyOfAStructureThatIsHalfFreedIsRefused() {
        StructureType<Map<Long, List<Long>>> deep = StructureType.map(Long.class, LISTS);
        SharedMap<Long, Map<Long, List<Long>>> outer = heap.map("outer", Long.class, deep);
        SharedMap<Long, List<Long>> other = heap.map("other", Long.class, LISTS);
        outer.put(1L, Map.of(1L, List.of(2L)));
        Map<Long, List<Long>> inner = outer.get(1L);
        HeapMemory memory = heap.heap().memory();
        other.computeIfAbsent(1L, _ -> { // nothing is swept within
            assertThat(outer.keySet().remove(1L)).isTrue();
            long header = memory.getPlain(heap.heap().rootAt(RootLayout.FIRST_FREED));
            long root = memory.getPlain(header + MapLayout.ROOT);
            memory.setRelease(header + MapLayout.ENDED_ROOT, root); // the first step of who frees it, who dies then
            memory.setRelease(header + MapLayout.ROOT, 0);
            assertThatThrownBy(() -> outer.put(2L, inner)).isInstanceOf(StaleReferenceException.class);
            return List.of();
        });
        assertThat(outer).isEmpty();
        assertNothingIsLeft();
    }

    @Test
    void anOperationSucceedsWhereWhatItSweepsIsDamaged() {
        SharedMap<Long, List<Long>> outer = heap.map("outer", Long.class, LISTS);
        outer.putAll(Map.of(1L, large(3), 2L, List.of(), 3L, List.of(5L)));
        HeapMemory memory = heap.heap().memory();
        SlotList slots = ((HeapList<Long>) outer.get(1L)).slots();
        long treeAt = ListLayout.stateAt(slots.header(), ListLayout.versionAcquire(memory, slots.header()))
                + ListLayout.TREE_IN_STATE;
        long tree = memory.getPlain(treeAt);
        List<Long> gone = outer.get(3L);
        memory.setPlain(treeAt, tree + (1L << 40));
        assertThat(outer.keySet().remove(1L)).isTrue();
        assertThat(outer.keySet().remove(3L)).isTrue();
        assertThatThrownBy(gone::size).isInstanceOf(StaleReferenceException.class); // damage holds up nothing else
        assertThat(heap.set("set", Long.class)).isEmpty();
        assertThatThrownBy(() -> heap.drop("set")).isInstanceOf(IncompatibleBlockException.class);
        assertThat(heap.names()).containsExactly("outer");
        memory.setPlain(treeAt, tree);
        long spareAt = slots.header() + ListLayout.SPARE_TREE;
        if (memory.getPlain(spareAt) != 0) {
            memory.setPlain(spareAt, tree);
        }
        assertNothingIsLeft();
    }

    @Test
    void aSmallOperationFreesAPartOfWhatIsLarge() {
        SharedMap<Long, List<Long>> outer = heap.map("outer", Long.class, LISTS);
        outer.put(2L, List.of());
        long before = usedBytes();
        outer.put(1L, large(20_000));
        assertThat(outer.keySet().remove(1L)).isTrue();
        long left = usedBytes();
        assertThat(left).isGreaterThan(before + 15_000 * 16);
        outer.put(3L, List.of());
        assertThat(outer.keySet().remove(3L)).isTrue();
        assertThat(usedBytes()).isLessThan(left);
        for (int i = 0; i < 10; i++) {
            outer.put(3L, List.of());
            assertThat(outer.keySet().remove(3L)).isTrue();
        }
        assertThat(usedBytes()).isEqualTo(before);
        outer.put(1L, large(20_000));
        assertThat(outer.keySet().remove(1L)).isTrue();
        assertThat(heap.drop("nothing")).isFalse(); // frees all
        assertThat(usedBytes()).isEqualTo(before);
        assertNothingIsLeft();
    }

    @Test
    void aSmallOperationFreesAPartOfALargeMap() {
        SharedMap<Long, Map<Long, Long>> outer = heap.map("outer", Long.class, MAPS);
        outer.put(2L, Map.of());
        long before = usedBytes();
        outer.put(1L, Map.of());
        Map<Long, Long> inner = outer.get(1L);
        for (long i = 0; i < 20_000; i++) {
            inner.put(i, i);
        }
        assertThat(outer.keySet().remove(1L)).isTrue();
        assertThat(usedBytes()).isGreaterThan(before + 15_000 * 32);
        for (int i = 0; i < 10; i++) {
            outer.put(3L, Map.of());
            assertThat(outer.keySet().remove(3L)).isTrue();
            assertThatThrownBy(() -> inner.put(1L, 1L)).isInstanceOf(StaleReferenceException.class);
        }
        assertThat(usedBytes()).isEqualTo(before);
        assertNothingIsLeft();
    }

    @Test
    void aHeapIsFullOnlyOnceNothingOfTheDeadIsLeft() {
        SharedMap<Long, List<Long>> outer = heap.map("outer", Long.class, LISTS);
        SharedMap<Long, byte[]> bytes = heap.map("bytes", Long.class, byte[].class);
        outer.put(1L, List.of(1L));
        long used = usedBytes();
        Heap of = heap.heap();
        long header = making(Participants.me());
        new HeapList<>(new SlotList(of, new Gate(), header, of.memory().getPlain(header), SlotKind.VALUES),
                ValueEncoding.of(byte[].class)).add(new byte[40 << 20]);
        of.memory().setRelease(header + RootLayout.WORKER_IN_HEADER, dead());
        bytes.put(1L, new byte[40 << 20]);
        assertThat(bytes.get(1L)).hasSize(40 << 20);
        bytes.clear();
        assertThat(usedBytes()).isEqualTo(used);
        assertNothingIsLeft();
    }

    @Test
    void aListOfStructuresWithoutAnOwnerThatIsARingIsDamage() {
        SharedMap<Long, List<Long>> outer = heap.map("outer", Long.class, LISTS);
        HeapMemory memory = heap.heap().memory();
        long living = Participants.newOwner();
        long last = making(living);
        long first = making(living);
        memory.setRelease(last + RootLayout.NEXT_IN_HEADER, first);
        assertThatThrownBy(() -> heap.drop("nothing")).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("without an owner is damaged");
        outer.put(1L, List.of(2L));
        assertThat(outer.get(1L)).containsExactly(2L);
        memory.setRelease(last + RootLayout.NEXT_IN_HEADER, 0);
        for (long made : new long[] {first, last}) {
            memory.setRelease(made + RootLayout.WORKER_IN_HEADER, dead());
        }
        assertNothingIsLeft();
    }

    @Test
    void whatTheDeadHaveLeftIsFoundBehindManyThatAreBeingMade() {
        SharedMap<Long, List<Long>> outer = heap.map("outer", Long.class, LISTS);
        outer.put(1L, List.of());
        long living = Participants.newOwner();
        long left = making(dead());
        List<Long> others = new ArrayList<>();
        for (int i = 0; i < 2500; i++) {
            others.add(making(living));
        }
        HeapMemory memory = heap.heap().memory();
        assertThat(Delays.within(Delays.PATIENCE, () -> {
            outer.put(1L, List.of());
            return (memory.getAcquire(left) & 1) == 0;
        })).isTrue();
        others.forEach(each -> memory.setRelease(each + RootLayout.WORKER_IN_HEADER, dead()));
        assertNothingIsLeft();
    }

    @Test
    void whatAThreadHasLeftThatLivesIsFreedToo() {
        SharedMap<Long, List<Long>> outer = heap.map("outer", Long.class, LISTS);
        long mine = making(Participants.me());
        HeapMemory memory = heap.heap().memory();
        outer.computeIfAbsent(1L, _ -> {
            assertThat(heap.drop("nothing")).isFalse();
            assertThat(memory.getAcquire(mine) & 1).isEqualTo(1); // it may be that of this operation
            return List.of();
        });
        assertThat(heap.drop("nothing")).isFalse();
        assertThat(memory.getAcquire(mine) & 1).isZero();
        long others = making(LooseLists.ABANDONED);
        assertThat(heap.drop("nothing")).isFalse();
        assertThat(memory.getAcquire(others) & 1).isZero();
        assertNothingIsLeft();
    }

    @Test
    void anOperationOnOneHeapDoesNotHoldUpTheSweepsOfAnother() {
        SharedMap<Long, List<Long>> outer = heap.map("outer", Long.class, LISTS);
        try (SharedHeap second = SharedHeap.create("second" + ProcessHandle.current().pid(), 8 << 20)) {
            SharedMap<Long, List<Long>> others = second.map("others", Long.class, LISTS);
            others.put(1L, List.of(1L));
            List<Long> gone = others.get(1L);
            outer.computeIfAbsent(1L, _ -> {
                assertThat(others.keySet().remove(1L)).isTrue();
                assertThatThrownBy(gone::size).isInstanceOf(StaleReferenceException.class);
                return List.of();
            });
        }
        assertNothingIsLeft();
    }
}
