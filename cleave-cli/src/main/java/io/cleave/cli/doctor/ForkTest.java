package io.cleave.cli.doctor;

import io.cleave.fission.Fission;
import io.cleave.fission.FissionReport;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * What a number of forks came to, one after the other while the compiler is busy, each with one tiny item.
 *
 * @param forks how many children were forked
 * @param deadlocks how many of them provably could not go on, and were replaced
 * @param unproven how many seemed so where the proof was out of reach
 * @param perFork the time from one fork's beginning to its result, on average
 * @param failure what went wrong in the end, empty where every result was right
 */
public record ForkTest(long forks, long deadlocks, long unproven, Duration perFork, String failure) {

    /** A test that was not made, as this JVM cannot be forked. */
    static final ForkTest NONE = new ForkTest(0, 0, 0, Duration.ZERO, "");

    /**
     * Forks.
     *
     * @param rounds how many results to wait for
     */
    static ForkTest run(int rounds) {
        long forks = 0;
        long deadlocks = 0;
        long unproven = 0;
        String failure = "";
        long start = System.nanoTime();
        CompilerLoad load = CompilerLoad.start();
        try (Fission fission = Fission.builder().children(1).warmUp(0).build()) {
            for (int round = 0; round < rounds && failure.isEmpty(); round++) {
                failure = verdict(round, fission.map(List.of(round), item -> item * item + 1));
                FissionReport report = fission.lastReport();
                forks += report.forks();
                deadlocks += report.provenDeadlocks();
                unproven += report.unprovenTimeouts();
            }
        } catch (RuntimeException e) {
            failure = e.toString();
        } finally {
            load.stop();
        }
        Duration time = Duration.ofNanos(System.nanoTime() - start);
        return new ForkTest(forks, deadlocks, unproven, forks == 0 ? Duration.ZERO : time.dividedBy(forks), failure);
    }

    private static String verdict(int round, List<Integer> results) {
        int expected = round * round + 1;
        return results.equals(List.of(expected)) ? "" : "round " + round + " gave " + results + ", not " + expected;
    }

    /** The test as a line of the diagnosis. */
    Check check() {
        String value = forks + " forks, " + deadlocks + " proven deadlocks, " + unproven + " without proof, "
                + String.format(Locale.ROOT, "%.1f ms", perFork.toNanos() / 1e6) + " each";
        if (!failure.isEmpty()) {
            return Check.missing("fork", "self-test", value + ": " + failure,
                    "this is a defect: please report it with the output of `cleave doctor --json`");
        }
        return Check.of(unproven == 0, Check.Status.WARN, "fork", "self-test", value,
                "make /proc/PID/syscall readable, so that a hung child is recognised by proof");
    }
}
