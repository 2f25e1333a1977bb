package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.os.Unistd;
import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Code of the caller's that takes its time, in iterators and in tasks, and callers who do not wait for it. */
final class FissionInputTest {
    private static final int QUICK = 8;
    private static final List<Integer> ITEMS = IntStream.range(0, 3000).boxed().toList();

    /** Gives a few items, and then none until it is let go on, whoever interrupts it. */
    private static final class Slow implements Iterator<Integer>, AutoCloseable {
        private final CountDownLatch released = new CountDownLatch(1);
        private int next;

        @Override
        public boolean hasNext() {
            return true;
        }

        @Override
        public Integer next() {
            if (next == QUICK) {
                awaitUninterruptibly(released);
            }
            return next++;
        }

        @Override
        public void close() {
            released.countDown();
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            var _ = Thread.interrupted();
            Delays.pause(Delays.SHORT.dividedBy(10));
        }
    }

    private static int slowly(int x) {
        long end = System.nanoTime() + 200_000;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        return x;
    }

    private static <T> T within(FutureTask<T> task) throws Exception {
        Thread.ofPlatform().daemon().start(task);
        return task.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1000})
    void resultsThatAreThereDoNotWaitForTheNextItem(int warmUp) throws Exception {
        try (Slow slow = new Slow();
                Fission fission = Fission.builder().warmUp(warmUp).build();
                Stream<Integer> results = fission.imap(() -> slow, x -> x)) {
            Iterator<Integer> each = results.iterator();
            List<Integer> received = within(new FutureTask<>(() -> {
                List<Integer> some = new ArrayList<>();
                for (int i = 0; i < QUICK; i++) {
                    some.add(each.next());
                }
                return some;
            }));
            assertThat(received).isEqualTo(ITEMS.subList(0, QUICK));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1000})
    void closingAStreamDoesNotWaitForItsIterator(int warmUp) throws Exception {
        try (Slow slow = new Slow(); Fission fission = Fission.builder().warmUp(warmUp).build()) {
            Stream<Integer> results = fission.imap(() -> slow, x -> x);
            CountDownLatch received = new CountDownLatch(QUICK);
            FutureTask<Void> reader = new FutureTask<>(() -> results.forEach(x -> received.countDown()), null);
            Thread.ofPlatform().start(reader);
            received.await();
            within(new FutureTask<>(results::close, null));
            assertThat(ProcessHandle.current().children()).isEmpty();
            assertThatThrownBy(() -> reader.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS))
                    .isInstanceOf(ExecutionException.class).hasCauseInstanceOf(CancellationException.class);
        }
    }

    @Test
    void neitherReportNorEndOfARunWaitsForAnItemThatIsComputedInTheCaller() throws Exception {
        CountDownLatch released = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        try (Fission fission = Fission.builder().warmUp(10).build()) {
            CompletableFuture<List<Integer>> results = fission.amap(List.of(1, 2), x -> {
                begun.countDown();
                awaitUninterruptibly(released);
                return x;
            });
            begun.await();
            assertThat(within(new FutureTask<>(fission::lastReport)).forks()).isZero();
            assertThat(within(new FutureTask<>(() -> results.cancel(true)))).isTrue();
            within(new FutureTask<>(fission::close, null));
        } finally {
            released.countDown();
        }
    }

    @Test
    void theReportOfARunCanBeHadWhileItsChildrenCompute() throws Exception {
        SharedCounters counters = new SharedCounters(2);
        try (Fission fission = Fission.builder().warmUp(0).build()) {
            FutureTask<List<Integer>> run = new FutureTask<>(() -> fission.map(List.of(1, 2), x -> {
                counters.count(0);
                while (counters.get(1) == 0) {
                    Thread.sleep(1);
                }
                return x;
            }));
            Thread.ofPlatform().start(run);
            assertThat(Delays.within(Delays.PATIENCE, () -> counters.get(0) > 0)).isTrue();
            assertThat(within(new FutureTask<>(fission::lastReport)).forks()).isPositive();
            counters.set(1, 1);
            assertThat(run.get()).containsExactly(1, 2);
        }
    }

    /** Who waits for an item may be interrupted at any moment. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, Integer.MAX_VALUE})
    void anInterruptedVirtualThreadGetsAllResultsOrAnException(int warmUp) throws InterruptedException {
        for (int least = 1; least < 200; least *= 5) {
            SharedCounters begun = new SharedCounters(1);
            AtomicReference<Object> outcome = new AtomicReference<>();
            int enough = least;
            Thread reader = Thread.ofVirtual().start(() -> {
                try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
                    outcome.set(fission.map(ITEMS, x -> {
                        begun.count(0);
                        return slowly(x);
                    }));
                } catch (CancellationException e) {
                    outcome.set(Thread.currentThread().isInterrupted() ? e : "cancelled, and the interrupt is lost");
                } catch (RuntimeException e) {
                    outcome.set(e);
                }
            });
            assertThat(Delays.within(Delays.PATIENCE, () -> begun.get(0) >= enough)).isTrue();
            reader.interrupt();
            reader.join();
            if (!(outcome.get() instanceof CancellationException)) {
                assertThat(outcome).hasValue(ITEMS);
            }
        }
    }

    @Test
    void anInterruptThatATaskHasTakenIsNotPassedOn() throws InterruptedException {
        AtomicReference<Object> outcome = new AtomicReference<>();
        CountDownLatch asleep = new CountDownLatch(1);
        Thread reader = Thread.ofVirtual().start(() -> {
            try (Fission fission = Fission.builder().warmUp(10).build()) {
                outcome.set(fission.map(List.of(1, 2, 3), x -> {
                    if (x == 2) {
                        asleep.countDown();
                        try {
                            Thread.sleep(Delays.PATIENCE);
                        } catch (InterruptedException e) {
                            return 20;
                        }
                    }
                    return x;
                }));
            }
        });
        asleep.await();
        reader.interrupt();
        reader.join();
        assertThat(outcome).hasValue(List.of(1, 20, 3));
    }

    private static void readAResultAndForgetTheStream(Fission fission) {
        assertThat(fission.imap(ITEMS, x -> {
            Thread.sleep(1);
            return x;
        }).findFirst()).hasValue(0);
    }

    @Test
    void theChildrenOfAStreamThatNobodyRefersToEnd() {
        try (Fission fission = Fission.builder().warmUp(0).children(2).build()) {
            readAResultAndForgetTheStream(fission);
            assertThat(Delays.within(Delays.PATIENCE, () -> {
                System.gc();
                return ProcessHandle.current().children().findAny().isEmpty();
            })).isTrue();
        }
    }

    @Test
    void aStreamThatIsBeingReadIsNotTakenForAbandoned() {
        int parent = Unistd.getpid();
        try (Fission fission = Fission.builder().warmUp(0).children(2).build()) {
            Iterator<Integer> each = fission.imap(ITEMS.subList(0, 300), x -> Unistd.getpid()).iterator();
            for (int i = 0; i < 300; i++) {
                if (i % 50 == 0) {
                    System.gc();
                }
                assertThat(each.next()).isNotEqualTo(parent);
            }
            assertThat(each.hasNext()).isFalse();
        }
    }

    /** Ends a future in a way. */
    enum End {
        TIMEOUT, COMPLETION, EXCEPTION, CANCELLATION;

        void apply(CompletableFuture<List<Integer>> results) {
            switch (this) {
                case TIMEOUT -> results.orTimeout(1, TimeUnit.MILLISECONDS);
                case COMPLETION -> results.complete(List.of());
                case EXCEPTION -> results.completeExceptionally(new IllegalStateException());
                case CANCELLATION -> results.cancel(false);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(End.class)
    void aFutureThatIsCompletedFromOutsideEndsItsRun(End end) {
        try (Fission fission = Fission.builder().warmUp(0).children(2).build()) {
            CompletableFuture<List<Integer>> results = fission.amap(List.of(1, 2, 3), x -> {
                Thread.sleep(Delays.PATIENCE.multipliedBy(2));
                return x;
            });
            assertThat(Delays.within(Delays.PATIENCE, () -> ProcessHandle.current().children().findAny().isPresent()))
                    .isTrue();
            end.apply(results);
            assertThat(Delays.within(Delays.PATIENCE, () -> ProcessHandle.current().children().findAny().isEmpty()))
                    .isTrue();
        }
    }
}
