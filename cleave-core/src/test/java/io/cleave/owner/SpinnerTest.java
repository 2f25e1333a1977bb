package io.cleave.owner;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

final class SpinnerTest {
    private final AtomicInteger looks = new AtomicInteger();
    private final Spinner spinner = new Spinner(cell(1));

    /** A cell that says how much looking is worth, and can do nothing else. */
    private static Cell cell(int spins) {
        return new Cell() {
            @Override
            public long get() {
                throw new UnsupportedOperationException();
            }

            @Override
            public boolean cas(long expected, long value) {
                throw new UnsupportedOperationException();
            }

            @Override
            public boolean sleep(long expected, Patience wait, Suspicion suspicion) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void wake(int count) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void spin() {
                throw new UnsupportedOperationException();
            }

            @Override
            public int spins() {
                return spins;
            }
        };
    }

    private BooleanSupplier thereAt(int look) {
        looks.set(0);
        return () -> looks.incrementAndGet() >= look;
    }

    private boolean miss() {
        return spinner.await(thereAt(Integer.MAX_VALUE), Patience.FOREVER);
    }

    @Test
    void whatIsThereIsSeenAtTheFirstLook() {
        assertThat(spinner.await(thereAt(1), Patience.TRY)).isTrue();
        assertThat(looks).hasValue(1);
    }

    @Test
    void whatComesSoonIsSeen() {
        assertThat(spinner.await(thereAt(5), Patience.FOREVER)).isTrue();
        assertThat(looks).hasValue(5);
    }

    @Test
    void whatDoesNotComeIsGivenUp() {
        assertThat(miss()).isFalse();
        assertThat(looks.get()).isGreaterThan(1);
    }

    @Test
    void whoOnlyTriesLooksOnce() {
        assertThat(spinner.await(thereAt(2), Patience.TRY)).isFalse();
        assertThat(spinner.await(thereAt(2), Patience.of(-1))).isFalse();
        assertThat(looks).hasValue(1);
    }

    @Test
    void whereNobodyElseRunsMeanwhileOneLookIsTaken() {
        assertThat(new Spinner(cell(0)).await(thereAt(2), Patience.FOREVER)).isFalse();
        assertThat(looks).hasValue(1);
    }

    @Test
    void whatHasNotPaidIsGivenLessTimeButTriedAgainNowAndThen() {
        long longest = 0;
        int trials = 0;
        for (int i = 1; i <= 4 * Spinner.TRIAL; i++) {
            assertThat(miss()).isFalse();
            if (spinner.allowance() == Spinner.MOST_NANOS) {
                trials++;
            } else {
                longest = spinner.allowance();
            }
        }
        assertThat(trials).isEqualTo(4);
        assertThat(longest).isEqualTo(Spinner.LEAST_NANOS);
    }

    @Test
    void whatPaysAgainIsGivenMoreTime() {
        for (int i = 0; i < 2 * Spinner.TRIAL; i++) {
            assertThat(miss()).isFalse();
        }
        for (int i = 1; i <= 3; i++) {
            assertThat(spinner.await(thereAt(2), Patience.FOREVER)).isTrue();
            assertThat(spinner.allowance()).isEqualTo(Spinner.LEAST_NANOS << i);
        }
    }

    @Test
    void aGlanceIsShortAndCountsWhereItHasPaid() {
        assertThat(spinner.glance(thereAt(5))).isTrue();
        assertThat(spinner.glance(thereAt(Integer.MAX_VALUE))).isFalse();
        assertThat(looks.get()).isBetween(6, 1000);
        for (int i = 0; i < 30; i++) {
            boolean _ = miss();
        }
        assertThat(spinner.allowance()).isLessThan(Spinner.MOST_NANOS);
        for (int i = 0; i < 30; i++) {
            assertThat(spinner.glance(thereAt(1))).isTrue();
        }
        assertThat(spinner.allowance()).isEqualTo(Spinner.MOST_NANOS);
    }
}
