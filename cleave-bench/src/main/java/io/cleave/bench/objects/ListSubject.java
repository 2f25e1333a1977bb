package io.cleave.bench.objects;

import io.cleave.bench.Partner;
import io.cleave.bench.Requests;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedLongList;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A JVM with a list of a hundred thousand numbers. Requests: {@code get ROUNDS} and {@code set ROUNDS} go through it so
 * many times, one element after the other, and give the nanoseconds of an element.
 */
final class ListSubject {
    private static final int ELEMENTS = 100_000;
    private static final long HEAP_BYTES = 64 << 20;

    private ListSubject() {
    }

    /** Options of its JVM. */
    static List<String> options() {
        return Partner.OPTIONS;
    }

    /** Serves requests; the argument is the way. */
    public static void main(String[] args) throws Exception {
        if (!args[0].startsWith("cleave")) {
            serve(args[0].equals("ArrayList") ? new ArrayList<>() : new CopyOnWriteArrayList<>());
            return;
        }
        try (SharedHeap heap = SharedHeap.create("bench-list-" + ProcessHandle.current().pid(), HEAP_BYTES)) {
            if (args[0].equals("cleave")) {
                serve(heap.longList("bench"));
            } else {
                serve(heap.list("bench", Long.class));
            }
        }
    }

    private static void serve(List<Long> list) throws Exception {
        List<Long> all = new ArrayList<>();
        for (long i = 0; i < ELEMENTS; i++) {
            all.add(i);
        }
        list.addAll(all);
        Requests.serve(request -> {
            boolean isGet = request.startsWith("get");
            int rounds = rounds(request);
            long start = System.nanoTime();
            long sum = 0;
            for (int round = 0; round < rounds; round++) {
                sum += isGet ? sum(list) : fill(list);
            }
            return figure(start, rounds, sum);
        });
    }

    private static void serve(SharedLongList list) throws Exception {
        for (int i = 0; i < ELEMENTS; i++) {
            list.add(i);
        }
        Requests.serve(request -> {
            boolean isGet = request.startsWith("get");
            int rounds = rounds(request);
            long start = System.nanoTime();
            long sum = 0;
            for (int round = 0; round < rounds; round++) {
                sum += isGet ? sum(list) : fill(list);
            }
            return figure(start, rounds, sum);
        });
    }

    private static int rounds(String request) {
        return Integer.parseInt(request.substring(request.indexOf(' ') + 1));
    }

    /** All ways come to the same sum: that of the numbers from 0 on. */
    private static double[] figure(long start, int rounds, long sum) {
        double each = (System.nanoTime() - start) / ((double) rounds * ELEMENTS);
        long expected = (long) ELEMENTS * (ELEMENTS - 1) / 2 * rounds;
        if (sum != expected) {
            throw new IllegalStateException("the sum is " + sum + ", not " + expected);
        }
        return new double[] {each};
    }

    private static long sum(List<Long> list) {
        long sum = 0;
        for (int i = 0; i < ELEMENTS; i++) {
            sum += list.get(i);
        }
        return sum;
    }

    private static long fill(List<Long> list) {
        long sum = 0;
        for (int i = 0; i < ELEMENTS; i++) {
            sum += list.set(i, (long) i);
        }
        return sum;
    }

    private static long sum(SharedLongList list) {
        long sum = 0;
        for (int i = 0; i < ELEMENTS; i++) {
            sum += list.get(i);
        }
        return sum;
    }

    private static long fill(SharedLongList list) {
        long sum = 0;
        for (int i = 0; i < ELEMENTS; i++) {
            sum += list.set(i, i);
        }
        return sum;
    }
}
