package io.cleave.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Exhaustive;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever happens in the middle of a whole fork, at any of its steps: nobody hangs, nothing is left, and the threads of
 * those that live go on.
 */
class WholeForkCutTest {
    private static final List<String> SMALL = List.of("-XX:+UseSerialGC", "-Xmx32m", "-Xshare:auto",
            "-XX:TieredStopAtLevel=1", Exhaustive.OPTION);

    private static List<String> run(String... arguments) throws InterruptedException {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "the machine code is for x86-64");
        try (ChildJvm jvm = ChildJvm.start(SMALL, WholeForkCutSubject.class, arguments)) {
            assertThat(jvm.awaitExit()).as(() -> jvm.lines().toString()).isZero();
            assertThat(jvm.lines()).noneMatch(line -> line.startsWith("wrong"));
            return jvm.lines();
        }
    }

    private static int number(List<String> lines, String start) {
        return lines.stream().filter(line -> line.startsWith(start)).findFirst()
                .map(line -> Integer.parseInt(line.substring(start.length()))).orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"kill-child", "stop-child", "fail-child"})
    void aChildThatIsCutShortHarmsNobodyElse(String cut) throws InterruptedException {
        assertThat(number(run(cut), "steps ")).isGreaterThan(5);
    }

    @Test
    void whenTheParentIsKilledItsChildEndsAsWell() throws InterruptedException {
        assertThat(number(run("kill-parent"), "steps ")).isGreaterThan(10);
    }

    @Test
    void aParentThatIsStoppedGoesOnAsIfNothingHadBeen() throws InterruptedException {
        assertThat(number(run("stop-parent"), "steps ")).isGreaterThan(10);
    }

    @Test
    void whereTheForkingThreadIsHeldUpTheOthersGoOnAndNoChildIsLeftThatTheParentDoesNotKnow()
            throws InterruptedException {
        assertThat(number(run("nap-parent"), "retried ")).isGreaterThan(3);
    }

    @Test
    void parkedThreadsGoOnByThemselvesAfterTwoSeconds() throws InterruptedException {
        assertThat(number(run("nap-parent-really"), "retried ")).isOne();
    }

    /** Once, each system call is tried again but for the first and the fork itself. */
    @Test
    void aSystemCallThatFailsOnceIsAnErrorOrTriedAgain() throws InterruptedException {
        List<String> lines = run("fail-parent", Integer.toString(Errno.EAGAIN));
        assertThat(lines).anyMatch(line -> line.matches("not made 1 -1008 .*"));
        assertThat(lines.stream().filter(line -> line.startsWith("not made"))).hasSize(2);
        assertThat(number(lines, "steps ")).isGreaterThan(5);
    }

    @Test
    void aSystemCallThatKeepsFailingIsAnErrorThatNamesTheLimit() throws InterruptedException {
        List<String> lines = run("fail-all");
        assertThat(lines).containsSubsequence("1 -24 " + Errno.describe(Errno.EMFILE),
                "2 -1011 the limit of signals that wait for their threads is reached (ulimit -i)",
                "3 -11 " + Errno.describe(Errno.EAGAIN), "4 exit code 89", "5 exit code 89", "6 exit code 89");
    }

    @Test
    void aSignalThatIsForbiddenIsAnErrorForGood() throws InterruptedException {
        assertThat(run("forbidden")).anyMatch(line -> line.matches("2 -1008 .*rt_tgsigqueueinfo.* for good"));
    }

    @Test
    void whereOtherCodeHasTakenTheSignalNoForkIsMadeAndNobodyHarmed() throws InterruptedException {
        assertThat(run("stolen")).anyMatch(line -> line.matches("-1012 other code has taken signal \\d+.* for good"));
    }

    @Test
    void aLimitOfProcessesIsAnErrorOrAChildThatSaysSo() throws InterruptedException {
        List<String> lines = run("processes");
        assumeTrue(!lines.contains("only root can become nobody"), "only root can become nobody");
        assertThat(lines).contains("refused true broken true made 3");
    }

    @Test
    void aLimitOfMemoryIsAnErrorOrAChildThatSaysSo() throws InterruptedException {
        assertThat(number(run("memory"), "steps ")).isOne();
    }
}
