package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import io.cleave.heap.Heap;
import io.cleave.owner.Gate;
import io.cleave.owner.SharedCell;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The operations of queues and stacks, cut off at each of their stores; the model is an {@link ArrayDeque}. */
public final class QueueScenarios implements CrashHarness.Scenarios {
    private static final int CAPACITY = 6;
    /** Positions pass 0 on their way. */
    private static final long START = -3;
    private static final String LONG = "long ".repeat(50);
    private static final String LARGE = "large ".repeat(8000);
    private static final ValueEncoding<String> ENCODING = ValueEncoding.of(String.class);

    @Override
    public List<CrashScenario> get() {
        List<CrashScenario> all = new ArrayList<>();
        for (RootKind kind : List.of(RootKind.QUEUE, RootKind.STACK)) {
            all.add(operation(kind, "put", List.of("a"), queue -> queue.offer("b")));
            all.add(operation(kind, "put-first", List.of(), queue -> queue.offer("b")));
            all.add(operation(kind, "put-long", List.of("a"), queue -> queue.offer(LONG)));
            all.add(operation(kind, "put-large", List.of("a", LARGE), queue -> queue.offer(LARGE + "!")));
            all.add(operation(kind, "put-all", List.of("a"), queue -> queue.addAll(List.of("b", LONG, "c"))));
            all.add(operation(kind, "put-full", List.of("a", LONG, "b", "c", LARGE, "d"), queue -> queue.offer("e")));
            all.add(operation(kind, "take", List.of("a", "b"), Queue::poll));
            all.add(operation(kind, "take-last", List.of("a"), Queue::poll));
            all.add(operation(kind, "take-long", List.of(LONG), Queue::poll));
            all.add(operation(kind, "take-large", List.of(LARGE, "a", LARGE), Queue::poll));
            all.add(operation(kind, "clear", List.of("a", LONG, "b"), Queue::clear));
            all.add(operation(kind, "remove", List.of("a", LONG, "b", "c", "d"), queue -> queue.remove("c")));
            all.add(operation(kind, "remove-long", List.of("a", "b", LONG, "c"), queue -> queue.remove(LONG)));
            all.add(operation(kind, "remove-some", List.of("a", LONG, "b", "c", LONG + 2, "d"),
                    queue -> queue.removeIf(each -> each.length() > 1 || each.equals("b"))));
            all.add(new Rooted(kind).creation(kind.word() + "-creation"));
            all.add(new Rooted(kind).end(kind.word() + "-end",
                    heap -> open(heap, kind).addAll(List.of("a", LONG, "b", LARGE, "c", LONG))));
        }
        return all;
    }

    private static CrashScenario operation(RootKind kind, String name, List<String> before,
            Consumer<Queue<String>> victim) {
        return new Operation(kind, kind.word() + "-" + name, before, victim);
    }

    /** A queue or stack. */
    private static final class Rooted extends RootedStructure {
        private final RootKind kind;

        Rooted(RootKind kind) {
            this.kind = kind;
        }

        @Override
        long make(Heap heap, Change change) {
            long header = QueueRing.create(heap, change, ENCODING.schema(), CAPACITY,
                    QueueLayout.slotBytes(String.class), START);
            RootLayout.header(heap.memory(), header, new RootType(kind, 0, ""));
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
            useAll(kind, open(heap, kind));
        }
    }

    static void create(Heap heap, RootKind kind) {
        new Rooted(kind).create(heap);
    }

    private static QueueRing ring(Heap heap, RootKind kind) {
        long header = RootedStructure.header(heap);
        return new QueueRing(heap, new Gate(), header, heap.memory().getAcquire(header), kind,
                at -> new SharedCell(heap.memory().segment(), at));
    }

    static HeapQueue<String> open(Heap heap, RootKind kind) {
        return new HeapQueue<>("test", ring(heap, kind), ENCODING, ConcurrentHashMap.newKeySet());
    }

    /** What such a queue does, on a list that is in the order of taking. */
    private static final class Model extends ArrayDeque<String> {
        private static final long serialVersionUID = 1L;
        private final boolean isStack;

        Model(RootKind kind, Collection<String> content) {
            isStack = kind == RootKind.STACK;
            super.addAll(content);
        }

        @Override
        public boolean offer(String element) {
            if (size() == CAPACITY) {
                return false;
            }
            return isStack ? offerFirst(element) : offerLast(element);
        }

        @Override
        public boolean addAll(Collection<? extends String> elements) {
            elements.forEach(this::offer);
            return true;
        }
    }

    private static List<String> content(Queue<String> queue) {
        List<String> content = new ArrayList<>();
        for (String element : queue) {
            content.add(element);
        }
        if (content.size() != queue.size()) {
            throw new AssertionError(content + " has not " + queue.size() + " elements");
        }
        if (!content.isEmpty() && !content.getFirst().equals(queue.peek())) {
            throw new AssertionError(content + " begins with " + queue.peek());
        }
        return content;
    }

    /** All further operations work. */
    private static void useAll(RootKind kind, Queue<String> queue) {
        Model model = new Model(kind, content(queue));
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < CAPACITY; j++) {
                String element = (i + j) % 3 == 0 ? LONG + j : "s" + j;
                if (queue.offer(element) != model.offer(element)) {
                    throw new AssertionError(element + " for " + model);
                }
            }
            if (queue.remove("s" + i % CAPACITY) != model.remove("s" + i % CAPACITY)) {
                throw new AssertionError(model.toString());
            }
            for (int j = 0; j < 2 * i; j++) {
                String element = model.poll();
                if (element == null ? queue.poll() != null : !element.equals(queue.poll())) {
                    throw new AssertionError(element + " before " + model);
                }
            }
            if (!content(queue).equals(List.copyOf(model))) {
                throw new AssertionError(content(queue) + " instead of " + model);
            }
        }
        queue.clear();
    }

    /** One operation on a queue with some content; the next puts and takes, and so comes by both locks. */
    private static final class Operation implements CrashScenario {
        private final RootKind kind;
        private final String name;
        private final List<String> before;
        private final Consumer<Queue<String>> victim;

        Operation(RootKind kind, String name, List<String> before, Consumer<Queue<String>> victim) {
            this.kind = kind;
            this.name = name;
            this.before = before;
            this.victim = victim;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public long maximumBytes() {
            return 2 << 20;
        }

        @Override
        public void prepare(Heap heap) {
            create(heap, kind);
            before.forEach(open(heap, kind)::offer);
            ring(heap, kind).takers().announce(false); // as if somebody slept
            ring(heap, kind).putters().announce(false);
        }

        @Override
        public void victim(Heap heap) {
            victim.accept(open(heap, kind));
        }

        private static void next(Queue<String> queue) {
            queue.offer("next");
            queue.poll();
            queue.remove("a");
        }

        @Override
        public void next(Heap heap) {
            next(open(heap, kind));
        }

        /** What can come of some contents by an operation that consists of steps, of which the first ones may have happened. */
        private List<List<String>> after(List<List<String>> from, Consumer<Queue<String>> operation) {
            List<List<String>> results = new ArrayList<>();
            for (List<String> each : from) {
                Model model = new Model(kind, each);
                operation.accept(model);
                results.add(List.copyOf(model));
            }
            return results;
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            Model start = new Model(kind, List.of());
            before.forEach(start::offer);
            List<Consumer<Queue<String>>> nextSteps = List.of(queue -> queue.offer("next"), Queue::poll,
                    queue -> queue.remove("a"));
            List<List<String>> allowed = new ArrayList<>();
            List<List<String>> victims = hasVictimDied ? partial(List.copyOf(start))
                    : after(List.of(List.copyOf(start)), victim);
            for (List<String> content : victims) {
                List<List<String>> now = List.of(content);
                int done = hasNextDied == null ? 0 : nextSteps.size();
                for (int i = 0; i < done; i++) {
                    if (Boolean.TRUE.equals(hasNextDied)) {
                        allowed.addAll(now);
                    }
                    now = after(now, nextSteps.get(i));
                }
                allowed.addAll(now);
            }
            if (hasVictimDied && hasNextDied != null) { // one who is dead may have the effect in the midst of the next
                List<List<String>> now = List.of(List.copyOf(start));
                for (Consumer<Queue<String>> step : nextSteps) {
                    now = after(now, step);
                    for (List<String> content : now) {
                        allowed.addAll(partial(content));
                    }
                }
            }
            HeapQueue<String> queue = open(heap, kind);
            boolean isIn = queue.offer("check"); // brings in what a dead one has put
            List<String> content = new ArrayList<>(content(queue));
            if (isIn && !(kind == RootKind.STACK ? content.removeFirst() : content.removeLast()).equals("check")) {
                throw new AssertionError(content.toString());
            }
            if (!allowed.contains(content)) {
                throw new AssertionError(content + " is none of " + allowed);
            }
            useAll(kind, queue);
        }

        @Override
        public void look(Heap heap, boolean hasNextDied) {
            if (!hasNextDied) { // after it there are too many ways to tell a wrong one
                Model start = new Model(kind, List.of());
                before.forEach(start::offer);
                List<String> content = new ArrayList<>();
                open(heap, kind).iterator().forEachRemaining(content::add);
                if (!partial(List.copyOf(start)).contains(content)) {
                    throw new AssertionError("a reader sees " + content + ", none of " + partial(List.copyOf(start)));
                }
            }
        }

        /** What the victim may have left: for operations on several elements, each of them done or not. */
        private List<List<String>> partial(List<String> from) {
            Steps steps = new Steps(kind, from);
            victim.accept(steps);
            steps.results.add(List.copyOf(steps));
            return steps.results;
        }

        @Override
        public void walk(Heap heap, Check check) {
            new Rooted(kind).walk(heap, check);
        }
    }

    /** A model that notes what it was before each element was put or taken. */
    private static final class Steps extends ArrayDeque<String> {
        private static final long serialVersionUID = 1L;
        private final transient List<List<String>> results = new ArrayList<>();
        private final boolean isStack;

        Steps(RootKind kind, Collection<String> content) {
            isStack = kind == RootKind.STACK;
            content.forEach(super::addLast);
        }

        private void note() {
            results.add(List.copyOf(this));
        }

        @Override
        public boolean offer(String element) {
            note();
            if (size() == CAPACITY) {
                return false;
            }
            return isStack ? offerFirst(element) : offerLast(element);
        }

        @Override
        public boolean addAll(Collection<? extends String> elements) {
            elements.forEach(this::offer);
            return true;
        }

        @Override
        public String poll() {
            note();
            return super.poll();
        }

        @Override
        public void clear() {
            note();
            super.clear();
        }

        @Override
        public boolean remove(Object object) {
            note();
            return super.remove(object);
        }

        /** Elements go from the last to be taken to the first. */
        @Override
        public boolean removeIf(java.util.function.Predicate<? super String> filter) {
            List<String> matching = new ArrayList<>(stream().filter(filter).toList());
            boolean isAny = !matching.isEmpty();
            if (isStack) {
                matching = matching.reversed();
            }
            while (!matching.isEmpty()) {
                note();
                super.remove(matching.removeLast());
            }
            return isAny;
        }
    }
}
