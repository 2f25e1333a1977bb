package io.cleave.owner;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Waiting. */
class PatienceTest {
    private static final int NAPS = 20;
    private static final long NANOS = 2_000_000;

    @Test
    void anInterruptedThreadNapsAsOthersDoAndStaysInterrupted() {
        Thread.currentThread().interrupt();
        long start = System.nanoTime();
        for (int i = 0; i < NAPS; i++) {
            Patience.nap(NANOS);
        }
        long slept = System.nanoTime() - start;
        assertThat(Thread.interrupted()).isTrue();
        assertThat(slept).isGreaterThan(NAPS * NANOS / 2);
    }
}
