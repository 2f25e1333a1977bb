package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapReport;
import io.cleave.heap.TestSpace;
import io.cleave.owner.Gate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Lists in one process. */
class ListTest {
    private static final ValueEncoding<String> TEXTS = ValueEncoding.of(String.class);

    private final TestSpace space = new TestSpace(64 << 20);
    private final Heap heap = fresh();

    private Heap fresh() {
        Heap.format(space, 42);
        return Heap.attach(space);
    }

    @AfterEach
    void close() {
        space.close();
    }

    private void verify(long header, SlotKind kind) {
        HeapReport report = heap.verify(check -> ListCheck.walk(heap, header, kind, check));
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    private long create(ValueSchema schema) {
        try (Change change = heap.change()) {
            long header = SlotList.create(heap, change, schema);
            change.commit();
            return header;
        }
    }

    private SlotList slots(long header, SlotKind kind) {
        return new SlotList(heap, new Gate(), header, heap.memory().getAcquire(header), kind);
    }

    private static String text(Random random, int i) {
        return switch (random.nextInt(6)) {
            case 0 -> null;
            case 1 -> "long text number " + i + "!".repeat(random.nextInt(300));
            default -> "s" + i % 1000;
        };
    }

    @Test
    void randomOperationsDoAsAnArrayListDoes() {
        long header = create(TEXTS.schema());
        SharedList<String> list = new HeapList<>("test", slots(header, SlotKind.VALUES), TEXTS);
        List<String> model = new ArrayList<>();
        Random random = new Random(3);
        Comparator<String> order = Comparator.nullsFirst(Comparator.comparingInt(String::length));
        for (int i = 0; i < 60_000; i++) {
            int size = model.size();
            int at = random.nextInt(size + 1);
            switch (random.nextInt(1000)) {
                case 0 -> {
                    List<String> more = new ArrayList<>();
                    for (int j = random.nextInt(2000); j > 0; j--) {
                        more.add(text(random, j));
                    }
                    assertThat(list.addAll(at, more)).isEqualTo(model.addAll(at, more));
                }
                case 1 -> {
                    list.sort(order);
                    model.sort(order);
                }
                case 2 -> {
                    int digit = random.nextInt(10);
                    assertThat(list.removeIf(text -> text == null || text.endsWith(digit + "")))
                            .isEqualTo(model.removeIf(text -> text == null || text.endsWith(digit + "")));
                }
                case 3 -> {
                    int to = Math.min(size, at + random.nextInt(1500));
                    list.subList(at, to).clear();
                    model.subList(at, to).clear();
                }
                case 4 -> {
                    if (random.nextInt(10) == 0) {
                        list.clear();
                        model.clear();
                    }
                }
                case 5 -> {
                    list.replaceAll(text -> text == null ? "none" : text.length() > 200 ? null : text + "+");
                    model.replaceAll(text -> text == null ? "none" : text.length() > 200 ? null : text + "+");
                }
                case 6 -> {
                    assertThat(list).isEqualTo(model);
                    verify(header, SlotKind.VALUES);
                }
                default -> single(random, list, model, i, at);
            }
        }
        assertThat(list).isEqualTo(model).hasSameSizeAs(model);
        assertThat(model).hasSizeGreaterThan(1000);
        verify(header, SlotKind.VALUES);
        ListStructure structure = new ListStructure(SlotKind.VALUES);
        boolean _ = structure.dismantle(heap, header, SweepLimit.all());
        boolean _ = structure.dismantle(heap, header, SweepLimit.all());
        verify(header, SlotKind.VALUES);
        assertThat(heap.verify(check -> check.reached(header)).isSound()).isTrue();
    }

    private static void single(Random random, List<String> list, List<String> model, int i, int at) {
        String text = text(random, i);
        switch (random.nextInt(8)) {
            case 0 -> {
                list.add(text);
                model.add(text);
            }
            case 1, 2 -> {
                list.add(at, text);
                model.add(at, text);
            }
            case 3 -> assertThat(list.indexOf("s5")).isEqualTo(model.indexOf("s5"));
            default -> {
                if (at < model.size()) {
                    switch (random.nextInt(4)) {
                        case 0 -> assertThat(list.remove(at)).isEqualTo(model.remove(at));
                        case 1 -> assertThat(list.set(at, text)).isEqualTo(model.set(at, text));
                        case 2 -> {
                            String last = model.removeLast();
                            assertThat(list.removeLast()).isEqualTo(last);
                        }
                        default -> assertThat(list.get(at)).isEqualTo(model.get(at));
                    }
                }
            }
        }
    }

    @Test
    void aListThatGrowsAtItsEndIsRegularAndOneWithInsertionsFindsItsElementsToo() {
        long header = create(null);
        HeapLongList list = new HeapLongList(slots(header, SlotKind.LONGS));
        int size = 300_000;
        for (int i = 0; i < size; i++) {
            list.add(i);
        }
        long[] more = new long[70_000];
        Arrays.setAll(more, i -> size + i);
        list.addAll(more);
        assertThat(ListLayout.isIrregular(tree(header))).isFalse();
        assertThat(ListLayout.height(tree(header))).isEqualTo(2);
        for (int i = 0; i < size + more.length; i++) {
            assertThat(list.get(i)).isEqualTo(i);
        }
        verify(header, SlotKind.LONGS);
        List<Long> model = new ArrayList<>(list.asList());
        Random random = new Random(5);
        for (int i = 0; i < 3000; i++) {
            int at = random.nextInt(model.size());
            if (random.nextBoolean()) {
                list.add(at, -i);
                model.add(at, (long) -i);
            } else {
                assertThat(list.removeAt(at)).isEqualTo(model.remove(at));
            }
        }
        assertThat(ListLayout.isIrregular(tree(header))).isTrue();
        assertThat(list.toArray()).isEqualTo(model.stream().mapToLong(Long::longValue).toArray());
        for (int i = 0; i < model.size(); i++) {
            assertThat(list.get(i)).isEqualTo(model.get(i));
        }
        verify(header, SlotKind.LONGS);
        list.sort();
        Collections.sort(model);
        assertThat(list.toArray()).isEqualTo(model.stream().mapToLong(Long::longValue).toArray());
        assertThat(ListLayout.isIrregular(tree(header))).isFalse();
        list.removeRange(1000, model.size() - 1000);
        model.subList(1000, model.size() - 1000).clear();
        assertThat(list.asList()).isEqualTo(model);
        verify(header, SlotKind.LONGS);
        list.clear();
        assertThat(list.size()).isZero();
        verify(header, SlotKind.LONGS);
    }

    private long tree(long header) {
        long version = ListLayout.versionAcquire(heap.memory(), header);
        return heap.memory().getPlain(ListLayout.stateAt(header, version) + ListLayout.TREE_IN_STATE);
    }

    @Test
    void aListThatIsEmptiedFromEitherEndFreesWhatItHad() {
        long header = create(null);
        HeapIntList list = new HeapIntList(slots(header, SlotKind.INTS));
        long before = heap.verify(check -> ListCheck.walk(heap, header, SlotKind.INTS, check)).usedBytes();
        int[] numbers = new int[200_000];
        Arrays.setAll(numbers, i -> i * 7);
        list.addAll(numbers);
        assertThat(list.toArray()).isEqualTo(numbers);
        for (int i = 0; i < 90_000; i++) {
            assertThat(list.removeAt(0)).isEqualTo(i * 7);
            assertThat(list.removeAt(list.size() - 1)).isEqualTo((numbers.length - 1 - i) * 7);
        }
        verify(header, SlotKind.INTS);
        long left = heap.verify(check -> ListCheck.walk(heap, header, SlotKind.INTS, check)).usedBytes();
        assertThat(left - before).isLessThan(4 * 20_000 * 3);
        while (!list.isEmpty()) {
            int _ = list.removeAt(list.size() / 2);
        }
        assertThat(heap.verify(check -> ListCheck.walk(heap, header, SlotKind.INTS, check)).usedBytes())
                .isEqualTo(before);
    }

    @Test
    void listsOfNumbersDoWhatArraysDo() {
        HeapIntList ints = new HeapIntList(slots(create(null), SlotKind.INTS));
        HeapDoubleList doubles = new HeapDoubleList(slots(create(null), SlotKind.LONGS));
        Random random = new Random(9);
        int[] model = random.ints(5000).toArray();
        double[] other = random.doubles(5000).toArray();
        ints.addAll(model);
        doubles.addAll(other);
        for (int i = 0; i < 20_000; i++) {
            int at = random.nextInt(model.length);
            int value = random.nextInt();
            switch (random.nextInt(4)) {
                case 0 -> {
                    assertThat(ints.set(at, value)).isEqualTo(model[at]);
                    assertThat(doubles.set(at, value / 3.0)).isEqualTo(other[at]);
                    model[at] = value;
                    other[at] = value / 3.0;
                }
                case 1 -> {
                    assertThat(ints.compareAndSet(at, model[at], value)).isTrue();
                    assertThat(ints.compareAndSet(at, value + 1, 5)).isFalse();
                    assertThat(doubles.compareAndSet(at, other[at], Double.NaN)).isTrue();
                    assertThat(doubles.compareAndSet(at, Double.NaN, -0.0)).isTrue();
                    assertThat(doubles.compareAndSet(at, 0.0, 1)).isFalse();
                    model[at] = value;
                    other[at] = -0.0;
                }
                case 2 -> {
                    assertThat(ints.getAndAdd(at, value)).isEqualTo(model[at]);
                    assertThat(doubles.getAndAdd(at, 0.5)).isEqualTo(other[at]);
                    model[at] += value;
                    other[at] += 0.5;
                }
                default -> {
                    int length = random.nextInt(Math.min(700, model.length - at));
                    int[] copy = new int[length + 3];
                    ints.copyTo(at, copy, 2, length);
                    assertThat(Arrays.copyOfRange(copy, 2, length + 2))
                            .isEqualTo(Arrays.copyOfRange(model, at, at + length));
                    int[] changed = random.ints(length).toArray();
                    ints.setAll(at, changed);
                    System.arraycopy(changed, 0, model, at, length);
                }
            }
        }
        assertThat(ints.toArray()).isEqualTo(model);
        assertThat(doubles.toArray()).isEqualTo(other);
        assertThat(ints.stream().sum()).isEqualTo(Arrays.stream(model).sum());
        assertThat(ints.indexOf(model[777])).isEqualTo(Arrays.stream(model).boxed().toList().indexOf(model[777]));
        ints.sort();
        doubles.sort();
        Arrays.sort(model);
        Arrays.sort(other);
        assertThat(ints.toArray()).isEqualTo(model);
        assertThat(doubles.toArray()).isEqualTo(other);
        assertThat(ints.asList().subList(10, 20)).hasSize(10);
        assertThat(doubles).hasToString(Arrays.toString(other));
    }
}
