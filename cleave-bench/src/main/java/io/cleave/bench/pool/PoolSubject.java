package io.cleave.bench.pool;

import io.cleave.bench.Requests;
import io.cleave.bench.fission.Computation;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A JVM that has a pool of one sort do some works. Arguments: the way, the number of workers, and whether items go one by
 * one. The pool is made by the first request that needs it.
 */
final class PoolSubject implements AutoCloseable {
    private static final int MOST_CALLS = 200_000;
    private static final long PAUSE_MILLIS = 10;

    /** Something small, as lambdas capture it. */
    private record Reading(int sensor, String name, double value) implements Serializable {
        private static final long serialVersionUID = 1L;
    }

    /** Makes the next call and checks its result. */
    private interface Caller {
        void call(Way way, int number) throws Exception;
    }

    private final String name;
    private final int workers;
    private final boolean oneByOne;
    private final List<Integer> numbers = new ArrayList<>();
    private final List<byte[]> arrays = new ArrayList<>();
    private @Nullable Way way;

    private PoolSubject(String name, int workers, boolean oneByOne) {
        this.name = name;
        this.workers = workers;
        this.oneByOne = oneByOne;
    }

    /** Serves requests. */
    public static void main(String[] args) throws Exception {
        PoolSubject subject = new PoolSubject(args[0], Integer.parseInt(args[1]), Boolean.parseBoolean(args[2]));
        try (subject) {
            Requests.serve(request -> new double[] {subject.answer(request.split(" "))});
        }
    }

    private Way open() throws InterruptedException {
        return Ways.open(name, workers, oneByOne);
    }

    private Way way() throws InterruptedException {
        if (way == null) {
            way = open();
        }
        return way;
    }

    @Override
    public void close() {
        if (way != null) {
            way.close();
        }
    }

    private double answer(String[] words) throws Exception {
        return switch (words[0]) {
            case "start" -> start();
            case "calls" -> calls(way(), Integer.parseInt(words[1]), 0, PoolSubject::plain);
            case "captured" -> calls(way(), Integer.parseInt(words[1]), 0, PoolSubject::captured);
            case "idle" -> calls(way(), Integer.parseInt(words[1]), PAUSE_MILLIS, PoolSubject::plain);
            case "tiny" -> tiny(way(), Integer.parseInt(words[1]));
            case "argument" -> argument(way(), Integer.parseInt(words[1]), Integer.parseInt(words[2]));
            case "result" -> result(way(), Integer.parseInt(words[1]), Integer.parseInt(words[2]));
            case "calibrate" -> Computation.stepsFor(Long.parseLong(words[1]));
            case "run" -> run(way(), Integer.parseInt(words[1]), Integer.parseInt(words[2]));
            default -> throw new IllegalArgumentException(String.join(" ", words));
        };
    }

    private static double since(long start) {
        return (System.nanoTime() - start) / 1e3;
    }

    /** From before the pool is made until its first result is there, in milliseconds. */
    private double start() throws Exception {
        long start = System.nanoTime();
        try (Way way = open()) {
            plain(way, 1);
            return since(start) / 1e3;
        }
    }

    private static void plain(Way way, int number) throws Exception {
        int result = way.call(() -> 42);
        verify(result == 42, result);
    }

    private static void captured(Way way, int number) throws Exception {
        Reading reading = new Reading(number, "sensor", number / 2.0);
        double result = way.call(() -> reading.value() + 1);
        verify(result == number / 2.0 + 1, result);
    }

    private static void verify(boolean isRight, Object result) {
        if (!isRight) {
            throw new IllegalStateException("a result is wrong: " + result);
        }
    }

    /** The middle one of all calls of some time, in microseconds. */
    private static double calls(Way way, int millis, long pause, Caller caller) throws Exception {
        double[] micros = new double[MOST_CALLS];
        int count = 0;
        long begin = System.nanoTime();
        while (count < MOST_CALLS && since(begin) < millis * 1e3) {
            if (pause > 0) {
                Thread.sleep(pause);
            }
            long start = System.nanoTime();
            caller.call(way, count);
            micros[count++] = since(start);
        }
        Arrays.sort(micros, 0, count);
        return micros[count / 2];
    }

    /** For each item, in microseconds. */
    private double tiny(Way way, int count) throws Exception {
        if (numbers.size() != count) {
            numbers.clear();
            IntStream.range(0, count).forEach(numbers::add);
        }
        long start = System.nanoTime();
        List<Integer> results = way.map(numbers, x -> x + 1);
        double micros = since(start) / count;
        int expected = 0;
        for (int result : results) {
            expected++;
            verify(result == expected, result);
        }
        verify(results.size() == count, results.size());
        return micros;
    }

    /** Arrays of their own each, as serialization sends one that comes again only once. */
    private double argument(Way way, int count, int bytes) throws Exception {
        while (arrays.size() < count) {
            arrays.add(filled(arrays.size(), bytes));
        }
        long start = System.nanoTime();
        List<Integer> results = way.map(arrays, array -> array.length);
        double micros = since(start) / count;
        verify(results.size() == count && results.stream().allMatch(length -> length == bytes), results);
        return micros;
    }

    private double result(Way way, int count, int bytes) throws Exception {
        List<Integer> items = IntStream.range(0, count).boxed().toList();
        long start = System.nanoTime();
        List<byte[]> results = way.map(items, item -> filled(item, bytes));
        double micros = since(start) / count;
        verify(results.size() == count, results.size());
        for (int i = 0; i < count; i++) {
            verify(Arrays.equals(results.get(i), filled(i, bytes)), i); // which compiles it here, for children
        }
        return micros;
    }

    private static byte[] filled(int item, int bytes) {
        byte[] array = new byte[bytes];
        Arrays.fill(array, (byte) item);
        return array;
    }

    /** In seconds. */
    private static double run(Way way, int items, int steps) throws Exception {
        List<Integer> all = IntStream.range(0, items).boxed().toList();
        long start = System.nanoTime();
        List<Long> results = way.map(all, item -> Computation.compute(item, steps));
        double seconds = since(start) / 1e6;
        verify(results.size() == items && results.getLast() == Computation.compute(items - 1, steps), results.size());
        return seconds;
    }
}
