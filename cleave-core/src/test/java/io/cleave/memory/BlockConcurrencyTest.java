package io.cleave.memory;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.AlreadyExistsException;
import io.cleave.BlockNotFoundException;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Handles that come and go in many threads at once: each counts by itself, as those of processes do. */
final class BlockConcurrencyTest {
    private static final String NAME = "concurrency-test";
    private static final int THREADS = 6;
    private static final VarHandle LONG = JAVA_LONG.varHandle();

    private static void inAllThreads(Callable<?> work) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            List<Callable<Object>> works = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                works.add(work::call);
            }
            for (Future<Object> result : threads.invokeAll(works)) {
                assertThat(result.get()).isNull();
            }
        }
    }

    private static boolean isGone() {
        return SharedMemory.list().stream().noneMatch(info -> info.name().equals(NAME));
    }

    @Test
    void ofManyThreadsThatCreateANameOneWins() throws Exception {
        CyclicBarrier barrier = new CyclicBarrier(THREADS);
        AtomicInteger winners = new AtomicInteger();
        inAllThreads(() -> {
            for (int round = 1; round <= 200; round++) {
                barrier.await();
                SharedMemory won = createOrNull();
                winners.addAndGet(won == null ? 0 : 1);
                barrier.await();
                assertThat(winners).hasValue(round);
                barrier.await();
                if (won != null) {
                    won.close();
                }
            }
            return null;
        });
        assertThat(isGone()).isTrue();
    }

    private static SharedMemory createOrNull() {
        try {
            return SharedMemory.create(NAME, 8);
        } catch (AlreadyExistsException e) {
            return null;
        }
    }

    @Test
    void howeverTheyComeAndGoNobodyIsLeftWithARemovedBlockAndNoBlockIsLeft() throws Exception {
        inAllThreads(() -> {
            for (int i = 0; i < 1500; i++) {
                try (SharedMemory block = SharedMemory.openOrCreate(NAME, 8)) {
                    long users = (long) LONG.getAndAdd(block.segment(), 0L, 1L);
                    assertThat(users).as("others who use this block").isBetween(0L, THREADS - 1L);
                    try (SharedMemory same = SharedMemory.open(NAME)) { // nobody removes it while it is in use
                        assertThat((long) LONG.getVolatile(same.segment(), 0L)).isPositive();
                        LONG.getAndAdd(same.segment(), 0L, -1L);
                    }
                }
            }
            return null;
        });
        assertThat(isGone()).isTrue();
    }

    @Test
    void cleanupAmongThemTouchesNothingThatIsInUse() throws Exception {
        inAllThreads(() -> {
            for (int i = 0; i < 300; i++) {
                try (SharedMemory block = SharedMemory.openOrCreate(NAME, 8)) {
                    LONG.setVolatile(block.segment(), 0L, 42L);
                    assertThat(Cleanup.run().cleaned()).doesNotContain(NAME);
                    try (SharedMemory same = SharedMemory.open(NAME)) {
                        assertThat((long) LONG.getVolatile(same.segment(), 0L)).isEqualTo(42L);
                    }
                }
            }
            return null;
        });
        assertThat(isGone()).isTrue();
    }

    @Test
    void anOpenerFindsAWholeBlockOrNone() throws Exception {
        AtomicInteger found = new AtomicInteger();
        inAllThreads(() -> {
            for (int i = 0; i < 1000; i++) {
                SharedMemory won = i % 3 == 0 ? createOrNull() : null;
                try (SharedMemory block = SharedMemory.open(NAME)) {
                    assertThat(block.byteSize()).isEqualTo(8);
                    found.incrementAndGet();
                } catch (BlockNotFoundException e) {
                    assertThat(won).as("its creator has it").isNull();
                }
                if (won != null) {
                    won.close();
                }
            }
            return null;
        });
        assertThat(found).hasPositiveValue();
        assertThat(isGone()).isTrue();
    }

    @Test
    void unlinkByManyRemovesTheNameOnceAndNeverASuccessors() throws Exception {
        inAllThreads(() -> {
            for (int i = 0; i < 500; i++) {
                try (SharedMemory block = SharedMemory.openOrCreate(NAME, 8)) {
                    block.unlink();
                }
            }
            return null;
        });
        assertThat(isGone()).isTrue();
    }
}
