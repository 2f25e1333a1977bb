package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.CrashHarness;
import io.cleave.heap.CrashScenario;
import io.cleave.heap.Heap;
import io.cleave.owner.Gate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The operations of a list, cut off at each of their stores; the model is an {@link ArrayList}. */
public final class ListScenarios implements CrashHarness.Scenarios {
    private static final int LIST = 0;
    private static final ValueEncoding<String> TEXTS = ValueEncoding.of(String.class);
    private static final RootedStructure STRUCTURE = new RootedStructure() {
        @Override
        long make(Heap heap, Change change) {
            return SlotList.create(heap, change, TEXTS.schema());
        }

        @Override
        void dismantle(Heap heap, long header) {
            boolean _ = new ListStructure(SlotKind.VALUES).dismantle(heap, header, SweepLimit.all());
        }

        @Override
        void walkFrom(Heap heap, long header, Check check) {
            ListCheck.walk(heap, header, SlotKind.VALUES, check);
        }

        @Override
        void use(Heap heap) {
            useAll(open(heap));
        }
    };
    private static final int LEAF = ListLayout.LEAF_BYTES / Long.BYTES;

    @Override
    public List<CrashScenario> get() {
        List<CrashScenario> all = new ArrayList<>();
        all.add(whole("add-first", 0, list -> list.add("one"), list -> list.add("next, in a block")));
        all.add(whole("add", 3, list -> list.add("one"), list -> list.add("two")));
        all.add(whole("add-block", 3, list -> list.add("in a block of its own"), List::removeLast));
        all.add(whole("add-larger-leaf", 8, list -> list.add("one"), list -> list.set(0, "x")));
        all.add(whole("add-leaf", LEAF, list -> list.add("one"), list -> list.add("two")));
        all.add(whole("insert", 5, list -> list.add(2, "in a block of its own"), list -> list.add(0, "x")));
        all.add(whole("insert-splitting", 2 * LEAF, list -> list.add(100, "x"), list -> list.remove(300)));
        all.add(whole("set", 5, list -> list.set(2, "x"), list -> list.set(2, "y")));
        all.add(whole("set-block", 5, list -> list.set(2, "in a block of its own"), list -> list.set(2, null)));
        all.add(whole("replace-block", 5, list -> list.set(3, "in another block"),
                list -> list.set(3, "again in one")));
        all.add(whole("remove-last", 5, List::removeLast, list -> list.add("x")));
        all.add(whole("remove", 5, list -> list.remove(3), list -> list.add(3, "x")));
        all.add(whole("remove-leaf", LEAF + 1, List::removeLast, list -> list.add("x")));
        all.add(new Operation("remove-joining", List.of(list -> list.addAll(texts(2 * LEAF)),
                list -> list.subList(LEAF + LEAF / 4, 2 * LEAF).clear(), list -> list.subList(LEAF / 2, LEAF).clear()),
                list -> list.remove(LEAF / 2 + 3), list -> list.remove(4), ListScenarios::beforeAndAfter));
        all.add(whole("clear", LEAF + 30, List::clear, list -> list.add("x")));
        all.add(whole("sort", LEAF + 30, list -> list.sort(Comparator.nullsLast(Comparator.reverseOrder())),
                list -> list.add("x")));
        List<String> more = texts(LEAF + 40).reversed();
        all.add(new Operation("add-all", List.of(list -> list.addAll(texts(10))), list -> list.addAll(5, more),
                list -> list.add("x"), (before, _) -> steps(more.size(), i -> with(before, 5, more.subList(0, i)))));
        all.add(new Operation("remove-if", List.of(list -> list.addAll(texts(LEAF + 40))),
                list -> list.removeIf(ListScenarios::isLong), list -> list.add("x"),
                (before, _) -> steps(before.size(), i -> without(before, i))));
        all.add(new Operation("remove-range", List.of(list -> list.addAll(texts(LEAF + 40))),
                list -> list.subList(10, LEAF + 20).clear(), list -> list.add("x"),
                (before, _) -> steps(LEAF + 10, i -> cut(before, 10 + i, LEAF + 20))));
        all.add(new Operation("replace-all", List.of(list -> list.addAll(texts(12))),
                list -> list.replaceAll(text -> text == null ? "none" : text + "+++"), list -> list.add("x"),
                (before, after) -> steps(before.size(), i -> with(after.subList(0, i), i,
                        before.subList(i, before.size())))));
        all.add(new NumberSort());
        all.add(new NumberAdd());
        all.add(STRUCTURE.creation("creation"));
        all.add(STRUCTURE.end("end", ListScenarios::fill));
        all.add(STRUCTURE.end("end-after-sort", ListScenarios::fill,
                heap -> open(heap).sort(Comparator.nullsFirst(Comparator.naturalOrder()))));
        return all;
    }

    private static Operation whole(String name, int size, Consumer<List<String>> victim, Consumer<List<String>> next) {
        return new Operation(name, List.of(list -> list.addAll(texts(size))), victim, next,
                ListScenarios::beforeAndAfter);
    }

    private static List<List<String>> beforeAndAfter(List<String> before, List<String> after) {
        return List.of(before, after);
    }

    private static List<List<String>> steps(int count, Function<Integer, List<String>> step) {
        List<List<String>> all = new ArrayList<>();
        for (int i = 0; i <= count; i++) {
            all.add(step.apply(i));
        }
        return all;
    }

    private static List<String> with(List<String> list, int index, List<String> more) {
        List<String> all = new ArrayList<>(list);
        all.addAll(index, more);
        return all;
    }

    private static boolean isLong(@Nullable String text) {
        return text != null && text.length() > 8;
    }

    /** What is left when those to go have gone from a place on. */
    private static List<String> without(List<String> list, int from) {
        List<String> all = new ArrayList<>(list);
        all.subList(from, all.size()).removeIf(ListScenarios::isLong);
        return all;
    }

    private static List<String> cut(List<String> list, int from, int to) {
        List<String> all = new ArrayList<>(list);
        all.subList(from, to).clear();
        return all;
    }

    /** Short ones, long ones, and null. */
    private static List<String> texts(int count) {
        String[] all = new String[count];
        for (int i = 0; i < count; i++) {
            all[i] = i % 13 == 3 ? "a longer text " + i : i % 7 == 5 ? null : "t" + i;
        }
        return new ArrayList<>(Arrays.asList(all));
    }

    static void create(Heap heap) {
        STRUCTURE.create(heap);
    }

    private static void fill(Heap heap) {
        open(heap).addAll(Collections.nCopies(LEAF + 20, "short"));
        open(heap).addAll(texts(60));
    }

    static HeapList<String> open(Heap heap) {
        long header = RootedStructure.header(heap);
        return new HeapList<>("test", new SlotList(heap, new Gate(), header, heap.memory().getAcquire(header),
                SlotKind.VALUES), TEXTS);
    }

    /** What is in the list, by all ways of looking. */
    private static List<String> content(List<String> list) {
        List<String> content = new ArrayList<>(list);
        if (list.size() != content.size()) {
            throw new AssertionError(content.size() + " elements, and the size is " + list.size());
        }
        int step = content.size() / 20 + 1;
        for (int i = 0; i < content.size(); i += step) {
            if (!Objects.equals(list.get(i), content.get(i))) {
                throw new AssertionError("element " + i + " is " + list.get(i));
            }
        }
        return content;
    }

    /** All further operations work. */
    private static void useAll(List<String> list) {
        List<String> model = content(list);
        for (List<String> each : List.of(list, model)) {
            each.addAll(texts(10));
            each.add(each.size() / 2, "more of it");
            each.set(0, "set to be this");
            each.remove(each.size() - 3);
            each.addFirst("first");
            each.remove("t4");
            each.sort(Comparator.nullsFirst(Comparator.naturalOrder()));
        }
        if (!content(list).equals(model)) {
            throw new AssertionError(content(list) + " instead of " + model);
        }
    }

    /** What states a list may have in the middle of an operation, the first and the last among them. */
    private interface Steps {
        List<List<String>> of(List<String> before, List<String> after);
    }

    /** One operation on a list with some content. */
    private record Operation(String name, List<Consumer<List<String>>> preparations, Consumer<List<String>> deed,
            Consumer<List<String>> following, Steps steps) implements CrashScenario {
        @Override
        public long maximumBytes() {
            return 2 << 20;
        }

        @Override
        public void prepare(Heap heap) {
            create(heap);
            preparations.forEach(each -> each.accept(open(heap)));
        }

        @Override
        public void victim(Heap heap) {
            deed.accept(open(heap));
        }

        @Override
        public void next(Heap heap) {
            following.accept(open(heap));
        }

        /** What the list may be after an operation, or two, of which each has happened or may have been cut off. */
        private List<List<String>> allowed(boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            List<String> before = new ArrayList<>();
            preparations.forEach(each -> each.accept(before));
            List<String> after = new ArrayList<>(before);
            deed.accept(after);
            List<List<String>> allowed = new ArrayList<>(hasVictimDied ? steps.of(before, after) : List.of(after));
            if (hasNextDied != null) {
                List<List<String>> later = new ArrayList<>(hasNextDied ? allowed : List.of());
                for (List<String> each : allowed) {
                    List<String> changed = new ArrayList<>(each);
                    following.accept(changed);
                    later.add(changed);
                }
                allowed = later;
            }
            return allowed;
        }

        private static void require(List<String> content, List<List<String>> allowed) {
            if (!allowed.contains(content)) {
                throw new AssertionError(content + " is none of " + allowed.size() + ", of which the first is "
                        + allowed.getFirst() + " and the last " + allowed.getLast());
            }
        }

        @Override
        public void look(Heap heap, boolean hasNextDied) {
            require(content(open(heap)), allowed(true, hasNextDied ? true : null));
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            require(content(open(heap)), allowed(hasVictimDied, hasNextDied));
            useAll(open(heap));
        }

        @Override
        public void walk(Heap heap, Check check) {
            STRUCTURE.walk(heap, check);
        }
    }

    /** Numbers are sorted, and one is inserted, whatever became of that. */
    private static final class NumberSort implements CrashScenario {
        private static final int SIZE = 2 * LEAF + 40;

        private static HeapIntList numbers(Heap heap) {
            long header = RootedStructure.header(heap);
            return new HeapIntList(new SlotList(heap, new Gate(), header, heap.memory().getAcquire(header),
                    SlotKind.INTS));
        }

        @Override
        public String name() {
            return "sort-numbers";
        }

        @Override
        public void prepare(Heap heap) {
            try (Change change = heap.change()) {
                change.set(heap.rootAt(LIST), SlotList.create(heap, change, null));
                change.commit();
            }
            numbers(heap).addAll(down());
        }

        private static int[] down() {
            int[] down = new int[SIZE];
            Arrays.setAll(down, i -> SIZE - i);
            return down;
        }

        @Override
        public void victim(Heap heap) {
            numbers(heap).sort();
        }

        @Override
        public void next(Heap heap) {
            numbers(heap).add(7, -5);
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            int[] content = numbers(heap).toArray();
            boolean hasNext = content.length > SIZE;
            if (hasNext ? content[7] != -5 || hasNextDied == null : Boolean.FALSE.equals(hasNextDied)) {
                throw new AssertionError("number 7 is " + content[7]);
            }
            int[] left = Arrays.stream(content).filter(number -> number != -5).toArray();
            int[] sorted = down();
            Arrays.sort(sorted);
            if (!Arrays.equals(left, sorted) && !(hasVictimDied && Arrays.equals(left, down()))) {
                throw new AssertionError(Arrays.toString(content));
            }
            numbers(heap).add(3);
            numbers(heap).sort();
            numbers(heap).clear();
        }

        @Override
        public void walk(Heap heap, Check check) {
            ListCheck.walk(heap, RootedStructure.header(heap), SlotKind.INTS, check);
        }
    }

    /** Numbers of 32 bits are added where the last leaf has room for them. */
    private static final class NumberAdd implements CrashScenario {
        private static final List<int[]> STEPS = List.of(new int[] {1, 2, 3}, new int[] {1, 2, 3, 4},
                new int[] {1, 2, 3, 4, 5, 6});

        @Override
        public String name() {
            return "add-numbers";
        }

        @Override
        public void prepare(Heap heap) {
            try (Change change = heap.change()) {
                change.set(heap.rootAt(LIST), SlotList.create(heap, change, null));
                change.commit();
            }
            NumberSort.numbers(heap).addAll(STEPS.getFirst());
        }

        @Override
        public void victim(Heap heap) {
            HeapIntList numbers = NumberSort.numbers(heap);
            numbers.add(4);
            numbers.addAll(5, 6);
        }

        @Override
        public void next(Heap heap) {
            NumberSort.numbers(heap).add(-5);
        }

        @Override
        public void check(Heap heap, boolean hasVictimDied, @Nullable Boolean hasNextDied) {
            int[] content = NumberSort.numbers(heap).toArray();
            boolean hasNext = content[content.length - 1] == -5;
            if (hasNext ? hasNextDied == null : Boolean.FALSE.equals(hasNextDied)) {
                throw new AssertionError(Arrays.toString(content));
            }
            int[] left = hasNext ? Arrays.copyOf(content, content.length - 1) : content;
            if ((hasVictimDied ? STEPS : List.of(STEPS.getLast())).stream()
                    .noneMatch(step -> Arrays.equals(step, left))) {
                throw new AssertionError(Arrays.toString(content));
            }
            NumberSort.numbers(heap).add(7);
        }

        @Override
        public void walk(Heap heap, Check check) {
            ListCheck.walk(heap, RootedStructure.header(heap), SlotKind.INTS, check);
        }
    }
}
