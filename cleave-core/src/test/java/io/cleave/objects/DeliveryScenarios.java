package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import io.cleave.heap.Heap;
import io.cleave.owner.Gate;
import io.cleave.owner.Patience;
import io.cleave.owner.SharedCell;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is done with the table of a queue, cut off at each of its stores. Elements are records, which are always read
 * by way of the table. Whoever has received something ends without acknowledging it, by a death or not, so that it is back.
 */
public final class DeliveryScenarios implements CrashHarness.Scenarios {
    private static final int QUEUE = 0;
    private static final int LOCK = 15;
    private static final int CAPACITY = 40;
    private static final String LONG = "long ".repeat(50);
    private static final ValueEncoding<Job> ENCODING = ValueEncoding.of(Job.class);

    /** An element whose reading runs code of its class. */
    record Job(String text) {}

    private interface Deed extends Consumer<SharedQueue<Job>> {}

    @Override
    public List<CrashScenario> get() {
        List<CrashScenario> all = new ArrayList<>();
        for (RootKind kind : List.of(RootKind.QUEUE, RootKind.STACK)) {
            List<String> some = List.of("a", LONG, "c");
            List<String> rest = List.of(LONG, "c");
            List<String> large = List.of(LONG, "b");
            all.add(operation(kind, "take", some, SharedQueue::poll, List.of(some, rest)));
            all.add(operation(kind, "take-long", large, SharedQueue::poll, List.of(large, List.of("b"))));
            all.add(operation(kind, "drain", some, queue -> queue.drainTo(new ArrayList<>()),
                    List.of(some, List.of())));
            all.add(operation(kind, "receive", some, DeliveryScenarios::received, List.of(some)));
            all.add(operation(kind, "receive-two", some, queue -> {
                received(queue);
                received(queue);
            }, List.of(some)));
            all.add(operation(kind, "acknowledge", some, queue -> received(queue).acknowledge(),
                    List.of(some, rest)));
            all.add(operation(kind, "acknowledge-long", large, queue -> received(queue).acknowledge(),
                    List.of(large, List.of("b"))));
            all.add(operation(kind, "close", some, queue -> received(queue).close(), List.of(some)));
            all.add(after(kind, "receive-returned", some, queue -> received(queue).close(),
                    queue -> received(queue).acknowledge(), List.of(some, rest)));
            all.add(after(kind, "take-returned", some, queue -> received(queue).close(), SharedQueue::poll,
                    List.of(some, rest)));
            all.add(after(kind, "remove-returned", some, queue -> received(queue).close(),
                    queue -> queue.remove(new Job("a")), List.of(some, rest)));
            all.add(after(kind, "clear-returned", some, queue -> received(queue).close(), SharedQueue::clear,
                    List.of(some, rest, List.of())));
            List<String> five = List.of("a", LONG, "c", "d", "e");
            List<String> four = List.of(LONG, "c", "d", "e");
            all.add(operation(kind, "close-some", five, DeliveryScenarios::giveBackMixed, List.of(five)));
            all.add(after(kind, "take-one-of-some", five, DeliveryScenarios::giveBackMixed, SharedQueue::poll,
                    List.of(five, four)));
            all.add(after(kind, "remove-some-returned", five, DeliveryScenarios::giveBackMixed,
                    queue -> queue.removeIf(job -> !job.text().equals("c") && !job.text().equals("d")),
                    List.of(five, four, List.of("c", "d", "e"), List.of("c", "d"))));
            List<String> many = new ArrayList<>();
            for (int i = 0; i < QueueLayout.FIRST_ENTRIES + 1; i++) {
                many.add(i == 5 ? LONG : "job " + i);
            }
            all.add(operation(kind, "receive-many", many, queue -> {
                while (queue.tryReceive() != null) {
                    Thread.onSpinWait();
                }
            }, List.of(many)));
            all.add(new End(kind));
        }
        return all;
    }

    private static Delivery<Job> received(SharedQueue<Job> queue) {
        return Objects.requireNonNull(queue.tryReceive());
    }

    /** Receives all, and gives it back in an order of neither kind. */
    private static void giveBackMixed(SharedQueue<Job> queue) {
        List<Delivery<Job>> open = List.of(received(queue), received(queue), received(queue), received(queue),
                received(queue));
        for (int i : new int[] {3, 1, 4, 0, 2}) {
            open.get(i).close();
        }
    }

    private static CrashScenario operation(RootKind kind, String name, List<String> before, Deed victim,
            List<List<String>> steps) {
        return after(kind, name, before, _ -> {}, victim, steps);
    }

    private static CrashScenario after(RootKind kind, String name, List<String> before, Deed preparation, Deed victim,
            List<List<String>> steps) {
        return new Operation(kind, kind.word() + "-" + name, before, preparation, victim, steps);
    }

    private static void create(Heap heap, RootKind kind) {
        try (Change change = heap.change()) {
            long header = QueueRing.create(heap, change, ENCODING.schema(), CAPACITY,
                    QueueLayout.slotBytes(Job.class), 0);
            RootLayout.header(heap.memory(), header, new RootType(kind, 0, ""));
            change.set(heap.rootAt(QUEUE), header);
            change.commit();
        }
    }

    private static long header(Heap heap) {
        return heap.memory().getPlain(heap.rootAt(QUEUE));
    }

    private static HeapQueue<Job> open(Heap heap, RootKind kind) {
        QueueRing ring = new QueueRing(heap, new Gate(), header(heap), heap.memory().getAcquire(header(heap)), kind,
                at -> new SharedCell(heap.memory().segment(), at));
        return new HeapQueue<>("test", ring, ENCODING, ConcurrentHashMap.newKeySet());
    }

    /** Takes the lock over, and so finishes what a dead process has begun to receive: only then it is seen to have it. */
    private static void finish(Heap heap, RootKind kind) throws InterruptedException {
        QueueClaim nothing = new QueueClaim();
        boolean _ = nothing.close();
        Job _ = open(heap, kind).take(nothing, Patience.UNINTERRUPTIBLY);
    }

    /** Puts what is to be taken in this order. */
    private static void fill(SharedQueue<Job> queue, RootKind kind, List<String> content) {
        (kind == RootKind.STACK ? content.reversed() : content).forEach(text -> queue.add(new Job(text)));
    }

    private static void walkQueue(Heap heap, Check check) {
        if (header(heap) != 0) {
            new QueueStructure().walk(heap, header(heap), check);
        }
    }

    /** What is left, with what the dead have received. */
    private static List<String> content(SharedQueue<Job> queue) {
        try (Delivery<Job> delivery = queue.tryReceive()) { // who receives brings back what the dead have
            if (delivery == null) {
                return List.of();
            }
        }
        if (queue.inFlight() != 0) {
            throw new AssertionError(queue.inFlight() + " are in flight");
        }
        List<String> content = new ArrayList<>();
        for (Job job : queue) {
            content.add(job.text());
        }
        if (queue.size() != content.size()) {
            throw new AssertionError(content + " is not of " + queue.size());
        }
        return content;
    }

    private record Operation(RootKind kind, String name, List<String> before, Deed preparation, Deed victim,
            List<List<String>> steps) implements CrashScenario {
        @Override
        public long maximumBytes() {
            return 2 << 20;
        }

        @Override
        public void prepare(Heap heap) {
            create(heap, kind);
            HeapQueue<Job> queue = open(heap, kind);
            fill(queue, kind, before);
            preparation.accept(queue);
        }

        @Override
        public void victim(Heap heap) {
            victim.accept(open(heap, kind));
        }

        /** Comes by both locks, and brings back what the victim had. */
        @Override
        public void next(Heap heap) throws InterruptedException {
            finish(heap, kind);
            HeapQueue<Job> queue = open(heap, kind);
            try (Delivery<Job> delivery = queue.tryReceive()) {
                if (delivery != null) {
                    delivery.acknowledge();
                }
            }
            queue.add(new Job("next"));
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied)
                throws InterruptedException {
            finish(heap, kind);
            List<List<String>> allowed = new ArrayList<>();
            for (List<String> content : hasVictimDied ? steps : List.of(steps.getLast())) {
                List<String> taken = content.isEmpty() ? content : content.subList(1, content.size());
                List<String> put = new ArrayList<>(taken);
                put.add(kind == RootKind.STACK ? 0 : put.size(), "next");
                if (hasNextDied == null || hasNextDied) {
                    allowed.add(content);
                }
                if (hasNextDied != null) {
                    allowed.add(put);
                    allowed.add(taken);
                }
            }
            HeapQueue<Job> queue = open(heap, kind);
            queue.add(new Job("check")); // brings in what a dead one has put
            queue.remove(new Job("check"));
            List<String> content = content(queue);
            if (allowed.stream().noneMatch(each -> isSame(each, content))) {
                throw new AssertionError(content + " is none of " + allowed);
            }
            use(queue, content);
        }

        /** What came back to a stack is before what was pushed meanwhile. */
        private boolean isSame(List<String> one, List<String> other) {
            return one.equals(other) || (kind == RootKind.STACK
                    && one.stream().sorted().toList().equals(other.stream().sorted().toList()));
        }

        /** Receives everything, and acknowledges the half of it. */
        private void use(SharedQueue<Job> queue, List<String> content) {
            List<String> more = new ArrayList<>();
            for (int i = 0; i < CAPACITY; i++) {
                more.add(i % 3 == 0 ? LONG + i : "more " + i);
            }
            queue.removeIf(_ -> true);
            fill(queue, kind, content);
            fill(queue, kind, more.subList(0, CAPACITY - content.size()));
            List<String> all = new ArrayList<>();
            queue.forEach(job -> all.add(job.text()));
            List<Delivery<Job>> open = new ArrayList<>();
            for (Delivery<Job> each = queue.tryReceive(); each != null; each = queue.tryReceive()) {
                open.add(each);
            }
            for (int i = 0; i < open.size(); i++) {
                if (i % 2 == 0) {
                    open.get(i).acknowledge();
                } else {
                    open.get(i).close();
                }
            }
            for (int i = 1; i < CAPACITY; i += 2) {
                Job job = queue.poll();
                if (job == null || !job.text().equals(all.get(i))) {
                    throw new AssertionError(job + " instead of " + all.get(i));
                }
            }
            if (!queue.isEmpty() || queue.inFlight() != 0) {
                throw new AssertionError("something is left");
            }
        }

        @Override
        public void walk(Heap heap, Check check) {
            walkQueue(heap, check);
        }
    }

    /** A queue is freed with all that is in flight or has come back; the second goes on where the first was cut off. */
    private record End(RootKind kind) implements CrashScenario {
        @Override
        public String name() {
            return kind.word() + "-end-in-flight";
        }

        @Override
        public void prepare(Heap heap) {
            create(heap, kind);
            HeapQueue<Job> queue = open(heap, kind);
            fill(queue, kind, List.of("a", LONG, "b", LONG, "c", LONG));
            List<Delivery<Job>> open = List.of(received(queue), received(queue), received(queue), received(queue));
            open.getFirst().close();
            open.get(1).close();
        }

        private static void end(Heap heap) {
            heap.locks().lock(heap.rootAt(LOCK));
            try {
                long header = header(heap);
                if (header != 0) {
                    boolean _ = new QueueStructure().dismantle(heap, header, SweepLimit.all());
                    try (Change change = heap.change()) {
                        change.set(heap.rootAt(QUEUE), 0);
                        change.free(header);
                        change.commit();
                    }
                }
            } finally {
                heap.locks().unlock(heap.rootAt(LOCK));
            }
        }

        @Override
        public void victim(Heap heap) {
            end(heap);
        }

        @Override
        public void next(Heap heap) {
            end(heap);
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            end(heap);
            if (heap.verify(_ -> {}).usedBytes() != 0) {
                throw new AssertionError("something is left: " + heap.verify(_ -> {}));
            }
        }

        @Override
        public void walk(Heap heap, Check check) {
            walkQueue(heap, check);
        }
    }
}
