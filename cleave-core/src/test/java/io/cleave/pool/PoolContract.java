package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerException;
import io.cleave.testing.Delays;
import java.io.FileNotFoundException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What every pool promises. A class for each implementation, and for each way to set one up, extends it. */
public abstract class PoolContract {
    /** What computes one item for so long that an adaptive pool leaves some to its workers. */
    private static final long ITEM_NANOS = 200_000;

    /** A pool to test. Each test closes its own. */
    protected abstract Pool newPool();

    protected static int square(int x) {
        long end = System.nanoTime() + ITEM_NANOS;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        return x * x;
    }

    private static List<Integer> numbers(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    private static List<Integer> squares(int count) {
        return IntStream.range(0, count).map(x -> x * x).boxed().toList();
    }

    private static Iterator<Integer> endless() {
        return IntStream.iterate(0, x -> x + 1).iterator();
    }

    /** The items of a collection as something that is none. */
    private static <T> Iterable<T> iterable(List<T> items) {
        return () -> items.iterator();
    }

    @Test
    void mapGivesTheResultsInTheOrderOfTheItems() {
        try (Pool pool = newPool()) {
            assertThat(pool.map(numbers(200), PoolContract::square)).isEqualTo(squares(200));
        }
    }

    @Test
    void imapGivesTheResultsInTheOrderOfTheItems() {
        try (Pool pool = newPool(); Stream<Integer> results = pool.imap(numbers(200), PoolContract::square)) {
            assertThat(results.toList()).isEqualTo(squares(200));
        }
    }

    @Test
    void imapUnorderedGivesEachResultOnce() {
        try (Pool pool = newPool(); Stream<Integer> results = pool.imapUnordered(numbers(200), PoolContract::square)) {
            assertThat(results.toList()).containsExactlyInAnyOrderElementsOf(squares(200));
        }
    }

    @Test
    void amapGivesTheResultsInTheOrderOfTheItems() throws Exception {
        try (Pool pool = newPool()) {
            CompletableFuture<List<Integer>> results = pool.amap(numbers(200), PoolContract::square);
            assertThat(results.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isEqualTo(squares(200));
        }
    }

    @Test
    void starmapPassesEachListOfArguments() {
        List<List<?>> arguments = List.of(List.of(1, "a"), List.of(2, "b"), List.of());
        try (Pool pool = newPool()) {
            assertThat(pool.starmap(arguments, list -> list.size() + ":" + list)).containsExactly("2:[1, a]",
                    "2:[2, b]", "0:[]");
        }
    }

    @Test
    void nothingGivesNothing() throws Exception {
        try (Pool pool = newPool()) {
            assertThat(pool.map(List.<Integer>of(), PoolContract::square)).isEmpty();
            assertThat(pool.map(Set.<Integer>of(), PoolContract::square)).isEmpty();
            assertThat(pool.map(iterable(List.<Integer>of()), PoolContract::square)).isEmpty();
            assertThat(pool.imap(List.<Integer>of(), PoolContract::square)).isEmpty();
            assertThat(pool.imapUnordered(List.<Integer>of(), PoolContract::square)).isEmpty();
            assertThat(pool.amap(List.<Integer>of(), PoolContract::square).get()).isEmpty();
        }
    }

    private static Integer thirdsFail(Integer x) throws FileNotFoundException {
        if (x % 3 == 0) {
            throw new FileNotFoundException("no " + x);
        }
        return square(x);
    }

    private static void checkOutcomes(List<Outcome<Integer, Integer>> outcomes) {
        assertThat(outcomes).hasSize(100).extracting(Outcome::index)
                .isEqualTo(LongStream.range(0, 100).boxed().toList());
        assertThat(outcomes).extracting(Outcome::item).isEqualTo(numbers(100));
        for (Outcome<Integer, Integer> outcome : outcomes) {
            int x = outcome.item();
            if (x % 3 != 0) {
                assertThat(outcome).isEqualTo(new Outcome.Success<>(x, x, x * x));
            } else {
                assertThatThrownBy(outcome::get).isExactlyInstanceOf(FileNotFoundException.class).hasMessage("no " + x)
                        .satisfies(thrown -> assertThat(thrown.getSuppressed()).singleElement()
                                .isInstanceOfSatisfying(WorkerException.class,
                                        account -> assertThat(account).hasMessageContaining("item " + x)));
            }
        }
    }

    @Test
    void outcomesTellOfEachItemWhetherItHasFailed() {
        try (Pool pool = newPool()) {
            try (Stream<Outcome<Integer, Integer>> outcomes = pool.imapOutcomes(numbers(100),
                    PoolContract::thirdsFail)) {
                checkOutcomes(outcomes.toList());
            }
            try (Stream<Outcome<Integer, Integer>> outcomes = pool.imapOutcomes(iterable(numbers(100)),
                    PoolContract::thirdsFail)) {
                checkOutcomes(outcomes.toList());
            }
        }
    }

    @Test
    void oneItemGivesOneResult() {
        try (Pool pool = newPool()) {
            assertThat(pool.map(List.of(7), PoolContract::square)).containsExactly(49);
            assertThat(pool.imap(iterable(List.of(7)), PoolContract::square)).containsExactly(49);
        }
    }

    @Test
    void aSetsResultsComeInItsOrder() {
        Set<Integer> items = new LinkedHashSet<>(numbers(100).reversed());
        try (Pool pool = newPool()) {
            assertThat(pool.map(items, PoolContract::square)).isEqualTo(squares(100).reversed());
        }
    }

    @Test
    void anIterableThatIsNoCollectionIsReadToItsEndAndOnlyOnce() {
        AtomicLong iterations = new AtomicLong();
        Iterable<Integer> items = () -> {
            iterations.incrementAndGet();
            return numbers(200).iterator();
        };
        try (Pool pool = newPool()) {
            assertThat(pool.map(items, PoolContract::square)).isEqualTo(squares(200));
        }
        assertThat(iterations).hasValue(1);
    }

    @Test
    void itemsAndResultsMayBeNull() {
        List<String> items = Arrays.asList("a", null, "b", null);
        try (Pool pool = newPool()) {
            assertThat(pool.map(items, item -> item == null ? "none" : null)).containsExactly(null, "none", null,
                    "none");
            try (Stream<String> results = pool.imapUnordered(items, item -> item)) {
                assertThat(results.toList()).containsExactlyInAnyOrder("a", "b", null, null);
            }
        }
    }

    @Test
    void theListOfResultsCannotBeChanged() {
        try (Pool pool = newPool()) {
            List<Integer> results = pool.map(List.of(1, 2, 3), PoolContract::square);
            assertThatThrownBy(results::removeFirst).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void nothingIsReadOrComputedBeforeTheTerminalOperation() {
        AtomicBoolean touched = new AtomicBoolean();
        Iterable<Integer> items = () -> {
            touched.set(true);
            return List.of(1, 2).iterator();
        };
        try (Pool pool = newPool();
                Stream<Integer> first = pool.imap(items, PoolContract::square);
                Stream<Integer> second = pool.imapUnordered(items, PoolContract::square).map(x -> x + 1)) {
            Delays.pause(Delays.SHORT);
            assertThat(touched).isFalse();
            assertThat(first.toList()).containsExactly(1, 4);
            assertThat(second.toList()).containsExactlyInAnyOrder(2, 5);
        }
    }

    @Test
    void theFirstResultsOfEndlesslyManyItemsAreToBeHad() {
        try (Pool pool = newPool();
                Stream<Integer> ordered = pool.imap(PoolContract::endless, PoolContract::square);
                Stream<Integer> unordered = pool.imapUnordered(PoolContract::endless, PoolContract::square)) {
            assertThat(ordered.limit(150).toList()).isEqualTo(squares(150));
            assertThat(unordered.limit(150).distinct().count()).isEqualTo(150);
        }
    }

    @Test
    void aPausingConsumerStopsTheReadingOfItems() {
        AtomicLong read = new AtomicLong();
        Iterable<Long> items = () -> LongStream.iterate(0, x -> x + 1).peek(read::set).iterator();
        try (Pool pool = newPool(); Stream<Integer> results = pool.imap(items, x -> square((int) (x % 10)))) {
            Iterator<Integer> each = results.iterator();
            for (int i = 0; i < 200; i++) {
                assertThat(each.next()).isEqualTo(i % 10 * (i % 10));
            }
            boolean standsStill = Delays.within(Delays.PATIENCE, () -> {
                long before = read.get();
                Delays.pause(Delays.SHORT.multipliedBy(4));
                return read.get() == before;
            });
            assertThat(standsStill).isTrue();
        }
    }

    @Test
    void anExceptionKeepsItsTypeAndMessageAndTellsTheItem() {
        try (Pool pool = newPool()) {
            Task<Integer, Integer> task = x -> {
                if (x == 120) {
                    throw new FileNotFoundException("no file " + x);
                }
                return square(x);
            };
            assertThatThrownBy(() -> pool.map(numbers(200), task)).isExactlyInstanceOf(FileNotFoundException.class)
                    .hasMessage("no file 120").satisfies(thrown -> assertThat(accountOf(thrown)).satisfies(account -> {
                        assertThat(account.item()).isEqualTo("120");
                        assertThat(account.index()).isEqualTo(120);
                        assertThat(account.worker()).isNotBlank();
                        assertThat(account.remoteStack()).contains("no file 120");
                    }));
        }
    }

    private static WorkerException accountOf(Throwable thrown) {
        return Arrays.stream(thrown.getSuppressed()).filter(WorkerException.class::isInstance)
                .map(WorkerException.class::cast).findFirst()
                .orElseThrow(() -> new AssertionError("nothing suppressed tells the item", thrown));
    }

    @Test
    void imapGivesTheResultsBeforeTheFailedItemAndThenThrows() {
        Task<Integer, Integer> task = x -> {
            if (x == 120 || x == 130 || x == 190) {
                throw new IllegalArgumentException("not " + x);
            }
            return square(x);
        };
        try (Pool pool = newPool(); Stream<Integer> results = pool.imap(numbers(200), task)) {
            List<Integer> received = new ArrayList<>();
            assertThatIllegalArgument("not 120", () -> results.forEachOrdered(received::add));
            assertThat(received).isEqualTo(squares(120));
        }
    }

    private static void assertThatIllegalArgument(String message, Runnable action) {
        assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(action::run).withMessage(message);
    }

    @Test
    void amapFailsWithTheExceptionOfTheItem() {
        try (Pool pool = newPool()) {
            CompletableFuture<List<Integer>> results = pool.amap(numbers(200), x -> {
                if (x == 120) {
                    throw new FileNotFoundException("no file " + x);
                }
                return square(x);
            });
            assertThatThrownBy(() -> results.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS))
                    .isInstanceOf(ExecutionException.class).cause().isInstanceOf(FileNotFoundException.class)
                    .hasMessage("no file 120");
        }
    }

    @Test
    void aPoolGoesOnAfterAFailure() {
        try (Pool pool = newPool()) {
            assertThatThrownBy(() -> pool.map(numbers(100), x -> square(x) / (x - 50)))
                    .isInstanceOf(ArithmeticException.class);
            assertThat(pool.map(numbers(100), PoolContract::square)).isEqualTo(squares(100));
        }
    }

    @Test
    void whatTheIteratorThrowsReachesTheCaller() {
        Iterable<Integer> items = () -> new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return true;
            }

            @Override
            public Integer next() {
                if (next == 100) {
                    throw new NoSuchElementException("the source is broken");
                }
                return next++;
            }
        };
        try (Pool pool = newPool()) {
            assertThatThrownBy(() -> pool.map(items, PoolContract::square))
                    .isInstanceOf(NoSuchElementException.class).hasMessage("the source is broken");
        }
    }

    @Test
    void whatTheConsumerThrowsReachesTheCaller() {
        try (Pool pool = newPool(); Stream<Integer> results = pool.imap(numbers(200), PoolContract::square)) {
            assertThatIllegalArgument("enough", () -> results.forEach(x -> {
                if (x == 10_000) {
                    throw new IllegalArgumentException("enough");
                }
            }));
        }
    }

    @Test
    void aCancelledFutureEndsTheComputation() {
        try (Pool pool = newPool()) {
            AtomicLong read = new AtomicLong();
            CompletableFuture<List<Integer>> results = pool
                    .amap(() -> IntStream.iterate(0, x -> x + 1).peek(read::set).iterator(), PoolContract::square);
            assertThat(Delays.within(Delays.PATIENCE, () -> read.get() > 120)).isTrue();
            assertThat(results.cancel(true)).isTrue();
            assertThatThrownBy(results::get).isInstanceOf(CancellationException.class);
            boolean standsStill = Delays.within(Delays.PATIENCE, () -> {
                long before = read.get();
                Delays.pause(Delays.SHORT);
                return read.get() == before;
            });
            assertThat(standsStill).isTrue();
        }
    }

    @Test
    void anAbandonedStreamEndsWhenItIsClosed() {
        try (Pool pool = newPool()) {
            Stream<Integer> results = pool.imap(PoolContract::endless, PoolContract::square);
            Iterator<Integer> each = results.iterator();
            for (int i = 0; i < 50; i++) {
                assertThat(each.next()).isEqualTo(i * i);
            }
            results.close();
            results.close();
        }
    }

    @Test
    void aStreamThatIsClosedWhileItIsReadFailsInsteadOfSeemingToEnd() throws Exception {
        try (Pool pool = newPool()) {
            Stream<Integer> results = pool.imap(PoolContract::endless, PoolContract::square);
            AtomicLong received = new AtomicLong();
            FutureTask<Void> reader = new FutureTask<>(() -> results.forEach(x -> received.incrementAndGet()), null);
            Thread thread = Thread.ofPlatform().start(reader);
            assertThat(Delays.within(Delays.PATIENCE, () -> received.get() > 120)).isTrue();
            results.close();
            assertThatThrownBy(() -> reader.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS))
                    .isInstanceOf(ExecutionException.class).cause().isInstanceOf(CancellationException.class);
            thread.join();
        }
    }

    @Test
    void aStreamThatIsClosedWhileItsConsumerIsBusyFailsInsteadOfSeemingToEnd() throws Exception {
        try (Pool pool = newPool()) {
            Stream<Integer> results = pool.imap(numbers(200), PoolContract::square);
            CountDownLatch busy = new CountDownLatch(1);
            CountDownLatch closed = new CountDownLatch(1);
            FutureTask<List<Integer>> reader = new FutureTask<>(() -> results.peek(x -> {
                if (x == 10_000) {
                    busy.countDown();
                    awaitUninterruptibly(closed);
                }
            }).toList());
            Thread thread = Thread.ofPlatform().start(reader);
            busy.await();
            results.close();
            closed.countDown();
            assertThatThrownBy(() -> reader.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS))
                    .isInstanceOf(ExecutionException.class).cause().isInstanceOf(CancellationException.class);
            thread.join();
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            Delays.pause(Delays.SHORT);
        }
    }

    @Test
    void closingThePoolEndsItsStreams() throws Exception {
        Pool pool = newPool();
        AtomicLong received = new AtomicLong();
        FutureTask<Void> reader = new FutureTask<>(
                () -> pool.imap(PoolContract::endless, PoolContract::square).forEach(x -> received.incrementAndGet()),
                null);
        Thread thread = Thread.ofPlatform().start(reader);
        assertThat(Delays.within(Delays.PATIENCE, () -> received.get() > 120)).isTrue();
        pool.close();
        assertThatThrownBy(() -> reader.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS))
                .isInstanceOf(ExecutionException.class).cause().isInstanceOf(CancellationException.class);
        thread.join();
    }

    @Test
    void anInterruptEndsTheReadingAndStaysSet() throws Exception {
        try (Pool pool = newPool()) {
            AtomicLong received = new AtomicLong();
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            AtomicBoolean interrupted = new AtomicBoolean();
            Thread reader = Thread.ofPlatform().start(() -> {
                try (Stream<Integer> results = pool.imap(PoolContract::endless, PoolContract::square)) {
                    results.forEach(x -> received.incrementAndGet());
                } catch (CancellationException e) {
                    thrown.set(e);
                    interrupted.set(Thread.currentThread().isInterrupted());
                }
            });
            assertThat(Delays.within(Delays.PATIENCE, () -> received.get() > 120)).isTrue();
            reader.interrupt();
            reader.join();
            assertThat(thrown.get()).isInstanceOf(CancellationException.class);
            assertThat(interrupted).isTrue();
        }
    }

    @Test
    void aClosedPoolTakesNoMoreWork() {
        Pool pool = newPool();
        pool.close();
        pool.close();
        assertThatIllegalStateException().isThrownBy(() -> pool.map(List.of(1), PoolContract::square))
                .withMessageContaining("closed");
        assertThatIllegalStateException().isThrownBy(() -> pool.imap(List.of(1), PoolContract::square));
        assertThatIllegalStateException().isThrownBy(() -> pool.imapUnordered(List.of(1), PoolContract::square));
        assertThatIllegalStateException().isThrownBy(() -> {
            var _ = pool.amap(List.of(1), PoolContract::square);
        });
        assertThatIllegalStateException().isThrownBy(() -> pool.starmap(List.of(List.of(1)), List::size));
    }

    @Test
    void nullForTheItemsOrTheTaskIsRefusedByName() {
        try (Pool pool = newPool()) {
            assertThatNullPointerException().isThrownBy(() -> pool.map(null, PoolContract::square))
                    .withMessageContaining("items");
            assertThatNullPointerException().isThrownBy(() -> pool.imap(List.of(1), null))
                    .withMessageContaining("task");
            assertThatNullPointerException().isThrownBy(() -> pool.starmap(null, List::size))
                    .withMessageContaining("arguments");
        }
    }

    @Test
    void aPoolServesTwoThreadsAtOnce() throws Exception {
        try (Pool pool = newPool()) {
            List<FutureTask<List<Integer>>> runs = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                FutureTask<List<Integer>> run = new FutureTask<>(() -> pool.map(numbers(250), PoolContract::square));
                runs.add(run);
                threads.add(Thread.ofPlatform().start(run));
            }
            for (FutureTask<List<Integer>> run : runs) {
                assertThat(run.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isEqualTo(squares(250));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    @Test
    void aPoolServesAVirtualThread() throws Exception {
        try (Pool pool = newPool()) {
            FutureTask<List<Integer>> run = new FutureTask<>(() -> pool.map(numbers(150), PoolContract::square));
            Thread thread = Thread.ofVirtual().start(run);
            assertThat(run.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isEqualTo(squares(150));
            thread.join();
        }
    }

    @Test
    void aPoolWorksWithinItsOwnTasks() {
        try (Pool pool = newPool()) {
            List<List<Integer>> results = pool.map(numbers(30), x -> pool.map(List.of(x, x + 1), PoolContract::square));
            assertThat(results).hasSize(30);
            assertThat(results.get(29)).containsExactly(29 * 29, 30 * 30);
        }
    }

    @Test
    void twoStreamsOfOnePoolAreReadInTurns() {
        try (Pool pool = newPool();
                Stream<Integer> first = pool.imap(numbers(200), PoolContract::square);
                Stream<Integer> second = pool.imap(numbers(200), PoolContract::square)) {
            Iterator<Integer> one = first.iterator();
            Iterator<Integer> two = second.iterator();
            for (int i = 0; i < 200; i++) {
                assertThat(one.next()).isEqualTo(i * i);
                assertThat(two.next()).isEqualTo(i * i);
            }
            assertThat(one.hasNext()).isFalse();
            assertThat(two.hasNext()).isFalse();
        }
    }

    @Test
    void aStreamIsReadOnByAnotherThreadAfterTheFirstHasEnded() throws Exception {
        try (Pool pool = newPool(); Stream<Integer> results = pool.imap(numbers(200), PoolContract::square)) {
            Iterator<Integer> each = results.iterator();
            List<Integer> received = new ArrayList<>();
            for (int part = 0; part < 4; part++) {
                Thread reader = Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < 50; i++) {
                        received.add(each.next());
                    }
                });
                reader.join();
            }
            assertThat(received).isEqualTo(squares(200));
            assertThat(each.hasNext()).isFalse();
        }
    }

    @Test
    void aPoolHasAtLeastOneWorker() {
        try (Pool pool = newPool()) {
            assertThat(pool.parallelism()).isPositive();
        }
    }
}
