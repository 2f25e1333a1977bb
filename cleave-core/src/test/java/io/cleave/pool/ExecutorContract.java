package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Delays;
import java.io.FileNotFoundException;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/**
 * What every executor of a pool promises: the behaviour that the JSR-166 tests check for ExecutorService and FutureTask.
 * The tasks hold no live objects of the test, so that they can be computed in another process.
 */
public abstract class ExecutorContract {
    private static final long PATIENCE_NANOS = Delays.PATIENCE.toNanos();
    private static final Duration LONG = Delays.PATIENCE.multipliedBy(4);

    /** An executor to test, with two workers where it has a fixed number. Each test closes its own. */
    protected abstract ExecutorService newExecutor();

    /** Whether more tasks than workers wait in a queue. */
    protected abstract boolean isBounded();

    /** Whether more tasks than there are workers can be submitted without waiting for one. */
    protected boolean hasQueue() {
        return true;
    }

    /** How many tasks each of several threads submits: fewer where each is dear. */
    protected int tasksPerThread() {
        return 200;
    }

    /** Whether it takes tasks that cannot be sent to another process. */
    protected boolean takesAnything() {
        return true;
    }

    /** A task that can be sent. */
    private interface Job<V> extends Callable<V>, Serializable {}

    /** A task without a result that can be sent. */
    private interface Action extends Runnable, Serializable {}

    private static Job<String> text(String text) {
        return () -> text;
    }

    private static Job<String> late(String text, Duration delay) {
        return () -> {
            Thread.sleep(delay);
            return text;
        };
    }

    private static Job<String> failing(String message) {
        return () -> {
            throw new FileNotFoundException(message);
        };
    }

    private static <V> V get(Future<V> future) throws Exception {
        return future.get(PATIENCE_NANOS, TimeUnit.NANOSECONDS);
    }

    /** Ends an executor whose tasks would go on for long. */
    private static void end(ExecutorService executor) throws InterruptedException {
        executor.shutdownNow();
        assertThat(executor.awaitTermination(PATIENCE_NANOS, TimeUnit.NANOSECONDS)).isTrue();
    }

    @Test
    void aSubmittedTaskGivesItsResult() throws Exception {
        try (ExecutorService executor = newExecutor()) {
            Future<String> future = executor.submit(text("a"));
            assertThat(get(future)).isEqualTo("a");
            assertThat(future.isDone()).isTrue();
            assertThat(future.isCancelled()).isFalse();
            assertThat(future.resultNow()).isEqualTo("a");
            assertThat(future.cancel(true)).as("too late").isFalse();
        }
    }

    @Test
    void aRunnableGivesNullOrTheGivenResult() throws Exception {
        try (ExecutorService executor = newExecutor()) {
            Action nothing = () -> {};
            assertThat(get(executor.submit((Runnable) nothing))).isNull();
            assertThat(get(executor.submit(nothing, "done"))).isEqualTo("done");
        }
    }

    @Test
    void aFailureIsTheCauseOfAnExecutionException() {
        try (ExecutorService executor = newExecutor()) {
            Future<String> future = executor.submit(failing("x"));
            assertThatThrownBy(() -> get(future)).isInstanceOf(ExecutionException.class).cause()
                    .isInstanceOf(FileNotFoundException.class).hasMessage("x");
            assertThat(future.isDone()).isTrue();
            assertThat(future.state()).isEqualTo(Future.State.FAILED);
            assertThat(future.exceptionNow()).isInstanceOf(FileNotFoundException.class);
        }
    }

    @Test
    void nullTasksAreRefused() {
        try (ExecutorService executor = newExecutor()) {
            assertThatNullPointerException().isThrownBy(() -> executor.execute(null));
            assertThatNullPointerException().isThrownBy(() -> executor.submit((Callable<String>) null));
            assertThatNullPointerException().isThrownBy(() -> executor.submit((Runnable) null));
            assertThatNullPointerException().isThrownBy(() -> executor.submit(null, "x"));
            assertThatNullPointerException().isThrownBy(() -> executor.invokeAll(null));
            assertThatNullPointerException().isThrownBy(() -> executor.invokeAny(null));
            assertThatNullPointerException().isThrownBy(() -> executor.invokeAll(Arrays.asList(text("a"), null)));
            for (int i = 0; i < 100; i++) { // the first task may be done before the second is looked at
                assertThatNullPointerException().isThrownBy(() -> executor.invokeAny(Arrays.asList(text("a"), null)));
            }
        }
    }

    @Test
    void waitingWithATimeoutEndsInTime() throws Exception {
        ExecutorService executor = newExecutor();
        Future<String> future = executor.submit(late("a", LONG));
        assertThatThrownBy(() -> future.get(20, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        assertThatThrownBy(() -> future.get(0, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        assertThat(future.isDone()).isFalse();
        end(executor);
    }

    @Test
    void aCancelledTaskIsInterruptedAndItsFutureSaysSo() throws Exception {
        ExecutorService executor = newExecutor();
        Future<String> future = executor.submit(late("a", LONG));
        Delays.pause(Delays.SHORT);
        assertThat(future.cancel(true)).isTrue();
        assertThat(future.isCancelled()).isTrue();
        assertThat(future.isDone()).isTrue();
        assertThatThrownBy(future::get).isInstanceOf(CancellationException.class);
        assertThat(get(executor.submit(text("b")))).as("the executor goes on").isEqualTo("b");
        executor.shutdown();
        assertThat(executor.awaitTermination(PATIENCE_NANOS, TimeUnit.NANOSECONDS)).as("interrupted").isTrue();
    }

    @Test
    void aTaskThatIsCancelledBeforeItBeginsNeverDoes() throws Exception {
        if (!isBounded()) {
            return;
        }
        ExecutorService executor = newExecutor();
        List<Future<String>> busy = List.of(executor.submit(late("a", LONG)), executor.submit(late("b", LONG)));
        Future<String> waiting = executor.submit(text("c"));
        assertThat(waiting.cancel(false)).isTrue();
        assertThatThrownBy(waiting::get).isInstanceOf(CancellationException.class);
        busy.forEach(future -> future.cancel(true));
        end(executor);
    }

    @Test
    void invokeAllGivesFuturesThatAreDoneInTheOrderOfTheTasks() throws Exception {
        try (ExecutorService executor = newExecutor()) {
            assertThat(executor.<String>invokeAll(List.of())).isEmpty();
            List<Job<String>> tasks = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                tasks.add(late("task " + i, Duration.ofMillis(i % 3)));
            }
            tasks.add(failing("last"));
            List<Future<String>> futures = executor.invokeAll(tasks);
            assertThat(futures).hasSize(21).allMatch(Future::isDone);
            for (int i = 0; i < 20; i++) {
                assertThat(futures.get(i).get()).isEqualTo("task " + i);
            }
            assertThatThrownBy(() -> futures.getLast().get()).hasCauseInstanceOf(FileNotFoundException.class);
        }
    }

    @Test
    void invokeAllWithATimeoutCancelsWhatIsNotDone() throws Exception {
        try (ExecutorService executor = newExecutor()) {
            List<Future<String>> futures = executor.invokeAll(List.of(text("a"), late("b", LONG)), 300,
                    TimeUnit.MILLISECONDS);
            assertThat(futures).allMatch(Future::isDone);
            assertThat(futures.getLast().isCancelled()).isTrue();
        }
    }

    @Test
    void invokeAnyGivesAResultOfOneThatSucceeds() throws Exception {
        try (ExecutorService executor = newExecutor()) {
            assertThat(executor.invokeAny(List.of(failing("x"), text("a"), failing("y")))).isEqualTo("a");
            assertThat(executor.invokeAny(List.of(late("slow", LONG), text("quick")))).isEqualTo("quick");
            assertThatIllegalArgumentException().isThrownBy(() -> executor.<String>invokeAny(List.of()));
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(() -> executor.invokeAny(List.of(failing("x"), failing("y"))))
                    .withCauseInstanceOf(FileNotFoundException.class);
            assertThatExceptionOfType(TimeoutException.class)
                    .isThrownBy(() -> executor.invokeAny(List.of(late("a", LONG)), 50, TimeUnit.MILLISECONDS));
        }
    }

    @Test
    void afterAShutdownWhatIsThereIsDoneAndNothingElseTaken() throws Exception {
        ExecutorService executor = newExecutor();
        List<Future<String>> futures = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            futures.add(executor.submit(late("a", Duration.ofMillis(30))));
        }
        assertThat(executor.isShutdown()).isFalse();
        executor.shutdown();
        executor.shutdown();
        assertThat(executor.isShutdown()).isTrue();
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> executor.submit(text("b")));
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> executor.execute(() -> {}));
        for (Future<String> future : futures) {
            assertThat(get(future)).isEqualTo("a");
        }
        assertThat(executor.awaitTermination(PATIENCE_NANOS, TimeUnit.NANOSECONDS)).isTrue();
        assertThat(executor.isTerminated()).isTrue();
    }

    @Test
    void shutdownNowInterruptsWhatRunsAndGivesBackWhatHasNotBegun() throws Exception {
        ExecutorService executor = newExecutor();
        Duration some = Delays.SHORT;
        assertThat(executor.invokeAll(List.of(late("a", some), late("b", some)))).as("all workers are there")
                .hasSize(2);
        for (int i = 0; i < (hasQueue() ? 6 : 2); i++) {
            var _ = executor.submit(late("a", LONG));
        }
        Delays.pause(Delays.SHORT.multipliedBy(20));
        assertThat(executor.awaitTermination(1, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(executor.isTerminated()).isFalse();
        List<Runnable> waiting = executor.shutdownNow();
        assertThat(waiting).hasSize(isBounded() ? 4 : 0);
        assertThat(executor.awaitTermination(PATIENCE_NANOS, TimeUnit.NANOSECONDS)).isTrue();
        assertThat(executor.isShutdown()).isTrue();
        assertThat(executor.isTerminated()).isTrue();
    }

    @Test
    void closeWaitsForWhatWasSubmitted() throws Exception {
        ExecutorService executor = newExecutor();
        Future<String> future = executor.submit(late("a", Duration.ofMillis(100)));
        executor.close();
        executor.close();
        assertThat(future.isDone()).isTrue();
        assertThat(get(future)).isEqualTo("a");
        assertThat(executor.isTerminated()).isTrue();
    }

    @Test
    void anErrorOfATaskEndsNoWorker() throws Exception {
        try (ExecutorService executor = newExecutor()) {
            Job<String> overflowing = ExecutorContract::overflow;
            for (int i = 0; i < 5; i++) {
                Future<String> future = executor.submit(overflowing);
                assertThatThrownBy(() -> get(future)).hasCauseInstanceOf(StackOverflowError.class);
            }
            assertThat(get(executor.submit(text("a")))).isEqualTo("a");
        }
    }

    @SuppressWarnings("InfiniteRecursion")
    private static String overflow() {
        return overflow() + "!";
    }

    @Test
    void itWorksUnderACompletableFuture() {
        try (ExecutorService executor = newExecutor()) {
            Action nothing = () -> {};
            if (!takesAnything()) {
                assertThatIllegalArgumentException().isThrownBy(() -> CompletableFuture.runAsync(nothing, executor))
                        .withMessageContaining("submit");
                return;
            }
            assertThat(CompletableFuture.runAsync(nothing, executor)
                    .orTimeout(PATIENCE_NANOS, TimeUnit.NANOSECONDS).handle((done, thrown) -> thrown).join()).isNull();
        }
    }

    @Test
    void manyTasksOfManyThreadsAreEachDoneOnce() throws Exception {
        try (ExecutorService executor = newExecutor()) {
            List<Future<String>> futures = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                String name = "thread " + t;
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < tasksPerThread(); i++) {
                        Future<String> future = executor.submit(text(name + " task " + i));
                        synchronized (futures) {
                            futures.add(future);
                        }
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            List<String> results = new ArrayList<>();
            for (Future<String> future : futures) {
                results.add(get(future));
            }
            assertThat(results).hasSize(4 * tasksPerThread()).doesNotHaveDuplicates();
        }
    }
}
