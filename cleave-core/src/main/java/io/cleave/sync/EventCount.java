package io.cleave.sync;

import java.util.List;
import java.util.function.Supplier;

/**
 * Where threads wait until something can be done: an eventcount, after the one of D. Reed and R. Kanodia
 * ("Synchronization with Eventcounts and Sequencers", 1979).
 *
 * <h2>Overview</h2>
 *
 * Two words: {@code turn}, on which waiters sleep, and {@code sleepers}, which says whether there may be any. A waiter
 * reads {@code turn}, says in {@code sleepers} that it is about to sleep, tries once more, and sleeps while {@code turn}
 * is the same. Who has changed something that others may wait for looks at {@code sleepers}; where it is not zero it
 * sets it to zero, raises {@code turn} and wakes some.
 *
 * <p>
 * <b>No wake-up is lost.</b> The waiter's word stands before its last try, the change before the look at it: so either
 * the try sees the change or the look sees the word. A waiter whose word another's look has cleared read {@code turn}
 * before that and does not sleep on. Whoever has slept and leaves says once more that there may be sleepers, as those
 * that were not woken sleep on without a word of their own. One that leaves without success may have had a wake-up that
 * was for another, and passes it on. What a process takes with it into death its fellow sleepers make good when they
 * look for themselves, every {@link Patience#SLICE_NANOS}; a word that a dead one has left costs one call for nothing.
 */
final class EventCount {
    private static final long ONE = 1;
    private static final long SEVERAL = 2;

    private final Words words;
    private final SharedCell turn;
    private final long sleepersAt;
    private final Spinner spinner;
    private final Named named;

    /** Something that is tried until it succeeds. */
    interface Attempt<E extends Exception> {
        /** Does it where that can be done now. */
        boolean isDone() throws E, InterruptedException;

        /** Whether it seems worth trying. */
        boolean isPromising();

        /** Whether a sleeper should look for itself, as nobody may be left to wake it. Called from time to time. */
        boolean isSuspicious();

        /** Whether it needs more than what one release brings, so that all have to be woken for it. */
        boolean needsSeveral();
    }

    EventCount(Words words, SharedCell turn, long sleepersAt, Named named) {
        this.words = words;
        this.turn = turn;
        this.sleepersAt = sleepersAt;
        this.named = named;
        this.spinner = new Spinner(turn);
    }

    /** Wakes so many of those that wait, after something has changed. */
    void signal(int count) {
        if (words.get(sleepersAt) != 0) {
            wake(count);
        }
    }

    private void wake(int count) {
        long seen = words.get(sleepersAt);
        while (!words.cas(sleepersAt, seen, 0)) {
            seen = words.get(sleepersAt);
        }
        if (seen != 0) {
            raise();
            turn.wake((seen & SEVERAL) != 0 ? Cell.ALL : count);
        }
    }

    private void raise() {
        long seen;
        do {
            seen = turn.get();
        } while (!turn.cas(seen, seen + 1));
    }

    private void announce(long kind) {
        long seen = words.get(sleepersAt);
        while ((seen & kind) != kind && !words.cas(sleepersAt, seen, seen | kind)) {
            seen = words.get(sleepersAt);
        }
    }

    /**
     * Tries until it succeeds or the time is over.
     *
     * @return whether it succeeded
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    <E extends Exception> boolean await(Attempt<E> attempt, Patience patience) throws InterruptedException, E {
        named.enter();
        try {
            if (attempt.isDone()) {
                return true;
            }
            if (!spinner.await(attempt::isPromising, patience) && patience.isOver()) {
                return attempt.isDone();
            }
            return sleep(attempt, patience);
        } finally {
            named.exit();
        }
    }

    private <E extends Exception> boolean sleep(Attempt<E> attempt, Patience patience) throws InterruptedException, E {
        long kind = attempt.needsSeveral() ? SEVERAL : ONE;
        boolean hasSlept = false;
        boolean isDone = false;
        try {
            while (true) {
                long seen = turn.get();
                announce(kind);
                isDone = attempt.isDone();
                if (isDone || patience.isOver()) {
                    return isDone;
                }
                hasSlept = true;
                boolean _ = turn.sleep(seen, patience, () -> attempt.isPromising() || attempt.isSuspicious());
            }
        } finally {
            if (hasSlept) {
                announce(ONE);
                if (!isDone) {
                    turn.wake(1);
                }
            }
        }
    }

    /** Keeps the handle open until {@link #exit}. */
    void enter() {
        named.enter();
    }

    void exit() {
        named.exit();
    }

    /** What {@code toString()} says. */
    String describe(String type, Supplier<String> text) {
        return named.describe(type, text);
    }

    /** Sends everybody away who waits through this handle, and gives it up. */
    void close() {
        named.close(List.of(turn));
    }
}
