package io.cleave.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.memory.Cleanup;
import io.cleave.pool.Task;
import io.cleave.share.Share;
import io.cleave.share.SharedData;
import io.cleave.testing.Delays;
import io.cleave.testing.Watchdog;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * A Master, two Workers and their executors, each a JVM of its own. The two Workers have a CLEAVE_DIR each, as if
 * they were two hosts, and the second has that of this JVM, as if the driver ran there.
 */
@ExtendWith({SparkClusterTest.Logs.class, Watchdog.class})
final class SparkClusterTest {
    private static final Path DIRECTORY = Path.of("target", "cluster-test." + ProcessHandle.current().pid());
    private static final Path HERE = Path.of(System.getenv("CLEAVE_DIR"));
    private static final Path ELSEWHERE = Path.of(HERE + ".elsewhere");

    private static LoopbackCluster cluster;
    private static JavaSparkContext context;

    /** Shows what the cluster's processes have written where a test fails. */
    static final class Logs implements TestWatcher {
        @Override
        public void testFailed(ExtensionContext test, Throwable cause) {
            System.err.println(test.getDisplayName() + " has failed; the logs are kept in " + DIRECTORY.toAbsolutePath()
                    + "; the last executor's ends with:\n" + cluster.errorOutput());
        }
    }

    @BeforeAll
    static void start() throws IOException {
        Files.createDirectories(HERE);
        Files.createDirectories(ELSEWHERE);
        cluster = LoopbackCluster.start(Path.of(System.getProperty("cleave.spark.home")), DIRECTORY,
                List.of(Map.of("CLEAVE_DIR", ELSEWHERE.toString()), Map.of("CLEAVE_DIR", HERE.toString())));
        context = new JavaSparkContext(cluster.conf("cluster-test"));
    }

    @AfterAll
    static void stop() throws IOException {
        try (SparkPool pool = SparkPool.on(context)) { // an executor that has run a task cleans up after the killed ones
            pool.map(numbers(200), SparkClusterTest::slowSquare);
        }
        context.stop();
        cluster.close();
        try (Stream<Path> left = Files.list(ELSEWHERE)) {
            assertThat(left.filter(file -> file.getFileName().toString().startsWith("cleave.value."))).isEmpty();
        }
        removeAll(ELSEWHERE);
        removeAll(HERE);
        assertThat(Delays.within(Delays.GRACE, () -> cluster.executorPids().isEmpty())).isTrue();
    }

    private static void removeAll(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
    }

    /** So that each test finds two executors, whatever the one before has done to them. */
    @AfterEach
    void awaitExecutors() {
        assertThat(Delays.within(Delays.PATIENCE, () -> context.sc().getExecutorMemoryStatus().size() == 3)).isTrue();
    }

    private static List<Integer> numbers(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    private static long slowSquare(int x) {
        Delays.pause(Duration.ofMillis(3));
        return (long) x * x;
    }

    private record Point(int x, List<String> names) {}

    @Test
    void bothExecutorsComputeAndTheResultsAreExact() {
        try (SparkPool pool = SparkPool.on(context)) {
            assertThat(pool.map(numbers(2_000), x -> (long) x * x))
                    .isEqualTo(LongStream.range(0, 2_000).map(x -> x * x).boxed().toList());
            List<Long> pids = pool.map(numbers(400), x -> {
                slowSquare(x);
                return ProcessHandle.current().pid();
            });
            assertThat(new HashSet<>(pids)).hasSize(2).doesNotContain(ProcessHandle.current().pid())
                    .isEqualTo(Set.copyOf(cluster.executorPids()));
        }
    }

    @Test
    void recordsLocalClassesAndCapturedObjectsTravel() {
        record Local(long value) {}
        Map<String, Integer> captured = Map.of("a", 7);
        Task<Point, Local> task = point -> new Local(captured.get(point.names.getFirst()) + (long) point.x);
        List<Point> points = IntStream.range(0, 50).mapToObj(x -> new Point(x, List.of("a"))).toList();
        try (SparkPool pool = SparkPool.on(context)) {
            assertThat(pool.map(points, task))
                    .isEqualTo(IntStream.range(0, 50).mapToObj(x -> new Local(7 + x)).toList());
        }
    }

    @Test
    void anExceptionTellsItemAndExecutor() {
        Task<Integer, Integer> task = x -> {
            if (x == 120) {
                throw new FileNotFoundException("no file " + x);
            }
            return x;
        };
        try (SparkPool pool = SparkPool.on(context)) {
            assertThatThrownBy(() -> pool.map(numbers(200), task)).isExactlyInstanceOf(FileNotFoundException.class)
                    .hasMessage("no file 120").satisfies(thrown -> assertThat(thrown.getSuppressed())
                            .singleElement().isInstanceOfSatisfying(WorkerException.class, account -> {
                                assertThat(account.item()).isEqualTo("120");
                                assertThat(account.index()).isEqualTo(120);
                                assertThat(account.worker()).matches("executor \\d+ on 127.0.0.1, process \\d+");
                            }));
        }
    }

    @Test
    void anExecutorThatIsKilledInTheMiddleCostsNoResultAndIsSeenAsARetry() throws Exception {
        List<long[]> progress = new CopyOnWriteArrayList<>();
        try (SparkPool pool = SparkPool.builder(context)
                .progress((done, total) -> progress.add(new long[] {done, total})).build()) {
            SharedData<int[]> data = pool.share(IntStream.range(0, 3_000).toArray());
            String name = data.name();
            CompletableFuture<List<Long>> results = pool.amap(numbers(3_000),
                    x -> slowSquare(SharedData.load(name, int[].class)[x]));
            assertThat(Delays.within(Delays.PATIENCE, () -> !progress.isEmpty() && progress.getLast()[0] > 100))
                    .isTrue();
            List<Long> executors = cluster.executorPids();
            ProcessHandle.of(executors.getFirst()).orElseThrow().destroyForcibly();
            assertThat(results.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS))
                    .isEqualTo(LongStream.range(0, 3_000).map(x -> x * x).boxed().toList());
            assertThat(pool.retries()).isPositive();
            assertThat(progress).allSatisfy(each -> assertThat(each[0]).isLessThanOrEqualTo(each[1]));
            assertThat(progress.getLast()).containsExactly(3_000, 3_000);
            assertThat(SharedData.load(name, int[].class)).hasSize(3_000);
        }
    }

    @Test
    void withoutRetriesNoItemBeginsTwiceAndTheLossIsReported() throws Exception {
        Path begun = Files.createTempDirectory("cleave-begun");
        String directory = begun.toString();
        List<Integer> items = new ArrayList<>(numbers(12));
        try (SparkPool pool = SparkPool.builder(context).chunkSize(1).maxRetries(0).build()) {
            assertThatExceptionOfType(WorkerDiedException.class).isThrownBy(() -> pool.map(items, x -> {
                Files.createFile(Path.of(directory, "item-" + x)); // throws where it is there already
                if (x == 5) {
                    System.err.println("this executor has had enough");
                    Runtime.getRuntime().halt(9);
                }
                return x;
            })).satisfies(died -> {
                assertThat(died).hasMessageContaining("item").hasMessageContaining("0 retries")
                        .hasMessageContaining("this executor has had enough");
                assertThat(died.errorOutput()).contains("this executor has had enough");
                assertThat(Arrays.asList(died.getSuppressed())).hasSize(1);
            });
        } finally {
            removeAll(begun);
        }
    }

    @Test
    void aSharedValueIsOnEachHostOnceAndGoesWithItsHandle() throws Exception {
        long[] numbers = LongStream.range(0, 200_000).toArray();
        Share.trim(); // the memory of values of other tests
        try (SparkPool pool = SparkPool.on(context)) {
            pool.map(numbers(100), x -> { // and what executors have left that were killed
                slowSquare(x);
                return Cleanup.run().failed().size();
            });
            SharedData<long[]> data = pool.share(numbers);
            String name = data.name();
            long sum = Arrays.stream(numbers).sum();
            assertThat(pool.map(numbers(200), x -> {
                slowSquare(x);
                return Arrays.stream(SharedData.load(name, long[].class)).sum();
            })).hasSize(200).containsOnly(sum);
            assertThat(values(ELSEWHERE)).hasSize(1);
            assertThat(values(HERE)).isEqualTo(values(ELSEWHERE));
            data.close();
            Share.trim();
            assertThat(pool.map(numbers(100), SparkClusterTest::slowSquare)).hasSize(100);
            assertThat(Delays.within(Delays.PATIENCE, () -> values(ELSEWHERE).isEmpty())).isTrue();
            assertThat(values(HERE)).isEmpty();
        }
    }

    @Test
    void aHostWhoseOnlyExecutorIsKilledGetsItsSharedValueAgain() throws Exception {
        try (SparkPool pool = SparkPool.on(context)) {
            String name = pool.share("x".repeat(300_000)).name();
            Task<Integer, Integer> task = x -> {
                slowSquare(x);
                return SharedData.load(name, String.class).length() + x;
            };
            List<Integer> expected = IntStream.range(0, 200).map(x -> 300_000 + x).boxed().toList();
            assertThat(pool.map(numbers(200), task)).isEqualTo(expected);
            cluster.executorPids().forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
            assertThat(pool.map(numbers(200), task)).isEqualTo(expected);
        }
    }

    @Test
    void aCancelledFutureEndsTheSparkJob() {
        try (SparkPool pool = SparkPool.on(context)) {
            CompletableFuture<List<Long>> results = pool.amap(numbers(100_000), SparkClusterTest::slowSquare);
            assertThat(Delays.within(Delays.PATIENCE,
                    () -> context.statusTracker().getActiveJobIds().length > 0)).isTrue();
            assertThat(results.cancel(true)).isTrue();
            assertThat(Delays.within(Delays.PATIENCE,
                    () -> context.statusTracker().getActiveJobIds().length == 0)).isTrue();
        }
    }

    private static List<String> values(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).filter(file -> file.startsWith("cleave.value."))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
