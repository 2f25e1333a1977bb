package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import io.cleave.heap.Heap;
import io.cleave.owner.Gate;
import io.cleave.owner.SharedCell;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The operations of queues of numbers, cut off at each of their stores. */
public final class NumberQueueScenarios implements CrashHarness.Scenarios {
    private static final int CAPACITY = 6;
    /** Positions pass 0 on their way, and so the slots' first lap. */
    private static final long START = -3;
    private static final long NEXT = 90;
    private static final long CHECK = 91;

    @Override
    public List<CrashScenario> get() {
        return List.of(
                operation("put", List.of(1L), queue -> queue.offer(2), List.of(List.of(1L, 2L))),
                operation("put-first", List.of(), queue -> queue.offer(2), List.of(List.of(2L))),
                operation("put-full", List.of(1L, 2L, 3L, 4L, 5L, 6L), queue -> queue.offer(7),
                        List.of(List.of(1L, 2L, 3L, 4L, 5L, 6L))),
                operation("put-all", List.of(1L), queue -> queue.offerAll(2, 3, 4),
                        List.of(List.of(1L, 2L), List.of(1L, 2L, 3L), List.of(1L, 2L, 3L, 4L))),
                operation("put-some", List.of(1L, 2L, 3L, 4L, 5L), queue -> queue.offerAll(6, 7),
                        List.of(List.of(1L, 2L, 3L, 4L, 5L, 6L))),
                operation("take", List.of(1L, 2L), HeapLongQueue::poll, List.of(List.of(2L))),
                operation("take-last", List.of(1L), queue -> queue.pollOrElse(0), List.of(List.of())),
                operation("drain", List.of(1L, 2L, 3L), queue -> queue.drainTo(new long[2]), List.of(List.of(3L))),
                operation("clear", List.of(1L, 2L, 3L), HeapLongQueue::clear, List.of(List.of())),
                new Rooted().creation("number-queue-creation"),
                new Rooted().end("number-queue-end", heap -> open(heap).offerAll(1, 2, 3, 4)));
    }

    /** @param after what there may be after each of the operation's steps */
    private static CrashScenario operation(String name, List<Long> before, Consumer<HeapLongQueue> victim,
            List<List<Long>> after) {
        return new Operation("number-queue-" + name, before, victim, after);
    }

    private static final class Rooted extends RootedStructure {
        @Override
        long make(Heap heap, Change change) {
            long header = QueueRing.create(heap, change, null, CAPACITY, QueueLayout.NUMBER_SLOT_BYTES, START);
            RootLayout.header(heap.memory(), header, new RootType(RootKind.LONG_QUEUE, 0, ""));
            return header;
        }

        @Override
        void dismantle(Heap heap, long header) {
            boolean _ = new QueueStructure().dismantle(heap, header, SweepLimit.all());
        }

        @Override
        void walkFrom(Heap heap, long header, Check check) {
            new QueueStructure().walk(heap, header, check);
        }

        @Override
        void use(Heap heap) {
            useAll(open(heap));
        }
    }

    static void create(Heap heap) {
        new Rooted().create(heap);
    }

    private static QueueRing ring(Heap heap) {
        long header = RootedStructure.header(heap);
        return new QueueRing(heap, new Gate(), header, heap.memory().getAcquire(header), RootKind.LONG_QUEUE,
                at -> new SharedCell(heap.memory().segment(), at));
    }

    static HeapLongQueue open(Heap heap) {
        return new HeapLongQueue(ring(heap));
    }

    private static List<Long> content(HeapLongQueue queue) {
        return Arrays.stream(queue.toArray()).boxed().toList();
    }

    /** All further operations work. */
    private static void useAll(HeapLongQueue queue) {
        List<Long> model = new ArrayList<>(content(queue));
        for (long i = 0; i < 4L * CAPACITY; i++) {
            boolean hasRoom = model.size() < CAPACITY;
            if (queue.offer(i) != hasRoom) {
                throw new AssertionError(i + " for " + model);
            }
            if (hasRoom) {
                model.add(i);
            }
            if (i % 3 == 0 && queue.pollOrElse(-1) != model.removeFirst()) {
                throw new AssertionError("not what was before " + model);
            }
            if (!content(queue).equals(model) || queue.size() != model.size()
                    || queue.peek().orElse(-1) != (model.isEmpty() ? -1 : model.getFirst())) {
                throw new AssertionError(queue + " instead of " + model);
            }
        }
        queue.clear();
        if (!queue.isEmpty() || queue.poll().isPresent()) {
            throw new AssertionError(queue + " is left");
        }
    }

    /** One operation on a queue with some content; the next puts and takes, and so comes by both locks. */
    private record Operation(String name, List<Long> before, Consumer<HeapLongQueue> deed,
            List<List<Long>> after) implements CrashScenario {
        @Override
        public long maximumBytes() {
            return 2 << 20;
        }

        @Override
        public void prepare(Heap heap) {
            create(heap);
            before.forEach(open(heap)::offer);
            ring(heap).takers().announce(false); // as if somebody slept
            ring(heap).putters().announce(false);
        }

        @Override
        public void victim(Heap heap) {
            deed.accept(open(heap));
        }

        @Override
        public void next(Heap heap) {
            boolean _ = open(heap).offer(NEXT);
            long _ = open(heap).pollOrElse(0);
        }

        private List<List<Long>> afterVictim(boolean hasDied) {
            List<List<Long>> states = new ArrayList<>(after);
            states.addFirst(before);
            return hasDied ? states : List.of(after.getLast());
        }

        private static List<Long> withPut(List<Long> content) {
            List<Long> after = new ArrayList<>(content);
            if (content.size() < CAPACITY) {
                after.add(NEXT);
            }
            return after;
        }

        private static List<Long> withTake(List<Long> content) {
            return content.isEmpty() ? content : content.subList(1, content.size());
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            List<List<Long>> allowed = new ArrayList<>();
            for (List<Long> state : afterVictim(hasVictimDied)) {
                if (hasNextDied == null || hasNextDied) {
                    allowed.add(state);
                }
                if (hasNextDied != null) {
                    allowed.add(withTake(withPut(state)));
                    if (hasNextDied) {
                        allowed.add(withPut(state));
                    }
                }
            }
            HeapLongQueue queue = open(heap);
            List<Long> content = new ArrayList<>(content(queue));
            if (!allowed.contains(content)) {
                throw new AssertionError(content + " is none of " + allowed);
            }
            boolean isIn = queue.offer(CHECK); // counts in what a dead one has put
            if (isIn != content.size() < CAPACITY) {
                throw new AssertionError(CHECK + " was " + (isIn ? "" : "not ") + "put into " + content);
            }
            if (isIn) {
                content.add(CHECK);
            }
            if (!content(queue).equals(content) || queue.size() != content.size()) {
                throw new AssertionError(queue + " instead of " + content);
            }
            useAll(queue);
        }

        @Override
        public void look(Heap heap, boolean hasNextDied) {
            if (!hasNextDied && !afterVictim(true).contains(content(open(heap)))) {
                throw new AssertionError("a reader sees " + open(heap) + ", none of " + afterVictim(true));
            }
        }

        @Override
        public void walk(Heap heap, Check check) {
            new Rooted().walk(heap, check);
        }
    }
}
