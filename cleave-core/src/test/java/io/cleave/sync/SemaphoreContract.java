package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a semaphore promises. {@code one} and {@code two} are two ways to one of 3 permits. */
abstract class SemaphoreContract {
    SharedSemaphore one;
    SharedSemaphore two;

    @Test
    void permitsAreTakenAndGivenBack() throws Exception {
        assertThat(two.availablePermits()).isEqualTo(3);
        one.acquire();
        two.acquire(2);
        assertThat(one.tryAcquire()).isFalse();
        assertThat(one.tryAcquire(0)).isTrue();
        assertThat(one.tryAcquire(1, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(one.tryAcquire(1, Duration.ofNanos(-1))).isFalse();
        one.release(3);
        assertThat(one.tryAcquire(3)).isTrue();
        two.release(3);
        assertThat(one.availablePermits()).isEqualTo(3);
        assertThat(one.toString()).contains("3");
    }

    @Test
    void waitersGoWhenThereAreEnough() throws Exception {
        one.acquire(3);
        Background<Void> waiter = Background.run(() -> two.acquire(2)).staysBlocked();
        one.release();
        waiter.staysBlocked();
        one.release();
        waiter.get();
        assertThat(one.availablePermits()).isZero();
    }

    @Test
    void asManyGoAsPermitsAreReleased() throws Exception {
        assertThat(one.drainPermits()).isEqualTo(3);
        AtomicInteger gone = new AtomicInteger();
        List<Background<Void>> waiters = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Background.Action wait = () -> {
                two.acquire();
                gone.incrementAndGet();
            };
            waiters.add(i % 2 == 0 ? Background.run(wait) : Background.runVirtual(wait));
        }
        Delays.pause(Delays.SHORT);
        one.release(4);
        assertThat(Delays.within(Delays.PATIENCE, () -> gone.get() == 4)).isTrue();
        Delays.pause(Delays.SHORT);
        assertThat(gone).hasValue(4);
        one.release(2);
        for (Background<Void> waiter : waiters) {
            waiter.get();
        }
        assertThat(one.availablePermits()).isZero();
    }

    @Test
    void noWakeUpIsLostInManyRounds() throws Exception {
        one.drainPermits();
        for (int round = 0; round < 300; round++) {
            List<Background<Void>> waiters = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                waiters.add(Background.run(() -> two.acquire()));
            }
            if (round % 3 == 0) {
                Delays.pause(Duration.ofNanos(50_000));
            }
            one.release();
            one.release(2);
            for (Background<Void> waiter : waiters) {
                waiter.get();
            }
            assertThat(one.availablePermits()).isZero();
        }
    }

    @Test
    void anInterruptEndsAWaitAndTakesNoPermit() throws Exception {
        one.acquire(3);
        List<Background.Action> waits = List.of(() -> two.acquire(), () -> two.acquire(2),
                () -> two.tryAcquire(1, TimeUnit.DAYS));
        for (Background.Action wait : waits) {
            Background<Void> waiter = Background.run(wait).staysBlocked();
            waiter.interrupt();
            assertThatThrownBy(waiter::get).isInstanceOf(InterruptedException.class);
        }
        Background<Void> deaf = Background.run(() -> two.acquireUninterruptibly()).staysBlocked();
        deaf.interrupt();
        deaf.staysBlocked();
        one.release(3);
        deaf.get();
        assertThat(one.availablePermits()).isEqualTo(2);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> one.acquire()).isInstanceOf(InterruptedException.class);
    }

    @Test
    void thereMayBeADebt() {
        one.reducePermits(5);
        assertThat(two.availablePermits()).isEqualTo(-2);
        one.release(2);
        assertThat(two.tryAcquire()).isFalse();
        one.reducePermits(1);
        assertThat(two.drainPermits()).isEqualTo(-1);
        assertThat(two.availablePermits()).isZero();
    }

    @Test
    void numbersOutsideTheRangeAreRefused() {
        assertThatThrownBy(() -> one.acquire(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> one.release(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> one.reducePermits(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> one.disown(1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> one.release(Integer.MAX_VALUE)).isInstanceOf(Error.class);
        assertThat(one.availablePermits()).isEqualTo(3);
    }

    @Test
    void asynchronousWaitsEndAndCanBeCancelled() throws Exception {
        one.acquire(3);
        CompletableFuture<Void> cancelled = two.acquireAsync();
        CompletableFuture<Void> waiting = two.acquireAsync(2);
        Delays.pause(Delays.SHORT);
        assertThat(waiting).isNotDone();
        assertThat(cancelled.cancel(false)).isTrue();
        one.release(2);
        waiting.get(30, TimeUnit.SECONDS);
        assertThat(one.availablePermits()).isZero();
    }
}
