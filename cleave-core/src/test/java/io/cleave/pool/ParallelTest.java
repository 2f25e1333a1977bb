package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.cleave.WorkerException;
import io.cleave.fission.Fission;
import io.cleave.fission.Support;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Gatherer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Functions and stages of streams keep their promises on every pool. */
final class ParallelTest {
    private static final Duration DEAR = Duration.ofMillis(60);

    private static int square(int x) {
        return x * x;
    }

    private static int slowSquare(int x) {
        spin(Duration.ofNanos(x % 7 * 100_000L));
        return x * x;
    }

    private static int dearSquare(int x) {
        spin(DEAR);
        return x * x;
    }

    private static void spin(Duration duration) {
        long end = System.nanoTime() + duration.toNanos();
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    private static Stream<Integer> numbers(int count) {
        return IntStream.range(0, count).boxed();
    }

    private static Stream<Integer> endless() {
        return Stream.iterate(0, x -> x + 1);
    }

    private static List<Integer> squares(int count) {
        return IntStream.range(0, count).map(x -> x * x).boxed().toList();
    }

    @Nested
    final class OnThreads extends Promises {
        @Override
        Pool newPool() {
            return ThreadPool.create(2);
        }
    }

    @Nested
    final class OnOneThread extends Promises {
        @Override
        Pool newPool() {
            return ThreadPool.create(1);
        }
    }

    @Nested
    final class OnVirtualThreads extends Promises {
        @Override
        Pool newPool() {
            return ThreadPool.virtual();
        }
    }

    @Nested
    final class OnProcesses extends Promises {
        @Override
        Pool newPool() {
            return ProcessPool.builder().workers(2).build();
        }
    }

    @Nested
    final class OnForkedChildren extends Promises {
        @BeforeEach
        void supported() {
            assumeThat(Fission.support()).isInstanceOf(Support.Supported.class);
        }

        @Override
        Pool newPool() {
            return Fission.create();
        }
    }

    /** What holds whatever the pool is made of. */
    abstract static class Promises {
        abstract Pool newPool();

        @Test
        void functionsGiveWhatTheMethodsOfThePoolGive() throws Exception {
            try (Pool pool = newPool()) {
                List<Integer> items = numbers(100).toList();
                assertThat(Parallel.<Integer, Integer>pmap(pool, ParallelTest::square).apply(items))
                        .isEqualTo(squares(100));
                assertThat(Parallel.<Integer, Integer>amap(pool, ParallelTest::square).apply(items)
                        .get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isEqualTo(squares(100));
                Function<Iterable<? extends Integer>, Stream<Integer>> imap = Parallel.imap(pool, ParallelTest::square);
                try (Stream<Integer> results = imap.apply(() -> endless().iterator())) {
                    assertThat(results.limit(100).toList()).isEqualTo(squares(100));
                }
            }
        }

        @Test
        void aFunctionCanBeAppliedAgain() {
            try (Pool pool = newPool()) {
                Function<Iterable<? extends Integer>, List<Integer>> squares = Parallel.pmap(pool, x -> x * x);
                assertThat(squares.apply(List.of(2, 3))).containsExactly(4, 9);
                assertThat(squares.andThen(List::size).apply(List.of(5))).isEqualTo(1);
            }
        }

        @Test
        void resultsComeInTheOrderOfTheElements() {
            try (Pool pool = newPool()) {
                assertThat(numbers(1000).gather(Parallel.mapping(pool, ParallelTest::slowSquare)).toList())
                        .isEqualTo(squares(1000));
            }
        }

        @Test
        void withoutOrderEachResultComesOnce() {
            try (Pool pool = newPool()) {
                assertThat(numbers(1000).gather(Parallel.mappingUnordered(pool, ParallelTest::slowSquare)).toList())
                        .containsExactlyInAnyOrderElementsOf(squares(1000));
            }
        }

        @Test
        void manyCheapElementsKeepTheirOrder() {
            try (Pool pool = newPool()) {
                assertThat(numbers(40_000).gather(Parallel.mapping(pool, ParallelTest::square)).toList())
                        .isEqualTo(squares(40_000));
            }
        }

        @Test
        void nothingGivesNothingAndOneGivesOne() {
            try (Pool pool = newPool()) {
                assertThat(numbers(0).gather(Parallel.mapping(pool, ParallelTest::square))).isEmpty();
                assertThat(numbers(0).gather(Parallel.mappingUnordered(pool, ParallelTest::square))).isEmpty();
                assertThat(Stream.of(7).gather(Parallel.mapping(pool, ParallelTest::square))).containsExactly(49);
            }
        }

        @Test
        void elementsAndResultsMayBeNull() {
            try (Pool pool = newPool()) {
                assertThat(Stream.of("a", null, "b", null)
                        .gather(Parallel.mapping(pool, x -> x == null ? "none" : x.equals("a") ? null : x)).toList())
                        .containsExactly(null, "none", "b", "none");
            }
        }

        @Test
        void theFirstResultsOfAnEndlessStreamAreToBeHad() {
            try (Pool pool = newPool()) {
                assertThat(endless().gather(Parallel.mapping(pool, ParallelTest::slowSquare)).limit(150).toList())
                        .isEqualTo(squares(150));
                assertThat(endless().gather(Parallel.mappingUnordered(pool, ParallelTest::slowSquare)).limit(150)
                        .distinct().count()).isEqualTo(150);
            }
        }

        @Test
        void aStreamThatNeedsNothingComputesNearlyNothing() {
            AtomicLong read = new AtomicLong();
            try (Pool pool = newPool()) {
                assertThat(endless().peek(x -> read.incrementAndGet())
                        .gather(Parallel.mapping(pool, ParallelTest::square)).limit(0).toList()).isEmpty();
                assertThat(read.get()).isLessThanOrEqualTo(1);
                assertThat(endless().peek(x -> read.incrementAndGet())
                        .gather(Parallel.mapping(pool, ParallelTest::square)).findFirst()).contains(0);
                assertThat(read.get()).isLessThanOrEqualTo(2L * pool.parallelism() + 4);
            }
        }

        @Test
        void dearElementsAreTakenInSmallNumbersAheadOfTheResults() {
            AtomicInteger ahead = new AtomicInteger();
            AtomicInteger most = new AtomicInteger();
            try (Pool pool = newPool()) {
                long count = numbers(20).peek(x -> most.accumulateAndGet(ahead.incrementAndGet(), Math::max))
                        .gather(Parallel.mapping(pool, ParallelTest::dearSquare)).peek(x -> ahead.decrementAndGet())
                        .filter(x -> x >= 0).count();
                assertThat(count).isEqualTo(20);
                assertThat(most.get()).isLessThanOrEqualTo(2 * pool.parallelism() + 3);
            }
        }

        @Test
        void anExceptionKeepsItsTypeAndComesAfterTheResultsBeforeIt() {
            Task<Integer, Integer> task = x -> {
                if (x == 120 || x == 125 || x == 190) {
                    throw new FileNotFoundException("no file " + x);
                }
                return slowSquare(x);
            };
            List<Integer> received = new ArrayList<>();
            try (Pool pool = newPool()) {
                assertThatThrownBy(
                        () -> numbers(200).gather(Parallel.mapping(pool, task)).forEachOrdered(received::add))
                        .isExactlyInstanceOf(FileNotFoundException.class).hasMessage("no file 120")
                        .satisfies(thrown -> assertThat(accountsOf(thrown).getLast()).satisfies(account -> {
                            assertThat(account.item()).isEqualTo("120");
                            assertThat(account.index()).isEqualTo(120);
                            assertThat(account.worker()).isNotBlank();
                        }));
                assertThat(received).isEqualTo(squares(120));
                assertThatThrownBy(() -> {
                    var _ = numbers(200).gather(Parallel.mappingUnordered(pool, task)).toList();
                }).isExactlyInstanceOf(FileNotFoundException.class);
                assertThat(numbers(10).gather(Parallel.mapping(pool, ParallelTest::square)).toList())
                        .isEqualTo(squares(10));
            }
        }

        private static List<WorkerException> accountsOf(Throwable thrown) {
            return Arrays.stream(thrown.getSuppressed()).filter(WorkerException.class::isInstance)
                    .map(WorkerException.class::cast).toList();
        }

        @Test
        void whatSourceAndConsumerThrowReachesTheCaller() {
            try (Pool pool = newPool()) {
                Gatherer<Integer, ?, Integer> gatherer = Parallel.mapping(pool, ParallelTest::slowSquare);
                assertThatIllegalArgumentException().isThrownBy(() -> endless().peek(x -> failAt(x, 100))
                        .gather(gatherer).forEach(x -> {})).withMessage("at 100");
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> endless().gather(gatherer).forEach(x -> failAt(x, 100)))
                        .withMessage("at 100");
            }
        }

        private static void failAt(int x, int at) {
            if (x == at) {
                throw new IllegalArgumentException("at " + at);
            }
        }

        @Test
        void twoStagesShareAPool() {
            try (Pool pool = newPool()) {
                assertThat(numbers(500).gather(Parallel.mapping(pool, ParallelTest::slowSquare))
                        .gather(Parallel.mapping(pool, x -> x + 1)).toList())
                        .isEqualTo(squares(500).stream().map(x -> x + 1).toList());
            }
        }

        @Test
        void gatherersWorkWithinTheTasksOfThePool() {
            try (Pool pool = newPool()) {
                List<List<Integer>> results = pool.map(numbers(10).toList(),
                        x -> Stream.of(x, x + 1).gather(Parallel.mapping(pool, ParallelTest::square)).toList());
                assertThat(results).hasSize(10);
                assertThat(results.get(9)).containsExactly(81, 100);
            }
        }

        @Test
        void parallelStreamsKeepTheOrder() {
            try (Pool pool = newPool()) {
                assertThat(numbers(1000).parallel().map(x -> x)
                        .gather(Parallel.mapping(pool, ParallelTest::slowSquare)).map(x -> x + 1).toList())
                        .isEqualTo(squares(1000).stream().map(x -> x + 1).toList());
                assertThat(numbers(1000).parallel().gather(Parallel.mapping(pool, ParallelTest::slowSquare))
                        .limit(100).toList()).isEqualTo(squares(100));
            }
        }

        @Test
        void aGathererServesTwoStreamsInTurns() {
            try (Pool pool = newPool()) {
                Gatherer<Integer, ?, Integer> gatherer = Parallel.mapping(pool, ParallelTest::slowSquare);
                Iterator<Integer> one = endless().gather(gatherer).iterator();
                Iterator<Integer> two = endless().gather(gatherer).iterator();
                for (int i = 0; i < 100; i++) {
                    assertThat(one.next()).isEqualTo(i * i);
                    assertThat(two.next()).isEqualTo(i * i);
                }
            }
        }

        @Test
        void anInterruptEndsTheStreamAndStaysSet() throws Exception {
            try (Pool pool = newPool()) {
                AtomicLong received = new AtomicLong();
                AtomicReference<Throwable> thrown = new AtomicReference<>();
                AtomicBoolean interrupted = new AtomicBoolean();
                Thread reader = Thread.ofPlatform().start(() -> {
                    try {
                        endless().gather(Parallel.mapping(pool, ParallelTest::slowSquare))
                                .forEach(x -> received.incrementAndGet());
                    } catch (CancellationException e) {
                        thrown.set(e);
                        interrupted.set(Thread.currentThread().isInterrupted());
                    }
                });
                assertThat(Delays.within(Delays.PATIENCE, () -> received.get() > 20)).isTrue();
                reader.interrupt();
                reader.join();
                assertThat(thrown.get()).isInstanceOf(CancellationException.class);
                assertThat(interrupted).isTrue();
            }
        }

        @Test
        void closingThePoolEndsTheStream() throws Exception {
            Pool pool = newPool();
            AtomicLong received = new AtomicLong();
            FutureTask<Void> reader = new FutureTask<>(
                    () -> endless().gather(Parallel.mapping(pool, ParallelTest::slowSquare))
                            .forEach(x -> received.incrementAndGet()),
                    null);
            Thread thread = Thread.ofPlatform().start(reader);
            assertThat(Delays.within(Delays.PATIENCE, () -> received.get() > 20)).isTrue();
            pool.close();
            assertThatThrownBy(() -> reader.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).cause()
                    .isInstanceOfAny(CancellationException.class, IllegalStateException.class);
            thread.join();
        }

        @Test
        void aClosedPoolIsRefused() {
            Pool pool = newPool();
            pool.close();
            Gatherer<Integer, ?, Integer> gatherer = Parallel.mapping(pool, ParallelTest::square);
            assertThatIllegalStateException().isThrownBy(() -> {
                var _ = numbers(5).gather(gatherer).toList();
            }).withMessageContaining("closed");
            assertThatIllegalStateException().isThrownBy(() -> {
                var _ = Parallel.<Integer, Integer>pmap(pool, ParallelTest::square).apply(List.of(1));
            }).withMessageContaining("closed");
        }
    }

    /** Tells how the elements of a stream come to a pool. */
    private static final class Spy implements Pool {
        final AtomicInteger calls = new AtomicInteger();
        private final ThreadPool pool = ThreadPool.create(2);

        @Override
        public <T, R> Stream<R> imap(Iterable<? extends T> items, Task<? super T, ? extends R> task) {
            calls.incrementAndGet();
            return pool.imap(items, task);
        }

        @Override
        public <T, R> Stream<R> imapUnordered(Iterable<? extends T> items, Task<? super T, ? extends R> task) {
            calls.incrementAndGet();
            return pool.imapUnordered(items, task);
        }

        @Override
        public <T, R> CompletableFuture<List<R>> amap(Iterable<? extends T> items, Task<? super T, ? extends R> task) {
            calls.incrementAndGet();
            return pool.amap(items, task);
        }

        @Override
        public int parallelism() {
            return pool.parallelism();
        }

        @Override
        public void close() {
            pool.close();
        }
    }

    @Test
    void cheapElementsGoInBulkAndDearOnesOneByOne() {
        try (Spy pool = new Spy()) {
            assertThat(numbers(100_000).gather(Parallel.mapping(pool, ParallelTest::square)).toList())
                    .hasSize(100_000);
            assertThat(pool.calls.getAndSet(0)).isLessThan(20_000);
            assertThat(numbers(20).gather(Parallel.mapping(pool, ParallelTest::dearSquare)).toList()).hasSize(20);
            assertThat(pool.calls).hasValue(20);
        }
    }

    @Test
    void anEarlyEndInterruptsWhatRuns() throws Exception {
        CountDownLatch waiting = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        try (ThreadPool pool = ThreadPool.create(2)) {
            assertThat(numbers(10).gather(Parallel.mapping(pool, x -> {
                if (x == 0) {
                    waiting.await();
                    return x;
                }
                waiting.countDown();
                try {
                    Thread.sleep(Delays.PATIENCE);
                } catch (InterruptedException e) {
                    interrupted.countDown();
                }
                return x;
            })).findFirst()).contains(0);
            assertThat(interrupted.await(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isTrue();
        }
    }

    @Test
    void noResultWaitsForAnEarlierOneWithoutOrder() {
        CountDownLatch later = new CountDownLatch(1);
        try (ThreadPool pool = ThreadPool.create(2)) {
            assertThat(numbers(2).gather(Parallel.mappingUnordered(pool, x -> {
                if (x == 0) {
                    later.await();
                }
                return x;
            })).peek(x -> later.countDown()).toList()).containsExactly(1, 0);
        }
    }

    @Test
    void anElementIsComputedWhileTheSourceMakesTheStreamWait() {
        AtomicInteger computed = new AtomicInteger();
        Task<Integer, Integer> task = x -> {
            computed.set(x);
            return x;
        };
        AtomicInteger seen = new AtomicInteger();
        try (ThreadPool pool = ThreadPool.create(2)) {
            Stream<Integer> source = numbers(5005).peek(x -> {
                if (x == 5000) {
                    Delays.within(Delays.PATIENCE, () -> {
                        int before = computed.get();
                        Delays.pause(Delays.SHORT);
                        return computed.get() == before;
                    });
                } else if (x > 5000 && Delays.within(Delays.PATIENCE, () -> computed.get() == x - 1)) {
                    seen.incrementAndGet();
                }
            });
            assertThat(source.gather(Parallel.mapping(pool, task)).count()).isEqualTo(5005);
        }
        assertThat(seen).hasValue(4);
    }

    @Test
    void nullIsRefusedByName() {
        try (ThreadPool pool = ThreadPool.create(1)) {
            assertThatNullPointerException().isThrownBy(() -> Parallel.pmap(null, ParallelTest::square))
                    .withMessage("pool");
            assertThatNullPointerException().isThrownBy(() -> Parallel.imap(pool, null)).withMessage("task");
            assertThatNullPointerException().isThrownBy(() -> Parallel.amap(null)).withMessage("task");
            assertThatNullPointerException().isThrownBy(() -> Parallel.mapping(null)).withMessage("task");
            assertThatNullPointerException().isThrownBy(() -> Parallel.mapping(null, ParallelTest::square))
                    .withMessage("pool");
            assertThatNullPointerException().isThrownBy(() -> Parallel.mappingUnordered(pool, null))
                    .withMessage("task");
        }
    }

    @Test
    void withoutAPoolAllIsComputedOnTheSharedOne() throws Exception {
        try (ChildJvm child = ChildJvm.start(OnTheSharedPool.class, "exit")) {
            assertThat(child.awaitLine("all ")).isEqualTo("right");
            assertThat(child.awaitExit()).isZero();
        }
    }

    @Test
    void theSharedPoolDoesNotKeepItsJvmFromEnding() throws Exception {
        try (ChildJvm child = ChildJvm.start(OnTheSharedPool.class)) {
            assertThat(child.awaitLine("all ")).isEqualTo("right");
            assertThat(child.awaitExit()).isZero();
        }
    }

    /** Uses the shared pool in all ways. */
    static final class OnTheSharedPool {
        private OnTheSharedPool() {
        }

        public static void main(String[] arguments) throws Exception {
            List<Integer> items = numbers(100).toList();
            Function<Iterable<? extends Integer>, List<Integer>> pmap = Parallel.pmap(x -> x * x);
            Function<Iterable<? extends Integer>, Stream<Integer>> imap = Parallel.imap(x -> x * x);
            Function<Iterable<? extends Integer>, CompletableFuture<List<Integer>>> amap = Parallel.amap(x -> x * x);
            List<List<Integer>> results = List.of(pmap.apply(items), copied(pmap).apply(items),
                    imap.apply(items).toList(), amap.apply(items).get(),
                    items.stream().gather(Parallel.mapping(x -> x * x)).toList(),
                    items.stream().gather(Parallel.mappingUnordered(x -> x * x)).sorted().toList());
            boolean right = results.stream().allMatch(squares(100)::equals);
            System.out.println(right ? "all right" : "all wrong: " + results);
            if (arguments.length > 0) {
                System.exit(0);
            }
        }

        /** A function as another process gets it. */
        @SuppressWarnings("unchecked")
        private static <F> F copied(F function) throws Exception {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                out.writeObject(function);
            }
            try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
                return (F) in.readObject();
            }
        }
    }
}
