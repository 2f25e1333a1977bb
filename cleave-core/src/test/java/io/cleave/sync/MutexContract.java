package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import org.junit.jupiter.api.Test;

/** What a reentrant lock and its conditions promise. {@code lock} and {@code other} are two ways to one lock. */
@SuppressWarnings({"LockNotBeforeTry", "WaitNotInLoop", "JavaUtilDate"}) // a test breaks the rules of use on purpose
abstract class MutexContract {
    SharedMutex lock;
    SharedMutex other;

    @Test
    void aFreshLockIsFree() {
        assertThat(lock.isLocked()).isFalse();
        assertThat(lock.isHeldByCurrentThread()).isFalse();
        assertThat(lock.ownerPid()).isEmpty();
        assertThat(lock.toString()).contains("free");
    }

    @Test
    void itIsHeldFromLockToUnlock() {
        lock.lock();
        assertThat(other.isLocked()).isTrue();
        assertThat(other.isHeldByCurrentThread()).isTrue();
        assertThat(other.ownerPid()).isEqualTo(OptionalLong.of(ProcessHandle.current().pid()));
        other.unlock();
        assertThat(lock.isLocked()).isFalse();
    }

    @Test
    void itIsReentrant() {
        for (int i = 1; i <= 5; i++) {
            lock.lock();
            assertThat(other.getHoldCount()).isEqualTo(i);
        }
        assertThat(lock.tryLock()).isTrue();
        assertThat(lock.acquire()).isEqualTo(Acquisition.CLEAN);
        for (int i = 7; i > 0; i--) {
            assertThat(lock.isHeldByCurrentThread()).isTrue();
            other.unlock();
        }
        assertThat(lock.isLocked()).isFalse();
    }

    @Test
    void onlyTheOwnerMayUnlock() throws Exception {
        assertThatThrownBy(lock::unlock).isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("nobody holds it");
        lock.lock();
        assertThatThrownBy(() -> Background.run(other::unlock).get()).isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("thread " + Thread.currentThread().threadId() + " of process "
                        + ProcessHandle.current().pid());
        assertThat(lock.isHeldByCurrentThread()).isTrue();
        lock.unlock();
    }

    @Test
    void othersWaitUntilItIsUnlocked() throws Exception {
        lock.lock();
        Background<Void> waiter = Background.run(() -> {
            other.lock();
            other.unlock();
        }).staysBlocked();
        assertThat(Background.call(other::tryLock).get()).isFalse();
        lock.unlock();
        waiter.get();
    }

    @Test
    void timedAttemptsEndInTime() throws Exception {
        lock.lock();
        assertThat(Background.call(() -> other.tryLock(1, TimeUnit.MILLISECONDS)).get()).isFalse();
        assertThat(Background.call(() -> other.tryLock(0, TimeUnit.MILLISECONDS)).get()).isFalse();
        assertThat(Background.call(() -> other.tryLock(-5, TimeUnit.DAYS)).get()).isFalse();
        assertThat(Background.call(() -> other.tryAcquire(Duration.ofMillis(1))).get()).isEmpty();
        lock.unlock();
        assertThat(lock.tryAcquire(Duration.ZERO)).contains(Acquisition.CLEAN);
        lock.unlock();
        assertThat(lock.tryLock(Long.MAX_VALUE, TimeUnit.DAYS)).isTrue();
        lock.unlock();
    }

    @Test
    void interruptsEndWaitsThatSaySo() throws Exception {
        lock.lock();
        List<Background.Action> waits = List.of(other::lockInterruptibly, () -> other.tryLock(1, TimeUnit.DAYS),
                () -> other.tryAcquire(Duration.ofDays(1)), other::acquireInterruptibly);
        for (Background.Action wait : waits) {
            Background<Void> platform = Background.run(wait).staysBlocked();
            platform.interrupt();
            assertThatThrownBy(platform::get).isInstanceOf(InterruptedException.class);
            Background<Void> virtual = Background.runVirtual(wait).staysBlocked();
            virtual.interrupt();
            assertThatThrownBy(virtual::get).isInstanceOf(InterruptedException.class);
        }
        Background<Boolean> deaf = Background.call(() -> {
            other.lock();
            other.unlock();
            return Thread.interrupted();
        }).staysBlocked();
        deaf.interrupt();
        deaf.staysBlocked();
        lock.unlock();
        assertThat(deaf.get()).isTrue();
        Thread.currentThread().interrupt();
        assertThatThrownBy(lock::lockInterruptibly).isInstanceOf(InterruptedException.class);
        assertThat(lock.isLocked()).isFalse();
    }

    @Test
    void itGuardsWhatItGuards() throws Exception {
        int[] count = {0};
        List<Background<Void>> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            SharedMutex mine = i % 2 == 0 ? lock : other;
            Background.Action work = () -> {
                for (int j = 0; j < 20_000; j++) {
                    mine.lock();
                    count[0]++;
                    mine.unlock();
                }
            };
            all.add(i < 2 ? Background.run(work) : Background.runVirtual(work));
        }
        for (Background<Void> each : all) {
            each.get();
        }
        assertThat(count[0]).isEqualTo(80_000);
        assertThat(lock.isLocked()).isFalse();
    }

    @Test
    void asynchronousWaitsHoldItForTheirCaller() throws Exception {
        Background.run(lock::lock).get();
        CompletableFuture<Acquisition> cancelled = other.acquireAsync();
        Delays.pause(Delays.SHORT);
        assertThat(cancelled).isNotDone();
        assertThat(cancelled.cancel(false)).isTrue();
        assertThat(Delays.within(Delays.SHORT, other::isHeldByCurrentThread)).isFalse();
    }

    @Test
    void anAsynchronousAcquisitionEndsWithTheLockHeld() throws Exception {
        assertThat(lock.acquireAsync().get(30, TimeUnit.SECONDS)).isEqualTo(Acquisition.CLEAN);
        assertThat(other.isHeldByCurrentThread()).isTrue();
        CompletableFuture<Acquisition> again = lock.acquireAsync();
        other.unlock();
        assertThat(again.get(30, TimeUnit.SECONDS)).isEqualTo(Acquisition.CLEAN);
        lock.unlock();
    }

    @Test
    void aConditionNeedsTheLock() {
        Condition condition = lock.newCondition();
        List<Background.Action> uses = List.of(condition::await, condition::signal, condition::signalAll,
                () -> condition.awaitNanos(1), () -> condition.await(1, TimeUnit.MILLISECONDS),
                condition::awaitUninterruptibly, () -> condition.awaitUntil(new Date()));
        for (Background.Action use : uses) {
            assertThatThrownBy(use::run).isInstanceOf(IllegalMonitorStateException.class);
        }
    }

    @Test
    void conditionsAreNumberedAndEight() {
        for (int i = 0; i < 8; i++) {
            assertThat(lock.newCondition()).isNotNull();
        }
        assertThatThrownBy(lock::newCondition).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> lock.condition(8)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> lock.condition(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aSignalLetsOneGoAndSignalAllTheRest() throws Exception {
        List<Background<Void>> waiters = new ArrayList<>();
        int[] gone = {0};
        for (int i = 0; i < 4; i++) {
            Background.Action wait = () -> {
                other.lock();
                other.lock(); // held twice, to be taken back twice
                other.condition(0).await();
                gone[0]++;
                other.unlock();
                other.unlock();
            };
            waiters.add(i % 2 == 0 ? Background.run(wait) : Background.runVirtual(wait));
            awaitWaiting(other, i + 1);
        }
        signal(false);
        assertThat(Delays.within(Delays.PATIENCE, () -> guarded(gone) == 1)).isTrue();
        Delays.pause(Delays.SHORT);
        assertThat(guarded(gone)).isEqualTo(1);
        signal(true);
        for (Background<Void> waiter : waiters) {
            waiter.get();
        }
        assertThat(gone[0]).isEqualTo(4);
    }

    /** Waits until so many wait for condition 0. */
    static void awaitWaiting(SharedMutex mutex, int count) {
        long at = MutexLayout.conditionAt(0) + MutexLayout.WAITING_IN_CONDITION;
        assertThat(Delays.within(Delays.PATIENCE,
                () -> MutexLayout.intOpaque(mutex.memory(), at) == count && !mutex.isLocked())).isTrue();
    }

    private void signal(boolean toAll) {
        lock.lock();
        if (toAll) {
            lock.condition(0).signalAll();
        } else {
            lock.condition(0).signal();
        }
        lock.unlock();
    }

    private int guarded(int[] value) {
        lock.lock();
        try {
            return value[0];
        } finally {
            lock.unlock();
        }
    }

    @Test
    void waitsForAConditionEndInTimeAndHoldTheLock() throws Exception {
        Condition condition = lock.condition(3);
        lock.lock();
        assertThat(condition.awaitNanos(1_000_000)).isNotPositive();
        assertThat(condition.await(1, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(condition.awaitUntil(new Date(0))).isFalse();
        assertThat(lock.getHoldCount()).isEqualTo(1);
        lock.unlock();
    }

    @Test
    void anInterruptEndsAWaitForAConditionWithTheLockHeld() throws Exception {
        Background<Boolean> waiter = Background.call(() -> {
            other.lock();
            try {
                other.condition(0).await();
                return false;
            } catch (InterruptedException e) {
                return other.isHeldByCurrentThread();
            } finally {
                other.unlock();
            }
        }).staysBlocked();
        waiter.interrupt();
        assertThat(waiter.get()).isTrue();
        lock.lock();
        lock.condition(0).signal(); // there is nobody: it must not stay
        assertThat(lock.condition(0).await(1, TimeUnit.MILLISECONDS)).isFalse();
        lock.unlock();
    }
}
