package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a semaphore of 3 permits promises. */
abstract class SemaphoreContract extends Contract<SharedSemaphore> {
    SemaphoreContract(Place place) {
        super(place, SharedSemaphore.BYTES, segment -> SharedSemaphore.at(segment, 3),
                name -> SharedSemaphore.named(name, 3));
    }

    @Test
    void permitsAreTakenAndGivenBack() throws Exception {
        assertThat(two.availablePermits()).isEqualTo(3);
        one.acquire();
        other.run((semaphore, _) -> semaphore.acquire(2)).get();
        assertThat(one.tryAcquire()).isFalse();
        assertThat(one.tryAcquire(0)).isTrue();
        assertThat(one.tryAcquire(1, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(one.tryAcquire(1, Duration.ofNanos(-1))).isFalse();
        one.release(3);
        assertThat(one.tryAcquire(3)).isTrue();
        other.run((semaphore, _) -> semaphore.release(3)).get();
        assertThat(one.availablePermits()).isEqualTo(3);
        assertThat(one.toString()).contains("3");
    }

    @Test
    void waitersGoWhenThereAreEnough() throws Exception {
        one.acquire(3);
        Background<Void> waiter = other.run((semaphore, _) -> semaphore.acquire(2)).staysBlocked();
        one.release();
        waiter.staysBlocked();
        one.release();
        waiter.get();
        assertThat(one.availablePermits()).isZero();
    }

    @Test
    void asManyGoAsPermitsAreReleased() throws Exception {
        assertThat(one.drainPermits()).isEqualTo(3);
        List<Background<Void>> waiters = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            waiters.add(other.start(i % 2 == 0, (semaphore, _) -> {
                semaphore.acquire();
                return null;
            }));
        }
        Delays.pause(Delays.SHORT);
        one.release(4);
        assertThat(Delays.within(Delays.PATIENCE, () -> gone(waiters) == 4)).isTrue();
        Delays.pause(Delays.SHORT);
        assertThat(gone(waiters)).isEqualTo(4);
        one.release(2);
        for (Background<Void> waiter : waiters) {
            waiter.get();
        }
        assertThat(one.availablePermits()).isZero();
    }

    private static long gone(List<Background<Void>> waiters) {
        return waiters.stream().filter(Background::isDone).count();
    }

    @Test
    void noWakeUpIsLostInManyRounds() throws Exception {
        one.drainPermits();
        for (int round = 0; round < 300; round++) {
            List<Background<Void>> waiters = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                waiters.add(other.run((semaphore, _) -> semaphore.acquire()));
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
        List<Party.Deed<SharedSemaphore>> waits = List.of((semaphore, _) -> semaphore.acquire(),
                (semaphore, _) -> semaphore.acquire(2), (semaphore, _) -> semaphore.tryAcquire(1, TimeUnit.DAYS));
        for (Party.Deed<SharedSemaphore> wait : waits) {
            Background<Void> waiter = other.run(wait).staysBlocked();
            waiter.interrupt();
            assertThatThrownBy(waiter::get).isInstanceOf(InterruptedException.class);
        }
        Background<Void> deaf = other.run((semaphore, _) -> semaphore.acquireUninterruptibly()).staysBlocked();
        deaf.interrupt();
        deaf.staysBlocked();
        one.release(3);
        deaf.get();
        assertThat(one.availablePermits()).isEqualTo(2);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> one.acquire()).isInstanceOf(InterruptedException.class);
    }

    @Test
    void thereMayBeADebt() throws Exception {
        one.reducePermits(5);
        assertThat(two.availablePermits()).isEqualTo(-2);
        other.run((semaphore, _) -> semaphore.release(2)).get();
        assertThat(two.tryAcquire()).isFalse();
        one.reducePermits(1);
        assertThat(other.call((semaphore, _) -> semaphore.drainPermits()).get()).isEqualTo(-1);
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
        Background<Boolean> waiter = other.call((semaphore, data) -> {
            CompletableFuture<Void> cancelled = semaphore.acquireAsync();
            CompletableFuture<Void> waiting = semaphore.acquireAsync(2);
            Delays.pause(Delays.SHORT);
            boolean hasWaited = !waiting.isDone() && cancelled.cancel(false);
            say(data, 0);
            waiting.get(30, TimeUnit.SECONDS);
            return hasWaited;
        });
        hear(data, 0);
        one.release(2);
        assertThat(waiter.get()).isTrue();
        assertThat(one.availablePermits()).isZero();
    }
}
