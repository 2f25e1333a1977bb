package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.testing.Delays;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many asynchronous tasks at once in each worker. */
final class AsyncPoolTest {
    private static final int AT_ONCE = 16;
    /** Opened, in a worker, when so many tasks have begun there. */
    private static final CountDownLatch ALL_BEGUN = new CountDownLatch(AT_ONCE);

    @TempDir
    private Path directory;

    private static <V> V get(Future<V> future) throws Exception {
        return future.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static AsyncPool oneWorker() {
        return AsyncPool.builder().workers(1).output(WorkerOutput.DISCARD).build();
    }

    private static List<Integer> numbers(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    private static CompletableFuture<Integer> later(int value) {
        return CompletableFuture.supplyAsync(() -> value,
                CompletableFuture.delayedExecutor(value % 7, TimeUnit.MILLISECONDS));
    }

    private static void note(Path file) {
        try {
            Files.createFile(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean awaitFiles(int count) {
        return Delays.within(Delays.PATIENCE, () -> {
            try (Stream<Path> files = Files.list(directory)) {
                return files.count() >= count;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void resultsComeInTheOrderOfTheItems() throws Exception {
        try (AsyncPool pool = AsyncPool.builder().workers(2).build()) {
            assertThat(pool.parallelism()).isEqualTo(32);
            assertThat(pool.map(numbers(300), AsyncPoolTest::later)).isEqualTo(numbers(300));
            try (Stream<Integer> results = pool.imap(numbers(300), AsyncPoolTest::later)) {
                assertThat(results.toList()).isEqualTo(numbers(300));
            }
            assertThat(get(pool.amap(numbers(50), AsyncPoolTest::later))).isEqualTo(numbers(50));
            assertThat(pool.starmap(List.of(List.of(1, 2), List.of()), list -> later(list.size()))).containsExactly(2,
                    0);
            assertThat(get(pool.submit(() -> later(5)))).isEqualTo(5);
            assertThat(pool.map(List.of(1), x -> CompletableFuture.completedFuture(null)))
                    .containsExactly((Object) null);
        }
    }

    @Test
    void tasksOfOneWorkerOverlap() {
        try (AsyncPool pool = oneWorker()) {
            assertThat(pool.map(numbers(AT_ONCE), x -> {
                ALL_BEGUN.countDown();
                ALL_BEGUN.await(); // in a virtual thread
                return CompletableFuture.completedFuture(ProcessHandle.current().pid());
            })).hasSize(AT_ONCE).containsOnly(pool.workerPids().getFirst());
        }
    }

    @Test
    void noMoreTasksAreUnderWayThanWereAskedFor() {
        try (AsyncPool pool = AsyncPool.builder().workers(1).concurrencyPerWorker(3).build()) {
            assertThat(pool.map(numbers(30), x -> {
                long now = UNDER_WAY.incrementAndGet();
                return later(5).thenApply(y -> {
                    UNDER_WAY.decrementAndGet();
                    return now;
                });
            })).allMatch(underWay -> underWay <= 3).contains(3L);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> AsyncPool.builder().concurrencyPerWorker(0));
    }

    private static final AtomicLong UNDER_WAY = new AtomicLong();

    @Test
    void theExceptionOfAStageReachesTheCaller() throws Exception {
        try (AsyncPool pool = oneWorker()) {
            assertThatThrownBy(() -> pool.map(numbers(20), x -> later(x).thenCompose(y -> y == 13
                    ? CompletableFuture.<Integer>failedFuture(new FileNotFoundException("no " + y))
                    : CompletableFuture.completedFuture(y)))).isExactlyInstanceOf(FileNotFoundException.class)
                    .hasMessage("no 13").satisfies(thrown -> assertThat(thrown.getSuppressed()).anySatisfy(
                            account -> assertThat(((WorkerException) account).index()).isEqualTo(13)));
            assertThatThrownBy(() -> pool.map(List.of(1), x -> {
                throw new FileNotFoundException("before");
            })).isExactlyInstanceOf(FileNotFoundException.class).hasMessage("before");
            assertThatThrownBy(() -> pool.map(List.of(1), x -> null)).isInstanceOf(NullPointerException.class)
                    .hasMessageContaining("CompletionStage");
            assertThatThrownBy(() -> get(pool.submit(
                    () -> CompletableFuture.<Integer>failedFuture(new FileNotFoundException("submitted")))))
                    .isInstanceOf(ExecutionException.class).hasCauseExactlyInstanceOf(FileNotFoundException.class);
            assertThatThrownBy(
                    () -> pool.map(List.of(1), x -> CompletableFuture.completedFuture(Thread.currentThread())))
                    .isInstanceOf(WorkerException.class).hasMessageContaining("the result of item 0");
            assertThat(pool.map(numbers(20), AsyncPoolTest::later)).isEqualTo(numbers(20));
        }
    }

    @Test
    void theDeathOfAWorkerFailsWhatItHadUnderWayAndNothingElse() throws Exception {
        String to = directory.toString();
        try (AsyncPool pool = AsyncPool.builder().workers(1).concurrencyPerWorker(4).output(WorkerOutput.DISCARD)
                .build()) {
            List<CompletableFuture<Integer>> underWay = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                int number = i;
                underWay.add(pool.submit(() -> {
                    note(Path.of(to, "begun" + number));
                    return new CompletableFuture<>(); // never done
                }));
            }
            assertThat(awaitFiles(3)).isTrue();
            CompletableFuture<Integer> deadly = pool.submit(() -> {
                Runtime.getRuntime().halt(9);
                return later(0);
            });
            List<CompletableFuture<Integer>> waiting = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                int number = i;
                waiting.add(pool.submit(() -> later(number)));
            }
            underWay.add(deadly);
            for (Future<Integer> future : underWay) {
                assertThatThrownBy(() -> get(future)).isInstanceOf(ExecutionException.class).cause()
                        .isInstanceOfSatisfying(WorkerDiedException.class,
                                death -> assertThat(death.exitCode()).hasValue(9));
            }
            for (int i = 0; i < waiting.size(); i++) {
                assertThat(get(waiting.get(i))).isEqualTo(i);
            }
        }
    }

    @Test
    void whatWasUnderWayIsTriedAgainWhereThatIsAllowed() throws Exception {
        String to = directory.toString();
        try (AsyncPool pool = AsyncPool.builder().workers(1).maxRetries(1).build()) {
            assertThat(pool.map(numbers(10), x -> {
                if (x == 5 && !Files.exists(Path.of(to, "died"))) {
                    note(Path.of(to, "died"));
                    Runtime.getRuntime().halt(9);
                }
                return later(x);
            })).isEqualTo(numbers(10));
        }
    }

    @Test
    void imapReadsOnlySomeItemsAhead() {
        AtomicLong read = new AtomicLong();
        try (AsyncPool pool = oneWorker();
                Stream<Integer> results = pool.imap(
                        () -> IntStream.iterate(0, x -> x + 1).peek(read::set).iterator(), AsyncPoolTest::later)) {
            Iterator<Integer> each = results.iterator();
            for (int i = 0; i < 100; i++) {
                assertThat(each.next()).isEqualTo(i);
            }
            assertThat(Delays.within(Delays.PATIENCE, () -> {
                long before = read.get();
                Delays.pause(Delays.SHORT.multipliedBy(2));
                return read.get() == before;
            })).isTrue();
            assertThat(read.get()).isLessThan(300);
        }
    }

    private static CompletionStage<Integer> never(Path begun, Path cancelled) {
        CompletableFuture<Integer> stage = new CompletableFuture<>();
        var _ = stage.whenComplete((_, thrown) -> {
            if (thrown instanceof CancellationException) {
                note(cancelled);
            }
        });
        note(begun);
        return stage;
    }

    private interface Closer extends AutoCloseable {
        @Override
        void close();
    }

    @Test
    void whatIsCancelledOrClosedIsCancelledInTheWorker() throws Exception {
        String to = directory.toString();
        AsyncPool pool = oneWorker();
        try (Closer _ = pool::close) {
            CompletableFuture<Integer> submitted = pool
                    .submit(() -> never(Path.of(to, "begun1"), Path.of(to, "cancelled1")));
            assertThat(awaitFiles(1)).isTrue();
            List<Long> pids = pool.workerPids();
            assertThat(submitted.cancel(true)).isTrue();
            assertThat(awaitFiles(2)).isTrue();

            CompletableFuture<List<Integer>> mapped = pool.amap(List.of(2, 3),
                    x -> never(Path.of(to, "begun" + x), Path.of(to, "cancelled" + x)));
            assertThat(awaitFiles(4)).isTrue();
            mapped.cancel(true);
            assertThat(awaitFiles(6)).isTrue();
            assertThat(pool.workerPids()).isEqualTo(pids);
            assertThat(pool.map(numbers(5), AsyncPoolTest::later)).isEqualTo(numbers(5));

            CompletableFuture<Integer> last = pool
                    .submit(() -> never(Path.of(to, "begun4"), Path.of(to, "cancelled4")));
            assertThat(awaitFiles(7)).isTrue();
            pool.close();
            assertThat(awaitFiles(8)).isTrue();
            assertThatThrownBy(() -> get(last)).isInstanceOfAny(CancellationException.class, ExecutionException.class);
        }
    }

    @Test
    void aTaskThatIgnoresItsCancellationIsKilledWithItsWorker() throws Exception {
        String to = directory.toString();
        try (AsyncPool pool = oneWorker()) {
            CompletableFuture<Integer> stubborn = pool.submit(() -> {
                note(Path.of(to, "begun"));
                while (true) {
                    Thread.onSpinWait();
                }
            });
            assertThat(awaitFiles(1)).isTrue();
            long pid = pool.workerPids().getFirst();
            assertThat(stubborn.cancel(true)).isTrue();
            assertThat(Delays.within(Delays.PATIENCE, () -> !pool.workerPids().contains(pid))).isTrue();
            assertThat(get(pool.submit(() -> later(1)))).isEqualTo(1);
        }
    }
}
