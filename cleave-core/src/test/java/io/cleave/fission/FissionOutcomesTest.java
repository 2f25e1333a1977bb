package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.pool.Outcome;
import io.cleave.testing.Delays;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Items that fail, or end their children, while the run goes on. */
final class FissionOutcomesTest {
    private static final List<Integer> ITEMS = IntStream.range(0, 60).boxed().toList();

    private static Throwable failureOf(Outcome<Integer, ?> outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Failure.class);
        return ((Outcome.Failure<Integer, ?>) outcome).thrown();
    }

    private static void checkOthers(List<? extends Outcome<Integer, ?>> outcomes) {
        assertThat(outcomes).extracting(Outcome::item).isEqualTo(ITEMS);
        for (int x : ITEMS) {
            if (x % 10 != 7 || x == 57) {
                assertThat(outcomes.get(x)).isEqualTo(new Outcome.Success<>(x, x, (Object) x));
            }
        }
    }

    @Test
    void anItemThatEndsItsChildIsAFailureAndTheRunGoesOn() {
        try (Fission fission = Fission.builder().warmUp(0).children(2).itemTimeout(Delays.SHORT.multipliedBy(10))
                .build(); Stream<Outcome<Integer, Object>> results = fission.imapOutcomes(ITEMS, x -> {
                    switch (x) {
                        case 7 -> Signals.kill(Unistd.getpid(), Signals.SIGKILL);
                        case 17 -> System.exit(1);
                        case 27 -> {
                            return Thread.currentThread();
                        }
                        case 37 -> {
                            while (true) {
                                Thread.onSpinWait();
                            }
                        }
                        case 47 -> throw new IllegalStateException("x");
                        default -> {
                            return x;
                        }
                    }
                    return -1;
                })) {
            List<Outcome<Integer, Object>> outcomes = results.toList();
            checkOthers(outcomes);
            assertThat(failureOf(outcomes.get(7))).isInstanceOf(WorkerDiedException.class)
                    .hasMessageContaining("SIGKILL").hasMessageContaining("item 7");
            assertThat(failureOf(outcomes.get(17))).isInstanceOf(WorkerException.class)
                    .hasMessageContaining("System.exit");
            assertThat(failureOf(outcomes.get(27))).isInstanceOf(WorkerException.class)
                    .hasMessageContaining("cannot be serialised").hasMessageContaining("item 27");
            assertThat(failureOf(outcomes.get(37))).hasCauseInstanceOf(TimeoutException.class);
            assertThat(failureOf(outcomes.get(47))).isInstanceOf(IllegalStateException.class).hasMessage("x");
        }
    }

    @Test
    void anItemWhoseResultCannotBeDecodedIsAFailureAndTheRunGoesOn() {
        for (int warmUp : new int[] {0, 100}) {
            try (Fission fission = Fission.builder().warmUp(warmUp).children(2).build();
                    Stream<Outcome<Integer, Object>> results = fission.imapOutcomes(ITEMS,
                            x -> x % 10 == 7 && x != 57 ? new FissionFailureTest.WriteOnly() : x)) {
                List<Outcome<Integer, Object>> outcomes = results.toList();
                checkOthers(outcomes);
                assertThat(failureOf(outcomes.get(17))).isExactlyInstanceOf(WorkerException.class)
                        .hasMessageContaining("the result of item 17").hasMessageContaining("unreadable");
            }
        }
    }

    @Test
    void anItemThatWaitsForALockOfAnotherThreadIsAFailureWhereNothingMayRunHere() throws Exception {
        ReentrantLock lock = new ReentrantLock();
        try (LockHolder holder = new LockHolder(lock, false);
                Fission fission = Fission.builder().warmUp(0).children(2).build();
                Stream<Outcome<Integer, Integer>> results = fission.imapOutcomes(ITEMS.subList(0, 5), x -> {
                    if (x == 3) {
                        lock.lock();
                    }
                    return x;
                })) {
            List<Outcome<Integer, Integer>> outcomes = results.toList();
            assertThat(failureOf(outcomes.get(3))).isInstanceOf(WorkerDiedException.class);
            assertThat(outcomes).filteredOn(outcome -> outcome instanceof Outcome.Success).hasSize(4);
            assertThat(holder.wasWaitedFor()).isFalse();
        }
    }

    @Test
    void everyItemMayEndItsChild() {
        try (Fission fission = Fission.builder().warmUp(0).children(3).build();
                Stream<Outcome<Integer, Integer>> results = fission.imapOutcomes(ITEMS.subList(0, 12),
                        x -> Signals.kill(Unistd.getpid(), Signals.SIGKILL))) {
            assertThat(results.toList()).hasSize(12).allMatch(outcome -> outcome instanceof Outcome.Failure);
        }
    }

    @Test
    void whatCannotBeSentIsAFailureAlsoWhereItIsComputedInTheCallingJvm() {
        try (Fission fission = Fission.builder().warmUp(100).build();
                Stream<Outcome<Integer, Object>> results = fission.imapOutcomes(ITEMS.subList(0, 3),
                        x -> x == 1 ? Thread.currentThread() : x)) {
            List<Outcome<Integer, Object>> outcomes = results.toList();
            assertThat(failureOf(outcomes.get(1))).hasMessageContaining("cannot be serialised");
            assertThat(outcomes.get(2)).isEqualTo(new Outcome.Success<>(2, 2, (Object) 2));
        }
    }
}
