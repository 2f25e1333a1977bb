package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.owner.Cell;
import io.cleave.owner.Patience;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** A condition's words under long random histories, against a plain account of who was told what. */
final class SignalsPropertyTest {
    private static final int HISTORIES = 3_000;
    private static final int STEPS = 60;

    /** A word without a kernel: nobody sleeps here. */
    private static final class PlainCell extends Cell {
        private long word;

        @Override
        public long get() {
            return word;
        }

        @Override
        public boolean cas(long expected, long value) {
            boolean isEqual = word == expected;
            word = isEqual ? value : word;
            return isEqual;
        }

        @Override
        public boolean sleep(long expected, Patience wait, Suspicion suspicion) {
            throw new AssertionError("nobody sleeps");
        }

        @Override
        public void wake(int count) {
            assertThat(count).isPositive();
        }

        @Override
        public void spin() {
            throw new AssertionError("nobody spins");
        }

        @Override
        public int spins() {
            return 0;
        }
    }

    /** One who waits, and how many signals had been sent when it came. */
    private record Waiter(long group, int signalsBefore) {}

    private static final class History {
        final Signals signals = new Signals(new PlainCell(), List.of(new PlainCell(), new PlainCell()),
                List.of(new PlainCell(), new PlainCell()), new PlainCell());
        final Random random;
        final List<Waiter> waiters = new ArrayList<>();
        int sent;
        /** Told to go and not gone: exact while nobody dies or is sent away. */
        int owed;

        History(long seed) {
            random = new Random(seed);
        }

        private Waiter any() {
            return waiters.get(random.nextInt(waiters.size()));
        }

        void step(boolean mayDie) {
            int choice = random.nextInt(waiters.isEmpty() ? 2 : mayDie ? 8 : 6);
            switch (choice) {
                case 0 -> waiters.add(new Waiter(signals.join(), sent));
                case 1 -> signal();
                case 2 -> signalAll();
                case 3, 4 -> go(any());
                case 5 -> leave(any());
                case 6 -> die(any());
                default -> abandon(any());
            }
        }

        private void signal() {
            owed += signals.waiting() > 0 ? 1 : 0;
            signals.signal();
            sent++;
        }

        private void signalAll() {
            owed += (int) signals.waiting();
            signals.signalAll();
            sent++;
            assertThat(signals.waiting()).isZero();
        }

        boolean go(Waiter waiter) {
            boolean isGone = signals.go(waiter.group);
            if (isGone) {
                assertThat(sent).as("signals since it came").isGreaterThan(waiter.signalsBefore);
                waiters.remove(waiter);
                owed--;
            }
            return isGone;
        }

        private void leave(Waiter waiter) {
            boolean wasTold = signals.leave(waiter.group);
            assertThat(wasTold && sent == waiter.signalsBefore).as("told before it came").isFalse();
            waiters.remove(waiter);
            owed -= wasTold ? 1 : 0;
        }

        private void die(Waiter waiter) {
            waiters.remove(waiter);
        }

        private void abandon(Waiter waiter) {
            signals.abandon(waiter.group);
            waiters.remove(waiter);
        }

        void drain() {
            while (waiters.removeIf(waiter -> {
                boolean isGone = signals.go(waiter.group);
                owed -= isGone ? 1 : 0;
                return isGone;
            })) {
                assertThat(waiters).isNotNull();
            }
        }
    }

    @Test
    void exactlyAsManyGoAsWereToldAndNobodyForASignalFromBefore() {
        for (int seed = 0; seed < HISTORIES; seed++) {
            History history = new History(seed);
            for (int i = 0; i < STEPS; i++) {
                history.step(false);
                assertThat(history.owed).as("seed " + seed).isNotNegative();
                assertThat(history.signals.waiting()).as("seed " + seed)
                        .isEqualTo(history.waiters.size() - history.owed);
            }
            history.drain();
            assertThat(history.owed).as("seed " + seed).isZero();
        }
    }

    @Test
    void nobodyWhoLivesIsForgottenHoweverManyHaveDied() {
        for (int seed = 0; seed < HISTORIES; seed++) {
            History history = new History(seed);
            for (int i = 0; i < STEPS; i++) {
                history.step(true);
            }
            history.drain();
            // Each signal lets one of the living go: by itself, or by passing for one that is left alone.
            for (int living = history.waiters.size(); living > 0; living--) {
                history.signals.signal();
                assertThat(history.waiters.removeIf(new OneOf(history))).as("seed " + seed + ", " + living).isTrue();
            }
        }
    }

    /** The first that may go or pass. */
    private static final class OneOf implements Predicate<Waiter> {
        private final History history;
        private boolean isFound;

        OneOf(History history) {
            this.history = history;
        }

        @Override
        public boolean test(Waiter waiter) {
            boolean isFirst = !isFound
                    && (history.signals.go(waiter.group) || history.signals.pass(waiter.group));
            isFound |= isFirst;
            return isFirst;
        }
    }
}
