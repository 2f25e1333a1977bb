package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Delays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Threads keep the promises of all pools. */
final class ThreadPoolTest {
    @Nested
    final class ByDefault extends PoolContract {
        @Override
        protected Pool newPool() {
            return ThreadPool.create();
        }
    }

    @Nested
    final class WithOneThread extends PoolContract {
        @Override
        protected Pool newPool() {
            return ThreadPool.create(1);
        }
    }

    @Nested
    final class WithVirtualThreads extends PoolContract {
        @Override
        protected Pool newPool() {
            return ThreadPool.virtual();
        }
    }

    @Nested
    final class AsExecutor extends ExecutorContract {
        @Override
        protected ExecutorService newExecutor() {
            return ThreadPool.create(2);
        }

        @Override
        protected boolean isBounded() {
            return true;
        }
    }

    @Nested
    final class AsVirtualExecutor extends ExecutorContract {
        @Override
        protected ExecutorService newExecutor() {
            return ThreadPool.virtual();
        }

        @Override
        protected boolean isBounded() {
            return false;
        }
    }

    @Test
    void aPoolWithoutThreadsIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> ThreadPool.create(0)).withMessageContaining("0");
        assertThatIllegalArgumentException().isThrownBy(() -> ThreadPool.virtual(-1)).withMessageContaining("-1");
    }

    @Test
    void aResultIsToBeHadWhileTheIteratorMakesItsCallerWait() throws Exception {
        CountDownLatch more = new CountDownLatch(1);
        Iterable<Integer> items = () -> IntStream.range(0, 3).peek(i -> {
            if (i == 2) {
                await(more);
            }
        }).boxed().iterator();
        try (ThreadPool pool = ThreadPool.create(2); Stream<Integer> results = pool.imap(items, x -> x + 1)) {
            Iterator<Integer> each = results.iterator();
            assertThat(each.next()).isEqualTo(1);
            assertThat(each.next()).isEqualTo(2);
            more.countDown();
            assertThat(each.next()).isEqualTo(3);
            assertThat(each.hasNext()).isFalse();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aFailureInterruptsTheOtherTasks() throws Exception {
        CountDownLatch waiting = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        Thread caller = Thread.currentThread();
        try (ThreadPool pool = ThreadPool.create(2)) {
            assertThatThrownBy(() -> pool.map(List.of(0, 1), x -> {
                if (x == 1) {
                    await(waiting);
                    throw new IllegalArgumentException("enough");
                }
                waiting.countDown();
                if (Thread.currentThread().equals(caller)) { // the pool's threads were late, and nobody interrupts a caller
                    interrupted.set(true);
                    return x;
                }
                try {
                    Thread.sleep(Delays.PATIENCE);
                } catch (InterruptedException e) {
                    interrupted.set(true);
                }
                return x;
            })).hasMessage("enough");
        }
        assertThat(interrupted).isTrue();
    }

    @Test
    void aStarvedCallComputesInItsCaller() throws Exception {
        try (ThreadPool pool = ThreadPool.create(1)) {
            CountDownLatch end = new CountDownLatch(1);
            Future<?> hog = pool.submit(() -> await(end));
            assertThat(pool.map(List.of(1, 2, 3), x -> x * x)).containsExactly(1, 4, 9);
            end.countDown();
            hog.get();
        }
    }

    @Test
    void aPoolCanBeClosedByItsOwnTask() throws Exception {
        ThreadPool pool = ThreadPool.create(1);
        pool.submit(pool::close).get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        assertThat(pool.awaitTermination(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isTrue();
    }

    @Test
    void aResultIsGivenOutWhileItsChunkGoesOn() {
        for (boolean isOrdered : new boolean[] {true, false}) {
            int count = 3000; // of which the later ones go in chunks, as the first are cheap
            CountDownLatch[] received = Stream.generate(() -> new CountDownLatch(1)).limit(count)
                    .toArray(CountDownLatch[]::new);
            Task<Integer, Integer> task = x -> {
                if (x > 1000 && x % 250 == 0) {
                    assertThat(received[x - 1].await(Delays.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
                }
                return x;
            };
            List<Integer> items = IntStream.range(0, count).boxed().toList();
            try (ThreadPool pool = ThreadPool.create(2);
                    Stream<Integer> results = isOrdered ? pool.imap(items, task) : pool.imapUnordered(items, task)) {
                assertThat(results.peek(x -> received[x].countDown()).toList())
                        .containsExactlyInAnyOrderElementsOf(items);
            }
        }
    }

    @Test
    void severalThreadsComputeTheDearItemsOfAChunk() {
        List<Integer> items = IntStream.range(0, 20_000).boxed().toList();
        try (ThreadPool pool = ThreadPool.create(2)) {
            List<String> threads = pool.map(items, x -> {
                if (x >= 10_000 && x < 10_100) {
                    Thread.sleep(3);
                }
                return Thread.currentThread().getName();
            });
            assertThat(threads).hasSize(20_000);
            assertThat(threads.subList(10_000, 10_100).stream().distinct()).hasSize(2);
        }
    }
}
