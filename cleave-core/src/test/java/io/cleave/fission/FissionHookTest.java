package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What runs in each child before its first item. */
final class FissionHookTest {
    private static final List<Integer> ITEMS = IntStream.range(0, 20).boxed().toList();

    private static Fission.Builder isolated(Runnable hook) {
        return Fission.builder().children(2).warmUp(0).afterFork(hook);
    }

    @Test
    void theHookRunsOnceInEachChildBeforeItsFirstItem() throws Exception {
        SharedCounters runs = new SharedCounters(1);
        AtomicInteger connection = new AtomicInteger();
        try (Fission fission = isolated(() -> {
            runs.count(0);
            connection.addAndGet(Unistd.getpid());
        }).build()) {
            assertThat(fission.map(ITEMS, x -> connection.get() == Unistd.getpid())).containsOnly(true);
            assertThat(runs.get(0)).isEqualTo(fission.lastReport().forks());
            assertThat(fission.submit(() -> connection.get() == Unistd.getpid()).get()).isTrue();
        }
        assertThat(connection).hasValue(0);
    }

    @Test
    void itsFailureFailsTheRunWithThatExceptionAndNamesTheHook() {
        try (Fission fission = isolated(() -> {
            throw new IllegalStateException("no connection");
        }).build()) {
            assertThatThrownBy(() -> fission.map(ITEMS, x -> x)).isExactlyInstanceOf(IllegalStateException.class)
                    .hasMessage("no connection").satisfies(thrown -> {
                        WorkerException account = (WorkerException) thrown.getSuppressed()[0];
                        assertThat(account).hasMessageContaining("the hook").hasMessageContaining("no connection");
                        assertThat(account.remoteStack()).contains(FissionHookTest.class.getName());
                    });
            assertThatThrownBy(() -> fission.submit(() -> 1).get()).cause().hasMessage("no connection");
        }
    }

    /** Such an exception is also what a child gets that has lost its parent. */
    @Test
    void aFailureLikeTheDeathOfAnotherProcessIsAFailureLikeAnyOther() {
        try (Fission fission = isolated(() -> {
            throw new WorkerDiedException("mine");
        }).build()) {
            assertThatThrownBy(() -> fission.map(ITEMS, x -> x)).isExactlyInstanceOf(WorkerDiedException.class)
                    .hasMessage("mine")
                    .satisfies(thrown -> assertThat(thrown.getSuppressed()[0]).hasMessageContaining("the hook"));
        }
    }

    /** Who waits for the place of a child waits for the whole of it, and so does its own clock. */
    @Test
    void whoSubmitsDoesNotWaitForTheHook() throws Exception {
        SharedCounters counters = new SharedCounters(2);
        try (Fission fission = isolated(() -> {
            counters.add(1, Delays.within(Delays.PATIENCE, () -> counters.get(0) != 0) ? 1 : 0);
        }).build()) {
            Future<Integer> future = fission.submit(() -> 42);
            counters.set(0, 1);
            assertThat(future.get()).isEqualTo(42);
            assertThat(counters.get(1)).as("hooks that were still running").isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aHookThatFailsBeforeASubmittedTaskIsNotRunAgain(boolean thrown) {
        SharedCounters runs = new SharedCounters(1);
        try (Fission fission = isolated(() -> {
            runs.count(0);
            if (thrown) {
                throw new IllegalStateException("no connection");
            }
            Signals.kill(Unistd.getpid(), Signals.SIGKILL);
        }).build()) {
            assertThatThrownBy(() -> fission.submit(() -> 1).get()).cause()
                    .hasMessageContaining(thrown ? "no connection" : "the hook");
            assertThat(runs.get(0)).isEqualTo(1);
        }
    }

    @Test
    void theDeadlineOfASubmittedTaskEndsItsHookToo() {
        try (Fission fission = Fission.builder().deadline(Delays.SHORT.multipliedBy(4))
                .afterFork(() -> Delays.pause(Delays.PATIENCE)).build()) {
            assertThatThrownBy(() -> fission.submit(() -> 1).get()).cause().isExactlyInstanceOf(WorkerException.class)
                    .hasCauseInstanceOf(TimeoutException.class);
        }
    }

    @Test
    void exitAndDeathInItNameIt() {
        try (Fission fission = isolated(() -> System.exit(1)).build()) {
            assertThatThrownBy(() -> fission.map(ITEMS, x -> x)).isInstanceOf(WorkerException.class)
                    .hasMessageContaining("the hook").hasMessageContaining("System.exit");
        }
        try (Fission fission = isolated(() -> Signals.kill(Unistd.getpid(), Signals.SIGKILL)).build()) {
            assertThatThrownBy(() -> fission.map(ITEMS, x -> x)).isInstanceOf(WorkerDiedException.class)
                    .hasMessageContaining("the hook").hasMessageContaining("SIGKILL");
        }
    }

    @Test
    void aHookThatTakesTooLongOrWaitsForEverFailsTheRun() throws Exception {
        Duration limit = Delays.SHORT.multipliedBy(4);
        try (Fission fission = isolated(() -> {
            while (true) {
                Thread.onSpinWait();
            }
        }).itemTimeout(limit).build()) {
            assertThatThrownBy(() -> fission.map(ITEMS, x -> x)).isExactlyInstanceOf(WorkerException.class)
                    .hasCauseInstanceOf(TimeoutException.class).hasMessageContaining("the hook");
        }
        ReentrantLock lock = new ReentrantLock();
        try (LockHolder holder = new LockHolder(lock, false); Fission fission = isolated(lock::lock).build()) {
            assertThatThrownBy(() -> fission.map(ITEMS, x -> x)).isInstanceOf(WorkerDiedException.class)
                    .hasMessageContaining("the hook");
            assertThat(holder.wasWaitedFor()).isFalse();
        }
    }

    /** Fails in its hook. */
    static final class Fails {
        public static void main(String[] arguments) {
            AtomicInteger runs = new AtomicInteger();
            try (Fission fission = isolated(runs::incrementAndGet).build()) {
                System.out.println("ran " + fission.map(ITEMS, x -> runs.get()));
            }
            try (Fission fission = isolated(() -> {
                throw new IllegalStateException("no connection");
            }).build()) {
                fission.map(ITEMS, x -> x);
            } catch (IllegalStateException e) {
                System.out.println("thrown " + e.getMessage() + ", " + e.getSuppressed()[0].getMessage());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bothKindsOfChildrenRunIt(boolean whole) throws Exception {
        try (ChildJvm jvm = ChildJvm.start(List.of("-Dcleave.fission.whole=" + whole), Fails.class)) {
            assertThat(jvm.awaitLine("ran ")).doesNotContain("0").doesNotContain("2").contains("1");
            assertThat(jvm.awaitLine("thrown ")).contains("no connection", "the hook");
            assertThat(jvm.awaitExit()).isZero();
        }
    }

    @Test
    void aHookIsNotNull() {
        assertThatNullPointerException().isThrownBy(() -> Fission.builder().afterFork(null));
    }
}
