package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.fork.WholeSupport;
import io.cleave.os.AtExit;
import io.cleave.os.ProcessLimits;
import io.cleave.os.YoungCollection;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import jdk.jshell.JShell;
import jdk.jshell.SnippetEvent;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is special about workers that are copies of this JVM. */
final class ForkedWorkerTest {
    private static final AtomicInteger STATE = new AtomicInteger();

    @BeforeAll
    static void needsWholeForks() {
        assumeTrue(WholeSupport.isThere(), WholeSupport.refusal());
    }

    private static ProcessPool.Builder builder() {
        return ProcessPool.builder().startMethod(StartMethod.FORK);
    }

    @Test
    void aWorkerHasWhatThisJvmHadWhenItWasForked() {
        STATE.set(7);
        try (ProcessPool pool = builder().workers(1).build()) {
            assertThat(pool.submit(() -> STATE.incrementAndGet()).join()).isEqualTo(8);
            assertThat(pool.submit(() -> STATE.get()).join()).as("it lasts").isEqualTo(8);
            assertThat(STATE).as("and is its own").hasValue(7);
        }
    }

    @Test
    void workersDrawDifferentRandomNumbers() {
        Math.random();
        try (ProcessPool pool = builder().workers(2).chunkSize(1).maxTasksPerWorker(1).build()) {
            List<Double> drawn = pool.map(IntStream.range(0, 4).boxed().toList(), x -> Math.random());
            assertThat(new HashSet<>(drawn)).hasSize(4);
        }
    }

    private static boolean sleepsVirtually() throws InterruptedException {
        return Thread.ofVirtual().start(() -> Delays.pause(Duration.ofMillis(5))).join(Delays.PATIENCE.dividedBy(2));
    }

    /** Threads of the JDK's that look at the time are started once, and a copy does not have them. */
    @Test
    void whatWaitsForItsTimeGetsItInAWorkerThoughThisJvmHasWaitedBefore() throws Exception {
        CompletableFuture<?> pending = new CompletableFuture<>().orTimeout(1, TimeUnit.HOURS);
        assertThat(sleepsVirtually()).isTrue();
        try (ProcessPool pool = builder().workers(1).taskTimeout(Delays.PATIENCE).build()) {
            assertThat(pool.submit(() -> new CompletableFuture<Integer>().completeOnTimeout(7, 5, TimeUnit.MILLISECONDS)
                    .join()).join()).isEqualTo(7);
            assertThat(pool.submit(() -> sleepsVirtually()).join()).isTrue();
        } finally {
            pending.cancel(false);
        }
    }

    /** Has a worker make much garbage, though less than Eden has room for. */
    static final class LittersInALargeEden {
        private static final int ITEMS = 100;
        private static final int PIECES = 6_000;
        private static final int PIECE_BYTES = 1_000;

        public static void main(String[] arguments) {
            long before = collections();
            try (ProcessPool pool = builder().workers(1).build()) {
                List<Long> seen = pool.map(IntStream.range(0, ITEMS).boxed().toList(), x -> {
                    int length = 0;
                    for (int i = 0; i < PIECES; i++) {
                        byte[] piece = new byte[PIECE_BYTES];
                        piece[i % PIECE_BYTES] = 1;
                        length += piece.length + piece[0];
                    }
                    Delays.pause(Duration.ofMillis(10)); // so that whoever looks after the memory comes to look
                    return collections() - before + (length > 0 ? 0 : 1);
                });
                System.out.println("first " + seen.getFirst() + " last " + (seen.getLast() > 0) + " here "
                        + (collections() - before));
            }
        }

        private static long collections() {
            return ManagementFactory.getGarbageCollectorMXBeans().stream()
                    .mapToLong(GarbageCollectorMXBean::getCollectionCount).sum();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseG1GC"})
    void aWorkerCollectsLongBeforeItHasTouchedALargeEden(String collector) throws InterruptedException {
        assumeTrue(YoungCollection.isThere());
        try (ChildJvm jvm = ChildJvm.start(
                List.of(collector, "-Xmn1g", "-Xms1500m", "-Xmx1500m", "-XX:-UseAdaptiveSizePolicy"),
                LittersInALargeEden.class)) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
            assertThat(jvm.lines()).contains("first 0 last true here 0");
        }
    }

    @Test
    void whereMemoryRunsOutTheKernelEndsAWorkerBeforeThisJvm() {
        try (ProcessPool pool = builder().workers(1).build()) {
            assertThat(pool.submit(() -> Files.readString(Path.of("/proc/self/oom_score_adj")).strip()).join())
                    .isEqualTo("1000");
        }
    }

    private static final ReentrantLock LOCK = new ReentrantLock();
    private static final Object MONITOR = new Object();

    /** It waited for ever. */
    @ParameterizedTest
    @ValueSource(strings = {"lock", "monitor"})
    void aTaskThatWaitsForALockOfAThreadThatIsNotInTheWorkerFails(String kind) throws Exception {
        boolean isMonitor = kind.equals("monitor");
        CountDownLatch over = new CountDownLatch(1);
        CountDownLatch held = new CountDownLatch(1);
        Thread holder = Thread.ofPlatform().start(() -> {
            if (isMonitor) {
                synchronized (MONITOR) {
                    held.countDown();
                    await(over);
                }
            } else {
                LOCK.lock();
                try {
                    held.countDown();
                    await(over);
                } finally {
                    LOCK.unlock();
                }
            }
        });
        held.await();
        try (ProcessPool pool = builder().workers(1).build()) {
            CompletableFuture<Integer> stuck = pool.submit(() -> {
                if (isMonitor) {
                    synchronized (MONITOR) {
                        return 1;
                    }
                }
                LOCK.lock();
                return 2;
            });
            assertThatThrownBy(() -> stuck.get(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
                    .hasStackTraceContaining("waits for a lock that a thread of the calling JVM held");
            over.countDown();
            holder.join();
            assertThat(pool.submit(() -> 3).join()).as("the pool goes on").isEqualTo(3);
        } finally {
            over.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Its own threads may hold a lock for as long as they like. */
    @Test
    void aTaskThatWaitsForALockOfAThreadOfItsOwnGetsIt() {
        try (ProcessPool pool = builder().workers(1).build()) {
            assertThat(pool.submit(() -> {
                ReentrantLock own = new ReentrantLock();
                CountDownLatch held = new CountDownLatch(1);
                Thread.ofPlatform().start(() -> {
                    own.lock();
                    try {
                        held.countDown();
                        Delays.pause(Delays.SHORT.multipliedBy(10));
                    } finally {
                        own.unlock();
                    }
                });
                held.await();
                own.lock();
                return own.isHeldByCurrentThread();
            }).join()).isTrue();
        }
    }

    /** It went on to the parent's shutdown hooks. */
    @Test
    void aWorkerWhoseOwnEndFailsEndsAllTheSameWithTheStatusThatWasAskedFor(@TempDir Path directory) throws Exception {
        Path mark = directory.resolve("hook");
        long parent = ProcessHandle.current().pid();
        Thread hook = new Thread(() -> {
            try {
                if (ProcessHandle.current().pid() != parent) {
                    Files.createFile(mark);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
        try (ProcessPool pool = builder().workers(1).build()) {
            assertThatThrownBy(() -> pool.submit(() -> {
                AtExit.add("failing", () -> {
                    throw new IllegalStateException("at the end");
                });
                System.exit(7);
                return 0;
            }).join()).hasStackTraceContaining("exit code 7");
        } finally {
            Runtime.getRuntime().removeShutdownHook(hook);
        }
        assertThat(mark).doesNotExist();
    }

    /** Its pools have workers, or learn why not, under limits of threads that any of a worker's may exceed. */
    static final class Limits {
        public static void main(String[] arguments) throws Throwable {
            if (!ProcessLimits.becomeNobody()) {
                System.out.println("only root can become nobody");
                return;
            }
            String last = "";
            for (int more = 0; more < 40 && !last.contains("nothing"); more++) {
                try (ProcessPool pool = builder().workers(1).build()) {
                    ProcessLimits.limit(ProcessLimits.RLIMIT_NPROC, ProcessLimits.threads() + more);
                    last = answer(pool);
                    ProcessLimits.limit(ProcessLimits.RLIMIT_NPROC, -1);
                    System.out.println("limited " + last);
                    last = last.contains("nothing") ? last : answer(pool);
                    System.out.println("afterwards " + last);
                    if (last.contains("nothing")) {
                        pool.shutdownNow();
                        Runtime.getRuntime().halt(1); // it cannot be closed
                    }
                }
            }
        }

        private static String answer(ProcessPool pool) throws InterruptedException {
            try {
                return "right " + pool.submit(() -> 42).get(Delays.PATIENCE.toMillis() / 3, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                return "nothing";
            } catch (Exception | OutOfMemoryError e) {
                return "thrown " + e;
            }
        }
    }

    /** What starts workers ended at the first thread that was not to be had, and never started another. */
    @Test
    void aPoolThatHadNoThreadForAWorkerHasOneLater() throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(List.of("-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
                Limits.class)) {
            int exit = jvm.awaitExit();
            List<String> lines = jvm.lines();
            assumeTrue(!lines.contains("only root can become nobody"), "only root can become nobody");
            assertThat(exit).as(() -> jvm.lines().toString()).isZero();
            assertThat(lines).filteredOn(line -> line.startsWith("limited")).contains("limited right 42")
                    .anyMatch(line -> line.startsWith("limited thrown"));
            assertThat(lines).filteredOn(line -> line.startsWith("afterwards")).hasSize(40)
                    .containsOnly("afterwards right 42");
        }
    }

    @Test
    void optionsOfANewJvmAreRefusedWithTheRemedy() {
        assertThatIllegalArgumentException().isThrownBy(() -> builder().jvmOptions("-Xmx1g").build())
                .withMessageContaining("jvmOptions").withMessageContaining("start this JVM with them")
                .withMessageContaining("StartMethod.SPAWN");
        assertThatIllegalArgumentException().isThrownBy(() -> builder().classPath(Path.of("x.jar")).build())
                .withMessageContaining("classPath").withMessageContaining("StartMethod.SPAWN");
    }

    /** Says what becomes of a pool of forked workers. */
    static final class Trial {
        public static void main(String[] arguments) {
            try (ProcessPool pool = builder().workers(1).build()) {
                System.out.println("result " + pool.submit(() -> 42).join());
            } catch (UnsupportedOperationException e) {
                System.out.println("result " + e.getMessage());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"-XX:+UseSerialGC,42", "-XX:+UseParallelGC,42", "-XX:+UseG1GC,42", "-Xint,42",
            "-XX:+UseZGC,the collector is ZGC", "-Dcleave.fission.whole=false,-Dcleave.fission.whole=false"})
    void aJvmThatCannotBeForkedSaysWhy(String option, String result) throws Exception {
        try (ChildJvm jvm = ChildJvm.start(List.of(option), Trial.class)) {
            assertThat(jvm.awaitLine("result ")).contains(result);
            assertThat(jvm.awaitExit()).isZero();
        }
    }

    @Test
    void aProgramThatTheSourceLauncherRunsHasItsTasksInWorkers(@TempDir Path directory) throws Exception {
        Path program = directory.resolve("Program.java");
        Files.writeString(program, """
                import io.cleave.pool.*;
                import java.util.List;
                class Program {
                    record Pair(int a, String b) {}
                    public static void main(String[] arguments) {
                        try (var pool = ProcessPool.builder().startMethod(StartMethod.FORK).workers(1)
                                .initializer(() -> System.setProperty("ready", new Pair(1, "x").b())).build()) {
                            System.out.println(pool.map(List.of(new Pair(20, "b")), p -> new Pair(p.a() + 1, p.b()
                                    + System.getProperty("ready"))));
                        }
                    }
                }
                """);
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), program.toString())
                .redirectErrorStream(true).start();
        try {
            String output = new String(process.getInputStream().readAllBytes(),
                    StandardCharsets.UTF_8);
            assertThat(process.waitFor(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
            assertThat(output).contains("[Pair[a=21, b=bx]]");
        } finally {
            process.destroyForcibly();
        }
    }

    /** Each line of a shell is a class of its own, which the shell's loader gets when it is entered. */
    @Test
    void aShellHasItsLinesInWorkersWheneverTheyWereEntered() {
        try (JShell shell = JShell.builder().executionEngine("local").build()) {
            shell.addToClasspath(System.getProperty("java.class.path"));
            List<String> values = new ArrayList<>();
            for (String line : List.of("import io.cleave.pool.*;", "import java.util.List;",
                    "var pool = ProcessPool.builder().startMethod(StartMethod.FORK).workers(1).build();",
                    "pool.map(List.of(1, 2), x -> x + 1);", "int twice(int x) { return 2 * x; }",
                    "pool.map(List.of(3, 4), x -> twice(x));", "pool.map(List.of(5, 6), x -> twice(twice(x)));",
                    "pool.close();")) {
                for (SnippetEvent event : shell.eval(line)) {
                    assertThat(event.exception()).as(line).isNull();
                    values.add(String.valueOf(event.value()));
                }
            }
            assertThat(values).contains("[2, 3]", "[6, 8]", "[20, 24]");
        }
    }
}
