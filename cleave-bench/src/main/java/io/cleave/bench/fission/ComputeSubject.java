package io.cleave.bench.fission;

import io.cleave.bench.Requests;
import io.cleave.fission.Fission;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * A JVM that computes items of some number of steps each and collects the results to a list. Requests:
 * {@code calibrate NANOS} gives the steps that take so long, {@code run ITEMS STEPS} gives the seconds taken.
 */
final class ComputeSubject {
    /** Computes all items. */
    private interface Way {
        List<Long> run(List<Integer> items, int steps) throws Exception;
    }

    private static final int COMPILED_AFTER = 300;

    private ComputeSubject() {
    }

    /** Serves requests; the argument is the way. */
    public static void main(String[] args) throws Exception {
        Way way = way(args[0]);
        Requests.serve(request -> {
            String[] words = request.split(" ");
            return new double[] {words[0].equals("calibrate") ? Computation.stepsFor(Long.parseLong(words[1]))
                    : run(way, Integer.parseInt(words[1]), Integer.parseInt(words[2]))};
        });
    }

    private static double run(Way way, int items, int steps) throws Exception {
        List<Integer> all = IntStream.range(0, items).boxed().toList();
        long start = System.nanoTime();
        List<Long> results = way.run(all, steps);
        double seconds = (System.nanoTime() - start) / 1e9;
        verify(results, items, steps);
        return seconds;
    }

    /** Checks a few results: computing all again would take as long as the run, and warm what must stay cold. */
    private static void verify(List<Long> results, int items, int steps) {
        if (results.size() != items) {
            throw new IllegalStateException(results.size() + " results of " + items + " items");
        }
        if (results.getLast() != lastResult(items, steps)) {
            throw new IllegalStateException("a result is wrong");
        }
    }

    /** The same computation in other words, so that nothing of {@link Computation} is run here. */
    private static long lastResult(int items, int steps) {
        long x = items * 0x9E37_79B9_7F4A_7C15L;
        for (int i = 0; i < steps; i++) {
            x = x ^ (x << 13);
            x = x ^ (x >>> 7);
            x = x ^ (x << 17);
        }
        return x;
    }

    private static Way way(String name) {
        return switch (name) {
            case "sequential" -> ComputeSubject::sequentially;
            case "cleave" -> byFission(Fission.builder().children(FissionSuite.WORKERS).build());
            case "cleave-isolated" -> {
                Computation.stepsFor(COMPILED_AFTER); // as in a program that has run for a while
                yield byFission(Fission.builder().children(FissionSuite.WORKERS).warmUp(0).build());
            }
            case "cleave-isolated-cold" ->
                byFission(Fission.builder().children(FissionSuite.WORKERS).warmUp(0).build());
            case "threads" -> onThreads();
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static List<Long> sequentially(List<Integer> items, int steps) {
        List<Long> results = new ArrayList<>(items.size());
        for (int item : items) {
            results.add(Computation.compute(item, steps));
        }
        return results;
    }

    private static Way byFission(Fission fission) {
        return (items, steps) -> fission.map(items, item -> Computation.compute(item, steps));
    }

    private static Way onThreads() {
        ExecutorService pool = Executors.newFixedThreadPool(FissionSuite.WORKERS,
                Thread.ofPlatform().daemon().factory());
        return (items, steps) -> {
            List<Callable<Long>> tasks = new ArrayList<>(items.size());
            for (int item : items) {
                tasks.add(() -> Computation.compute(item, steps));
            }
            List<Long> results = new ArrayList<>(items.size());
            for (Future<Long> result : pool.invokeAll(tasks)) {
                results.add(result.get());
            }
            return results;
        };
    }
}
