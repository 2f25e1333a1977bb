package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** What a barrier of 3 promises. */
abstract class BarrierContract extends Contract<SharedBarrier> {
    BarrierContract(Place place) {
        super(place, SharedBarrier.BYTES, segment -> SharedBarrier.at(segment, 3),
                name -> SharedBarrier.named(name, 3));
    }

    @Test
    void allPassTogetherAgainAndAgain() throws Exception {
        passOften();
    }

    private void passOften() throws Exception {
        assertThat(one.getParties()).isEqualTo(3);
        for (int round = 0; round < 50; round++) {
            Background<Integer> first = other.call((barrier, _) -> barrier.await());
            Background<Integer> second = other.start(true, (barrier, _) -> barrier.await());
            List<Integer> indices = new ArrayList<>(List.of(two.await(), first.get(), second.get()));
            assertThat(indices).containsExactlyInAnyOrder(0, 1, 2);
        }
        assertThat(one.getNumberWaiting()).isZero();
        assertThat(one.isBroken()).isFalse();
    }

    @Test
    void aLateWaiterBreaksIt() throws Exception {
        Background<Integer> waiter = other.call((barrier, _) -> barrier.await());
        waiter.staysBlocked();
        assertThatThrownBy(() -> one.await(1, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        assertThatThrownBy(waiter::get).isInstanceOf(BrokenBarrierException.class);
        assertThat(one.isBroken()).isTrue();
        assertThat(other.call((barrier, _) -> barrier.isBroken()).get()).isTrue();
        assertThatThrownBy(() -> one.await()).isInstanceOf(BrokenBarrierException.class);
        one.reset();
        passOften();
    }

    @Test
    void anInterruptedWaiterBreaksIt() throws Exception {
        Background<Integer> waiter = other.call((barrier, _) -> barrier.await());
        Background<Integer> here = Background.call(() -> one.await());
        waiter.staysBlocked().interrupt();
        assertThatThrownBy(waiter::get).isInstanceOf(InterruptedException.class);
        assertThatThrownBy(here::get).isInstanceOf(BrokenBarrierException.class);
    }

    @Test
    void aResetSendsWaitersAway() throws Exception {
        Background<Integer> waiter = other.call((barrier, _) -> barrier.await());
        assertThat(Delays.within(Delays.PATIENCE, () -> one.getNumberWaiting() == 1)).isTrue();
        one.reset();
        assertThatThrownBy(waiter::get).isInstanceOf(BrokenBarrierException.class);
        assertThat(one.isBroken()).isFalse();
        passOften();
    }

    @Test
    void aWaiterThatSeveralResetsOvertakeDoesNotPass() throws Exception {
        for (int round = 0; round < 20; round++) {
            Background<Integer> waiter = other.start(round % 2 == 0, (barrier, _) -> barrier.await());
            assertThat(Delays.within(Delays.PATIENCE, () -> one.getNumberWaiting() == 1)).isTrue();
            for (int i = 0; i < 1 + round % 4; i++) {
                one.reset();
            }
            assertThatThrownBy(waiter::get).isInstanceOf(BrokenBarrierException.class);
        }
        passOften();
    }

    @Test
    void whoComesWithAnInterruptBreaksItForThoseWhoWait() throws Exception {
        Background<Integer> waiter = other.call((barrier, _) -> barrier.await());
        assertThat(Delays.within(Delays.PATIENCE, () -> one.getNumberWaiting() == 1)).isTrue();
        Background<Void> late = Background.run(() -> {
            Thread.currentThread().interrupt();
            one.await();
        });
        assertThatThrownBy(late::get).isInstanceOf(InterruptedException.class);
        assertThatThrownBy(waiter::get).isInstanceOf(BrokenBarrierException.class);
    }

    @Test
    void aClosedHandleIsUsedAgainOrSaysThatItIsClosed() throws Exception {
        two.close();
        two.close();
        try {
            assertThat(two.getParties()).isEqualTo(3); // on a segment, where closing only detaches
        } catch (IllegalStateException e) {
            assertThat(two.toString()).isEqualTo("SharedBarrier[closed]");
            assertThatThrownBy(() -> two.await()).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(two::reset).isInstanceOf(IllegalStateException.class);
        }
        assertThat(one.isBroken()).isEqualTo(false);
    }
}
