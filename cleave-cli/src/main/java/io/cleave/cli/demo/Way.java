package io.cleave.cli.demo;

import io.cleave.fission.Fission;
import io.cleave.fission.FissionReport;
import io.cleave.pool.Pool;
import io.cleave.pool.ProcessPool;
import io.cleave.pool.ProgressListener;
import io.cleave.share.SharedData;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collector;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One way of doing the same job to all items: the same comes out. */
public abstract class Way {
    /**
     * What came of it.
     *
     * @param findings the merged results
     * @param time from the first item to the merged findings
     * @param report what forking took, null where nothing was forked
     * @param handOver what it took to hand the index over, null where nobody needed another
     */
    public record Outcome(Findings findings, Duration time, @Nullable FissionReport report,
            @Nullable HandOver handOver) {}

    /**
     * What it took to give other processes an index of their own.
     *
     * @param bytes the size of the index as data, without the class files, which come one by one
     * @param writing the time to make data of it and write that to shared memory
     * @param loading the time that a process took to make an index of the data, on average
     * @param processes how many did so
     */
    public record HandOver(long bytes, Duration writing, Duration loading, int processes) {}

    /** What a way took beside the time: one of these or neither. */
    record Costs(@Nullable FissionReport report, @Nullable HandOver handOver) {
        static final Costs NONE = new Costs(null, null);
    }

    private static final long LOOK_MILLIS = 20;

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
     * @param progress hears how many items have been analysed, about
     */
    public final Outcome run(ClassIndex index, List<ClassNode> items, ProgressListener progress)
            throws ExecutionException, InterruptedException {
        ClassAnalysis analysis = new ClassAnalysis(index);
        Findings findings = new Findings(index);
        long start = System.nanoTime();
        Costs costs = compute(analysis, items, findings, progress);
        return new Outcome(findings, since(start), costs.report, costs.handOver);
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    abstract Costs compute(ClassAnalysis analysis, List<ClassNode> items, Findings findings, ProgressListener progress)
            throws ExecutionException, InterruptedException;

    /** One item after the other, in the calling thread. */
    public static Way sequential() {
        return new Way("sequential", "sequential") {
            @Override
            Costs compute(ClassAnalysis analysis, List<ClassNode> items, Findings findings, ProgressListener progress) {
                items.forEach(item -> add(analysis.analyse(item), items, findings, progress));
                return Costs.NONE;
            }
        };
    }

    private static void add(ClassFacts facts, List<ClassNode> items, Findings findings, ProgressListener progress) {
        findings.add(facts);
        progress.onProgress(findings.classes(), items.size());
    }

    /**
     * A fixed pool of threads. Each takes the next item until there is none, and gathers what it finds.
     *
     * @param workers how many
     */
    public static Way threads(int workers) {
        return new Way("threads", workers == 1 ? "1 thread" : workers + " threads") {
            @Override
            Costs compute(ClassAnalysis analysis, List<ClassNode> items, Findings findings, ProgressListener progress)
                    throws ExecutionException, InterruptedException {
                AtomicInteger next = new AtomicInteger();
                try (ExecutorService pool = Executors.newFixedThreadPool(workers)) {
                    List<Future<Findings>> parts = new ArrayList<>();
                    for (int i = 0; i < workers; i++) {
                        parts.add(pool.submit(() -> {
                            Findings own = new Findings(analysis.index());
                            for (int at = next.getAndIncrement(); at < items.size(); at = next.getAndIncrement()) {
                                own.add(analysis.analyse(items.get(at)));
                            }
                            return own;
                        }));
                    }
                    for (Future<Findings> part : parts) {
                        findings.merge(await(part,
                                () -> progress.onProgress(Math.min(next.get(), items.size()), items.size())));
                    }
                    return Costs.NONE;
                }
            }
        };
    }

    /** Waits for a result, and does something now and then until it is there. */
    private static <R> R await(Future<R> result, Runnable meanwhile) throws ExecutionException, InterruptedException {
        while (true) {
            try {
                return result.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                meanwhile.run();
            }
        }
    }

    /**
     * JVMs of their own: each makes an index of its own of data that is handed over once, and gets the classes with their
     * bytes one by one. They start when the time does.
     *
     * @param workers how many
     */
    public static Way processes(int workers) {
        return new Way("processes", workers == 1 ? "1 process" : workers + " processes") {
            @Override
            Costs compute(ClassAnalysis analysis, List<ClassNode> items, Findings findings, ProgressListener progress) {
                try (ProcessPool pool = ProcessPool.builder().workers(workers).build()) {
                    return remotely(pool, analysis, items, findings, progress);
                }
            }
        };
    }

    /**
     * The executors of a cluster that is there already, which have to be given all that other processes are.
     *
     * @param pool on Spark
     */
    public static Way spark(Pool pool) {
        return new Way("spark", "Spark, " + pool.parallelism() + " cores") {
            @Override
            Costs compute(ClassAnalysis analysis, List<ClassNode> items, Findings findings, ProgressListener progress) {
                return remotely(pool, analysis, items, findings, progress);
            }
        };
    }

    private static Costs remotely(Pool pool, ClassAnalysis analysis, List<ClassNode> items, Findings findings,
            ProgressListener progress) {
        long start = System.nanoTime();
        try (SharedData<IndexData> index = pool.share(analysis.index().data())) {
            Duration writing = since(start);
            List<Long> loads = new ArrayList<>();
            List<RemoteAnalysis.Item> all = items.stream()
                    .map(node -> new RemoteAnalysis.Item(node.id(), node.bytes())).toList();
            try (Stream<RemoteAnalysis.Answer> answers = pool.imap(all, new RemoteAnalysis(index.name()))) {
                answers.forEachOrdered(answer -> {
                    if (answer.loadNanos() > 0) {
                        loads.add(answer.loadNanos());
                    }
                    add(answer.facts(), items, findings, progress);
                });
            }
            double loading = loads.stream().mapToLong(nanos -> nanos).average().orElse(0);
            return new Costs(null,
                    new HandOver(index.byteSize(), writing, Duration.ofNanos((long) loading), loads.size()));
        }
    }

    /**
     * The calling thread, as a pool has it compute what it gives to no child: what is compiled meanwhile the children will
     * have.
     */
    public static Way rehearsal() {
        return new Way("rehearsal", "rehearsal") {
            @Override
            Costs compute(ClassAnalysis analysis, List<ClassNode> items, Findings findings, ProgressListener progress) {
                return reduce(Fission.builder().children(1).warmUp(items.size()), analysis, items, findings, progress);
            }
        };
    }

    /**
     * Forked copies of this JVM: the job is handed the very objects of the index, each gathers what it finds, and nothing but
     * that is serialised.
     *
     * @param children how many at once
     */
    public static Way fission(int children) {
        return new Way("fission", children == 1 ? "1 forked child" : children + " forked children") {
            @Override
            Costs compute(ClassAnalysis analysis, List<ClassNode> items, Findings findings, ProgressListener progress) {
                return reduce(Fission.builder().children(children), analysis, items, findings, progress);
            }
        };
    }

    private static Costs reduce(Fission.Builder settings, ClassAnalysis analysis, List<ClassNode> items,
            Findings findings, ProgressListener progress) {
        try (Fission fission = settings.progress(progress).build()) {
            findings.merge(fission.reduce(items, analysis::analyse, Collector.of(() -> new Findings(analysis.index()),
                    Findings::add, Findings::merge, Collector.Characteristics.UNORDERED)));
            return new Costs(fission.lastReport(), null);
        }
    }
}
