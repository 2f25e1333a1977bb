package io.cleave.testing;

/**
 * Whether tests that play one thing in many ways play all of them, which takes hours, or those that take minutes: a run
 * with {@code -Dcleave.test.exhaustive=true} does.
 */
public final class Exhaustive {
    public static final boolean IS_ON = Boolean.getBoolean("cleave.test.exhaustive");

    /** The option by which another JVM of the run is told. */
    public static final String OPTION = "-Dcleave.test.exhaustive=" + IS_ON;

    private Exhaustive() {
    }
}
