package io.cleave.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class DelaysTest {

    @Test
    void pollingEndsWithTheConditionOrWithTheTime() {
        AtomicInteger polls = new AtomicInteger();

        assertThat(Delays.within(Delays.PATIENCE, () -> polls.incrementAndGet() == 3)).isTrue();
        assertThat(polls).hasValue(3);
        assertThat(Delays.within(Duration.ofMillis(1), () -> false)).isFalse();
    }

    @Test
    void theScaleOfAChildAppliesToItsDelays() throws InterruptedException {
        try (ChildJvm child = ChildJvm.start(List.of("-Dcleave.test.scale=0.5"), PrintScaledSecond.class)) {
            assertThat(child.awaitLine("a second is ")).isEqualTo("PT0.5S");
            assertThat(child.awaitExit()).isZero();
        }
    }

    static final class PrintScaledSecond {

        public static void main(String[] arguments) {
            System.out.println("a second is " + Delays.scaled(Duration.ofSeconds(1)));
        }
    }
}
