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
