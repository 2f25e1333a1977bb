package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What locks and semaphores promise where two things happen at once, and where numbers are as large as they may be. */
@SuppressWarnings({"LockNotBeforeTry", "WaitNotInLoop", "JavaUtilDate"})
final class EdgesTest {
    private static final int ROUNDS = 200;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(4_096, 64);

    @AfterEach
    void free() {
        arena.close();
    }

    /** Cancels a wait when what it waits for may just have come. */
    private static void cancelLate(CompletableFuture<?> wait, int round) {
        LockSupport.parkNanos(round * 1_000L);
        assertThat(wait.cancel(true)).isTrue();
    }

    @Test
    void aHandleThatClosesAfterACancelledWaitKeepsNoWriteLock() throws Exception {
        try (SharedReadWriteLock lock = SharedReadWriteLock.named("edges")) {
            for (int round = 0; round < ROUNDS; round++) {
                try (SharedReadWriteLock other = SharedReadWriteLock.named("edges")) {
                    lock.writeLock().lock();
                    CompletableFuture<Hold> wait = other.writeLock().acquireAsync();
                    lock.writeLock().unlock();
                    cancelLate(wait, round);
                }
                assertThat(lock.writeLock().tryLock(Delays.PATIENCE)).as("round %d", round).isTrue();
                lock.writeLock().unlock();
            }
        }
    }

    @Test
    void aHandleThatClosesAfterACancelledWaitKeepsNoPermit() throws Exception {
        try (SharedSemaphore semaphore = SharedSemaphore.named("edges", 0)) {
            for (int round = 0; round < ROUNDS; round++) {
                try (SharedSemaphore other = SharedSemaphore.named("edges", 0)) {
                    CompletableFuture<Void> wait = other.acquireAsync();
                    semaphore.asSignal().release();
                    cancelLate(wait, round);
                }
                assertThat(semaphore.asSignal().tryAcquire(1, Delays.PATIENCE)).as("round %d", round).isTrue();
            }
        }
    }

    @Test
    void aHoldOfNoThreadEndsWhileItsHandleWaitsToClose() throws Exception {
        SharedReadWriteLock lock = SharedReadWriteLock.named("edges");
        List<Hold> holds = new ArrayList<>(List.of(lock.readLock().acquireAsync().get(),
                lock.readLock().acquireAsync().get()));
        Background<Void> closing = Background.run(lock::close);
        Delays.pause(Delays.SHORT);
        holds.forEach(Hold::close);
        var _ = closing.get();
    }

    @Test
    void shortAttemptsToReadPassAWriterThatIsGone() throws Exception {
        SharedReadWriteLock lock = SharedReadWriteLock.at(memory);
        new SharedWords(memory).set(TallyLayout.WANTED_AT, 1); // as one leaves it that is killed while it waits to write
        assertThat(Delays.within(Delays.PATIENCE, () -> {
            try {
                return lock.readLock().tryLock(Duration.ofMillis(1));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        })).isTrue();
        lock.readLock().unlock();
    }

    @Test
    void aDeadlineBeforeAllTimeIsOver() throws Exception {
        SharedMutex mutex = SharedMutex.at(memory);
        mutex.lock();
        assertThat(mutex.newCondition().awaitUntil(new Date(Long.MIN_VALUE))).isFalse();
        assertThat(mutex.newCondition().awaitUntil(new Date(0))).isFalse();
        mutex.unlock();
    }

    @Test
    void whoTriesGetsOneOfMillionsWhileOthersMoveThem() throws Exception {
        SharedSemaphore semaphore = SharedSemaphore.at(memory, 4_000_000);
        List<Background<Void>> all = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
            all.add(Background.run(() -> {
                for (int i = 0; i < 50_000; i++) {
                    assertThat(semaphore.tryAcquire()).isTrue();
                }
                for (int i = 0; i < 50_000; i++) {
                    assertThat(semaphore.tryAcquire(1, 0, TimeUnit.SECONDS)).isTrue();
                }
            }));
        }
        for (Background<Void> each : all) {
            var _ = each.get();
        }
        assertThat(semaphore.availablePermits()).isEqualTo(3_600_000);
    }

    @Test
    void whatIsDrainedIsNeverMoreThanANumberOfPermitsMayBe() {
        SharedSemaphore.at(memory).release(Integer.MAX_VALUE);
        assertThat(SharedSemaphore.at(memory, Integer.MAX_VALUE).drainPermits()).isEqualTo(Integer.MAX_VALUE);
        MemorySegment other = memory.asSlice(2_048);
        SharedSemaphore.at(other).reducePermits(Integer.MAX_VALUE);
        assertThat(SharedSemaphore.at(other, Integer.MIN_VALUE).drainPermits()).isEqualTo(Integer.MIN_VALUE);
    }
}
