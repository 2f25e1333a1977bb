package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.IncompatibleBlockException;
import io.cleave.OwnerDiedException;
import io.cleave.testing.Background;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Objects with a name between JVMs, and the end of handles. */
@SuppressWarnings("LockNotBeforeTry")
final class SyncProcessesTest {

    @Test
    void whatAKilledProcessHeldIsHandedOver() throws Exception {
        try (SharedMutex mutex = SharedMutex.named("m");
                SharedReadWriteLock lock = SharedReadWriteLock.named("rw");
                SharedSemaphore permits = SharedSemaphore.named("s", 5);
                SharedSemaphore used = SharedSemaphore.named("used", 5);
                ChildJvm child = ChildJvm.start(SyncMain.class, "hold")) {
            child.awaitLine("held");
            assertThat(mutex.ownerPid()).isEqualTo(OptionalLong.of(child.pid()));
            assertThat(mutex.tryLock()).isFalse();
            assertThatThrownBy(mutex::unlock).isInstanceOf(IllegalMonitorStateException.class)
                    .hasMessageContaining("process " + child.pid());
            assertThat(permits.availablePermits()).isOne();
            Background<Acquisition> acquirer = Background.call(() -> {
                Acquisition acquisition = mutex.acquire();
                mutex.consistent();
                mutex.unlock();
                return acquisition;
            });
            Background<Void> writer = Background.runVirtual(() -> {
                lock.writeLock().lock();
                lock.writeLock().unlock();
            });
            Background<Void> taker = Background.runVirtual(() -> permits.acquire(5));
            acquirer.staysBlocked();
            writer.staysBlocked();
            taker.staysBlocked();
            child.kill();
            assertThat(acquirer.get()).isEqualTo(Acquisition.OWNER_DIED);
            writer.get();
            taker.get();
            assertThat(permits.availablePermits()).isZero();
            assertThat(used.tryAcquire(2, Delays.PATIENCE)).isTrue();
            assertThat(used.tryAcquire()).isFalse();
        }
    }

    @Test
    void lockRefusesUntilSomebodyHasSaidThatAllIsConsistent() throws Exception {
        try (SharedMutex mutex = SharedMutex.named("m"); ChildJvm child = ChildJvm.start(SyncMain.class, "lock")) {
            child.awaitLine("held");
            Background<Void> waiter = Background.run(mutex::lock).staysBlocked();
            child.kill();
            assertThatThrownBy(waiter::get).isInstanceOf(OwnerDiedException.class).hasMessageContaining("acquire()");
            assertThatThrownBy(mutex::tryLock).isInstanceOf(OwnerDiedException.class);
            try (Hold held = mutex.acquireAsync().get(30, TimeUnit.SECONDS)) {
                assertThat(held.ownerDied()).isTrue();
            }
            assertThatThrownBy(mutex::tryLock).isInstanceOf(OwnerDiedException.class);
            try (Hold held = mutex.acquireAsync().get(30, TimeUnit.SECONDS)) {
                assertThat(held.ownerDied()).isTrue();
                held.consistent();
            }
            mutex.lock();
            mutex.unlock();
        }
    }

    @Test
    void fourProcessesCountTogether() throws Exception {
        int times = 25_000;
        try (SharedMutex mutex = SharedMutex.named("m"); SharedAtomicLong count = SharedAtomicLong.named("c")) {
            mutex.lock();
            List<ChildJvm> children = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                children.add(ChildJvm.start(SyncMain.class, "count", Integer.toString(times)));
            }
            for (ChildJvm child : children) {
                child.awaitLine("ready");
            }
            mutex.unlock();
            for (ChildJvm child : children) {
                assertThat(child.awaitExit()).isZero();
                child.close();
            }
            assertThat(count.get()).isEqualTo(4L * times);
        }
    }

    @Test
    void twoProcessesPlayPingPong() throws Exception {
        int rounds = 100_000;
        try (SharedSemaphore ping = SharedSemaphore.named("ping", 0);
                SharedSemaphore pong = SharedSemaphore.named("pong", 0);
                ChildJvm child = ChildJvm.start(SyncMain.class, "pong", Integer.toString(rounds))) {
            for (int i = 0; i < rounds; i++) {
                ping.release();
                assertThat(pong.tryAcquire(1, Delays.PATIENCE)).isTrue();
                pong.disown(1);
            }
            assertThat(child.awaitExit()).isZero();
            assertThat(pong.availablePermits()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void tenThousandVirtualThreadsWaitOnAThousandWordsWithTwoCarriers(boolean isOldKernel) throws Exception {
        try (ChildJvm child = ChildJvm.start(
                List.of("-Djdk.virtualThreadScheduler.parallelism=2", "-Djdk.virtualThreadScheduler.maxPoolSize=2",
                        "-Dcleave.withoutFutexWaitv=" + isOldKernel),
                SyncMain.class, "sleepers")) {
            String line = child.awaitLine("woken ");
            assertThat(child.awaitExit()).isZero();
            assertThat(line).startsWith(Integer.toString(SyncMain.SLEEPERS));
        }
    }

    @Test
    void closingAHandleSendsItsWaitersAway() throws Exception {
        try (SharedMutex keeper = SharedMutex.named("m"); SharedSemaphore empty = SharedSemaphore.named("s", 0)) {
            keeper.lock();
            for (boolean isVirtual : new boolean[] {false, true}) {
                SharedMutex mutex = SharedMutex.named("m");
                SharedSemaphore semaphore = SharedSemaphore.named("s", 0);
                SharedEvent event = SharedEvent.named("e");
                SharedReadWriteLock lock = SharedReadWriteLock.named("rw");
                SharedCountDownLatch latch = SharedCountDownLatch.named("l", 1);
                SharedBarrier barrier = SharedBarrier.named("b", 2);
                lock.readLock().lock();
                List<Background<Void>> waiters = new ArrayList<>();
                for (Background.Action wait : List.<Background.Action>of(mutex::lock, mutex::acquire,
                        semaphore::acquire, () -> semaphore.acquire(2), event::await, () -> lock.writeLock().lock(),
                        latch::await, () -> barrier.await())) {
                    waiters.add(isVirtual ? Background.runVirtual(wait) : Background.run(wait));
                }
                waiters.getLast().staysBlocked();
                for (AutoCloseable handle : List.of(mutex, semaphore, event, lock, latch, barrier)) {
                    handle.close();
                    handle.close();
                }
                for (Background<Void> waiter : waiters) {
                    assertThatThrownBy(waiter::get).isInstanceOf(IllegalStateException.class);
                }
                assertThatThrownBy(mutex::lock).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> semaphore.acquire()).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(event::set).isInstanceOf(IllegalStateException.class);
            }
            keeper.unlock();
            empty.release();
            assertThat(empty.tryAcquire()).isTrue();
        }
    }

    @Test
    void aNameStandsForOneKindOfObject() {
        try (SharedMutex mutex = SharedMutex.named("m")) {
            assertThat(mutex.tryLock()).isTrue();
            assertThatThrownBy(() -> SharedEvent.named("m")).isInstanceOf(IncompatibleBlockException.class)
                    .hasMessageContaining("MUTEX");
            mutex.unlock();
        }
    }

    @Test
    void attachingAgainChangesNothing() throws Exception {
        try (SharedSemaphore first = SharedSemaphore.named("s", 2)) {
            first.acquire();
            try (SharedSemaphore second = SharedSemaphore.named("s", 7)) {
                assertThat(second.availablePermits()).isOne();
            }
            assertThat(first.availablePermits()).isOne();
            assertThat(first.tryAcquire(1, Duration.ZERO)).isTrue();
        }
        try (SharedSemaphore fresh = SharedSemaphore.named("s", 7)) {
            assertThat(fresh.availablePermits()).isEqualTo(7);
        }
    }
}
