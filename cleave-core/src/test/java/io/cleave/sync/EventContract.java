package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What an event promises. {@code one} and {@code two} are two ways to one event. */
abstract class EventContract {
    SharedEvent one;
    SharedEvent two;

    @Test
    void itIsSetUntilItIsCleared() throws Exception {
        assertThat(one.isSet()).isFalse();
        assertThat(one.await(Duration.ZERO)).isFalse();
        assertThat(one.await(Duration.ofMillis(-1))).isFalse();
        assertThat(one.await(Duration.ofMillis(1))).isFalse();
        one.set();
        one.set();
        assertThat(two.isSet()).isTrue();
        two.await();
        assertThat(two.await(Duration.ZERO)).isTrue();
        two.clear();
        two.clear();
        assertThat(one.isSet()).isFalse();
        assertThat(one.toString()).contains("cleared");
    }

    @Test
    void settingItLetsAllGoEvenWhereItIsClearedAtOnce() throws Exception {
        for (int round = 0; round < 20; round++) {
            List<Background<Void>> waiters = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                waiters.add(i % 2 == 0 ? Background.run(two::await) : Background.runVirtual(two::await));
            }
            CompletableFuture<Void> future = two.whenSet();
            assertThat(Delays.within(Delays.PATIENCE, () -> {
                one.set(); // again and again, for those who come late
                one.clear();
                return future.isDone() && waiters.stream().noneMatch(waiter -> waiter.thread().isAlive());
            })).isTrue();
            for (Background<Void> waiter : waiters) {
                waiter.get();
            }
            future.get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void anInterruptEndsAWait() throws Exception {
        for (Background<Void> waiter : List.of(Background.run(two::await), Background.runVirtual(two::await))) {
            waiter.staysBlocked().interrupt();
            assertThatThrownBy(waiter::get).isInstanceOf(InterruptedException.class);
        }
        one.set();
        one.await();
    }
}
