package io.cleave.bench.spark;

import io.cleave.bench.Subject;
import io.cleave.os.ProcFs;
import io.cleave.share.SharedData;
import io.cleave.spark.LoopbackCluster;
import io.cleave.spark.SparkPool;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** The cluster and the works that both interfaces do on it. */
final class SparkWorks implements AutoCloseable {
    private static final int ITEMS = 1_000;
    private static final long ITEM_NANOS = 2_000_000;
    private static final int FLOATS = 25_000_000;
    private static final int WORKERS = 2;
    private static final Pattern SENT = Pattern
            .compile(".*/(cleave|cleave-bench|cleave-spark|fory-core[^/]*|jspecify[^/]*)\\.jar");
    private static final double MIB = 1 << 20;

    private final LoopbackCluster cluster;
    private final Path directory;
    private JavaSparkContext context;
    private SparkPool pool;

    private SparkWorks(LoopbackCluster cluster, Path directory) {
        this.cluster = cluster;
        this.directory = directory;
        this.context = connect();
        this.pool = SparkPool.on(context);
    }

    static SparkWorks start(Path home) throws IOException {
        Path directory = Files.createTempDirectory("cleave-bench-spark");
        return new SparkWorks(LoopbackCluster.start(home, directory, WORKERS), directory);
    }

    private JavaSparkContext connect() {
        // As jars, which Spark's own come before: the rivals of other suites bring other versions of what Spark needs.
        SparkConf conf = cluster.conf("cleave-bench").set("spark.executor.extraClassPath", "").set("spark.jars",
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> SENT.matcher(entry).matches())
                        .collect(Collectors.joining(",")));
        return new JavaSparkContext(conf);
    }

    /** Something to measure. */
    @FunctionalInterface
    private interface Measured {
        double measure();
    }

    private static Subject subject(String name, Measured work) {
        return new Subject() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public double[] measure(String request) {
                return new double[] {work.measure()};
            }
        };
    }

    private static double millis(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e6;
    }

    List<Subject> subjects(String work) {
        List<Integer> items = IntStream.range(0, ITEMS).boxed().toList();
        long nanos = work.equals("map-1000") ? ITEM_NANOS : 0;
        if (work.equals("broadcast-100MB")) {
            float[] floats = new float[FLOATS];
            floats[FLOATS - 1] = 1;
            return List.of(subject("cleave", () -> millis(() -> share(floats).close())),
                    subject("spark", () -> millis(() -> broadcast(floats).destroy())));
        }
        List<Long> expected = items.stream().map(x -> (long) x * x).toList();
        return List.of(
                subject("cleave", () -> millis(() -> require(expected, pool.map(items, x -> square(x, nanos))))),
                subject("spark", () -> millis(
                        () -> require(expected, context.parallelize(items).map(x -> square(x, nanos)).collect()))),
                subject("spark-1000", () -> millis(() -> require(expected,
                        context.parallelize(items, ITEMS).map(x -> square(x, nanos)).collect()))));
    }

    private static void require(List<Long> expected, List<Long> results) {
        if (!expected.equals(results)) {
            throw new IllegalStateException("the results are not those of the sequential program");
        }
    }

    private static long square(int x, long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
        return (long) x * x;
    }

    /** Shares an array and has each executor look at its ends. */
    private SharedData<float[]> share(float[] floats) {
        SharedData<float[]> data = pool.share(floats);
        String name = data.name();
        requireOnes(context.parallelize(parts(), WORKERS).count(), pool.map(parts(), x -> {
            MemorySegment view = Objects.requireNonNull(SharedData.load(name, MemorySegment.class));
            return view.getAtIndex(ValueLayout.JAVA_FLOAT, 0)
                    + view.getAtIndex(ValueLayout.JAVA_FLOAT, view.byteSize() / Float.BYTES - 1);
        }));
        return data;
    }

    /** Broadcasts an array and has each executor look at its ends. */
    private Broadcast<float[]> broadcast(float[] floats) {
        Broadcast<float[]> data = context.broadcast(floats);
        requireOnes(context.parallelize(parts(), WORKERS).count(),
                context.parallelize(parts(), WORKERS).map(x -> data.value()[0] + data.value()[data.value().length - 1])
                        .collect());
        return data;
    }

    /** As many as there are executors of one core, so that each gets one. */
    private static List<Integer> parts() {
        return IntStream.range(0, WORKERS).boxed().toList();
    }

    private static void requireOnes(long count, List<Float> sums) {
        if (count != WORKERS || !sums.stream().allMatch(sum -> sum == 1)) {
            throw new IllegalStateException("an executor has seen other data: " + sums);
        }
    }

    List<Subject> memorySubjects() {
        float[] floats = new float[FLOATS];
        floats[FLOATS - 1] = 1;
        return List.of(subject("cleave", () -> growth(() -> share(floats)::close)),
                subject("spark", () -> growth(() -> broadcast(floats)::destroy)));
    }

    /** Does something and tells by how much fresh executors have grown; what it returns ends it. */
    private double growth(Supplier<Runnable> work) {
        pool.close();
        context.stop();
        context = connect();
        pool = SparkPool.on(context);
        requireOnes(WORKERS, pool.map(parts(), x -> 1f));
        collectGarbage();
        double before = pss();
        Runnable end = work.get();
        collectGarbage();
        double after = pss();
        end.run();
        return after - before;
    }

    private void collectGarbage() {
        context.parallelize(parts(), WORKERS).foreach(x -> System.gc());
    }

    private double pss() {
        double sum = 0;
        for (long pid : cluster.executorPids()) {
            sum += ProcFs.memoryField("/proc/" + pid + "/smaps_rollup", "Pss") / MIB;
        }
        return sum;
    }

    @Override
    public void close() {
        pool.close();
        context.stop();
        cluster.close();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
