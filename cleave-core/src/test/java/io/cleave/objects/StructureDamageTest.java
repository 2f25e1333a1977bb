package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.CleaveException;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.heap.TestSpace;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each word of a list and of a queue, changed to what it should not be: whatever is done then is done, or is an error that
 * says so, and ends.
 */
class StructureDamageTest {
    private static final int ELEMENTS = 700;
    private static final long[] RUBBISH = {0, 1, -1, 7, 1000, 4096, 1L << 31, (1L << 31) - 1, 1L << 40, Long.MAX_VALUE,
            Long.MIN_VALUE, 0x1234_5678_9abc_def0L, -4096};

    private final TestSpace space = new TestSpace(1 << 20);
    private int readable;
    private int refused;

    @AfterEach
    void close() {
        space.close();
    }

    private Heap fresh() {
        space.clear();
        Heap.format(space, 42);
        return Heap.attach(space);
    }

    private void attempt(Runnable use) {
        try {
            use.run();
            readable++;
        } catch (CleaveException e) {
            refused++;
        }
    }

    private static void useList(List<String> list, int way) {
        switch (way) {
            case 0 -> {
                Object[] _ = list.toArray();
            }
            case 1 -> {
                for (int i = Math.min(list.size(), 2 * ELEMENTS) - 1; i >= 0; i -= 100) {
                    String _ = list.get(i);
                }
            }
            case 2 -> list.add(list.size() / 2, "inserted, in a block");
            case 3 -> list.add("x");
            case 4 -> list.addAll(Collections.nCopies(300, "added, in a block"));
            case 5 -> {
                if (!list.isEmpty()) {
                    String _ = list.set(list.size() / 3, "set, in a block");
                    String _ = list.remove(list.size() / 2);
                }
            }
            case 6 -> list.sort((one, other) -> String.valueOf(one).compareTo(String.valueOf(other)));
            case 7 -> {
                boolean _ = list.removeIf(each -> each == null || each.length() > 4);
            }
            default -> list.clear();
        }
    }

    private void damageList(Heap heap, long at, long rubbish) {
        heap.memory().setPlain(at, rubbish);
        for (int way = 0; way < 9; way++) {
            int one = way;
            attempt(() -> useList(ListScenarios.open(heap), one));
        }
    }

    private static Heap withList(Heap heap) {
        ListScenarios.create(heap);
        List<String> list = ListScenarios.open(heap);
        for (int i = 0; i < ELEMENTS; i++) {
            list.add(i / 2, i % 9 == 4 ? "longer than a slot " + i : "t" + i); // nodes become irregular
        }
        return heap;
    }

    private static long header(Heap heap) {
        return heap.memory().getPlain(heap.rootAt(0));
    }

    @Test
    void aListWhoseWordsWereChangedIsReadOrRefused() {
        long header = header(withList(fresh()));
        for (long at = ListLayout.VERSION; at < ListLayout.OWN_END; at += Long.BYTES) {
            for (long rubbish : RUBBISH) {
                damageList(withList(fresh()), header + at, rubbish);
            }
        }
        assertThat(readable).isPositive();
        assertThat(refused).isPositive();
    }

    @Test
    void aListWhoseNodesWereChangedIsReadOrRefused() {
        for (int word : new int[] {0, 1, 2, 3, ListLayout.FANOUT, ListLayout.FANOUT + 1, ListLayout.FANOUT + 2}) {
            for (long rubbish : RUBBISH) {
                Heap heap = withList(fresh());
                HeapMemory memory = heap.memory();
                long stateAt = ListLayout.stateAt(header(heap), memory.getPlain(header(heap) + ListLayout.VERSION));
                long root = ListLayout.offset(memory.getPlain(stateAt + ListLayout.TREE_IN_STATE));
                damageList(heap, root + (long) word * Long.BYTES, rubbish);
            }
        }
        assertThat(readable).isPositive();
        assertThat(refused).isPositive();
    }

    @ParameterizedTest
    @EnumSource(names = {"QUEUE", "STACK"})
    @SuppressWarnings("ReturnValueIgnored") // it is the calling that matters
    void aQueueWhoseWordsWereChangedIsReadOrRefused(RootKind kind) {
        List<Consumer<Queue<String>>> ways = List.of(queue -> new ArrayList<>(queue), Queue::peek, Queue::size,
                queue -> queue.offer("x"), queue -> queue.offer("long ".repeat(50)), Queue::poll,
                queue -> queue.remove("c"), queue -> queue.removeIf(each -> each.length() > 1), Queue::clear);
        damageQueue(heap -> {
            QueueScenarios.create(heap, kind);
            QueueScenarios.open(heap, kind).addAll(List.of("a", "long ".repeat(60), "c", "d"));
        }, heap -> ways.forEach(way -> attempt(() -> way.accept(QueueScenarios.open(heap, kind)))));
    }

    @Test
    @SuppressWarnings("ReturnValueIgnored") // it is the calling that matters
    void aQueueOfNumbersWhoseWordsWereChangedIsReadOrRefused() {
        List<Consumer<HeapLongQueue>> ways = List.of(HeapLongQueue::toArray, HeapLongQueue::peek, HeapLongQueue::size,
                queue -> queue.offer(1), queue -> queue.offerAll(1, 2, 3), HeapLongQueue::poll,
                queue -> queue.pollOrElse(0), queue -> queue.drainTo(new long[2]), HeapLongQueue::clear);
        damageQueue(heap -> {
            NumberQueueScenarios.create(heap);
            NumberQueueScenarios.open(heap).offerAll(1, 2, 3, 4);
        }, heap -> ways.forEach(way -> attempt(() -> way.accept(NumberQueueScenarios.open(heap)))));
    }

    private void damageQueue(Consumer<Heap> make, Consumer<Heap> use) {
        for (long block : new long[] {0, QueueLayout.HEAD_BLOCK, QueueLayout.TAIL_BLOCK, QueueLayout.CHUNKS}) {
            long first = block == 0 ? RootLayout.OWN_IN_HEADER
                    : block == QueueLayout.CHUNKS ? 0 : QueueLayout.FIRST_IN_BLOCK;
            long end = block == 0 ? QueueLayout.OWN_END : QueueLayout.LOCK;
            for (long at = first; at < end; at += Long.BYTES) {
                for (long rubbish : RUBBISH) {
                    Heap heap = fresh();
                    make.accept(heap);
                    long header = header(heap);
                    heap.memory().setPlain((block == 0 ? header : heap.memory().getPlain(header + block)) + at,
                            rubbish);
                    use.accept(heap);
                }
            }
        }
        assertThat(readable).isPositive();
        assertThat(refused).isPositive();
    }
}
