package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.os.Signals;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What becomes of the tasks of a worker that dies: which are done again, which never, and what their error tells. */
class ProcessPoolDeathTest extends MishapTestBase {
    @Test
    void aTaskThatADeadWorkerNeverBeganIsGivenToAnother() throws Exception {
        String file = executions().toString();
        try (ProcessPool pool = workers(2).build()) {
            for (int i = 0; i < 5; i++) {
                int number = i;
                long pid = get(pool.submit(() -> ProcessHandle.current().pid()));
                Signals.kill((int) pid, Signals.SIGKILL);
                assertThat(get(pool.submit(() -> {
                    note(file, number);
                    return number;
                }))).isEqualTo(i);
            }
        }
        assertThat(noted()).containsExactly("0", "1", "2", "3", "4");
    }

    @Test
    void whatWorkersThatAreKilledAtRandomHadNotBegunIsDoneAndNothingTwice() throws Exception {
        String file = executions().toString();
        try (ProcessPool pool = workers(2).build()) {
            List<Future<Integer>> futures = new ArrayList<>();
            for (int i = 0; i < 120; i++) {
                int number = i;
                futures.add(pool.submit(() -> {
                    note(file, number);
                    Thread.sleep(2);
                    return number;
                }));
            }
            for (int killed = 0; killed < 3; killed++) {
                int least = 20 * killed + 10;
                assertThat(Delays.within(Delays.PATIENCE, () -> noted().size() >= least)).isTrue();
                pool.workerPids().forEach(pid -> Signals.kill(pid.intValue(), Signals.SIGKILL));
            }
            int failed = 0;
            for (int i = 0; i < futures.size(); i++) {
                try {
                    assertThat(get(futures.get(i))).isEqualTo(i);
                } catch (ExecutionException e) {
                    assertThat(e).hasCauseInstanceOf(WorkerDiedException.class);
                    failed++;
                }
            }
            assertThat(failed).isLessThanOrEqualTo(6);
            assertUsable(pool);
        }
        assertThat(noted()).doesNotHaveDuplicates().hasSizeGreaterThanOrEqualTo(114);
    }

    /** An item that counts how often it is written. */
    static final class Counted implements Serializable {
        private static final long serialVersionUID = 1L;
        private final transient AtomicInteger written = new AtomicInteger();

        private void writeObject(ObjectOutputStream out) throws IOException {
            out.defaultWriteObject();
            written.incrementAndGet();
        }
    }

    @Test
    void anItemIsSerialisedOnceHoweverOftenItIsTried() {
        String file = executions().toString();
        Counted counted = new Counted();
        try (ProcessPool pool = workers(1).maxRetries(3).build()) {
            assertThat(pool.map(List.of(counted), item -> {
                note(file, "begun");
                if (Files.readAllLines(Path.of(file)).size() < 3) {
                    Mishap.KILL.happen();
                }
                return "third";
            })).containsExactly("third");
        }
        assertThat(counted.written).hasValue(1);
    }

    @Test
    void aTaskThatWasBegunIsRepeatedWhereThatIsAllowed() throws Exception {
        String file = executions().toString();
        try (ProcessPool pool = workers(1).maxRetries(1).build()) {
            assertThat(get(pool.submit(() -> {
                note(file, "begun");
                if (Files.readAllLines(Path.of(file)).size() == 1) {
                    Mishap.KILL.happen();
                }
                return "second";
            }))).isEqualTo("second");
            assertThat(noted()).hasSize(2);
            assertThat(failureOf(pool.submit(() -> {
                note(file, "again");
                Mishap.KILL.happen();
            }))).isInstanceOf(WorkerDiedException.class);
            assertThat(noted()).containsExactly("begun", "begun", "again", "again");
        }
    }

    @Test
    void eachItemOfAChunkIsTriedAsOftenAsAllowed() {
        String file = executions().toString();
        try (ProcessPool pool = workers(1).maxRetries(1).chunkSize(4).build()) {
            assertThat(pool.map(List.of(0, 1, 2, 3), x -> {
                note(file, x);
                if (x > 0 && Files.readAllLines(Path.of(file)).stream().filter(x.toString()::equals).count() == 1) {
                    Mishap.KILL.happen();
                }
                return x;
            })).containsExactly(0, 1, 2, 3);
        }
        assertThat(noted()).containsExactly("0", "1", "1", "2", "2", "3", "3");
    }

    @Test
    void whatAShutdownHasInterruptedIsNotRepeated() throws Exception {
        String file = executions().toString();
        try (ProcessPool pool = workers(1).maxRetries(3).build()) {
            Future<?> stubborn = pool.submit(() -> {
                note(file, "begun");
                Mishap.ENDLESS_LOOP.happen();
            });
            assertThat(Delays.within(Delays.PATIENCE, () -> !noted().isEmpty())).isTrue();
            assertThat(pool.shutdownNow()).isEmpty();
            assertThat(pool.awaitTermination(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isTrue();
            assertThat(failureOf(stubborn)).isInstanceOf(WorkerDiedException.class)
                    .hasMessageContaining("did not heed an interrupt");
        }
        assertThat(noted()).containsExactly("begun");
    }

    @Test
    void imapGivesTheResultsBeforeTheItemThatKilledItsWorker() {
        List<Integer> items = IntStream.range(0, 40).boxed().toList();
        try (ProcessPool pool = workers(2).chunkSize(8).build(); Stream<Integer> results = pool.imap(items, x -> {
            if (x == 29) {
                Mishap.KILL.happen();
            }
            return x;
        })) {
            List<Integer> received = new ArrayList<>();
            assertThatThrownBy(() -> results.forEachOrdered(received::add)).isInstanceOf(WorkerDiedException.class)
                    .hasMessageContaining("item 29 (29)").hasMessageContaining("SIGKILL");
            assertThat(received).isEqualTo(items.subList(0, 29));
        }
    }

    @Test
    void aDeathTellsWhichItemAndWhatTheWorkerHadWrittenToStandardError() throws Exception {
        try (ProcessPool pool = workers(1).build()) {
            assertThatThrownBy(() -> pool.map(List.of("a", "b"), x -> {
                if (x.equals("b")) {
                    System.err.println("the last words");
                    Mishap.HALT.happen();
                }
                return x;
            })).isInstanceOfSatisfying(WorkerDiedException.class, death -> {
                assertThat(death.errorOutput()).contains("the last words");
                assertThat(death).hasMessageContaining("item 1 (b)").hasMessageContaining("the last words")
                        .hasMessageContaining("exit code 8");
                assertThat(death.getSuppressed()).hasAtLeastOneElementOfType(WorkerException.class);
            });
            assertThat(failureOf(pool.submit(() -> {
                System.err.print("x".repeat(100_000) + "the end");
                System.err.flush();
                Mishap.HALT.happen();
            }))).isInstanceOfSatisfying(WorkerDiedException.class,
                    death -> assertThat(death.errorOutput()).hasSizeLessThanOrEqualTo(4096).endsWith("xthe end"));
        }
    }

    /** What a task has started may keep the worker's output open for long after it. */
    @Test
    void aDeathIsNoticedThoughAnotherProcessHoldsTheOutputOpen() throws Exception {
        try (ProcessPool pool = workers(1).build()) {
            Path pidFile = directory.resolve("pid");
            String to = pidFile.toString();
            assertThat(failureOf(pool.submit(() -> {
                Process sleeping = new ProcessBuilder("sleep", "100").inheritIO().start();
                Files.writeString(Path.of(to), Long.toString(sleeping.pid()));
                Mishap.HALT.happen();
                return "alive";
            }))).isInstanceOf(WorkerDiedException.class);
            assertUsable(pool);
            ProcessHandle.of(Long.parseLong(Files.readString(pidFile))).ifPresent(ProcessHandle::destroyForcibly);
        }
    }
}
