package io.cleave.cli.demo;

import io.cleave.fission.Fission;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** Saves a ledger in several ways while writers are at work in it, and reads back what each has saved. */
public final class SnapshotJob {
    private static final long WARM_UP_MILLIS = 2_000;
    /** What the writers need to note that they go on. */
    private static final long SETTLING_MILLIS = 100;

    /**
     * What came of one way.
     *
     * @param saving the way
     * @param time until everything was saved
     * @param longestPause of any writer meanwhile
     * @param perSecond transfers in a second meanwhile
     * @param consistent whether what was saved is a state that the ledger has had
     */
    public record Outcome(Saving saving, Duration time, Duration longestPause, long perSecond, boolean consistent) {}

    private SnapshotJob() {
    }

    /**
     * Does it in all ways.
     *
     * @param ledger what to save
     * @param ways in which ways
     * @param writers how many threads write
     * @param directory where to; nothing is left there
     */
    public static List<Outcome> run(Ledger ledger, List<Saving> ways, int writers, Path directory)
            throws IOException, ExecutionException, InterruptedException {
        Ledger.Saved expected = ledger.expected();
        List<Outcome> outcomes = new ArrayList<>();
        Path file = Files.createTempFile(directory, "cleave-ledger", ".bin");
        try (Fission fission = Fission.create(); Writers load = new Writers(ledger, writers)) {
            fission.submit(ledger::size).get(); // the first fork of a JVM loads what the others find
            Thread.sleep(WARM_UP_MILLIS);
            for (Saving way : ways) {
                System.gc(); // nobody inherits the garbage of the one before
                Thread.sleep(SETTLING_MILLIS);
                Files.write(file, new byte[0]); // so that nobody is credited with what the one before has saved
                load.begin();
                long start = System.nanoTime();
                way.save(ledger, file, fission);
                Duration time = Duration.ofNanos(System.nanoTime() - start);
                long perSecond = load.transfers() * 1_000_000_000L / Math.max(1, time.toNanos());
                Thread.sleep(SETTLING_MILLIS);
                Duration pause = load.longestPause();
                boolean consistent = way == Saving.NONE || Ledger.read(file).equals(expected);
                outcomes.add(new Outcome(way, time, pause, perSecond, consistent));
            }
        } finally {
            Files.deleteIfExists(file);
        }
        return outcomes;
    }
}
