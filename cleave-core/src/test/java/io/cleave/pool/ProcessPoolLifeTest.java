package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.cleave.WorkerDiedException;
import io.cleave.os.Signals;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How workers come into being, what they inherit, where their output goes, and how they end. */
class ProcessPoolLifeTest extends ProcessPoolTestBase {
    private static final int SIGINT = 2;

    private static <V> V get(Future<V> future) throws Exception {
        return future.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static long pid() {
        return ProcessHandle.current().pid();
    }

    private static boolean isGone(long pid) {
        Optional<ProcessHandle> process = ProcessHandle.of(pid);
        return process.isEmpty() || !process.get().isAlive();
    }

    private static void assertGone(List<Long> pids) {
        assertThat(Delays.within(Delays.PATIENCE, () -> pids.stream().allMatch(ProcessPoolLifeTest::isGone)))
                .as("end of %s", pids).isTrue();
    }

    /** Endless work that no interrupt ends. */
    private static int spin() {
        long turns = 0;
        while (turns >= 0) {
            Thread.onSpinWait();
        }
        return 0;
    }

    @Test
    void workersComeWithWorkAndEndWithThePool() throws Exception {
        List<Long> pids;
        try (ProcessPool pool = create(2)) {
            assertThat(pool.workerPids()).isEmpty();
            long first = get(pool.submit(ProcessPoolLifeTest::pid));
            assertThat(pool.workerPids()).containsExactly(first);
            pool.map(IntStream.range(0, 40).boxed().toList(), x -> {
                Thread.sleep(20);
                return x;
            });
            pids = pool.workerPids();
            assertThat(pids).hasSize(2).contains(first).allSatisfy(pid -> assertThat(isGone(pid)).isFalse());
        }
        assertGone(pids);
    }

    /** A JVM with a pool whose workers are in a state to be chosen, and that ends in a way to be chosen. */
    static final class Owner {
        public static void main(String[] arguments) throws Exception {
            StartMethod method = StartMethod.valueOf(arguments[2]);
            ProcessPool pool = ProcessPool.builder().startMethod(method).workers(2).build();
            switch (arguments[0]) {
                case "busy" -> {
                    List<Future<Long>> pids = List.of(pool.submit(Owner::pidSoon), pool.submit(Owner::pidSoon));
                    for (Future<Long> pid : pids) {
                        get(pid);
                    }
                    var _ = pool.submit(ProcessPoolLifeTest::spin);
                    var _ = pool.submit(ProcessPoolLifeTest::spin);
                    Delays.pause(Delays.SHORT);
                }
                case "idle" -> get(pool.submit(Owner::pidSoon));
                case "initializing" -> {
                    pool.close();
                    pool = ProcessPool.builder().startMethod(method).workers(1).initializer(ProcessPoolLifeTest::spin)
                            .build();
                    var _ = pool.submit(Owner::pidSoon);
                }
                default -> {
                    var _ = pool.submit(Owner::pidSoon);
                }
            }
            ProcessPool started = pool;
            boolean _ = Delays.within(Delays.PATIENCE, () -> !started.workerPids().isEmpty());
            if (arguments[0].equals("initializing")) {
                Delays.pause(Delays.scaled(Duration.ofMillis(500)));
            }
            System.out.println("pids " + pool.workerPids());
            switch (arguments[1]) {
                case "returns" -> {
                }
                case "exits" -> System.exit(3);
                default -> Delays.pause(Delays.PATIENCE.multipliedBy(10));
            }
        }

        private static long pidSoon() throws InterruptedException {
            Thread.sleep(100);
            return pid();
        }
    }

    private static boolean ignores(long pid, int signal) throws IOException {
        String ignored = Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith("SigIgn:")).findFirst().orElseThrow();
        return (Long.parseUnsignedLong(ignored.substring(7).strip(), 16) >> (signal - 1) & 1) != 0;
    }

    @ParameterizedTest
    @CsvSource({"busy,is killed,137", "idle,is killed,137", "booting,is killed,137", "initializing,is killed,137",
            "busy,returns,0", "idle,exits,3", "busy,is interrupted,130"})
    void workersEndWithTheProcessOfTheirPool(String state, String end, int status) throws Exception {
        List<Long> pids;
        try (ChildJvm jvm = ChildJvm.start(Owner.class, state, end, startMethod().name())) {
            pids = Arrays.stream(jvm.awaitLine("pids ").replaceAll("[\\[\\] ]", "").split(",")).map(Long::valueOf)
                    .toList();
            if (end.equals("is killed")) {
                jvm.kill();
            } else if (end.equals("is interrupted")) {
                assumeFalse(ignores(jvm.pid(), SIGINT),
                        "whoever started the tests has it ignored, as shells do in the background");
                Signals.kill((int) jvm.pid(), SIGINT);
            }
            assertThat(jvm.awaitExit()).isEqualTo(status);
        }
        assertThat(pids).isNotEmpty();
        assertGone(pids);
    }

    @Test
    void idleWorkersEndAndComeBackOnDemand() throws Exception {
        try (ProcessPool pool = builder().workers(2).idleTimeout(Delays.SHORT.multipliedBy(4)).build()) {
            long first = get(pool.submit(ProcessPoolLifeTest::pid));
            assertThat(Delays.within(Delays.PATIENCE, () -> pool.workerPids().isEmpty())).isTrue();
            assertGone(List.of(first));
            assertThat(get(pool.submit(ProcessPoolLifeTest::pid))).isNotEqualTo(first);
            assertThat(pool.map(List.of(1, 2, 3), x -> x + 1)).containsExactly(2, 3, 4);
        }
    }

    @Test
    void aBusyWorkerIsNotIdle() throws Exception {
        Duration idle = Delays.SHORT.multipliedBy(2);
        try (ProcessPool pool = builder().workers(1).idleTimeout(idle).build()) {
            assertThat(get(pool.submit(() -> {
                Thread.sleep(idle.multipliedBy(4));
                return "done";
            }))).isEqualTo("done");
        }
    }

    @Test
    void aWorkerIsReplacedAfterSoManyTasks() throws Exception {
        try (ProcessPool pool = builder().workers(1).maxTasksPerWorker(3).build()) {
            List<Future<Long>> pids = new ArrayList<>();
            for (int i = 0; i < 7; i++) {
                pids.add(pool.submit(ProcessPoolLifeTest::pid));
            }
            List<Long> inOrder = new ArrayList<>();
            for (Future<Long> pid : pids) {
                inOrder.add(get(pid));
            }
            assertThat(new HashSet<>(inOrder)).hasSize(3);
            assertThat(inOrder).startsWith(inOrder.getFirst(), inOrder.getFirst(), inOrder.getFirst());
            assertThat(inOrder.get(3)).isNotEqualTo(inOrder.get(2)).isEqualTo(inOrder.get(5));
            Set<Long> later = new HashSet<>(pool.map(List.of(1, 2, 3, 4, 5, 6), x -> pid()));
            assertThat(later).hasSizeBetween(2, 3);
        }
    }

    /** What a task keeps for ever. */
    private static final List<byte[]> KEPT = new ArrayList<>();

    @Test
    void aWorkerThatGrowsIsReplaced() throws Exception {
        try (ProcessPool pool = builder().workers(1).maxRssGrowth(48 << 20).build()) {
            long first = get(pool.submit(ProcessPoolLifeTest::pid));
            int tasks = 0;
            while (get(pool.submit(() -> {
                byte[] more = new byte[16 << 20];
                Arrays.fill(more, (byte) 1);
                KEPT.add(more);
                Thread.sleep(110); // it is looked at ten times a second
                return pid();
            })) == first) {
                assertThat(++tasks).isLessThan(20);
            }
            assertThat(tasks).isGreaterThan(1);
            assertGone(List.of(first));
        }
    }

    private static String printed(boolean isError, ProcessPool.Builder builder) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream before = isError ? System.err : System.out;
        ProcessPool pool = builder.workers(2).build();
        try (PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            if (isError) {
                System.setErr(stream);
            } else {
                System.setOut(stream);
            }
            pool.map(IntStream.range(0, 200).boxed().toList(), x -> {
                PrintStream to = isError ? System.err : System.out;
                for (int i = 0; i < 10; i++) {
                    to.print(i);
                }
                to.println(" of " + x);
                return x;
            });
            get(pool.submit(() -> (isError ? System.err : System.out).print("an unfinished line")));
            pool.close();
            assertThat(Delays.within(Delays.GRACE,
                    () -> bytes.size() == 0 || bytes.toString(StandardCharsets.UTF_8).contains("unfinished"))).isTrue();
        } finally {
            pool.close();
            System.setOut(isError ? System.out : before);
            System.setErr(isError ? before : System.err);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatWorkersPrintAppearsLineByLineOnTheStreamsOfThePool(boolean isError) throws Exception {
        List<String> lines = printed(isError, builder()).lines()
                .filter(line -> !line.contains("WARNING")).toList();
        List<String> expected = new ArrayList<>(
                IntStream.range(0, 200).mapToObj(x -> "0123456789 of " + x).toList());
        expected.add("an unfinished line");
        assertThat(lines).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void whatWorkersPrintCanBeDiscarded() throws Exception {
        assertThat(printed(false, builder().output(WorkerOutput.DISCARD))).isEmpty();
    }

    @Test
    void whatWorkersPrintCanGoToTheLogger() throws Exception {
        List<String> records = new CopyOnWriteArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                records.add(entry.getLevel() + " " + entry.getMessage());
            }

            @Override
            public void flush() {
            }

            @Override
            public void close() {
            }
        };
        Logger logger = Logger.getLogger("io.cleave.pool.worker");
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        try (ProcessPool pool = builder().workers(1).output(WorkerOutput.LOGGER).build()) {
            get(pool.submit(() -> {
                System.out.println("said {0} 100%");
                System.err.println("complained");
            }));
            assertThat(Delays.within(Delays.PATIENCE, () -> records.contains(Level.INFO + " said {0} 100%")
                    && records.contains(Level.WARNING + " complained"))).as("%s", records).isTrue();
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(true);
        }
    }

    /** A JVM with properties, options and an environment of its own, all of which its workers tell it. */
    static final class Heir {
        public static void main(String[] arguments) throws Exception {
            try (ProcessPool pool = ProcessPool.builder().workers(1)
                    .jvmOptions("-Xmx77m", "-Dof.pool=p", "-Dof.both=pool").build()) {
                System.out.println("inherited " + get(pool.submit(Heir::account)));
            }
        }

        private static String account() {
            return List.of(System.getProperty("of.jvm", ""), System.getProperty("of.pool", ""),
                    System.getProperty("of.both", ""), Objects.requireNonNullElse(System.getenv("OF_SHELL"), ""),
                    Heir.class.desiredAssertionStatus(), Runtime.getRuntime().maxMemory() >> 20,
                    System.getProperty("user.dir")).toString();
        }
    }

    @Test
    void propertiesOptionsAndEnvironmentAreInheritedAndTheOptionsOfThePoolWin() throws Exception {
        assumeFalse(isForked(), "a copy takes no options");
        try (ChildJvm jvm = ChildJvm.start(Map.of("OF_SHELL", "shell"), List.of("-Dof.jvm=a b", "-Dof.both=jvm", "-ea"),
                Heir.class)) {
            assertThat(jvm.awaitLine("inherited ")).matches(
                    "\\[a b, p, pool, shell, true, 7[0-9], " + System.getProperty("user.dir") + "]");
            assertThat(jvm.awaitExit()).isZero();
        }
    }

    @Test
    void anUnknownOptionIsAnErrorWithTheWordsOfTheJvm() throws Exception {
        assumeFalse(isForked(), "a copy takes no options");
        try (ProcessPool pool = builder().workers(2).output(WorkerOutput.DISCARD)
                .jvmOptions("-XX:+NoSuchOption").build()) {
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> pool.map(List.of(1, 2), x -> x)).isInstanceOfSatisfying(
                        WorkerDiedException.class, death -> {
                            assertThat(death).hasMessageContaining("NoSuchOption")
                                    .hasMessageContaining("before it could begin");
                            assertThat(death.exitCode()).hasValue(1);
                            assertThat(death.errorOutput()).contains("NoSuchOption");
                        });
            }
        }
    }

    @Test
    void aProcessThatCannotBeStartedIsAnError() {
        assumeFalse(isForked(), "a copy takes no options");
        try (ProcessPool pool = builder().workers(2).jvmOptions("-Dx=" + "x".repeat(1 << 18)).build()) {
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> pool.map(List.of(1, 2), x -> x)).isInstanceOf(WorkerDiedException.class)
                        .hasMessageContaining("no worker can be started").hasMessageContaining("too long");
            }
        }
    }

    @Test
    void aWorkerThatWillNotLeaveIsKilled() throws Exception {
        List<Long> pids;
        try (ProcessPool pool = create(1)) {
            get(pool.submit(
                    () -> Runtime.getRuntime().addShutdownHook(new Thread(ProcessPoolLifeTest::spin))));
            pids = pool.workerPids();
        }
        assertGone(pids);
    }

    @Test
    void nothingIsLostWhereWorkersLeaveWhileTasksCome() throws Exception {
        try (ProcessPool pool = builder().workers(1).idleTimeout(Duration.ofMillis(1)).build()) {
            for (int i = 0; i < 15; i++) {
                int number = i;
                assertThat(get(pool.submit(() -> number))).isEqualTo(i);
                Delays.pause(Duration.ofMillis(i));
            }
        }
        try (ProcessPool pool = builder().workers(2).maxTasksPerWorker(1).build()) {
            assertThat(pool.map(IntStream.range(0, 6).boxed().toList(), x -> pid())).doesNotHaveDuplicates();
        }
    }

    @Test
    void workersThatAreKilledWhileTheyBootAreReplaced() throws Exception {
        try (ProcessPool pool = builder().workers(1).maxRetries(3).build()) { // some may just have begun
            Set<Long> killed = new HashSet<>();
            Future<String> future = pool.submit(() -> "done");
            for (int i = 0; i < 3; i++) {
                assertThat(Delays.within(Delays.PATIENCE,
                        () -> future.isDone() || !killed.containsAll(pool.workerPids()))).isTrue();
                for (long pid : pool.workerPids()) {
                    killed.add(pid);
                    Signals.kill((int) pid, Signals.SIGKILL);
                }
            }
            assertThat(get(future)).isEqualTo("done");
        }
    }

    @Test
    void aPoolThatIsClosedWhileItsWorkersBootLeavesNothing() {
        for (int i = 0; i < 3; i++) {
            try (ProcessPool pool = create(2)) {
                Future<?> future = pool.submit(ProcessPoolLifeTest::spin);
                Delays.pause(Duration.ofMillis(40L * i));
                assertThat(future.cancel(true)).isTrue();
            }
        }
    }
}
