package io.cleave.testing;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The lengths of time that tests wait. On a slow or busy machine all grow by one factor: the system property
 * {@code cleave.test.scale}, or else the environment variable {@code CLEAVE_TEST_SCALE}.
 */
public final class Delays {

    private static final double SCALE = scale();

    /** Usually enough for another thread or process to get going; a test must also pass when it was not. */
    public static final Duration SHORT = scaled(Duration.ofMillis(50));

    /** How long what a test has closed may take to disappear. */
    public static final Duration GRACE = scaled(Duration.ofSeconds(2));

    /** How long to wait for what must happen: longer means that it never will. */
    public static final Duration PATIENCE = scaled(Duration.ofSeconds(90));

    /** Between the first looks at a condition and later ones, which is what waiting costs where much is asked of others. */
    private static final Duration FIRST_POLL = Duration.ofNanos(50_000);
    private static final Duration LONGEST_POLL = Duration.ofMillis(5);

    private Delays() {
    }

    /** This duration on the machine at hand. */
    public static Duration scaled(Duration duration) {
        return Duration.ofNanos((long) (duration.toNanos() * SCALE));
    }

    /** Sleeps; an interrupt ends it early and stays set. */
    public static void pause(Duration duration) {
        LockSupport.parkNanos(duration.toNanos());
    }

    /** Polls until the condition holds, and says whether it did before the time was over or an interrupt came. */
    public static boolean within(Duration bound, BooleanSupplier condition) {
        long deadline = System.nanoTime() + bound.toNanos();
        Duration poll = FIRST_POLL;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline >= 0 || Thread.currentThread().isInterrupted()) {
                return condition.getAsBoolean();
            }
            pause(poll);
            poll = poll.compareTo(LONGEST_POLL) < 0 ? poll.multipliedBy(2) : poll;
        }
        return true;
    }

    private static double scale() {
        String fromEnvironment = Objects.requireNonNullElse(System.getenv("CLEAVE_TEST_SCALE"), "1");
        return Double.parseDouble(System.getProperty("cleave.test.scale", fromEnvironment));
    }
}
