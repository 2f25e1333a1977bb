package io.cleave.bench.objects;

import io.cleave.objects.SharedDoubleList;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedIntList;
import io.cleave.objects.SharedList;
import io.cleave.objects.SharedLongList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Lists of values and of numbers. */
final class FuzzedLists implements Fuzzed {
    private static final int VALUES = 600;
    private static final int NUMBERS = 1500;

    @SuppressWarnings("NullAway") // null may be an element of any list
    private static SharedList<@Nullable String> values(SharedHeap heap) {
        return heap.list("values", String.class);
    }

    private static SharedIntList ints(SharedHeap heap) {
        return heap.intList("ints");
    }

    private static SharedLongList longs(SharedHeap heap) {
        return heap.longList("longs");
    }

    private static SharedDoubleList doubles(SharedHeap heap) {
        return heap.doubleList("doubles");
    }

    private static @Nullable String value(int number) {
        return number % 5 == 2 ? "a longer text " + number : number % 11 == 3 ? null : "t" + number;
    }

    private static List<@Nullable String> values(int count) {
        List<@Nullable String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(value(i));
        }
        return all;
    }

    @Override
    public void fill(SharedHeap heap) {
        List<@Nullable String> all = values(VALUES);
        values(heap).addAll(all);
        values(heap).addAll(VALUES / 3, all.subList(0, VALUES / 2));
        values(heap).subList(VALUES / 2, VALUES).clear();
        for (int i = 0; i < NUMBERS; i++) {
            ints(heap).add(i / 2, i);
            longs(heap).add(i * 3L);
        }
        doubles(heap).addAll(1.5, 2.5, -0.0, Double.NaN);
        heap.list("short", Integer.class).addAll(List.of(1, 2, 3));
    }

    @Override
    public void read(SharedHeap heap, SplittableRandom random) {
        switch (random.nextInt(10)) {
            case 0 -> Fuzzed.countAll(values(heap));
            case 1 -> {
                Object[] _ = values(heap).toArray();
            }
            case 2 -> {
                int _ = values(heap).indexOf(value(random.nextInt(VALUES)));
            }
            case 3, 4 -> {
                SharedList<@Nullable String> all = values(heap);
                some(all.size(), random, index -> String.valueOf(all.get(index)).length());
            }
            case 5 -> {
                int[] _ = ints(heap).toArray();
            }
            case 6 -> some(ints(heap).size(), random, ints(heap)::get);
            case 7 -> {
                long _ = longs(heap).stream().limit(HeapFuzzReader.MOST_ENTRIES).sum();
            }
            case 8 -> {
                double[] _ = doubles(heap).toArray();
            }
            default -> Fuzzed.countAll(heap.list("short", Integer.class));
        }
    }

    private static void some(int size, SplittableRandom random, IntUnaryOperator read) {
        for (int i = 0; i < 50 && size > 0; i++) {
            int _ = read.applyAsInt(random.nextInt(size));
        }
    }

    /** Where an element may be inserted, most often at one of the ends. */
    private static int place(int size, SplittableRandom random) {
        return switch (random.nextInt(3)) {
            case 0 -> size;
            case 1 -> 0;
            default -> random.nextInt(size / 2 + 1);
        };
    }

    @Override
    public void write(SharedHeap heap, SplittableRandom random) {
        SharedList<@Nullable String> values = values(heap);
        int size = values.size();
        switch (random.nextInt(16)) {
            case 0 -> {
                for (int i = 0; i < 20; i++) {
                    boolean _ = values.add(value(random.nextInt(VALUES)));
                }
            }
            case 1 -> values.add(place(size, random), value(random.nextInt(VALUES)));
            case 2 -> {
                for (int i = 0; i < 20 && size > 0; i++) {
                    String _ = values.set(random.nextInt(size), value(random.nextInt(VALUES)));
                }
            }
            case 3 -> {
                for (int i = 0; i < Math.min(20, size); i++) {
                    String _ = values.remove(random.nextInt(size - i));
                }
            }
            case 4 -> {
                boolean _ = values.addAll(place(size, random), values(random.nextInt(400)));
            }
            case 5 -> values.subList(place(size, random), size).clear();
            case 6 -> {
                boolean _ = values.removeIf(text -> text != null && text.length() % 2 == 0);
            }
            case 7 -> values.replaceAll(text -> text + "!");
            case 8 -> values.sort((one, other) -> String.valueOf(one).compareTo(String.valueOf(other)));
            case 9 -> values.clear();
            case 10 -> {
                boolean _ = values.remove(value(random.nextInt(VALUES)));
            }
            case 11 -> ints(heap).add(place(ints(heap).size(), random), 7);
            case 12 -> ints(heap).sort();
            case 13 -> {
                SharedLongList longs = longs(heap);
                int numbers = longs.size();
                longs.removeRange(place(numbers, random), numbers);
                longs.addAll(new long[random.nextInt(1000)]);
                some(longs.size(), random, index -> (int) longs.getAndAdd(index, 5));
            }
            case 14 -> {
                Collections.reverse(heap.list("short", Integer.class));
                doubles(heap).clear();
            }
            default -> {
                boolean _ = heap.drop(random.nextBoolean() ? "values" : random.nextBoolean() ? "ints" : "longs");
            }
        }
    }
}
