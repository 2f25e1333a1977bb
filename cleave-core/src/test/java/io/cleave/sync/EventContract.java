package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What an event promises. */
abstract class EventContract extends Contract<SharedEvent> {
    EventContract(Place place) {
        super(place, SharedEvent.BYTES, SharedEvent::at, SharedEvent::named);
    }

    @Test
    void itIsSetUntilItIsCleared() throws Exception {
        assertThat(one.isSet()).isFalse();
        assertThat(one.await(Duration.ZERO)).isFalse();
        assertThat(one.await(Duration.ofMillis(-1))).isFalse();
        assertThat(one.await(Duration.ofMillis(1))).isFalse();
        one.set();
        one.set();
        assertThat(two.isSet()).isTrue();
        assertThat(other.call((event, _) -> {
            event.await();
            return event.isSet() && event.await(Duration.ZERO);
        }).get()).isTrue();
        other.run((event, _) -> {
            event.clear();
            event.clear();
        }).get();
        assertThat(one.isSet()).isFalse();
        assertThat(one.toString()).contains("cleared");
    }

    @Test
    void settingItLetsAllGoEvenWhereItIsClearedAtOnce() throws Exception {
        for (int round = 0; round < 20; round++) {
            List<Background<Void>> waiters = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                waiters.add(other.start(i % 2 == 0, (event, _) -> {
                    event.await();
                    return null;
                }));
            }
            waiters.add(other.run((event, _) -> event.whenSet().get(30, TimeUnit.SECONDS)));
            assertThat(Delays.within(Delays.PATIENCE, () -> {
                one.set(); // again and again, for those who come late
                one.clear();
                return waiters.stream().allMatch(Background::isDone);
            })).isTrue();
            for (Background<Void> waiter : waiters) {
                waiter.get();
            }
        }
    }

    @Test
    void anInterruptEndsAWait() throws Exception {
        for (Background<Void> waiter : List.of(other.run((event, _) -> event.await()),
                other.runVirtual((event, _) -> event.await()))) {
            waiter.staysBlocked().interrupt();
            assertThatThrownBy(waiter::get).isInstanceOf(InterruptedException.class);
        }
        one.set();
        one.await();
    }

    @Test
    void whatWasDoneBeforeItWasSetIsSeenAfter() throws Exception {
        Background<Long> waiter = other.call((event, data) -> {
            event.await();
            return plain(data, 0);
        });
        plain(data, 0, 42);
        one.set();
        assertThat(waiter.get()).isEqualTo(42);
    }
}
