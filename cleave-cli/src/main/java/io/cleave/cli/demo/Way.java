package io.cleave.cli.demo;

import io.cleave.fission.Fission;
import io.cleave.fission.FissionReport;
import io.cleave.pool.ProgressListener;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One way of doing the same job to all items: the results come to the same reducer in the same order. */
public abstract class Way {
    /**
     * What came of it.
     *
     * @param findings the merged results
     * @param time from the first item to the last merged result
     * @param report what forking took, null where nothing was forked
     */
    public record Outcome(Findings findings, Duration time, @Nullable FissionReport report) {}

    private final String key;
    private final String name;

    private Way(String key, String name) {
        this.key = key;
        this.name = name;
    }

    /** The way's name for programs. */
    public final String key() {
        return key;
    }

    /** The way's name for people. */
    public final String name() {
        return name;
    }

    /**
     * Does the job to all items.
     *
     * @param index the caller's heap
     * @param items what to analyse
     * @param progress hears how many results have been merged
     */
    public final Outcome run(ClassIndex index, List<ClassNode> items, ProgressListener progress)
            throws ExecutionException, InterruptedException {
        ClassAnalysis analysis = new ClassAnalysis(index);
        Findings findings = new Findings(index);
        long start = System.nanoTime();
        FissionReport report = compute(analysis, items, facts -> {
            findings.add(facts);
            progress.onProgress(findings.classes(), items.size());
        });
        return new Outcome(findings, Duration.ofNanos(System.nanoTime() - start), report);
    }

    abstract @Nullable FissionReport compute(ClassAnalysis analysis, List<ClassNode> items,
            Consumer<ClassFacts> reducer)
            throws ExecutionException, InterruptedException;

    /** One item after the other, in the calling thread. */
    public static Way sequential() {
        return new Way("sequential", "sequential") {
            @Override
            @Nullable FissionReport compute(ClassAnalysis analysis, List<ClassNode> items, Consumer<ClassFacts> reducer) {
                items.forEach(item -> reducer.accept(analysis.analyse(item)));
                return null;
            }
        };
    }

    /**
     * A fixed pool of threads.
     *
     * @param workers how many
     */
    public static Way threads(int workers) {
        return new Way("threads", workers == 1 ? "1 thread" : workers + " threads") {
            @Override
            @Nullable FissionReport compute(ClassAnalysis analysis, List<ClassNode> items, Consumer<ClassFacts> reducer)
                    throws ExecutionException, InterruptedException {
                try (ExecutorService pool = Executors.newFixedThreadPool(workers)) {
                    Deque<Future<ClassFacts>> results = new ArrayDeque<>(items.size());
                    items.forEach(item -> results.add(pool.submit(() -> analysis.analyse(item))));
                    while (!results.isEmpty()) {
                        reducer.accept(results.remove().get());
                    }
                    return null;
                }
            }
        };
    }

    /**
     * The calling thread, but each result encoded and decoded as if it had come from a forked child: what is compiled
     * meanwhile the children will have.
     */
    public static Way rehearsal() {
        return new Way("rehearsal", "rehearsal") {
            @Override
            FissionReport compute(ClassAnalysis analysis, List<ClassNode> items, Consumer<ClassFacts> reducer) {
                return stream(Fission.builder().children(1).warmUp(items.size()), analysis, items, reducer);
            }
        };
    }

    /**
     * Forked copies of this JVM: the job is handed the very objects of the index, and nothing but its results is
     * serialised.
     *
     * @param children how many at once
     */
    public static Way fission(int children) {
        return new Way("fission", children == 1 ? "1 forked child" : children + " forked children") {
            @Override
            FissionReport compute(ClassAnalysis analysis, List<ClassNode> items, Consumer<ClassFacts> reducer) {
                return stream(Fission.builder().children(children), analysis, items, reducer);
            }
        };
    }

    private static FissionReport stream(Fission.Builder settings, ClassAnalysis analysis, List<ClassNode> items,
            Consumer<ClassFacts> reducer) {
        try (Fission fission = settings.build()) {
            try (Stream<ClassFacts> results = fission.imap(items, analysis::analyse)) {
                results.forEachOrdered(reducer);
            }
            return fission.lastReport();
        }
    }
}
