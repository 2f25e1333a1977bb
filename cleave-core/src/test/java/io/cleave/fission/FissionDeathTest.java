package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.pool.Task;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Children that end before their work is done, or never would. */
final class FissionDeathTest {
    private static final int SIGXCPU = 24;
    private static final int SIGABRT = 6;
    private static final List<Integer> ITEMS = IntStream.range(0, 100).boxed().toList();

    private static Fission.Builder isolated() {
        return Fission.builder().warmUp(0).children(2);
    }

    private static void die() {
        Signals.kill(Unistd.getpid(), Signals.SIGKILL);
    }

    @ParameterizedTest
    @ValueSource(ints = {Signals.SIGKILL, SIGXCPU, SIGABRT})
    void aKilledChildIsAnErrorThatNamesSignalAndItem(int signal) {
        try (Fission fission = isolated().build()) {
            assertThatThrownBy(() -> fission.map(List.of("a", "b", "c"), x -> {
                if (x.equals("b")) {
                    Signals.kill(Unistd.getpid(), signal);
                    Thread.sleep(Delays.PATIENCE);
                }
                return x;
            })).isInstanceOf(WorkerDiedException.class).hasMessageContaining(Signals.nameOf(signal))
                    .hasMessageContaining("item 1 (b)");
        }
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    @Test
    void aChildThatIsKilledFromOutsideIsAnErrorThatNamesTheSignal() throws InterruptedException {
        SharedCounters pid = new SharedCounters(1);
        AtomicReference<Integer> killed = new AtomicReference<>();
        Thread killer = Thread.ofPlatform().start(() -> {
            Delays.within(Delays.PATIENCE, () -> pid.get(0) != 0);
            ProcessHandle child = ProcessHandle.current().children().filter(each -> each.pid() == pid.get(0))
                    .findFirst().orElseThrow();
            killed.set((int) child.pid());
            child.destroyForcibly();
        });
        try (Fission fission = isolated().build()) {
            assertThatThrownBy(() -> fission.map(List.of("a"), x -> {
                pid.set(0, Unistd.getpid());
                Thread.sleep(Delays.PATIENCE);
                return x;
            })).isInstanceOf(WorkerDiedException.class).hasMessageContaining("SIGKILL")
                    .hasMessageContaining("item 0 (a)")
                    .satisfies(thrown -> assertThat(thrown).hasMessageContaining("child " + killed.get()));
        }
        killer.join();
    }

    @Test
    void theNativeExitOfAChildIsAnErrorThatNamesTheCode() {
        try (Fission fission = isolated().build()) {
            assertThatThrownBy(() -> fission.map(List.of("a"), x -> {
                throw Unistd._exit(7);
            })).isInstanceOf(WorkerDiedException.class).hasMessageContaining("exit code 7")
                    .hasMessageContaining("item 0 (a)");
            assertThatThrownBy(() -> fission.map(List.of("a"), x -> {
                throw Unistd._exit(0);
            })).isInstanceOf(WorkerDiedException.class).hasMessageContaining("exit code 0");
        }
    }

    @Test
    void systemExitInAChildIsAnErrorOfItsOwnWithTheStackOfTheCall() {
        try (Fission fission = isolated().build()) {
            assertThatThrownBy(() -> fission.map(List.of("a", "b"), x -> {
                if (x.equals("b")) {
                    System.exit(0);
                }
                return x;
            })).isInstanceOf(WorkerException.class).hasMessageContaining("System.exit").hasMessageContaining("item 1")
                    .satisfies(thrown -> assertThat(((WorkerException) thrown).remoteStack())
                            .contains(FissionDeathTest.class.getName()));
        }
    }

    @Test
    void aChildThatDiesAfterItsLastResultHasDoneItsWork() {
        try (Fission fission = isolated().build()) {
            for (int i = 0; i < 5; i++) {
                assertThat(fission.map(List.of(1, 2, 3, 4), x -> {
                    LastMoment.endThere();
                    return x;
                })).containsExactly(1, 2, 3, 4);
            }
        }
    }

    /** The thread that computes goes on sending results until the process has ended. */
    @Test
    void systemExitInAThreadThatATaskHasLeftBehindSpoilsNoResult() {
        List<Integer> many = IntStream.range(0, 200_000).boxed().toList();
        SharedCounters exits = new SharedCounters(1);
        try (Fission fission = isolated().maxRetries(100).build()) {
            assertThat(fission.map(many, x -> {
                if (x % 5_000 == 100 && exits.count(0) < 40) {
                    Thread.ofPlatform().daemon().start(() -> System.exit(1));
                }
                return x;
            })).isEqualTo(many);
        }
        assertThat(exits.get(0)).isGreaterThanOrEqualTo(40);
    }

    @Test
    void runtimeHaltInAChildEndsThatChildAlone() {
        try (Fission fission = isolated().build()) {
            assertThatThrownBy(() -> fission.map(List.of("a"), x -> {
                Runtime.getRuntime().halt(0);
                return x;
            })).isInstanceOf(WorkerDiedException.class).hasMessageContaining("item 0 (a)");
        }
    }

    @Test
    void anItemIsTriedAgainAsOftenAsAsked() {
        SharedCounters attempts = new SharedCounters(ITEMS.size());
        Task<Integer, Integer> task = x -> {
            long before = attempts.count(x);
            if (x % 10 == 3 && before < 2) {
                die();
            }
            return x;
        };
        try (Fission fission = isolated().maxRetries(2).build(); Stream<Integer> results = fission.imap(ITEMS, task)) {
            assertThat(results.toList()).isEqualTo(ITEMS);
            assertThat(fission.lastReport().reforks()).isGreaterThanOrEqualTo(1);
        }
        for (int x : ITEMS) {
            attempts.set(x, 0);
        }
        try (Fission fission = isolated().maxRetries(1).build()) {
            assertThatThrownBy(() -> fission.map(ITEMS, task)).isInstanceOf(WorkerDiedException.class)
                    .hasMessageContaining("SIGKILL");
        }
    }

    @Test
    void resultsOfKilledChildrenComeOnceAndInOrder() {
        SharedCounters attempts = new SharedCounters(ITEMS.size());
        try (Fission fission = isolated().children(3).maxRetries(100).build();
                Stream<String> results = fission.imap(ITEMS, x -> {
                    if (x % 7 == 5 && attempts.isFirst(x)) {
                        die();
                    }
                    return "\u20ac".repeat(x * 1000); // pieces of results are lost with a child
                })) {
            assertThat(results.map(String::length).toList()).isEqualTo(ITEMS.stream().map(x -> x * 1000).toList());
        }
    }

    @Test
    void anEndlessLoopEndsWithTheTimeout() {
        Duration limit = Delays.SHORT.multipliedBy(6);
        try (Fission fission = isolated().itemTimeout(limit).build()) {
            assertThatThrownBy(() -> fission.map(List.of("a", "b"), x -> {
                while (x.equals("b")) {
                    Thread.onSpinWait();
                }
                return x;
            })).isExactlyInstanceOf(WorkerException.class).hasCauseInstanceOf(TimeoutException.class)
                    .hasMessageContaining(limit.toString()).hasMessageContaining("item 1 (b)").satisfies(thrown -> {
                        assertThat(((WorkerException) thrown).item()).isEqualTo("b");
                        assertThat(((WorkerException) thrown).index()).isEqualTo(1);
                        assertThat(((WorkerException) thrown).worker()).startsWith("child ");
                    });
        }
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    @Test
    void anItemThatSleepsTooLongIsTriedAgainAsOftenAsAsked() {
        SharedCounters attempts = new SharedCounters(1);
        try (Fission fission = isolated().itemTimeout(Delays.SHORT.multipliedBy(6)).maxRetries(1).build()) {
            assertThat(fission.map(List.of("a"), x -> {
                if (attempts.isFirst(0)) {
                    Thread.sleep(Delays.PATIENCE);
                }
                return x;
            })).containsExactly("a");
            assertThat(attempts.get(0)).isEqualTo(2);
        }
    }

    /** The second result does not fit into the ring while the consumer pauses, so that its child waits for room. */
    @Test
    void thePauseOfAConsumerIsNotTheTimeOfAnItem() {
        Duration limit = Delays.SHORT.multipliedBy(10);
        int size = 3 * RunMemory.RING_BYTES;
        try (Fission fission = isolated().children(1).itemTimeout(limit).build();
                Stream<byte[]> results = fission.imap(List.of(1, 2, 3), x -> new byte[size + x])) {
            Iterator<byte[]> each = results.iterator();
            for (int i = 1; i <= 3; i++) {
                assertThat(each.next()).hasSize(size + i);
                Delays.pause(limit.multipliedBy(2));
            }
            assertThat(each.hasNext()).isFalse();
        }
    }

    @Test
    void aSliceThatTakesTooLongEndsWithTheTimeout() {
        try (Fission fission = isolated().itemTimeout(Delays.SHORT.multipliedBy(6)).build();
                Stream<Integer> results = fission.each(ITEMS, slice -> slice.stream().peek(x -> {
                    while (x == 50) {
                        Thread.onSpinWait();
                    }
                }))) {
            assertThatThrownBy(results::toList).isExactlyInstanceOf(WorkerException.class)
                    .hasCauseInstanceOf(TimeoutException.class);
        }
    }

    @Test
    void aStreamCanBeAbandonedWhileAChildIsInAnEndlessLoop() {
        try (Fission fission = isolated().build(); Stream<Integer> results = fission.imap(List.of(0, 1, 2, 3), x -> {
            while (x > 1) {
                Thread.onSpinWait();
            }
            return x;
        })) {
            Iterator<Integer> each = results.iterator();
            assertThat(each.next()).isZero();
            assertThat(each.next()).isEqualTo(1);
        }
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    /** Lets a child touch memory that nobody has. */
    static final class Crashes {
        private static final int PR_SET_DUMPABLE = 4;

        public static void main(String[] arguments) {
            try (Fission fission = Fission.builder().warmUp(0).build()) {
                MemorySegment nowhere = MemorySegment.ofAddress(8).reinterpret(8);
                fission.map(List.of("a", "b"), x -> {
                    Signals.prctl(PR_SET_DUMPABLE, 0); // no core file
                    return x.equals("b") ? nowhere.get(ValueLayout.JAVA_LONG, 0) : 1L;
                });
            } catch (WorkerDiedException e) {
                System.out.println("thrown " + e.getMessage());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCrashInAChildIsAnErrorThatNamesSignalItemAndReport(boolean isWhole, @TempDir Path directory)
            throws Exception {
        try (ChildJvm jvm = ChildJvm.start(
                List.of("-XX:ErrorFile=" + directory.resolve("hs_err_%p.log"), "-Dcleave.fission.whole=" + isWhole),
                Crashes.class)) {
            assertThat(jvm.awaitLine("thrown ")).containsPattern("SIG(ABRT|SEGV)|crashed").contains("item 1 (b)")
                    .contains("; see " + directory);
            assertThat(jvm.awaitExit()).isZero();
        }
        assertThat(directory).isDirectoryContaining("glob:**hs_err_*.log");
        try (Stream<Path> reports = Files.list(directory)) {
            assertThat(reports).as("the item is tried once").hasSize(1);
        }
    }

    /** Acts like HotSpot that meets a deadlock while it reports a crash. Arguments: where reports go. */
    static final class HangsInItsReport {
        public static void main(String[] arguments) {
            int parent = Unistd.getpid();
            try (Fission fission = Fission.builder().warmUp(1).build()) {
                fission.map(List.of("warm-up", "a", "b"), x -> {
                    boolean inParent = Unistd.getpid() == parent;
                    if (x.equals("b") && inParent) {
                        System.out.println("computed in the parent");
                    }
                    if (!x.equals("a")) {
                        write(Path.of(arguments[0], inParent ? x : "hs_err_" + Unistd.getpid() + ".log"));
                    }
                    if (x.equals("b") && !inParent) {
                        LockSupport.park();
                    }
                    return x;
                });
            } catch (WorkerDiedException e) {
                System.out.println("thrown " + e.getMessage());
            }
        }

        private static void write(Path report) {
            try {
                Files.writeString(report, "# A fatal error");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aChildThatHangsInTheReportOfItsCrashIsNotTriedAgainInTheParent(boolean isWhole, @TempDir Path directory)
            throws Exception {
        try (ChildJvm jvm = ChildJvm.start(
                List.of("-XX:ErrorFile=" + directory.resolve("hs_err_%p.log"), "-Dcleave.fission.whole=" + isWhole),
                HangsInItsReport.class, directory.toString())) {
            assertThat(jvm.awaitLine("thrown ")).contains("crashed, at item 2 (b)").contains("; see " + directory);
            assertThat(jvm.awaitExit()).isZero();
            assertThat(jvm.lines()).doesNotContain("computed in the parent");
        }
        try (Stream<Path> reports = Files.list(directory)) {
            assertThat(reports).as("what the warm-up and one child wrote").hasSize(2);
        }
    }
}
