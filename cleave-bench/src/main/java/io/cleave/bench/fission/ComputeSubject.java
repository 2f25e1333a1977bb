package io.cleave.bench.fission;

import io.cleave.bench.Requests;
import io.cleave.fission.Fission;
import java.lang.ref.Reference;
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
    /** Makes its JVM have the graph in its heap, and the items allocate. */
    static final String WITH_GRAPH = "with-graph";

    /** Computes all items. */
    private interface Way {
        List<Long> run(List<Integer> items, int steps) throws Exception;
    }

    private static final int COMPILED_AFTER = 300;

    private final Computation.Steps work;
    private final Way way;
    /** What the last item must give. */
    private final Computation.Steps last;

    private ComputeSubject(String way, boolean allocates) {
        this.work = allocates ? Garbage::compute : Computation::compute;
        this.last = allocates ? Garbage::compute : ComputeSubject::inOtherWords;
        this.way = way(way);
    }

    /** Serves requests; arguments: the way, and perhaps {@link #WITH_GRAPH}. */
    public static void main(String[] args) throws Exception {
        LiveGraph graph = args.length > 1 ? new LiveGraph() : null;
        ComputeSubject subject = new ComputeSubject(args[0], graph != null);
        try {
            Requests.serve(request -> {
                String[] words = request.split(" ");
                return new double[] {
                        words[0].equals("calibrate") ? Computation.stepsFor(subject.work, Long.parseLong(words[1]))
                                : subject.run(Integer.parseInt(words[1]), Integer.parseInt(words[2]))};
            });
        } finally {
            Reference.reachabilityFence(graph);
        }
    }

    private double run(int items, int steps) throws Exception {
        List<Integer> all = IntStream.range(0, items).boxed().toList();
        long start = System.nanoTime();
        List<Long> results = way.run(all, steps);
        double seconds = (System.nanoTime() - start) / 1e9;
        verify(results, items, steps);
        return seconds;
    }

    /** Checks a few results: computing all again would take as long as the run, and warm what must stay cold. */
    private void verify(List<Long> results, int items, int steps) {
        if (results.size() != items) {
            throw new IllegalStateException(results.size() + " results of " + items + " items");
        }
        if (results.getLast() != last.compute(items - 1, steps)) {
            throw new IllegalStateException("a result is wrong");
        }
    }

    /** The same computation in other words, so that nothing of {@link Computation} is run here. */
    private static long inOtherWords(int item, int steps) {
        long x = (item + 1) * 0x9E37_79B9_7F4A_7C15L;
        for (int i = 0; i < steps; i++) {
            x = x ^ (x << 13);
            x = x ^ (x >>> 7);
            x = x ^ (x << 17);
        }
        return x;
    }

    private Way way(String name) {
        return switch (name) {
            case "sequential" -> this::sequentially;
            case "cleave" -> byFission(Fission.builder().children(FissionSuite.WORKERS).build());
            case "cleave-isolated" -> {
                Computation.stepsFor(work, COMPILED_AFTER); // as in a program that has run for a while
                yield byFission(Fission.builder().children(FissionSuite.WORKERS).warmUp(0).build());
            }
            case "cleave-isolated-cold" ->
                byFission(Fission.builder().children(FissionSuite.WORKERS).warmUp(0).build());
            case "threads" -> onThreads();
            default -> throw new IllegalArgumentException(name);
        };
    }

    private List<Long> sequentially(List<Integer> items, int steps) {
        List<Long> results = new ArrayList<>(items.size());
        for (int item : items) {
            results.add(work.compute(item, steps));
        }
        return results;
    }

    private Way byFission(Fission fission) {
        return (items, steps) -> fission.map(items, item -> work.compute(item, steps));
    }

    private Way onThreads() {
        ExecutorService pool = Executors.newFixedThreadPool(FissionSuite.WORKERS,
                Thread.ofPlatform().daemon().factory());
        return (items, steps) -> {
            List<Callable<Long>> tasks = new ArrayList<>(items.size());
            for (int item : items) {
                tasks.add(() -> work.compute(item, steps));
            }
            List<Long> results = new ArrayList<>(items.size());
            for (Future<Long> result : pool.invokeAll(tasks)) {
                results.add(result.get());
            }
            return results;
        };
    }
}
