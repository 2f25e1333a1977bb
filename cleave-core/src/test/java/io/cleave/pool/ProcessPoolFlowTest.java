package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How items and results flow, what ends them, and pools within pools. */
class ProcessPoolFlowTest extends ProcessPoolTestBase {
    @TempDir
    private Path directory;

    private static <V> V get(Future<V> future) throws Exception {
        return future.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static long pid() {
        return ProcessHandle.current().pid();
    }

    private static boolean isGone(long pid) {
        Optional<ProcessHandle> process = ProcessHandle.of(pid);
        return process.isEmpty() || !process.get().isAlive();
    }

    private static boolean awaitFile(Path file) {
        return Delays.within(Delays.PATIENCE, () -> Files.exists(file));
    }

    /** Notes that it has begun, sleeps, and notes that it was interrupted. */
    private static int sleep(String begun, String interrupted) throws Exception {
        Files.createFile(Path.of(begun));
        try {
            Thread.sleep(Delays.PATIENCE);
        } catch (InterruptedException e) {
            Files.createFile(Path.of(interrupted));
            throw e;
        }
        return 1;
    }

    @Test
    void aCapturedPoolComputesInPlaceAndAPoolMadeInATaskEndsWithItsWorker() throws Exception {
        try (ProcessPool pool = create(1)) {
            assertThat(get(pool.submit(() -> {
                List<Long> pids = new ArrayList<>(pool.map(List.of(1, 2), x -> pid()));
                pids.add(pool.submit(ProcessPoolFlowTest::pid).get());
                pids.removeIf(pid -> pid == pid());
                return pids;
            }))).isEmpty();
            List<Long> inner = get(pool.submit(() -> {
                try (ProcessPool own = ProcessPool.create(1)) {
                    return own.map(List.of(1), x -> pid());
                }
            }));
            assertThat(isGone(inner.getFirst())).isTrue();
            List<Long> left = get(pool.submit(() -> {
                ProcessPool open = ProcessPool.create(1);
                return open.map(List.of(1), x -> pid());
            }));
            assertThat(left).hasSize(1).doesNotContainAnyElementsOf(pool.workerPids());
            ProcessHandle.of(pool.workerPids().getFirst()).ifPresent(ProcessHandle::destroyForcibly);
            assertThat(Delays.within(Delays.PATIENCE, () -> isGone(left.getFirst()))).isTrue();
        }
    }

    @Test
    void closingAStreamInterruptsWhatRunsAndDropsWhatWaits() throws Exception {
        Path begun = directory.resolve("begun");
        Path interrupted = directory.resolve("interrupted");
        String first = begun.toString();
        String second = interrupted.toString();
        try (ProcessPool pool = create(1)) {
            long pid = get(pool.submit(ProcessPoolFlowTest::pid));
            Stream<Integer> results = pool.imap(List.of(0, 1, 2, 3), x -> x == 0 ? 0 : sleep(first, second));
            Iterator<Integer> each = results.iterator();
            assertThat(each.next()).isZero();
            assertThat(awaitFile(begun)).isTrue();
            results.close();
            assertThat(awaitFile(interrupted)).isTrue();
            assertThat(get(pool.submit(ProcessPoolFlowTest::pid))).as("the same worker").isEqualTo(pid);
        }
    }

    @Test
    void aFutureIsDoneThoughNobodyWaitsInGet() {
        try (ProcessPool pool = create(1)) {
            assertThat(pool.submit(() -> 1).join()).isEqualTo(1);
            CompletableFuture<Integer> future = pool.submit(() -> 2);
            assertThat(Delays.within(Delays.PATIENCE, future::isDone)).isTrue();
            assertThat(pool.submit(() -> 3).thenCombine(pool.submit(() -> 4), Integer::sum).join()).isEqualTo(7);
            assertThat(pool.submit(() -> 5).thenApply(x -> pool.map(List.of(x), y -> y + 1)).join()).containsExactly(6);
        }
    }

    @Test
    void cancellingAFutureInterruptsItsTaskAndNoOther() throws Exception {
        Path interrupted = directory.resolve("interrupted");
        String second = interrupted.toString();
        try (ProcessPool pool = create(1)) {
            long pid = get(pool.submit(ProcessPoolFlowTest::pid));
            for (int i = 0; i < 3; i++) {
                Path begun = directory.resolve("begun" + i);
                String first = begun.toString();
                CompletableFuture<Integer> sleeping = pool.submit(() -> sleep(first, second));
                CompletableFuture<Long> next = pool.submit(() -> {
                    Thread.sleep(20);
                    return pid();
                });
                assertThat(awaitFile(begun)).isTrue();
                assertThat(sleeping.cancel(true)).isTrue();
                assertThatThrownBy(sleeping::get).isInstanceOf(CancellationException.class);
                assertThat(awaitFile(interrupted)).isTrue();
                Files.delete(interrupted);
                assertThat(get(next)).isEqualTo(pid);
            }
        }
    }

    @Test
    void aTaskThatIgnoresItsCancellationIsKilledWithItsWorker() throws Exception {
        Path begun = directory.resolve("begun");
        String first = begun.toString();
        try (ProcessPool pool = create(1)) {
            long pid = get(pool.submit(ProcessPoolFlowTest::pid));
            CompletableFuture<Integer> stubborn = pool.submit(() -> {
                Files.createFile(Path.of(first));
                while (true) {
                    Thread.onSpinWait();
                }
            });
            CompletableFuture<Long> next = pool.submit(ProcessPoolFlowTest::pid);
            assertThat(awaitFile(begun)).isTrue();
            assertThat(stubborn.cancel(true)).isTrue();
            assertThat(Delays.within(Delays.PATIENCE, () -> isGone(pid))).as("though nobody waits").isTrue();
            assertThat(get(next)).isNotEqualTo(pid);
        }
    }

    @Test
    void aSlowConsumerStopsTheReadingOfItems() {
        AtomicLong read = new AtomicLong();
        Iterable<Long> items = () -> LongStream.iterate(0, x -> x + 1).peek(read::set).iterator();
        try (ProcessPool pool = create(2); Stream<Long> results = pool.imap(items, x -> x)) {
            Iterator<Long> each = results.iterator();
            assertThat(each.next()).isZero();
            assertThat(Delays.within(Delays.PATIENCE, () -> {
                long before = read.get();
                Delays.pause(Delays.SHORT.multipliedBy(4));
                return read.get() == before;
            })).isTrue();
            for (long i = 1; i < 20_000; i++) {
                assertThat(each.next()).isEqualTo(i);
            }
        }
    }

    /** Passes many items and results through a heap that could not hold them. */
    static final class ManyItems {
        public static void main(String[] arguments) {
            int count = 300_000;
            long sum = 0;
            Iterable<String> items = () -> IntStream.range(0, count).mapToObj(x -> x + "x".repeat(400)).iterator();
            try (ProcessPool pool = ProcessPool.builder().workers(2).jvmOptions("-Xmx32m").build();
                    Stream<String> results = pool.imap(items, x -> x + "y")) {
                Iterator<String> each = results.iterator();
                for (int i = 0; each.hasNext(); i++) {
                    String result = each.next();
                    if (!result.startsWith(i + "x") || !result.endsWith("xy")) {
                        throw new AssertionError(result);
                    }
                    sum++;
                }
            }
            System.out.println("received " + sum);
        }
    }

    @Test
    void manyItemsPassThroughSmallHeaps() throws Exception {
        try (ChildJvm jvm = ChildJvm.start(List.of("-Xmx32m"), ManyItems.class)) {
            assertThat(jvm.awaitLine("received ")).isEqualTo("300000");
            assertThat(jvm.awaitExit()).isZero();
        }
    }

    @Test
    void aResultComesThoughTheIteratorWaitsForTheNextItem() throws Exception {
        CountDownLatch more = new CountDownLatch(1);
        Iterable<Integer> items = () -> new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < 3;
            }

            @Override
            public Integer next() {
                if (next == 1) {
                    awaitQuietly(more);
                }
                return next++;
            }
        };
        try (ProcessPool pool = create(2)) {
            for (boolean ordered : List.of(true, false)) {
                try (Stream<Integer> results = ordered ? pool.imap(items, x -> x) : pool.imapUnordered(items, x -> x)) {
                    Iterator<Integer> each = results.iterator();
                    assertThat(each.next()).isZero();
                    if (ordered) {
                        more.countDown();
                    }
                    assertThat(List.of(each.next(), each.next())).containsExactlyInAnyOrder(1, 2);
                    assertThat(each.hasNext()).isFalse();
                }
            }
        }
    }

    @Test
    void aStreamCanBeClosedWhileItsIteratorWaits() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        Iterable<Integer> items = () -> new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return true;
            }

            @Override
            public Integer next() {
                if (next == 1 && !awaitQuietly(never)) {
                    interrupted.set(true);
                }
                return next++;
            }
        };
        try (ProcessPool pool = create(1)) {
            try (Stream<Integer> results = pool.imap(items, x -> x)) {
                assertThat(results.iterator().next()).isZero();
            }
            assertThat(Delays.within(Delays.PATIENCE, interrupted::get)).isTrue();
        }
    }

    private static boolean awaitQuietly(CountDownLatch latch) {
        try {
            return latch.await(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Test
    void aSlowItemDoesNotHoldBackTheResultsBeforeItInItsChunk() throws Exception {
        Path go = directory.resolve("go");
        String file = go.toString();
        try (ProcessPool pool = builder().workers(1).chunkSize(8).build();
                Stream<Integer> results = pool.imap(IntStream.range(0, 8).boxed().toList(), x -> {
                    if (x == 5) {
                        awaitFile(Path.of(file));
                    }
                    return x;
                })) {
            Iterator<Integer> each = results.iterator();
            for (int i = 0; i < 5; i++) {
                assertThat(each.next()).isEqualTo(i);
            }
            Files.createFile(go); // had the first five waited for it, the sixth would have waited in vain
            for (int i = 5; i < 8; i++) {
                assertThat(each.next()).isEqualTo(i);
            }
        }
    }

    @Test
    void whatIsDoneFirstComesFirstWhereTheOrderDoesNotMatter() throws Exception {
        Path go = directory.resolve("go");
        String file = go.toString();
        try (ProcessPool pool = builder().workers(2).chunkSize(1).build();
                Stream<Integer> results = pool.imapUnordered(List.of(0, 1, 2, 3), x -> {
                    if (x == 0) {
                        awaitFile(Path.of(file));
                    }
                    return x;
                })) {
            Iterator<Integer> each = results.iterator();
            assertThat(List.of(each.next(), each.next(), each.next())).containsExactlyInAnyOrder(1, 2, 3);
            Files.createFile(go);
            assertThat(each.next()).isZero();
        }
    }

    @Test
    void progressIsHeardFromTheThreadThatTakesTheResults() {
        List<Long> heard = new ArrayList<>(); // no lock: one thread only
        AtomicLong total = new AtomicLong();
        try (ProcessPool pool = builder().workers(1).progress((done, of) -> {
            heard.add(done);
            total.set(of);
        }).build()) {
            pool.map(IntStream.range(0, 30).boxed().toList(), x -> {
                Thread.sleep(5);
                return x;
            });
            assertThat(heard).isSorted().hasSizeGreaterThan(2).endsWith(30L);
            assertThat(total).hasValue(30);
            heard.clear();
            try (Stream<Integer> results = pool.imap(() -> IntStream.range(0, 5).iterator(), x -> x)) {
                assertThat(results.count()).isEqualTo(5);
            }
            assertThat(heard).isSorted().endsWith(5L);
            assertThat(total).hasValue(5);
        }
    }

    @Test
    void aPoolThatIsClosedEndsTheStreamsThatAreBeingComputedAndFinishesWhatWasSubmitted() throws Exception {
        Path begun = directory.resolve("begun");
        Path interrupted = directory.resolve("interrupted");
        String first = begun.toString();
        String second = interrupted.toString();
        ProcessPool pool = create(2);
        CompletableFuture<List<Integer>> mapped = pool.amap(List.of(1), x -> sleep(first, second));
        CompletableFuture<Integer> submitted = pool.submit(() -> {
            Thread.sleep(Duration.ofMillis(200));
            return 1;
        });
        assertThat(awaitFile(begun)).isTrue();
        pool.close();
        assertThat(awaitFile(interrupted)).isTrue();
        assertThat(submitted.isDone()).isTrue();
        assertThat(get(submitted)).isEqualTo(1);
        assertThatThrownBy(() -> get(mapped)).isInstanceOfAny(CancellationException.class,
                java.util.concurrent.ExecutionException.class);
        assertThatThrownBy(() -> pool.submit(() -> 1))
                .isInstanceOf(java.util.concurrent.RejectedExecutionException.class);
    }
}
