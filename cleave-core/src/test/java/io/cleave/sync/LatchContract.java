package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.Background;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a latch that counts from 2 promises. */
abstract class LatchContract extends Contract<SharedCountDownLatch> {
    LatchContract(Place place) {
        super(place, SharedCountDownLatch.BYTES, segment -> SharedCountDownLatch.at(segment, 2),
                name -> SharedCountDownLatch.named(name, 2));
    }

    @Test
    void itLetsAllGoAtZero() throws Exception {
        assertThat(one.getCount()).isEqualTo(2);
        Background<Void> platform = other.run((latch, _) -> latch.await()).staysBlocked();
        Background<Void> virtual = other.runVirtual((latch, _) -> latch.await()).staysBlocked();
        Background<Void> here = Background.run(two::await);
        one.countDown();
        assertThat(other.call((latch, _) -> latch.getCount()).get()).isOne();
        platform.staysBlocked();
        other.run((latch, _) -> latch.countDown()).get();
        platform.get();
        virtual.get();
        here.get();
        one.countDown();
        assertThat(one.getCount()).isZero();
        one.await();
        assertThat(one.await(Duration.ZERO)).isTrue();
        assertThat(one.toString()).contains("0");
    }

    @Test
    void waitsEndInTimeAndByInterrupt() throws Exception {
        assertThat(one.await(1, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(one.await(Duration.ofSeconds(-1))).isFalse();
        assertThat(other.call((latch, _) -> latch.await(Duration.ofMillis(1))).get()).isFalse();
        Background<Void> waiter = other.run((latch, _) -> latch.await()).staysBlocked();
        waiter.interrupt();
        assertThatThrownBy(waiter::get).isInstanceOf(InterruptedException.class);
    }

    @Test
    void whatWasDoneBeforeACountDownIsSeenByWhoeverIsLetGo() throws Exception {
        Background<Long> waiter = other.call((latch, data) -> {
            latch.await();
            return plain(data, 0);
        });
        plain(data, 0, 42);
        one.countDown();
        one.countDown();
        assertThat(waiter.get()).isEqualTo(42);
    }

    @Test
    void aClosedHandleIsUsedAgainOrSaysThatItIsClosed() throws Exception {
        two.close();
        two.close();
        try {
            assertThat(two.getCount()).isEqualTo(2); // on a segment, where closing only detaches
        } catch (IllegalStateException e) {
            assertThat(two.toString()).isEqualTo("SharedCountDownLatch[closed]");
            assertThatThrownBy(two::countDown).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(two::await).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void moreCountDownsThanItCountsDoNothing() throws Exception {
        for (int i = 0; i < 10; i++) {
            Background<Void> there = other.run((latch, _) -> latch.countDown());
            one.countDown();
            there.get();
        }
        assertThat(one.getCount()).isZero();
        assertThat(one.await(Duration.ZERO)).isTrue();
    }
}
