package io.cleave.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.testing.ChildJvm;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A child of a whole fork is a JVM like any other, and its parent goes on as if nothing had been. */
class WholeForkTest {
    private static final int FORKS = 12;

    private static List<String> run(List<String> options, String... arguments) throws InterruptedException {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "the machine code is for x86-64");
        try (ChildJvm jvm = ChildJvm.start(options, WholeForkSubject.class, arguments)) {
            assertThat(jvm.awaitExit()).as(() -> jvm.lines().toString()).isZero();
            return jvm.lines();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseG1GC", "-XX:+UseParallelGC", "-XX:+UseSerialGC"})
    void childrenCollectLoadClassesAndStartThreadsWhileTheParentIsBusy(String collector) throws InterruptedException {
        assertThat(run(List.of(collector, "-Xmx256m"), Integer.toString(FORKS), "2")).containsExactly("right " + FORKS);
    }

    @Test
    void virtualThreadsOfTheParentDoNotRunOnInTheChild() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m"), Integer.toString(FORKS), "0", "virtual")).containsExactly("right " + FORKS);
    }

    @Test
    void threadsThatAreStartedJustNowDoNotRunOnInTheChild() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m"), "40", "0", "starting")).containsExactly("right 40");
    }

    /** Its attempt's word has had 256 other attempts since, which have all come to nothing. */
    @Test
    void aChildThatWasStoppedForManyOtherAttemptsBecomesWholeAllTheSame() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m"), "3", "0", "late")).containsExactly("right 3");
    }

    @Test
    void threadsOfTheProgramThatAreNamedAsTheJvmsOwnDoNotRunOnInTheChild() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m"), Integer.toString(FORKS), "0", "named")).containsExactly("right " + FORKS);
    }

    @Test
    void aThreadThatBlocksTheSignalIsFoundOutByStoppingTheOthersOnce() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m"), "3", "0", "blocking")).containsExactly("right 3");
    }

    @Test
    void whatAWorkerHasBeenGivenToDoIsNotDoneInTheChildAsWell() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m"), "40", "0", "tasks")).containsExactly("right 40");
    }

    @Test
    void noChildIsLeftWithAHalfInitializedClass() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m"), "40", "0", "classes")).containsExactly("right 40");
    }

    /** Those collectors wait until no thread is in a critical section, which a thread that is not there never leaves. */
    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseParallelGC", "-XX:+UseSerialGC"})
    void noChildWaitsForACriticalSectionOfAThreadThatItDoesNotHave(String collector) throws InterruptedException {
        assertThat(run(List.of(collector, "-Xmx256m"), Integer.toString(FORKS), "0", "deflating"))
                .containsExactly("right " + FORKS);
    }

    @Test
    void aSignalThatEndsAChildDoesNotRunItsParentsShutdownHooks() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m"), Integer.toString(FORKS), "0", "mortal")).containsExactly("right " + FORKS);
    }

    @Test
    void whatAnExecutorDoesAtItsTimeIsNotDoneInTheChildAsWell() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m"), "3", "0", "delayed")).containsExactly("right 3");
    }

    @Test
    void besideManyThreadsAForkWaitsForTheOneThatHoldsALock() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m"), "10", "0", "many")).containsExactly("right 10");
    }

    @Test
    void besideManyThreadsOfANativeLibraryAForkIsMade() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m"), "2", "0", "natives")).containsExactly("right 2");
    }

    @Test
    void besideManyCollectorThreadsThatAreStartedAsNeededAForkIsMade() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m", "-XX:ParallelGCThreads=100", "-XX:ConcGCThreads=50"), "5", "2"))
                .containsExactly("right 5");
    }

    @Test
    void whoHasTheCapabilityToSuspendThreadsIsNotRobbed() throws InterruptedException {
        List<String> lines = run(List.of("-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0"),
                "1",
                "0");
        assertThat(lines.getLast()).startsWith("refused another agent has JVMTI's capability to suspend threads");
    }

    /** The counters of the JVM are in a file that others look into. */
    @Test
    void withoutCountersItWorksAsWell() throws InterruptedException {
        assertThat(run(List.of("-Xmx256m", "-XX:-UsePerfData"), "3", "0")).containsExactly("right 3");
    }
}
