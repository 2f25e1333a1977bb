package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a latch promises. {@code one} and {@code two} are two ways to one that counts from 2. */
abstract class LatchContract {
    SharedCountDownLatch one;
    SharedCountDownLatch two;

    @Test
    void itLetsAllGoAtZero() throws Exception {
        assertThat(one.getCount()).isEqualTo(2);
        Background<Void> platform = Background.run(two::await).staysBlocked();
        Background<Void> virtual = Background.runVirtual(two::await).staysBlocked();
        one.countDown();
        assertThat(two.getCount()).isOne();
        platform.staysBlocked();
        two.countDown();
        platform.get();
        virtual.get();
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
        Background<Void> waiter = Background.run(two::await).staysBlocked();
        waiter.interrupt();
        assertThatThrownBy(waiter::get).isInstanceOf(InterruptedException.class);
    }
}
