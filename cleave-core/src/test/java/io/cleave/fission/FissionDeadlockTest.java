package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.WorkerDiedException;
import io.cleave.fork.WholeSupport;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.pool.Task;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks that wait in a child: for what can never come there, and for what will. */
final class FissionDeadlockTest {
    private static final List<Integer> ITEMS = IntStream.range(0, 60).boxed().toList();
    private static final int LOCKED = 40;

    private static Task<Integer, Boolean> taskUnder(ReentrantLock lock) {
        int parent = Unistd.getpid();
        return x -> {
            if (x == LOCKED) {
                lock.lock();
                try {
                    return Unistd.getpid() == parent;
                } finally {
                    lock.unlock();
                }
            }
            return false;
        };
    }

    @Test
    void anItemThatWaitsForALockOfAnotherThreadIsComputedInTheParent() throws Exception {
        ReentrantLock lock = new ReentrantLock();
        // With a time-out the parent computes nothing of its own accord.
        try (LockHolder holder = new LockHolder(lock, true);
                Fission fission = Fission.builder().children(2).itemTimeout(Delays.PATIENCE).build()) {
            List<Boolean> inParent = fission.map(ITEMS, taskUnder(lock));
            assertThat(inParent).hasSameSizeAs(ITEMS);
            assertThat(inParent.get(LOCKED)).isTrue();
            assertThat(holder.wasWaitedFor()).isTrue();
            FissionReport report = fission.lastReport();
            assertThat(report.provenDeadlocks()).isGreaterThanOrEqualTo(2);
            assertThat(report.detections()).hasSizeGreaterThanOrEqualTo(2);
            assertThat(report.unprovenTimeouts()).isZero();
            assertThat(report.reforks()).isPositive();
            assertThat(report.itemsInParent()).isEqualTo(1);
            assertThat(report.itemsInChildren()).isEqualTo(ITEMS.size() - 1L);
        }
    }

    @Test
    void withoutAWarmUpSuchAnItemIsAnErrorThatSaysWhatToDo() throws Exception {
        ReentrantLock lock = new ReentrantLock();
        try (LockHolder holder = new LockHolder(lock, false); Fission fission = Fission.builder().warmUp(0).build()) {
            assertThatThrownBy(() -> fission.map(ITEMS, taskUnder(lock))).isInstanceOf(WorkerDiedException.class)
                    .hasMessageContaining("item 40 (40)").hasMessageContaining("thread")
                    .hasMessageContaining("warm-up");
            assertThat(fission.lastReport().provenDeadlocks()).isPositive();
            assertThat(holder.wasWaitedFor()).isFalse();
        }
    }

    /** Whether it ends its child or is only unlucky, nobody knows: the calling JVM does not try. */
    @Test
    void anItemThatHasEndedAChildIsNeverComputedInTheParentWhateverComesThen() throws Exception {
        int parent = Unistd.getpid();
        SharedCounters counters = new SharedCounters(2);
        ReentrantLock lock = new ReentrantLock();
        try (LockHolder holder = new LockHolder(lock, true);
                Fission fission = Fission.builder().warmUp(1).children(2).maxRetries(5).build()) {
            assertThatThrownBy(() -> fission.map(ITEMS, x -> {
                if (x == LOCKED) {
                    counters.add(1, Unistd.getpid() == parent ? 1 : 0);
                    if (counters.isFirst(0)) {
                        Signals.kill(Unistd.getpid(), Signals.SIGKILL);
                    }
                    lock.lock();
                    try {
                        return -x;
                    } finally {
                        lock.unlock();
                    }
                }
                return x;
            })).isInstanceOf(WorkerDiedException.class).hasMessageContaining("item 40 (40)")
                    .hasMessageContaining("has ended a child before");
            assertThat(counters.get(1)).as("times in the parent").isZero();
            assertThat(holder.wasWaitedFor()).isFalse();
        }
    }

    @Test
    void aSliceThatWaitsForALockIsContinuedInTheParentAfterTheResultsThatAreThere() throws Exception {
        ReentrantLock lock = new ReentrantLock();
        Task<Integer, Boolean> task = taskUnder(lock);
        try (LockHolder holder = new LockHolder(lock, true);
                Fission fission = Fission.builder().children(2).itemTimeout(Delays.PATIENCE).build();
                Stream<Integer> results = fission.each(ITEMS, slice -> slice.stream().peek(x -> {
                    try {
                        task.apply(x);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                }))) {
            assertThat(results.toList()).isEqualTo(ITEMS);
            assertThat(holder.wasWaitedFor()).isTrue();
        }
    }

    @Test
    void aTaskThatLeavesItsWorkToAnotherThreadIsComputedByTheParentInTheEnd() throws Exception {
        BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
        Thread other = Thread.ofPlatform().daemon().start(() -> serve(requests));
        try (Fission fission = Fission.builder().warmUp(1).children(2).build()) {
            assertThat(fission.map(ITEMS, x -> {
                Request request = new Request(x, new CompletableFuture<>());
                requests.add(request);
                return request.answer.get();
            })).isEqualTo(ITEMS.stream().map(x -> x + 7).toList());
            assertThat(fission.lastReport().itemsInParent()).isEqualTo(ITEMS.size());
            assertThat(fission.lastReport().provenDeadlocks()).isPositive();
        } finally {
            other.interrupt();
            other.join();
        }
    }

    /** The calling JVM reads an iterator on by itself where it has given up forking, which else does that. */
    @Test
    void aRunOverAnIteratorIsComputedByTheParentWhereChildrenCannotHelp() throws Exception {
        List<Integer> many = IntStream.range(0, 3_000).boxed().toList();
        BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
        Thread other = Thread.ofPlatform().daemon().start(() -> serve(requests));
        try (Fission fission = Fission.builder().warmUp(1).children(2).build()) {
            assertThat(fission.map(() -> many.iterator(), x -> {
                Request request = new Request(x, new CompletableFuture<>());
                requests.add(request);
                return request.answer.get();
            })).isEqualTo(many.stream().map(x -> x + 7).toList());
            assertThat(fission.lastReport().itemsInParent()).isEqualTo(many.size());
        } finally {
            other.interrupt();
            other.join();
        }
    }

    private record Request(int number, CompletableFuture<Integer> answer) {}

    private static void serve(BlockingQueue<Request> requests) {
        try {
            while (true) {
                Request request = requests.take();
                request.answer.complete(request.number + 7);
            }
        } catch (InterruptedException e) {
            return; // the test is over
        }
    }

    /** Either worker is met idle at some look, though never both are; nothing may be taken for a deadlock. */
    @Test
    void twoExecutorsThatHandWorkToEachOtherAreNotTakenForIdle() {
        assumeTrue(WholeSupport.isThere());
        long nanos = Delays.SHORT.multipliedBy(4).toNanos();
        try (Fission fission = Fission.builder().warmUp(0).children(2).build()) {
            assertThat(fission.map(List.of(1, 2, 3, 4), x -> {
                try (ExecutorService one = Executors.newSingleThreadExecutor();
                        ExecutorService two = Executors.newSingleThreadExecutor()) {
                    CompletableFuture<Integer> end = new CompletableFuture<>();
                    pass(one, two, System.nanoTime() + nanos, () -> end.complete(x));
                    return end.get();
                }
            })).containsExactly(1, 2, 3, 4);
            assertThat(fission.lastReport().provenDeadlocks()).isZero();
        }
    }

    private static void pass(ExecutorService to, ExecutorService next, long deadline, Runnable end) {
        to.execute(() -> {
            if (System.nanoTime() - deadline > 0) {
                end.run();
            } else {
                pass(next, to, deadline, end);
            }
        });
    }

    /** What a whole child has: idle workers of an executor, which are no other threads. */
    @Test
    void aWholeChildHasTheIdleWorkersOfAnExecutor() throws Exception {
        assumeTrue(WholeSupport.isThere());
        try (ExecutorService other = Executors.newSingleThreadExecutor();
                Fission fission = Fission.builder().warmUp(1).children(2).build()) {
            assertThat(fission.map(ITEMS, x -> other.submit(() -> x + 7).get()))
                    .isEqualTo(ITEMS.stream().map(x -> x + 7).toList());
            assertThat(fission.lastReport().itemsInChildren()).isPositive();
        }
    }

    /** Were one of these waits taken for a deadlock, the item would fail: nothing may be computed in the parent. */
    @Test
    void whoSleepsComputesOrWaitsForAWhileIsNotTakenForDead(@TempDir Path directory) throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        long nanos = Delays.SHORT.multipliedBy(4).toNanos();
        List<Task<Integer, Object>> waits = new ArrayList<>();
        waits.add(x -> {
            Thread.sleep(nanos / 1_000_000);
            return "slept";
        });
        waits.add(x -> new CountDownLatch(1).await(nanos, TimeUnit.NANOSECONDS));
        waits.add(x -> {
            Object monitor = new Object();
            long end = System.nanoTime() + nanos;
            synchronized (monitor) {
                while (System.nanoTime() < end) {
                    monitor.wait(nanos / 1_000_000);
                }
            }
            return "waited";
        });
        waits.add(x -> {
            long end = System.nanoTime() + nanos;
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            return "computed";
        });
        waits.add(x -> {
            try (InputStream in = Files.newInputStream(pipe)) { // waits for one who opens it, then for what he writes
                return in.read();
            }
        });
        try (Fission fission = Fission.builder().warmUp(0).children(1).build()) {
            for (Task<Integer, Object> wait : waits.subList(0, 4)) {
                fission.map(List.of(1), wait);
                assertThat(fission.lastReport().itemsInChildren()).isEqualTo(1);
            }
            Thread writer = Thread.ofPlatform().start(() -> {
                Delays.pause(Delays.SHORT.multipliedBy(4));
                try (var out = Files.newOutputStream(pipe)) {
                    Delays.pause(Delays.SHORT.multipliedBy(4));
                    out.write(42);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            assertThat(fission.map(List.of(1), waits.getLast())).containsExactly(42);
            writer.join();
        }
    }

    /** A child with threads of its own is not watched; what it waits for may come from one of them. */
    @Test
    void whoWaitsForAThreadOfItsOwnIsNotTakenForDead() {
        try (Fission fission = Fission.builder().warmUp(1).children(1).itemTimeout(Delays.PATIENCE).maxRetries(3)
                .build()) {
            assertThat(fission.map(List.of(0, 1), x -> {
                CountDownLatch done = new CountDownLatch(1);
                Thread.ofPlatform().daemon().start(() -> {
                    Delays.pause(Delays.SHORT.multipliedBy(4));
                    done.countDown();
                });
                done.await();
                return x;
            })).containsExactly(0, 1);
        }
    }

    /**
     * Carriers of virtual threads stay suspended in a child where virtual threads of the parent's wait for one. They counted
     * as threads that go on, and a task that waited for a virtual thread of its own waited for ever.
     */
    @Test
    void aTaskThatWaitsForAVirtualThreadGetsItOrFailsBesideVirtualThreadsOfTheParent() {
        AtomicBoolean over = new AtomicBoolean();
        for (int i = 0; i < 1000; i++) {
            Thread.ofVirtual().start(() -> {
                while (!over.get()) {
                    LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(1_000_000, 5_000_000));
                }
            });
        }
        try (Fission fission = Fission.builder().children(2).warmUp(0).deadline(Delays.PATIENCE).build()) {
            for (int run = 0; run < 3; run++) {
                List<Integer> items = List.of(1, 2, 3, 4, 5, 6);
                try {
                    assertThat(fission.map(items, x -> {
                        Thread.ofVirtual().start(() -> LockSupport.parkNanos(1000)).join();
                        return x;
                    })).isEqualTo(items);
                } catch (WorkerDiedException e) {
                    assertThat(e).hasMessageContaining("waited for a thread that a child does not have");
                }
            }
        } finally {
            over.set(true);
        }
    }
}
