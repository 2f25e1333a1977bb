package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.share.Share;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That calls end, that nothing is left of what has ended, and that nobody waits for what another has. */
final class ProcessPoolEndTest {
    @TempDir
    private Path directory;

    private static <V> V get(Future<V> future) throws Exception {
        return future.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static ProcessPool workers(int count) {
        return ProcessPool.builder().workers(count).output(WorkerOutput.DISCARD).build();
    }

    private static boolean await(CountDownLatch latch) throws InterruptedException {
        return latch.await(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static void awaitFile(String file) {
        assertThat(Delays.within(Delays.PATIENCE, () -> Files.exists(Path.of(file)))).isTrue();
    }

    @Test
    void aCallOverAnIterableThatGivesItemsAfterAShutdownEnds() throws Exception {
        try (ProcessPool pool = workers(1)) {
            CountDownLatch shut = new CountDownLatch(1);
            Iterator<Integer> items = new Iterator<>() {
                private int next;

                @Override
                public boolean hasNext() {
                    return next < 8;
                }

                @Override
                public Integer next() {
                    if (!hasNext()) {
                        throw new NoSuchElementException();
                    }
                    try {
                        if (next == 2) {
                            assertThat(await(shut)).isTrue();
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return next++;
                }
            };
            List<Integer> received = new ArrayList<>();
            CompletableFuture<Void> call = CompletableFuture.runAsync(() -> {
                try (Stream<Integer> results = pool.imap(() -> items, x -> x)) {
                    results.forEach(result -> {
                        received.add(result);
                        if (result == 0) {
                            pool.shutdown();
                            shut.countDown();
                        }
                    });
                }
            }, task -> new Thread(task).start());
            assertThatThrownBy(() -> get(call)).hasCauseInstanceOf(CancellationException.class);
            assertThat(received).startsWith(0).doesNotHaveDuplicates().isSorted();
        }
    }

    @Test
    void aCallThatAForcefulShutdownMeetsEnds() throws Exception {
        for (int round = 0; round < 5; round++) {
            try (ProcessPool pool = workers(1)) {
                CompletableFuture<List<Integer>> call = CompletableFuture.supplyAsync(
                        () -> pool.map(IntStream.range(0, 500).boxed().toList(), x -> {
                            Thread.sleep(2);
                            return x;
                        }), task -> new Thread(task).start());
                Delays.pause(Delays.SHORT.multipliedBy(round));
                pool.shutdownNow();
                assertThatThrownBy(() -> get(call)).isInstanceOf(Exception.class);
                assertThat(call.isDone()).isTrue();
                assertThat(pool.awaitTermination(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isTrue();
            }
        }
    }

    private static final int CAPTURED = 40;

    private static long blocks() {
        try (Stream<Path> files = Files.list(Path.of(System.getenv("CLEAVE_DIR")))) {
            return files.filter(file -> file.getFileName().toString().startsWith("cleave.")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void nothingStaysOfWhatATaskCapturedThatWasCancelledOrRefused() throws Exception {
        assumeTrue(System.getenv("CLEAVE_DIR") != null, "other programs' blocks would be counted, too");
        try (ProcessPool pool = workers(1)) {
            String gate = directory.resolve("gate").toString();
            CompletableFuture<?> running = pool.submit(() -> awaitFile(gate));
            long before = blocks();
            List<CompletableFuture<Integer>> futures = new ArrayList<>();
            for (int i = 0; i < CAPTURED; i++) {
                byte[] data = new byte[1 << 20];
                futures.add(pool.submit(() -> data.length));
            }
            assertThat(blocks()).isGreaterThanOrEqualTo(before + CAPTURED);
            for (int i = 0; i < CAPTURED; i++) {
                assertThat(futures.get(i).cancel(i % 2 == 0)).isTrue();
            }
            Files.createFile(Path.of(gate));
            get(running);
            pool.shutdown();
            byte[] more = new byte[1 << 20];
            assertThatThrownBy(() -> pool.submit(() -> more.length)).isInstanceOf(RejectedExecutionException.class);
            assertThat(Delays.within(Delays.PATIENCE, () -> {
                Share.trim(); // what is kept for the next values
                return blocks() <= before;
            })).isTrue();
        }
    }

    private static long memories() {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(descriptor -> {
                try {
                    return Files.readSymbolicLink(descriptor).toString().contains("memfd:cleave-pool");
                } catch (IOException e) {
                    return false; // closed meanwhile
                }
            }).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aPoolThatHasTerminatedHoldsNoMemoryThoughNobodyClosesIt() throws Exception {
        long before = memories();
        for (int i = 0; i < 3; i++) {
            ProcessPool pool = workers(1);
            assertThat(pool.map(List.of(1, 2), x -> x)).containsExactly(1, 2);
            pool.shutdown();
            assertThat(pool.awaitTermination(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isTrue();
        }
        assertThat(Delays.within(Delays.PATIENCE, () -> memories() <= before)).isTrue();
    }

    @Test
    void whereTheOrderDoesNotMatterNoResultWaitsForAnItemOfAnotherChunk() throws Exception {
        for (boolean isCollection : new boolean[] {true, false}) {
            String file = directory.resolve("seen" + isCollection).toString();
            List<Integer> items = IntStream.range(0, 12).boxed().toList();
            Iterable<Integer> source = isCollection ? items : () -> items.iterator();
            List<Integer> received = new ArrayList<>();
            try (ProcessPool pool = ProcessPool.builder().workers(2).chunkSize(4).output(WorkerOutput.DISCARD).build();
                    Stream<Integer> results = pool.imapUnordered(source, x -> {
                        if (x == 1) { // whose chunk has given a result already
                            awaitFile(file);
                        }
                        return x;
                    })) {
                results.forEach(result -> {
                    received.add(result);
                    if (result == 11) {
                        note(file);
                    }
                });
            }
            assertThat(received).containsExactlyInAnyOrderElementsOf(items);
        }
    }

    private static void note(String file) {
        try {
            Files.createFile(Path.of(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aWorkerWithoutWorkTakesAPartOfWhatAnotherHasBegun() {
        List<Integer> items = IntStream.range(0, 300).boxed().toList();
        try (ProcessPool pool = ProcessPool.builder().workers(2).chunkSize(300).output(WorkerOutput.DISCARD).build()) {
            assertThat(Delays.within(Delays.PATIENCE, () -> { // both are to be up
                pool.map(List.of(1, 2), x -> x);
                return Stream.of(pool.submit(() -> pause()), pool.submit(() -> pause())).map(CompletableFuture::join)
                        .distinct().count() == 2;
            })).isTrue();
            assertThat(new HashSet<>(pool.map(items, x -> pause()))).hasSize(2);
        }
    }

    private static long pause() throws InterruptedException {
        Thread.sleep(5);
        return ProcessHandle.current().pid();
    }

    @Test
    void theResultsOfABatchThatIsSharedComeInOrder() {
        List<Integer> items = IntStream.range(0, 400).boxed().toList();
        try (ProcessPool pool = ProcessPool.builder().workers(2).chunkSize(200).output(WorkerOutput.DISCARD).build()) {
            for (int round = 0; round < 2; round++) {
                assertThat(pool.map(items, x -> {
                    Thread.sleep(x < 100 ? 0 : 2);
                    return x;
                })).isEqualTo(items);
            }
        }
    }

    private static final class Counted implements Serializable {
        private static final long serialVersionUID = 1L;
        private static final AtomicInteger WRITTEN = new AtomicInteger();
        private final int value = 3;

        private void writeObject(ObjectOutputStream out) throws IOException {
            out.defaultWriteObject();
            WRITTEN.incrementAndGet();
        }
    }

    @Test
    void aStageOfAStreamSendsWhatItsTaskCapturesOnce() {
        Counted counted = new Counted();
        try (ProcessPool pool = workers(2)) {
            for (int round = 1; round <= 2; round++) {
                assertThat(IntStream.range(0, 200).boxed().gather(Parallel.mapping(pool, (Integer x) -> {
                    Thread.sleep(1);
                    return x * counted.value;
                })).toList()).isEqualTo(IntStream.range(0, 200).map(x -> 3 * x).boxed().toList());
                assertThat(Counted.WRITTEN).hasValue(round);
            }
        }
    }

    @Test
    void aWorkerUsesTheCollectorThatIsChosen() throws Exception {
        for (String collector : List.of("Parallel", "G1")) {
            try (ProcessPool pool = ProcessPool.builder().workers(1).jvmOptions("-XX:+Use" + collector + "GC")
                    .build()) {
                assertThat(get(pool.submit(
                        () -> ManagementFactory.getGarbageCollectorMXBeans().getFirst().getName())))
                        .isIn("PS Scavenge", "PS MarkSweep", "G1 Young Generation", "G1 Concurrent GC",
                                "G1 Old Generation");
            }
        }
    }

    @Test
    void whatAJvmThatCannotStartSaysIsInTheError() {
        try (ProcessPool pool = ProcessPool.builder().workers(1).output(WorkerOutput.DISCARD)
                .jvmOptions("-XX:+UseParallelGC", "-XX:+UseG1GC").build()) {
            assertThatThrownBy(() -> pool.map(List.of(1), x -> x)).hasMessageContaining("before it could begin")
                    .hasMessageContaining("garbage collectors selected");
        }
    }

    @Test
    void aDebuggersPortIsNotTheWorkers() {
        assertThat(WorkerStart.withoutObservers(
                "-Xmx1g -agentlib:jdwp=transport=dt_socket,server=y,address=5005 '-Dx=a b' -Dcom.sun.management.jmxremote.port=1"))
                .isEqualTo("-Xmx1g '-Dx=a b'");
        assertThat(WorkerStart.withoutObservers("")).isEmpty();
    }

    @Test
    void aResultThatIsSlowToSerialiseHoldsBackNoOtherOfItsWorker() throws Exception {
        String file = directory.resolve("seen").toString();
        try (AsyncPool pool = AsyncPool.builder().workers(1).output(WorkerOutput.DISCARD).build()) {
            CompletableFuture<Object> slow = pool
                    .submit(() -> CompletableFuture.completedFuture(new SlowToWrite(file)));
            CompletableFuture<Object> other = pool.submit(() -> CompletableFuture.completedFuture(7));
            assertThat(get(other)).isEqualTo(7);
            note(file);
            assertThat(get(slow)).isInstanceOf(SlowToWrite.class);
        }
    }

    private static final class SlowToWrite implements Serializable {
        private static final long serialVersionUID = 1L;
        private final String file;

        SlowToWrite(String file) {
            this.file = file;
        }

        private void writeObject(ObjectOutputStream out) throws IOException {
            out.defaultWriteObject();
            awaitFile(file);
        }
    }
}
