package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.CleaveException;
import io.cleave.fork.WholeSupport;
import io.cleave.os.Errno;
import io.cleave.os.ProcessLimits;
import io.cleave.os.WholeFork;
import io.cleave.os.WholeFork.Cut;
import io.cleave.testing.ChildJvm;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Runs whose children are killed, or not to be had, in the middle of the fork. */
final class FissionCutTest {
    private static final List<Integer> ITEMS = IntStream.range(0, 40).boxed().toList();
    private static final List<String> SMALL = List.of("-Xmx64m", "-XX:TieredStopAtLevel=1");

    private static String run(int warmUp) {
        try (Fission fission = Fission.builder().warmUp(warmUp).children(2).build()) {
            boolean right = fission.map(ITEMS, x -> 2 * x).equals(ITEMS.stream().map(x -> 2 * x).toList());
            return (right ? "right" : "wrong") + (fission.lastReport().itemsInParent() == ITEMS.size() ? " here" : "");
        } catch (CleaveException e) {
            return "thrown " + e.getMessage();
        }
    }

    /** Arguments: what happens, up to which step or kind, and the error number. */
    static final class Cuts {
        public static void main(String[] arguments) {
            if (!WholeSupport.isThere()) {
                System.out.println("children are not whole");
                return;
            }
            Cut cut = Cut.valueOf(arguments[0]);
            run(0);
            for (int i = 1; i < arguments.length; i++) {
                int at = Integer.parseInt(arguments[i]);
                WholeFork.cut(cut, at, Errno.EAGAIN);
                System.out.println(at + " warmed " + run(1));
                System.out.println(at + " isolated " + run(0));
                WholeFork.cut(Cut.NONE, 0, 0);
                System.out.println(at + " afterwards " + run(0));
            }
        }
    }

    private static List<String> lines(Class<?> main, String... arguments) throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(SMALL, main, arguments)) {
            assertThat(jvm.awaitExit()).as(() -> jvm.lines().toString()).isZero();
            assumeTrue(!jvm.lines().contains("children are not whole"), "children are not whole here");
            return jvm.lines();
        }
    }

    @Test
    void aChildThatIsKilledBeforeItIsWholeIsAnErrorThatSaysSo() throws InterruptedException {
        List<String> lines = lines(Cuts.class, "KILL", "-1", "-4", "-8", "-16");
        for (String step : List.of("-1", "-4", "-8", "-16")) {
            assertThat(lines).anyMatch(line -> line.matches(
                    step + " isolated thrown child \\d+ ended too early: .*SIGKILL.*, before its first item"));
            assertThat(lines).contains(step + " afterwards right");
        }
    }

    /** Lists threads, sends signals, clones, copies counters, moves them, makes threads. */
    @Test
    void whereNoChildBecomesWholeTheCallerComputesOrLearnsTheReason() throws InterruptedException {
        List<String> lines = lines(Cuts.class, "FAIL_ALL", "2", "3", "4", "6");
        for (String kind : List.of("2", "3", "4", "6")) {
            assertThat(lines).contains(kind + " warmed right here", kind + " afterwards right");
            assertThat(lines)
                    .anyMatch(line -> line.startsWith(kind + " isolated thrown ") && line.contains("ulimit -"));
        }
    }

    /** May have no child for a moment. */
    static final class Recovers {
        public static void main(String[] arguments) throws InterruptedException {
            run(0);
            WholeFork.cut(Cut.FAIL_ALL, 6, Errno.EAGAIN);
            Thread later = Thread.ofPlatform().start(() -> {
                try {
                    Thread.sleep(50);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                WholeFork.cut(Cut.NONE, 0, 0);
            });
            System.out.println(run(0));
            later.join();
        }
    }

    @Test
    void aChildThatDoesNotBecomeWholeIsNotTheEndOfTheRun() throws InterruptedException {
        assertThat(lines(Recovers.class)).containsExactly("right");
    }

    /** May have so many threads more, or so little memory. */
    static final class Limits {
        public static void main(String[] arguments) throws Throwable {
            run(0);
            run(1);
            if (!ProcessLimits.becomeNobody()) {
                System.out.println("only root can become nobody");
                return;
            }
            for (int more = 0; more < 40; more += 3) {
                ProcessLimits.limit(ProcessLimits.RLIMIT_NPROC, ProcessLimits.threads() + more);
                String warmed = run(1);
                String isolated = run(0);
                ProcessLimits.limit(ProcessLimits.RLIMIT_NPROC, -1);
                System.out.println("warmed " + warmed);
                System.out.println("isolated " + isolated);
            }
            System.out.println("afterwards " + run(0));
        }
    }

    @Test
    void underALimitOfProcessesTheCallerComputesOrLearnsTheRemedy() throws InterruptedException {
        List<String> lines = lines(Limits.class);
        assumeTrue(!lines.contains("only root can become nobody"), "only root can become nobody");
        assertThat(lines).filteredOn(line -> line.startsWith("warmed")).hasSizeGreaterThan(5)
                .allMatch(line -> line.startsWith("warmed right")).contains("warmed right here", "warmed right");
        assertThat(lines).filteredOn(line -> line.startsWith("isolated"))
                .allMatch(line -> line.equals("isolated right") || line.contains("ulimit -u"))
                .contains("isolated right")
                .anyMatch(line -> line.contains("ulimit -u"));
        assertThat(lines).contains("afterwards right");
    }

    /** Takes the first result of runs whose children take long to set themselves up, and counts the children then. */
    static final class FirstResults {
        private static final int SET_UP_MILLIS = 100;
        private static final int MOST_RUNS = 20;

        public static void main(String[] arguments) {
            run(0);
            WholeFork.cut(Cut.NAP, -1, SET_UP_MILLIS);
            boolean isAlone = false;
            for (int i = 0; i < MOST_RUNS && !isAlone; i++) {
                try (Fission fission = Fission.builder().warmUp(0).children(2).build();
                        Stream<Integer> results = fission.imap(ITEMS, x -> 2 * x)) {
                    isAlone = results.iterator().next() == 0 && fission.lastReport().forks() == 1;
                }
            }
            System.out.println("alone " + isAlone);
        }
    }

    @Test
    void theFirstResultIsThereWhileTheSecondChildDoesNotExistYet() throws InterruptedException {
        assertThat(lines(FirstResults.class)).containsExactly("alone true");
    }
}
