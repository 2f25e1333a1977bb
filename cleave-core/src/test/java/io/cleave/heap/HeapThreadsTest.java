package io.cleave.heap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.IncompatibleBlockException;
import io.cleave.owner.Patience;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One heap and the threads of one process. */
class HeapThreadsTest {
    private static final int WORDS = 6;
    private static final int LOCK = 15;

    private final TestSpace space = new TestSpace(6 << 20);
    private final Heap heap = fresh();

    private Heap fresh() {
        Heap.format(space, 1);
        return Heap.attach(space);
    }

    @AfterEach
    void close() {
        space.close();
    }

    private long lockAt() {
        return heap.rootAt(LOCK);
    }

    @Test
    void moreThreadsThanContextsLoseNothing() throws Exception {
        long table = HeapTorture.makeTable(heap);
        List<Future<?>> all = new ArrayList<>();
        try (ExecutorService platform = Executors.newFixedThreadPool(8);
                ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 108; i++) {
                Random random = new Random(i);
                int changes = i < 8 ? 2_000 : 100;
                all.add((i < 8 ? platform : virtual).submit(() -> {
                    for (int j = 0; j < changes; j++) {
                        HeapTorture.work(heap, table, random);
                    }
                }));
            }
            for (Future<?> one : all) {
                var _ = one.get();
            }
        }
        HeapTorture.verify(heap, table);
    }

    /** Six words that are one more each, under a lock, with a block that is replaced. */
    private void change() {
        heap.locks().lock(lockAt());
        try (Change change = heap.change()) {
            long next = change.get(heap.rootAt(0)) + 1;
            for (int i = 0; i < WORDS; i++) {
                change.set(heap.rootAt(i), next);
            }
            long old = change.get(heap.rootAt(WORDS));
            change.set(heap.rootAt(WORDS), change.allocate(next % 64 == 0 ? 40_000 : 100));
            if (old != 0) {
                change.free(old);
            }
            change.commit();
        } finally {
            heap.locks().unlock(lockAt());
        }
    }

    @SuppressWarnings("InfiniteRecursion")
    private int dive(int depth) {
        change();
        return dive(depth + 1) + 1;
    }

    private int sink(int frames, int depth) {
        return frames > 0 ? sink(frames - 1, depth) + 1 : dive(depth);
    }

    /** The place where the stack ends differs by a few bytes each time. */
    @Test
    void whereTheStackOverflowsAChangeHasHappenedOrNot() throws InterruptedException {
        AtomicInteger overflows = new AtomicInteger();
        for (int i = 0; i < 300; i++) {
            int frames = i;
            Thread thread = new Thread(null, () -> {
                try {
                    sink(frames, 0);
                } catch (StackOverflowError e) {
                    overflows.incrementAndGet();
                }
            }, "diver", 200_000);
            thread.setUncaughtExceptionHandler((_, _) -> {});
            thread.start();
            thread.join();
            long count = heap.memory().getAcquire(heap.rootAt(0));
            for (int j = 1; j < WORDS; j++) {
                assertThat(heap.memory().getAcquire(heap.rootAt(j))).as("word %d in round %d", j, i).isEqualTo(count);
            }
            assertNothingIsHeld();
        }
        assertThat(overflows.get()).isEqualTo(300);
        HeapReport report = heap.verify(check -> check.reached(heap.memory().getPlain(heap.rootAt(WORDS))));
        assertThat(report.isSound()).as(report::toString).isTrue();
    }

    private void assertNothingIsHeld() {
        assertThat(heap.memory().getAcquire(lockAt())).as("the lock").isZero();
        assertThat(heap.memory().getAcquire(HeapLayout.CENTRAL_LOCK_AT)).as("the central lock").isZero();
        for (Context context : heap.contexts()) {
            assertThat(heap.memory().getAcquire(context.ownerAt())).as("the owner of a context").isZero();
        }
    }

    @Test
    void virtualThreadsThatWaitForALockLeaveTheirCarriers() throws Exception {
        heap.locks().lock(lockAt());
        AtomicInteger held = new AtomicInteger();
        try (ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> waiting = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                waiting.add(virtual.submit(() -> {
                    heap.locks().lock(lockAt());
                    held.incrementAndGet();
                    heap.locks().unlock(lockAt());
                }));
            }
            Delays.pause(Delays.SHORT);
            assertThat(virtual.submit(() -> 7).get(Delays.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(7);
            assertThat(held.get()).isZero();
            heap.locks().unlock(lockAt());
            for (Future<?> one : waiting) {
                var _ = one.get();
            }
        }
        assertThat(held.get()).isEqualTo(50);
        assertThat(heap.memory().getAcquire(lockAt())).isZero();
    }

    @Test
    void aLockIsHeldByOneThreadAtATime() throws Exception {
        int threads = 4;
        int times = 20_000;
        try (ExecutorService platform = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                all.add(platform.submit(() -> {
                    for (int j = 0; j < times; j++) {
                        heap.locks().lock(lockAt());
                        heap.memory().setPlain(heap.rootAt(0), heap.memory().getPlain(heap.rootAt(0)) + 1);
                        heap.locks().unlock(lockAt());
                    }
                }));
            }
            for (Future<?> one : all) {
                var _ = one.get();
            }
        }
        assertThat(heap.memory().getPlain(heap.rootAt(0))).isEqualTo((long) threads * times);
    }

    @Test
    void aWaitForALockEndsAtItsDeadlineAndByAnInterrupt() throws Exception {
        CountDownLatch isHeld = new CountDownLatch(1);
        CountDownLatch isOver = new CountDownLatch(1);
        Thread owner = Thread.ofPlatform().start(() -> {
            heap.locks().lock(lockAt());
            isHeld.countDown();
            try {
                isOver.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            heap.locks().unlock(lockAt());
        });
        isHeld.await();
        assertThat(heap.locks().tryLock(lockAt())).isFalse();
        assertThat(heap.locks().isHeldByMe(lockAt())).isFalse();
        long start = System.nanoTime();
        assertThat(heap.locks().tryLock(lockAt(), Patience.of(Duration.ofMillis(20)))).isFalse();
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(20_000_000);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> heap.locks().lockInterruptibly(lockAt())).isInstanceOf(InterruptedException.class);
        assertThatThrownBy(() -> heap.locks().unlock(lockAt())).isInstanceOf(IllegalMonitorStateException.class);
        isOver.countDown();
        Thread.currentThread().interrupt();
        heap.locks().lock(lockAt());
        assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
        assertThat(heap.locks().isHeldByMe(lockAt())).isTrue();
        heap.locks().unlock(lockAt());
        owner.join();
    }

    @Test
    void anErrorInTheMiddleOfAChangeUndoesIt() {
        change();
        long before = heap.memory().getPlain(heap.rootAt(0));
        assertThatThrownBy(() -> {
            try (Change change = heap.change()) {
                for (int i = 0;; i++) {
                    change.set(heap.rootAt(i % WORDS), -1);
                }
            }
        }).isInstanceOf(IllegalStateException.class).hasMessageContaining("split it");
        assertThat(heap.memory().getPlain(heap.rootAt(0))).isEqualTo(before);
        assertThatThrownBy(() -> {
            try (Change change = heap.change()) {
                change.free(heap.memory().getPlain(heap.rootAt(WORDS)) + 8);
            }
        }).isInstanceOf(IncompatibleBlockException.class).hasMessageContaining("no block");
        change();
        assertThat(heap.memory().getPlain(heap.rootAt(0))).isEqualTo(before + 1);
    }
}
