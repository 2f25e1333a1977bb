package io.cleave.bench.fission;

import io.cleave.bench.Requests;
import io.cleave.fission.Fission;
import io.cleave.pool.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** A JVM whose tasks each give a new array of 1 MB. The request {@code run} gives the milliseconds that an item takes. */
final class LargeSubject {
    /** Maps all items. */
    private interface Way {
        List<byte[]> run(List<Integer> items) throws Exception;
    }

    private static final int ITEMS = 64;
    private static final int BYTES = 1_000_000;
    private static final Task<Integer, byte[]> TASK = item -> {
        byte[] result = new byte[BYTES];
        Arrays.fill(result, (byte) (int) item);
        return result;
    };

    private LargeSubject() {
    }

    /** Serves requests; the argument is the way. */
    public static void main(String[] args) throws Exception {
        Way way = way(args[0]);
        List<Integer> items = IntStream.range(0, ITEMS).boxed().toList();
        Requests.serve(request -> {
            long start = System.nanoTime();
            List<byte[]> results = way.run(items);
            double millis = (System.nanoTime() - start) / 1e6 / ITEMS;
            verify(results);
            return new double[] {millis};
        });
    }

    private static void verify(List<byte[]> results) {
        for (int i = 0; i < ITEMS; i++) {
            byte[] result = results.get(i);
            if (result.length != BYTES || result[0] != i || result[BYTES - 1] != i) {
                throw new IllegalStateException("result " + i + " is wrong");
            }
        }
    }

    private static Way way(String name) {
        return switch (name) {
            case "cleave" -> items -> Fission.builder().children(FissionSuite.WORKERS).build().map(items, TASK);
            case "cleave-isolated" -> items -> Fission.builder().children(FissionSuite.WORKERS).warmUp(0).build()
                    .map(items, TASK);
            case "threads" -> onThreads();
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static Way onThreads() {
        ExecutorService pool = Executors.newFixedThreadPool(FissionSuite.WORKERS,
                Thread.ofPlatform().daemon().factory());
        return items -> {
            List<Future<byte[]>> futures = new ArrayList<>(items.size());
            for (Integer item : items) {
                futures.add(pool.submit(() -> TASK.apply(item)));
            }
            List<byte[]> results = new ArrayList<>(items.size());
            for (Future<byte[]> future : futures) {
                results.add(future.get());
            }
            return results;
        };
    }
}
