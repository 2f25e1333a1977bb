package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.Delays;
import org.junit.jupiter.api.Test;

/** A nap lasts. */
final class NapTest {
    @Test
    void anInterruptDoesNotEndItAndIsKept() {
        long nanos = Delays.SHORT.toNanos();
        long begun = System.nanoTime();
        Thread.currentThread().interrupt();
        Nap.of(nanos);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(nanos);
        Nap.of(0);
        assertThat(Thread.interrupted()).isFalse();
    }
}
