package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.share.Share;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever goes wrong in a worker, and whenever: what was under way ends in an error that tells it, all else in its
 * result, and the pool goes on.
 */
class ProcessPoolFailureTest extends MishapTestBase {
    private static final int TASKS = 6;
    private static final int BAD = 2;
    private static final Duration LIMIT = Delays.SHORT.multipliedBy(24);

    private final Set<Path> reports = new HashSet<>();

    @AfterEach
    void removeReports() throws IOException {
        for (Path report : reports) {
            Files.delete(report);
        }
    }

    private ProcessPool.Builder workersFor(Mishap mishap) {
        return mishap == Mishap.ENDLESS_LOOP ? workers(2).taskTimeout(LIMIT) : workers(2);
    }

    /** When it goes wrong, while a task is under way. */
    enum Moment {
        READING_THE_TASK {
            @Override
            SerializableCallable<Object> taskWith(Mishap mishap) {
                Mishap.InReading captured = new Mishap.InReading(mishap);
                return () -> captured;
            }
        },
        READING_THE_ITEM {
            @Override
            SerializableCallable<Object> taskWith(Mishap mishap) {
                throw new UnsupportedOperationException("a submitted task has no item");
            }
        },
        RUNNING {
            @Override
            SerializableCallable<Object> taskWith(Mishap mishap) {
                return () -> {
                    mishap.happen();
                    return "no mishap";
                };
            }
        },
        WRITING_THE_RESULT {
            @Override
            SerializableCallable<Object> taskWith(Mishap mishap) {
                return () -> new Mishap.InWriting(mishap);
            }
        };

        abstract SerializableCallable<Object> taskWith(Mishap mishap);

        /** Items are read like tasks, so that one of each sort of mishap will do. */
        boolean concerns(Mishap mishap) {
            return this != READING_THE_ITEM || mishap == Mishap.EXCEPTION || mishap == Mishap.KILL
                    || mishap == Mishap.NO_MEMORY || mishap == Mishap.ENDLESS_LOOP;
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatGoesWrongFailsOneTaskAndAllOthersAreDoneOnce(Mishap mishap) throws Exception {
        assumeFalse(isForked() && mishap == Mishap.NO_MEMORY, "its heap is as large as this one");
        try (ProcessPool pool = workersFor(mishap).build()) {
            for (Moment moment : Moment.values()) {
                if (moment.concerns(mishap)) {
                    tryIt(pool, mishap, moment);
                }
            }
            assertUsable(pool);
        }
    }

    private void tryIt(ProcessPool pool, Mishap mishap, Moment moment) throws Exception {
        String file = executions().toString();
        List<Future<?>> futures = new ArrayList<>();
        for (int i = 0; i < TASKS; i++) {
            int number = i;
            if (i != BAD) {
                futures.add(pool.submit(() -> {
                    note(file, number);
                    return number;
                }));
            } else if (moment == Moment.READING_THE_ITEM) {
                futures.add(pool.amap(List.of(new Mishap.InReading(mishap)), item -> item));
            } else {
                futures.add(pool.submit(moment.taskWith(mishap)));
            }
        }
        for (int i = 0; i < TASKS; i++) {
            if (i != BAD) {
                assertThat(get(futures.get(i))).as("%s", moment).isEqualTo(i);
            }
        }
        check(mishap, moment, failureOf(futures.get(BAD)));
        assertThat(noted()).as("%s", moment).containsExactlyInAnyOrder("0", "1", "3", "4", "5");
        Files.delete(executions());
        assertThat(get(pool.submit(() -> "works"))).as("%s", moment).isEqualTo("works");
    }

    /** The error tells what happened. */
    private void check(Mishap mishap, Moment moment, Throwable thrown) {
        switch (mishap) {
            case EXCEPTION -> checkThrown(thrown, moment, IllegalStateException.class);
            case NO_MEMORY -> checkThrown(thrown, moment, OutOfMemoryError.class);
            case NO_STACK -> checkThrown(thrown, moment, StackOverflowError.class);
            case ENDLESS_LOOP -> assertThat(thrown).isInstanceOf(WorkerException.class)
                    .hasCauseInstanceOf(TimeoutException.class).hasMessageContaining(LIMIT.toString());
            default -> checkDeath(mishap, thrown);
        }
    }

    private static void checkThrown(Throwable thrown, Moment moment, Class<? extends Throwable> original) {
        switch (moment) {
            case WRITING_THE_RESULT -> assertThat(thrown).satisfiesAnyOf(
                    it -> assertThat(it).isInstanceOf(WorkerException.class)
                            .hasMessageContaining("cannot be serialised")
                            .hasMessageMatching(".*(" + original.getName() + "|nests too deeply).*"),
                    it -> assertThat(it).isExactlyInstanceOf(OutOfMemoryError.class).isExactlyInstanceOf(original));
            case RUNNING -> assertThat(thrown).isExactlyInstanceOf(original);
            default -> assertThat(thrown).satisfiesAnyOf(it -> assertThat(it).isExactlyInstanceOf(original),
                    it -> assertThat(it).isInstanceOf(InvalidObjectException.class)
                            .hasMessageContaining("cannot be deserialised in a worker")
                            .hasMessageMatching(".*(" + original.getName() + "|nests too deeply).*")
                            .hasRootCauseExactlyInstanceOf(original));
        }
    }

    private void checkDeath(Mishap mishap, Throwable thrown) {
        assertThat(thrown).isInstanceOf(WorkerDiedException.class);
        WorkerDiedException death = (WorkerDiedException) thrown;
        switch (mishap) {
            case EXIT -> assertThat(death.exitCode()).hasValue(Mishap.EXIT_CODE);
            case HALT -> assertThat(death.exitCode()).hasValue(Mishap.HALT_CODE);
            case KILL -> assertThat(death.signal()).hasValue("SIGKILL");
            default -> {
                assertThat(death.signal()).hasValue("SIGABRT");
                Path place = isForked() ? Path.of("").toAbsolutePath() : directory;
                assertThat(death.crashReport()).hasValueSatisfying(
                        report -> assertThat(report).isRegularFile().hasParent(place));
                death.crashReport().ifPresent(reports::add);
            }
        }
        if (mishap != Mishap.CRASH) {
            assertThat(death.crashReport()).isEmpty();
        }
        assertThat(death.signal().isPresent()).isNotEqualTo(death.exitCode().isPresent());
    }

    @ParameterizedTest
    @EnumSource
    void whatGoesWrongInTheInitializerFailsWhatWaitsAndIsForgottenAfterwards(Mishap mishap) throws Exception {
        assumeFalse(isForked() && mishap == Mishap.NO_MEMORY, "its heap is as large as this one");
        Path marker = Files.createFile(directory.resolve("marker"));
        String file = executions().toString();
        String there = marker.toString();
        try (ProcessPool pool = workersFor(mishap).workers(1).initializer(() -> {
            if (Files.exists(Path.of(there))) {
                mishap.happen();
            }
            note(file, "initialized");
        }).build()) {
            List<Future<?>> futures = new ArrayList<>();
            for (int i = 0; i < TASKS; i++) {
                futures.add(pool.submit(() -> note(file, "executed")));
            }
            for (Future<?> future : futures) {
                check(mishap, Moment.RUNNING, failureOf(future));
            }
            assertThat(noted()).isEmpty();
            Files.delete(marker);
            assertUsable(pool);
            assertThat(noted()).isNotEmpty().containsOnly("initialized");
        }
    }

    @Test
    void aWorkerThatDiesOnceInTheInitializerDelaysTasksOnly() throws Exception {
        String file = executions().toString();
        try (ProcessPool pool = workers(1).initializer(() -> {
            note(file, "initializer");
            if (Files.size(Path.of(file)) < 2L * "initializer".length()) {
                Runtime.getRuntime().halt(1);
            }
        }).build()) {
            assertThat(get(pool.submit(() -> 1))).isEqualTo(1);
        }
        assertThat(noted()).hasSize(2);
    }

    @ParameterizedTest
    @EnumSource
    void whatGoesWrongInAnIdleWorkerFailsNoTask(Mishap mishap) throws Exception {
        assumeFalse(isForked() && mishap == Mishap.NO_MEMORY, "its heap is as large as this one");
        String go = directory.resolve("go").toString();
        try (ProcessPool pool = workers(1).build()) {
            long pid = get(pool.submit(() -> {
                Thread.ofPlatform().daemon().start(() -> {
                    boolean _ = Delays.within(Delays.PATIENCE, () -> Files.exists(Path.of(go)));
                    mishap.happen();
                });
                return ProcessHandle.current().pid();
            }));
            Optional<ProcessHandle> worker = ProcessHandle.of(pid);
            Files.createFile(Path.of(go));
            if (mishap.isDeadly()) {
                assertThat(Delays.within(Delays.PATIENCE, () -> worker.isEmpty() || !worker.get().isAlive())).isTrue();
            }
            assertUsable(pool);
            if (mishap.isDeadly()) {
                assertThat(Delays.within(Delays.PATIENCE, () -> !pool.workerPids().isEmpty())).isTrue();
                assertThat(pool.workerPids()).doesNotContain(pid);
            }
        }
    }

    @Test
    void anItemThatTakesTooLongFailsAloneAndIsInterruptedFirst() throws Exception {
        String file = executions().toString();
        try (ProcessPool pool = workers(1).taskTimeout(LIMIT).build()) {
            long pid = get(pool.submit(() -> ProcessHandle.current().pid()));
            Future<?> slow = pool.submit(() -> {
                try {
                    Thread.sleep(Delays.PATIENCE);
                } catch (InterruptedException e) {
                    note(file, "interrupted");
                }
            });
            Future<Integer> quick = pool.submit(() -> 1);
            assertThat(failureOf(slow)).isInstanceOfSatisfying(WorkerException.class, late -> {
                assertThat(late).hasCauseInstanceOf(TimeoutException.class);
                assertThat(late.worker()).isEqualTo("worker " + pid);
            });
            assertThat(get(quick)).isEqualTo(1);
            assertThat(noted()).containsExactly("interrupted");
            assertThat(pool.workerPids()).as("it has heeded the interrupt").containsExactly(pid);
        }
    }

    @Test
    void aHugeExceptionArrivesOrAtLeastItsName() throws Exception {
        try (ProcessPool pool = workers(1).build()) {
            assertThat(failureOf(pool.submit(() -> {
                throw new IllegalStateException("x".repeat(1_000_000));
            }))).isInstanceOf(IllegalStateException.class).satisfies(
                    thrown -> assertThat(thrown.getMessage()).hasSize(1_000_000));
            assumeFalse(isForked(), "there is much memory");
            assertThat(failureOf(pool.submit(() -> {
                throw new IllegalStateException("x".repeat(15_000_000)); // there is no memory for copies
            }))).isInstanceOf(WorkerException.class).hasMessageContaining("IllegalStateException")
                    .hasMessageContaining("too little memory");
            assertUsable(pool);
        }
    }

    @Test
    void aTaskThatLeavesItsThreadInterruptedHarmsNothing() throws Exception {
        try (ProcessPool pool = workers(1).build()) {
            for (int i = 0; i < 3; i++) {
                assertThat(get(pool.submit(() -> {
                    Thread.currentThread().interrupt();
                    return new byte[1 << 20];
                }))).hasSize(1 << 20);
                assertThat(get(pool.submit(() -> Thread.currentThread().isInterrupted()))).isFalse();
            }
            assertThat(pool.workerPids()).hasSize(1);
        }
        Share.trim();
    }

    /** A serializable exception with a part that is not. */
    private static final class Uncarriable extends Exception {
        private static final long serialVersionUID = 1L;

        @SuppressWarnings("serial") // that is the point
        private final Object part = new Object();

        @Override
        public String getMessage() {
            return "with a part, " + part.getClass();
        }
    }

    @Test
    void anExceptionThatCannotBeSentIsStoodInForByItsAccount() throws Exception {
        try (ProcessPool pool = workers(1).build()) {
            assertThat(failureOf(pool.submit((SerializableCallable<Serializable>) () -> {
                throw new Uncarriable();
            }))).isInstanceOfSatisfying(WorkerException.class, account -> {
                assertThat(account).hasMessageContaining("with a part");
                assertThat(account.remoteStack()).contains(ProcessPoolFailureTest.class.getSimpleName());
            });
            assertUsable(pool);
        }
    }
}
