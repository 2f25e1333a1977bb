package io.cleave.bench.fission;

import io.cleave.bench.Requests;
import io.cleave.fission.Fission;
import io.cleave.pool.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * A JVM that maps a list of numbers, each in a few nanoseconds, to a list. The request {@code run} gives the
 * microseconds that an item takes, all told.
 */
final class TinySubject {
    /** Maps all items. */
    private interface Way {
        List<Integer> run(List<Integer> items) throws Exception;
    }

    static final int ITEMS = 1_000_000;
    private static final int CHUNKS_PER_THREAD = 8;
    private static final Task<Integer, Integer> TASK = x -> x * 31 + 7;

    private TinySubject() {
    }

    /** Serves requests; the argument is the way. */
    public static void main(String[] args) throws Exception {
        Way way = way(args[0]);
        List<Integer> items = IntStream.range(0, ITEMS).boxed().toList();
        Requests.serve(request -> {
            long start = System.nanoTime();
            List<Integer> results = way.run(items);
            double micros = (System.nanoTime() - start) / 1e3 / ITEMS;
            verify(results);
            return new double[] {micros};
        });
    }

    private static void verify(List<Integer> results) {
        int expected = 7;
        for (int result : results) {
            if (result != expected) {
                throw new IllegalStateException(result + " should be " + expected);
            }
            expected += 31;
        }
        if (results.size() != ITEMS) {
            throw new IllegalStateException(results.size() + " results of " + ITEMS + " items");
        }
    }

    private static Way way(String name) {
        return switch (name) {
            case "sequential" -> TinySubject::sequentially;
            case "cleave" -> items -> fission(Fission.builder()).map(items, TASK);
            case "cleave-forced" -> items -> fission(Fission.builder().warmUp(1)).map(items, TASK);
            case "threads" -> onThreads();
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static Fission fission(Fission.Builder builder) {
        return builder.children(FissionSuite.WORKERS).build();
    }

    private static List<Integer> sequentially(List<Integer> items) throws Exception {
        List<Integer> results = new ArrayList<>(items.size());
        for (Integer item : items) {
            results.add(TASK.apply(item));
        }
        return results;
    }

    private static Way onThreads() {
        ExecutorService pool = Executors.newFixedThreadPool(FissionSuite.WORKERS,
                Thread.ofPlatform().daemon().factory());
        int chunks = FissionSuite.WORKERS * CHUNKS_PER_THREAD;
        return items -> {
            List<Callable<List<Integer>>> tasks = new ArrayList<>(chunks);
            for (int c = 0; c < chunks; c++) {
                List<Integer> chunk = items.subList((int) ((long) c * ITEMS / chunks),
                        (int) ((c + 1L) * ITEMS / chunks));
                tasks.add(() -> sequentially(chunk));
            }
            List<Integer> results = new ArrayList<>(ITEMS);
            for (Future<List<Integer>> part : pool.invokeAll(tasks)) {
                results.addAll(part.get());
            }
            return results;
        };
    }
}
