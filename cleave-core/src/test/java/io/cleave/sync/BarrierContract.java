package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** What a barrier promises. {@code one} and {@code two} are two ways to one of 3 parties. */
abstract class BarrierContract {
    SharedBarrier one;
    SharedBarrier two;

    @Test
    void allPassTogetherAgainAndAgain() throws Exception {
        passOften();
    }

    private void passOften() throws Exception {
        assertThat(one.getParties()).isEqualTo(3);
        for (int round = 0; round < 50; round++) {
            Background<Integer> first = Background.call(() -> one.await());
            Background<Integer> second = Background.call(() -> two.await());
            List<Integer> indices = new ArrayList<>(List.of(one.await(), first.get(), second.get()));
            assertThat(indices).containsExactlyInAnyOrder(0, 1, 2);
        }
        assertThat(one.getNumberWaiting()).isZero();
        assertThat(one.isBroken()).isFalse();
    }

    @Test
    void aLateWaiterBreaksIt() throws Exception {
        Background<Integer> waiter = Background.call(() -> two.await());
        waiter.staysBlocked();
        assertThatThrownBy(() -> one.await(1, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        assertThatThrownBy(waiter::get).isInstanceOf(BrokenBarrierException.class);
        assertThat(one.isBroken()).isTrue();
        assertThatThrownBy(() -> one.await()).isInstanceOf(BrokenBarrierException.class);
        one.reset();
        passOften();
    }

    @Test
    void anInterruptedWaiterBreaksIt() throws Exception {
        Background<Integer> waiter = Background.call(() -> two.await());
        Background<Integer> other = Background.call(() -> two.await());
        waiter.staysBlocked().interrupt();
        assertThatThrownBy(waiter::get).isInstanceOf(InterruptedException.class);
        assertThatThrownBy(other::get).isInstanceOf(BrokenBarrierException.class);
    }

    @Test
    void aResetSendsWaitersAway() throws Exception {
        Background<Integer> waiter = Background.call(() -> two.await());
        assertThat(Delays.within(Delays.PATIENCE, () -> one.getNumberWaiting() == 1)).isTrue();
        one.reset();
        assertThatThrownBy(waiter::get).isInstanceOf(BrokenBarrierException.class);
        assertThat(one.isBroken()).isFalse();
        passOften();
    }
}
