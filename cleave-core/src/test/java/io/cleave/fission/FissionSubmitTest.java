package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.fork.WholeSupport;
import io.cleave.os.ProcFs;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.pool.ProcessPool;
import io.cleave.pool.StartMethod;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tasks that are computed once, in a child, on the heap of the moment at which they were submitted. */
final class FissionSubmitTest {
    private static Fission.Builder two() {
        return Fission.builder().children(2);
    }

    private static <V> V get(Future<V> future) throws Exception {
        return future.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static <V> Callable<V> afterAWhile(Supplier<V> what) {
        return () -> {
            Thread.sleep(Delays.SHORT.multipliedBy(4));
            return what.get();
        };
    }

    private static boolean hasNoChildren() {
        return ProcessHandle.current().children().findAny().isEmpty();
    }

    @Test
    void aTaskSeesTheHeapOfTheMomentOfItsSubmission() throws Exception {
        List<Integer> live = new ArrayList<>(IntStream.range(0, 1000).boxed().toList());
        try (Fission fission = two().build()) {
            Future<Integer> size = fission.submit(afterAWhile(live::size));
            Future<List<Integer>> copy = fission.submit(afterAWhile(() -> List.copyOf(live)));
            live.clear();
            assertThat(get(size)).isEqualTo(1000);
            assertThat(get(copy)).hasSize(1000).endsWith(999);
        }
        assertThat(live).isEmpty();
    }

    /** The pipe that tells of a process's end is its own, and not that of the process that it was forked from. */
    @Test
    void aTaskOfAForkedWorkerEndsWithTheWorker() throws Exception {
        assumeTrue(WholeSupport.isThere(), WholeSupport.refusal());
        try (Fission fission = two().build()) {
            assertThat(get(fission.submit(() -> 1))).isEqualTo(1); // this JVM has a pipe
        }
        try (ProcessPool pool = ProcessPool.builder().startMethod(StartMethod.FORK).workers(1).build()) {
            long[] pids = pool.submit(() -> {
                Fission own = Fission.builder().children(1).build();
                var _ = own.submit(() -> {
                    Thread.sleep(Delays.PATIENCE.multipliedBy(10));
                    return 0;
                });
                ProcessHandle worker = ProcessHandle.current();
                return new long[] {worker.pid(), worker.children().findFirst().orElseThrow().pid()};
            }).join();
            assertThat(ProcFs.status("/proc/" + pids[1])).isNotNull();
            Signals.kill((int) pids[0], Signals.SIGKILL);
            long deadline = System.nanoTime() + Delays.PATIENCE.toNanos();
            while (isRunning(pids[1]) && System.nanoTime() < deadline) {
                Delays.pause(Delays.SHORT);
            }
            boolean isLeft = isRunning(pids[1]);
            Signals.kill((int) pids[1], Signals.SIGKILL);
            assertThat(isLeft).as("the task's process lives on").isFalse();
        }
    }

    private static boolean isRunning(long pid) {
        ProcFs.ProcessStatus status = ProcFs.status("/proc/" + pid);
        return status != null && status.state() != 'Z';
    }

    @Test
    void aTaskHasTheLocksOfTheThreadThatSubmittedIt() throws Exception {
        ReentrantLock lock = new ReentrantLock();
        Object monitor = new Object();
        try (Fission fission = two().build()) {
            CompletableFuture<String> future;
            lock.lock();
            try {
                synchronized (monitor) {
                    future = fission.submit(() -> {
                        synchronized (monitor) {
                            return lock.isHeldByCurrentThread() && lock.tryLock() ? "held" : "not held";
                        }
                    });
                }
            } finally {
                lock.unlock();
            }
            assertThat(get(future)).isEqualTo("held");
        }
    }

    @Test
    void aTaskOutlivesTheThreadThatSubmittedIt() throws Exception {
        AtomicReference<Future<String>> future = new AtomicReference<>();
        try (Fission fission = two().build()) {
            Thread thread = Thread.ofPlatform().start(() -> future.set(fission.submit(afterAWhile(() -> "done"))));
            thread.join();
            assertThat(future.get().isDone()).isFalse();
            assertThat(get(future.get())).isEqualTo("done");
        }
    }

    @Test
    void aVirtualThreadMaySubmit() throws Exception {
        AtomicReference<Future<String>> future = new AtomicReference<>();
        try (Fission fission = two().build()) {
            Thread.ofVirtual().start(() -> future.set(fission.submit(() -> "done"))).join();
            assertThat(get(future.get())).isEqualTo("done");
        }
    }

    private static long mappings() throws IOException {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.contains("/dev/zero")).count();
        }
    }

    @Test
    void aTaskThatGetsAPlaceInAPoolThatHasBeenShutDownLeavesNothingBehind() throws Exception {
        long before = mappings();
        try (Fission fission = Fission.builder().children(1).build()) {
            Future<?> first = fission.submit(afterAWhile(() -> 1));
            FutureTask<Future<Integer>> second = new FutureTask<>(() -> fission.submit(() -> 2));
            Thread thread = Thread.ofPlatform().start(second);
            assertThat(Delays.within(Delays.PATIENCE, () -> thread.getState() == Thread.State.TIMED_WAITING)).isTrue();
            fission.shutdown();
            assertThatThrownBy(() -> get(second)).hasCauseInstanceOf(RejectedExecutionException.class);
            assertThat(get(first)).isEqualTo(1);
        }
        assertThat(mappings()).isEqualTo(before);
    }

    @Test
    void aResultArrivesThoughNobodyAsksForIt() throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        try (Fission fission = two().build()) {
            CompletableFuture<Void> then = fission.submit(() -> 42).thenAccept(x -> arrived.countDown());
            assertThat(arrived.await(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isTrue();
            assertThat(Delays.within(Delays.GRACE, () -> then.isDone() && hasNoChildren())).isTrue();
        }
    }

    @Test
    void whatHangsOnAFutureMaySubmitAndClose() throws Exception {
        try (Fission fission = Fission.builder().children(1).build()) {
            CompletableFuture<Integer> twice = fission.submit(() -> 21).thenCompose(x -> fission.submit(() -> 2 * x));
            assertThat(get(twice)).isEqualTo(42);
            assertThat(get(fission.submit(() -> 1).thenRun(fission::close))).isNull();
        }
    }

    @Test
    void anExceptionArrivesAsItIs() {
        try (Fission fission = two().build()) {
            Future<Object> future = fission.submit(() -> {
                throw new FileNotFoundException("x");
            });
            assertThatThrownBy(() -> get(future)).isInstanceOf(ExecutionException.class).cause()
                    .isInstanceOf(FileNotFoundException.class).hasMessage("x").satisfies(thrown -> {
                        WorkerException account = (WorkerException) thrown.getSuppressed()[0];
                        assertThat(account.remoteStack()).contains(FissionSubmitTest.class.getName());
                        assertThat(account.worker()).startsWith("child ");
                    });
        }
    }

    @Test
    void deathExitAndWhatCannotBeSentAreErrorsOfTheirOwn() {
        try (Fission fission = two().maxRetries(5).build()) {
            assertThatThrownBy(() -> get(fission.submit(() -> Signals.kill(Unistd.getpid(), Signals.SIGKILL)))).cause()
                    .isInstanceOf(WorkerDiedException.class).hasMessageContaining("SIGKILL");
            assertThatThrownBy(() -> get(fission.submit(() -> System.exit(3)))).cause()
                    .isInstanceOf(WorkerException.class).hasMessageContaining("System.exit");
            assertThatThrownBy(() -> get(fission.submit(() -> Thread.currentThread()))).cause()
                    .isInstanceOf(WorkerException.class).hasMessageContaining("cannot be serialised");
        }
        assertThat(hasNoChildren()).isTrue();
    }

    @Test
    void aChildThatDiesAfterItsResultHasDoneItsWork() throws Exception {
        try (Fission fission = two().build()) {
            for (int i = 0; i < 10; i++) {
                int number = i;
                assertThat(get(fission.submit(() -> {
                    LastMoment.endThere();
                    return number;
                }))).isEqualTo(number);
            }
        }
        assertThat(hasNoChildren()).isTrue();
    }

    /** It has stopped after its result, and so has neither said that it leaves nor died. */
    @Test
    void theDeadlineEndsTheWaitForAChildThatHasGivenItsResult() throws Exception {
        try (Fission fission = two().build()) {
            assertThat(get(fission.submit(() -> 1))).isEqualTo(1); // the first fork in a JVM takes longer
        }
        try (Fission fission = two().deadline(Delays.SHORT.multipliedBy(100)).build()) {
            assertThat(get(fission.submit(() -> {
                LastMoment.stopThere();
                return 42;
            }))).isEqualTo(42);
        }
        assertThat(hasNoChildren()).isTrue();
    }

    @Test
    void aTaskThatTakesTooLongIsKilled() {
        Duration limit = Delays.SHORT.multipliedBy(4);
        try (Fission fission = two().itemTimeout(limit).build()) {
            Future<Object> future = fission.submit(() -> {
                while (true) {
                    Thread.onSpinWait();
                }
            });
            assertThatThrownBy(() -> get(future)).cause().isExactlyInstanceOf(WorkerException.class)
                    .hasCauseInstanceOf(TimeoutException.class).hasMessageContaining(limit.toString());
        }
    }

    @Test
    void aTaskThatWaitsForALockOfAnotherThreadFailsAndIsNotComputedHere() throws Exception {
        ReentrantLock lock = new ReentrantLock();
        try (LockHolder holder = new LockHolder(lock, false); Fission fission = two().build()) {
            Future<Integer> future = fission.submit(() -> {
                lock.lock();
                return Unistd.getpid();
            });
            assertThatThrownBy(() -> get(future)).cause().isInstanceOf(WorkerDiedException.class)
                    .hasMessageContaining("lock").hasMessageContaining("the calling JVM does not compute it");
            assertThat(holder.wasWaitedFor()).isFalse();
        }
    }

    @Test
    void aCancelledTaskIsKilledUnlessItShallGoOn(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("written");
        SharedCounters begun = new SharedCounters(1);
        try (Fission fission = two().build()) {
            Future<Object> killed = fission.submit(() -> {
                begun.count(0);
                Thread.sleep(Delays.PATIENCE.multipliedBy(10));
                return null;
            });
            assertThat(Delays.within(Delays.PATIENCE, () -> begun.get(0) == 1)).isTrue();
            assertThat(killed.cancel(true)).isTrue();
            assertThatThrownBy(() -> get(killed)).isInstanceOf(CancellationException.class);
            assertThat(Delays.within(Delays.GRACE, FissionSubmitTest::hasNoChildren)).isTrue();
            Future<Path> goesOn = fission.submit(() -> {
                Thread.sleep(Delays.SHORT.multipliedBy(4));
                return Files.writeString(file, "all of it");
            });
            assertThat(goesOn.cancel(false)).isTrue();
            assertThat(goesOn.isCancelled()).isTrue();
        }
        assertThat(file).content().isEqualTo("all of it");
    }

    @Test
    void whoeverCompletesTheFutureEndsTheChild() throws Exception {
        try (Fission fission = two().build()) {
            CompletableFuture<String> future = fission.submit(() -> {
                Thread.sleep(Delays.PATIENCE.multipliedBy(10));
                return "late";
            });
            assertThat(future.completeOnTimeout("in time", 20, TimeUnit.MILLISECONDS).get()).isEqualTo("in time");
            assertThat(Delays.within(Delays.GRACE, FissionSubmitTest::hasNoChildren)).isTrue();
        }
    }

    @Test
    void noMoreChildrenThanAskedForAreAtWorkAndWhoSubmitsMoreWaits() throws Exception {
        SharedCounters counters = new SharedCounters(1);
        List<Future<Long>> futures = new ArrayList<>();
        try (Fission fission = two().build()) {
            for (int i = 0; i < 10; i++) {
                futures.add(fission.submit(() -> {
                    long others = counters.count(0);
                    Thread.sleep(Delays.SHORT.dividedBy(2));
                    counters.add(0, -1);
                    return others + 1;
                }));
            }
        }
        for (Future<Long> future : futures) {
            assertThat(get(future)).isBetween(1L, 2L);
        }
    }

    @Test
    void anInterruptEndsTheWaitForAPlace() throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        try (Fission fission = Fission.builder().children(1).build()) {
            Future<Object> busy = fission.submit(() -> {
                Thread.sleep(Delays.PATIENCE.multipliedBy(10));
                return null;
            });
            Thread waiting = Thread.ofPlatform().start(() -> {
                try {
                    var _ = fission.submit(() -> 1);
                } catch (RejectedExecutionException e) {
                    thrown.set(e);
                }
            });
            Delays.pause(Delays.SHORT);
            waiting.interrupt();
            waiting.join();
            assertThat(thrown.get()).hasMessageContaining("interrupted").hasMessageContaining("1");
            busy.cancel(true);
        }
    }

    @Test
    void anInterruptOfTheCallerIsNotTheTasks() throws Exception {
        try (Fission fission = two().build()) {
            Thread.currentThread().interrupt();
            Future<Boolean> future = fission.submit(() -> Thread.currentThread().isInterrupted());
            assertThat(Thread.interrupted()).isTrue();
            assertThat(get(future)).isFalse();
        }
    }

    @Test
    void aFutureThatAChildWouldCompleteForItselfIsRefused() {
        try (Fission fission = two().build()) {
            assertThatIllegalArgumentException().isThrownBy(() -> fission.execute(new FutureTask<>(() -> 1)))
                    .withMessageContaining("submit");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new ExecutorCompletionService<Integer>(fission).submit(() -> 1));
        }
    }

    @Test
    void aCommandRunsInAChildAndItsFailureGoesToTheHandler() throws Exception {
        AtomicReference<Throwable> heard = new AtomicReference<>();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> heard.set(thrown));
        SharedCounters pid = new SharedCounters(1);
        try (Fission fission = two().build()) {
            fission.execute(() -> {
                pid.set(0, Unistd.getpid());
                throw new IllegalStateException("heard");
            });
            assertThat(Delays.within(Delays.PATIENCE, () -> heard.get() != null)).isTrue();
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        assertThat(heard.get()).hasMessage("heard");
        assertThat(pid.get(0)).isNotZero().isNotEqualTo(Unistd.getpid());
    }

    @Test
    void aTaskThatIsSubmittedInAChildIsComputedThere() throws Exception {
        try (Fission fission = Fission.builder().warmUp(0).build()) {
            Runnable close = fission::close;
            assertThat(get(fission.submit(() -> {
                int inner = fission.submit(Unistd::getpid).get();
                close.run(); // what runs in the parent is not for a child to wait for
                return inner == Unistd.getpid();
            }))).isTrue();
            assertThat(fission.map(List.of(1, 2), x -> fission.submit(Unistd::getpid).get() == Unistd.getpid()))
                    .containsOnly(true);
        }
    }

    /** Submits what goes on for long, and says so. Arguments: the kind of children. */
    static final class Submits {
        public static void main(String[] arguments) throws Exception {
            Fission fission = Fission.builder().children(3).build();
            Callable<Object> sleeps = () -> {
                Thread.sleep(1_000_000);
                return null;
            };
            var _ = fission.submit(sleeps);
            var _ = fission.submit(() -> {
                while (true) {
                    Thread.onSpinWait();
                }
            });
            Thread.ofPlatform().start(() -> {
                var _ = fission.submit(sleeps);
            }).join();
            System.out.println("submitted");
            Thread.sleep(1_000_000);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void childrenEndWithACallerThatIsKilled(boolean whole) throws Exception {
        List<ProcessHandle> children;
        try (ChildJvm jvm = ChildJvm.start(List.of("-Dcleave.fission.whole=" + whole), Submits.class)) {
            jvm.awaitLine("submitted");
            Delays.pause(Delays.SHORT);
            children = jvm.handle().descendants().toList();
            assertThat(children).hasSizeBetween(whole ? 3 : 1, 3); // one of one thread may meet a lock of the compiler's
            jvm.kill();
        }
        assertThat(Delays.within(Delays.GRACE, () -> children.stream().noneMatch(ProcessHandle::isAlive)))
                .as("living of %s", children).isTrue();
    }

    /** Submits in a JVM whose children have one thread. */
    static final class OneThread {
        public static void main(String[] arguments) throws Exception {
            try (Fission fission = Fission.builder().children(2).build()) {
                AtomicReference<Future<List<Integer>>> future = new AtomicReference<>();
                Thread.ofPlatform().start(() -> future.set(fission.submit(() -> List.of(1, 2, 3)))).join();
                System.out.println("got " + future.get().get());
            }
        }
    }

    @Test
    void childrenOfOneThreadComputeSubmittedTasks() throws Exception {
        try (ChildJvm jvm = ChildJvm.start(List.of("-Dcleave.fission.whole=false"), OneThread.class)) {
            assertThat(jvm.awaitLine("got ")).contains("[1, 2, 3]");
            assertThat(jvm.awaitExit()).isZero();
        }
    }
}
