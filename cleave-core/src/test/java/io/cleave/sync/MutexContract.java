package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import org.junit.jupiter.api.Test;

/** What a reentrant lock and its conditions promise. */
@SuppressWarnings({"LockNotBeforeTry", "WaitNotInLoop", "JavaUtilDate"}) // a test breaks the rules of use on purpose
abstract class MutexContract extends Contract<SharedMutex> {
    private static final Party.Deed<SharedMutex> LOCK_AND_UNLOCK = (mutex, _) -> {
        mutex.lock();
        mutex.unlock();
    };

    MutexContract(Place place) {
        super(place, SharedMutex.BYTES, SharedMutex::at, SharedMutex::named);
    }

    @Test
    void aFreshLockIsFree() {
        assertThat(one.isLocked()).isFalse();
        assertThat(one.isHeldByCurrentThread()).isFalse();
        assertThat(one.ownerPid()).isEmpty();
        assertThat(one.toString()).contains("free");
    }

    @Test
    void itIsHeldFromLockToUnlock() {
        one.lock();
        assertThat(two.isLocked()).isTrue();
        assertThat(two.isHeldByCurrentThread()).isTrue();
        assertThat(two.ownerPid()).isEqualTo(OptionalLong.of(ProcessHandle.current().pid()));
        two.unlock();
        assertThat(one.isLocked()).isFalse();
    }

    @Test
    void itIsReentrant() {
        for (int i = 1; i <= 5; i++) {
            one.lock();
            assertThat(two.getHoldCount()).isEqualTo(i);
        }
        assertThat(one.tryLock()).isTrue();
        assertThat(one.acquire()).isEqualTo(Acquisition.CLEAN);
        for (int i = 7; i > 0; i--) {
            assertThat(one.isHeldByCurrentThread()).isTrue();
            two.unlock();
        }
        assertThat(one.isLocked()).isFalse();
    }

    @Test
    void onlyTheOwnerMayUnlock() throws Exception {
        assertThatThrownBy(one::unlock).isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("nobody holds it");
        one.lock();
        assertThatThrownBy(() -> other.run((mutex, _) -> mutex.unlock()).get())
                .isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("thread " + Thread.currentThread().threadId() + " of process "
                        + ProcessHandle.current().pid());
        assertThat(one.isHeldByCurrentThread()).isTrue();
        one.unlock();
    }

    @Test
    void othersWaitUntilItIsUnlocked() throws Exception {
        one.lock();
        Background<Void> waiter = other.run(LOCK_AND_UNLOCK).staysBlocked();
        assertThat(other.call((mutex, _) -> mutex.tryLock()).get()).isFalse();
        one.unlock();
        waiter.get();
    }

    @Test
    void timedAttemptsEndInTime() throws Exception {
        one.lock();
        assertThat(other.call((mutex, _) -> mutex.tryLock(1, TimeUnit.MILLISECONDS)).get()).isFalse();
        assertThat(other.call((mutex, _) -> mutex.tryLock(0, TimeUnit.MILLISECONDS)).get()).isFalse();
        assertThat(other.call((mutex, _) -> mutex.tryLock(-5, TimeUnit.DAYS)).get()).isFalse();
        assertThat(other.call((mutex, _) -> mutex.tryAcquire(Duration.ofMillis(1)).isPresent()).get()).isFalse();
        one.unlock();
        assertThat(one.tryAcquire(Duration.ZERO)).contains(Acquisition.CLEAN);
        one.unlock();
        assertThat(one.tryLock(Long.MAX_VALUE, TimeUnit.DAYS)).isTrue();
        one.unlock();
    }

    @Test
    void interruptsEndWaitsThatSaySo() throws Exception {
        one.lock();
        List<Party.Deed<SharedMutex>> waits = List.of((mutex, _) -> mutex.lockInterruptibly(),
                (mutex, _) -> mutex.tryLock(1, TimeUnit.DAYS), (mutex, _) -> mutex.tryAcquire(Duration.ofDays(1)),
                (mutex, _) -> mutex.acquireInterruptibly());
        for (Party.Deed<SharedMutex> wait : waits) {
            Background<Void> platform = other.run(wait).staysBlocked();
            platform.interrupt();
            assertThatThrownBy(platform::get).isInstanceOf(InterruptedException.class);
            Background<Void> virtual = other.runVirtual(wait).staysBlocked();
            virtual.interrupt();
            assertThatThrownBy(virtual::get).isInstanceOf(InterruptedException.class);
        }
        Background<Boolean> deaf = other.call((mutex, _) -> {
            mutex.lock();
            mutex.unlock();
            return Thread.interrupted();
        }).staysBlocked();
        deaf.interrupt();
        deaf.staysBlocked();
        one.unlock();
        assertThat(deaf.get()).isTrue();
        Thread.currentThread().interrupt();
        assertThatThrownBy(one::lockInterruptibly).isInstanceOf(InterruptedException.class);
        assertThat(one.isLocked()).isFalse();
    }

    @Test
    void itGuardsWhatItGuards() throws Exception {
        Party.Deed<SharedMutex> work = (mutex, data) -> {
            for (int i = 0; i < 20_000; i++) {
                mutex.lock();
                plain(data, 0, plain(data, 0) + 1);
                mutex.unlock();
            }
        };
        List<Background<Void>> all = new ArrayList<>(List.of(other.run(work), other.runVirtual(work)));
        all.add(Background.run(() -> work.on(one, data)));
        all.add(Background.runVirtual(() -> work.on(one, data)));
        for (Background<Void> each : all) {
            each.get();
        }
        assertThat(plain(data, 0)).isEqualTo(80_000);
        assertThat(one.isLocked()).isFalse();
    }

    @Test
    void aCancelledAsynchronousWaitTakesNothing() throws Exception {
        other.run((mutex, data) -> {
            mutex.lock();
            say(data, 0);
            hear(data, 1);
            mutex.unlock();
        });
        hear(data, 0);
        CompletableFuture<Hold> cancelled = two.acquireAsync();
        Delays.pause(Delays.SHORT);
        assertThat(cancelled).isNotDone();
        assertThat(cancelled.cancel(false)).isTrue();
        say(data, 1);
        assertThat(one.tryLock(Delays.PATIENCE)).isTrue();
        Delays.pause(Delays.SHORT);
        assertThat(one.isHeldByCurrentThread()).isTrue();
        one.unlock();
    }

    @Test
    void waitsThatAreCancelledAtAnyTimeNeverTakeTheLockFromItsOwner() throws Exception {
        for (int i = 0; i < 300; i++) {
            List<CompletableFuture<Hold>> waits = List.of(one.acquireAsync(), two.acquireAsync(), one.acquireAsync());
            waits.get(i % 3).cancel(true);
            for (int spins = i * 37 % 2000; spins > 0; spins--) {
                Thread.onSpinWait();
            }
            waits.forEach(wait -> wait.cancel(true));
            for (CompletableFuture<Hold> wait : waits) {
                if (!wait.isCancelled()) {
                    wait.get().close();
                }
            }
            one.lock();
            for (int spins = 0; spins < 200; spins++) {
                assertThat(one.isHeldByCurrentThread()).isTrue();
            }
            one.unlock();
        }
        assertThat(Delays.within(Delays.PATIENCE, () -> !one.isLocked())).isTrue();
    }

    @Test
    void anAsynchronousHoldBelongsToNoThreadAndIsClosedFromAny() throws Exception {
        Hold held = one.acquireAsync().get(30, TimeUnit.SECONDS);
        assertThat(held.ownerDied()).isFalse();
        assertThat(two.isHeldByCurrentThread()).isFalse();
        assertThat(two.tryLock()).isFalse();
        assertThatThrownBy(two::unlock).isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("asynchronous hold");
        CompletableFuture<Hold> next = two.acquireAsync();
        Background.run(held::close).get();
        try (Hold second = next.get(30, TimeUnit.SECONDS)) {
            held.close(); // it was closed, and gives nobody else's up
            assertThat(one.tryLock()).isFalse();
            assertThatThrownBy(held::consistent).isInstanceOf(IllegalStateException.class);
            second.consistent();
        }
        assertThat(one.isLocked()).isFalse();
    }

    @Test
    void anAsynchronousAcquisitionWaitsForTheOtherParty() throws Exception {
        Background<Void> holder = other.run((mutex, data) -> {
            mutex.lock();
            say(data, 0);
            hear(data, 1);
            mutex.unlock();
        });
        hear(data, 0);
        CompletableFuture<Hold> waiting = one.acquireAsync();
        Delays.pause(Delays.SHORT);
        assertThat(waiting).isNotDone();
        say(data, 1);
        waiting.get(30, TimeUnit.SECONDS).close();
        holder.get();
    }

    @SuppressWarnings("try") // it is closed early and twice
    @Test
    void aScopedHoldIsTheThreadsOwn() throws Exception {
        try (Hold outer = one.hold(); Hold inner = two.hold()) {
            assertThat(one.getHoldCount()).isEqualTo(2);
            assertThat(outer.ownerDied() || inner.ownerDied()).isFalse();
            assertThatThrownBy(() -> Background.run(inner::close).get())
                    .isInstanceOf(IllegalMonitorStateException.class);
            assertThat(one.getHoldCount()).isEqualTo(2);
            inner.close();
            inner.close();
            assertThat(one.getHoldCount()).isEqualTo(1);
        }
        assertThat(one.isLocked()).isFalse();
        assertThatThrownBy(one::consistent).isInstanceOf(IllegalMonitorStateException.class);
    }

    @Test
    void aConditionNeedsTheLock() {
        Condition condition = one.newCondition();
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
            assertThat(one.newCondition()).isNotNull();
        }
        assertThatThrownBy(one::newCondition).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> one.condition(8)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> one.condition(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aSignalLetsOneGoAndSignalAllTheRest() throws Exception {
        List<Background<Void>> waiters = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            waiters.add(other.start(i % 2 == 0, (mutex, data) -> {
                mutex.lock();
                mutex.lock(); // held twice, to be taken back twice
                mutex.condition(0).await();
                plain(data, 0, plain(data, 0) + 1);
                mutex.unlock();
                mutex.unlock();
                return null;
            }));
            awaitWaiting(one, i + 1);
        }
        signal(false);
        assertThat(Delays.within(Delays.PATIENCE, () -> guarded() == 1)).isTrue();
        Delays.pause(Delays.SHORT);
        assertThat(guarded()).isEqualTo(1);
        signal(true);
        for (Background<Void> waiter : waiters) {
            waiter.get();
        }
        assertThat(plain(data, 0)).isEqualTo(4);
    }

    /** How many wait for condition 0 and have not been told to go. */
    static long waiting(SharedMutex mutex) {
        return ((SharedCondition) mutex.condition(0)).waiting();
    }

    /** How many were told to go and have not gone. */
    static long told(SharedMutex mutex) {
        return ((SharedCondition) mutex.condition(0)).told();
    }

    /** Waits until so many wait for condition 0. */
    static void awaitWaiting(SharedMutex mutex, int count) {
        assertThat(Delays.within(Delays.PATIENCE, () -> waiting(mutex) == count && !mutex.isLocked())).isTrue();
    }

    /** Two take turns by one condition: a signal that its sender took itself would let both sleep. */
    private void takeTurns(boolean isVirtual) throws Exception {
        Background<Void> partner = other.start(isVirtual, (mutex, data) -> {
            turns(mutex, data, 1);
            return null;
        });
        Background<Void> self = Background.start(isVirtual, () -> {
            turns(one, data, 0);
            return null;
        });
        partner.get();
        self.get();
        assertThat(waiting(one)).isZero();
    }

    private static void turns(SharedMutex mutex, MemorySegment data, int me) {
        Condition condition = mutex.condition(0);
        for (int i = 0; i < 2_000; i++) {
            mutex.lock();
            while (plain(data, 0) != me) {
                condition.awaitUninterruptibly();
            }
            plain(data, 0, 1 - me);
            condition.signal();
            mutex.unlock();
        }
    }

    @Test
    void twoThreadsThatTakeTurnsByOneConditionNeverBothSleep() throws Exception {
        takeTurns(false);
    }

    @Test
    void twoVirtualThreadsThatTakeTurnsByOneConditionNeverBothSleep() throws Exception {
        takeTurns(true);
    }

    @Test
    void whoComesAfterASignalDoesNotTakeIt() throws Exception {
        Background<Void> first = other.run((mutex, data) -> {
            mutex.lock();
            mutex.condition(0).await();
            mutex.unlock();
        });
        awaitWaiting(one, 1);
        one.lock();
        one.condition(0).signal();
        assertThat(one.condition(0).awaitNanos(1_000_000)).isNotPositive(); // the other has not had the lock since
        one.unlock();
        first.get();
    }

    private void signal(boolean toAll) {
        one.lock();
        if (toAll) {
            one.condition(0).signalAll();
        } else {
            one.condition(0).signal();
        }
        one.unlock();
    }

    private long guarded() {
        one.lock();
        try {
            return plain(data, 0);
        } finally {
            one.unlock();
        }
    }

    @Test
    void waitsForAConditionEndInTimeAndHoldTheLock() throws Exception {
        Condition condition = one.condition(3);
        one.lock();
        assertThat(condition.awaitNanos(1_000_000)).isNotPositive();
        assertThat(condition.await(1, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(condition.awaitUntil(new Date(0))).isFalse();
        assertThat(one.getHoldCount()).isEqualTo(1);
        one.unlock();
    }

    @Test
    void anInterruptEndsAWaitForAConditionWithTheLockHeld() throws Exception {
        Background<Boolean> waiter = other.call((mutex, _) -> {
            mutex.lock();
            try {
                mutex.condition(0).await();
                return false;
            } catch (InterruptedException e) {
                return mutex.isHeldByCurrentThread();
            } finally {
                mutex.unlock();
            }
        }).staysBlocked();
        waiter.interrupt();
        assertThat(waiter.get()).isTrue();
        one.lock();
        one.condition(0).signal(); // there is nobody: it must not stay
        assertThat(one.condition(0).await(1, TimeUnit.MILLISECONDS)).isFalse();
        one.unlock();
    }
}
