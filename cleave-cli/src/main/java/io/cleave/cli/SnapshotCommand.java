package io.cleave.cli;

import io.cleave.cli.demo.Ledger;
import io.cleave.cli.demo.Saving;
import io.cleave.cli.demo.SnapshotJob;
import io.cleave.fission.Fission;
import io.cleave.fission.Support;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Saves a store in memory while it is written to, and shows how long its writers had to stand still. */
@Command(name = "snapshot", description = {
        "Save a store in the memory of this JVM while other threads write to it: by a forked child, which has the heap as it "
                + "was at the fork; while all writers stand still; and from a copy.",
        "Each saved state is read back and checked. The last way saves what is changing, to show that the check can fail."})
final class SnapshotCommand extends CleaveCommand {
    private static final long MIB = 1L << 20;
    private static final long USUAL_MIB = 2048;
    /** How much of the heap the store may take, so that there is room for its copy. */
    private static final double MOST_OF_HEAP = 0.4;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(names = "--size", paramLabel = "MIB",
            description = "The size of the store in MiB. Default: 2048, or a third of the heap's maximum where that is less.")
    private @Nullable Integer size;

    @Option(names = "--writers", paramLabel = "N", defaultValue = "1",
            description = "How many threads write. Default: ${DEFAULT-VALUE}.")
    private int writers;

    @Option(names = "--directory", paramLabel = "DIR",
            description = "Where to save to; nothing is left there. Default: the directory of temporary files.")
    private @Nullable Path directory;

    @Override
    public Integer call() throws IOException, ExecutionException, InterruptedException {
        atLeast(1, "--writers", writers);
        if (Fission.support() instanceof Support.Unsupported(String reason)) {
            err().println("cleave demo snapshot: this JVM cannot be forked: " + reason);
            return FAILED;
        }
        long most = Runtime.getRuntime().maxMemory();
        long bytes = size == null ? Math.min(USUAL_MIB * MIB, most / 3) : size * MIB;
        atLeast(1, "--size", (int) (bytes / MIB));
        if (bytes > MOST_OF_HEAP * most) {
            throw usage("--size " + bytes / MIB + " is too much for a heap of " + most / MIB
                    + " MiB, which has to hold a copy, too; give it more by CLEAVE_JAVA_OPTS=-Xmx" + bytes * 3 / MIB
                    + "m");
        }
        Path place = directory == null ? Path.of(System.getProperty("java.io.tmpdir")) : directory;
        if (!Files.isDirectory(place)) {
            throw usage("--directory " + place + " is no directory");
        }
        long free = Files.getFileStore(place).getUsableSpace();
        if (free < bytes + bytes / 10) {
            throw usage("--directory " + place + " has room for " + Units.bytes(free) + ", and the store has "
                    + Units.bytes(bytes) + "; choose another, or a smaller --size");
        }
        return run(bytes, place);
    }

    private int run(long bytes, Path place) throws IOException, ExecutionException, InterruptedException {
        Ledger ledger;
        List<SnapshotJob.Outcome> outcomes;
        Progress.eraseOnInterrupt();
        try (Progress _ = Progress.start("saving", -1)) {
            ledger = Ledger.of((int) (bytes / Ledger.ACCOUNT_BYTES));
            outcomes = SnapshotJob.run(ledger, List.of(Saving.values()), writers, place);
        }
        boolean right = outcomes.stream().allMatch(each -> each.consistent() || !each.saving().mustBeConsistent());
        if (json) {
            out().println(json(bytes, ledger.size(), outcomes, right));
        } else {
            text(bytes, ledger.size(), outcomes).forEach(out()::println);
        }
        return right ? DONE : FAILED;
    }

    private JsonObject json(long bytes, int accounts, List<SnapshotJob.Outcome> outcomes, boolean right) {
        JsonObject json = new JsonObject().put("bytes", bytes).put("accounts", accounts).put("writers", writers);
        for (SnapshotJob.Outcome outcome : outcomes) {
            String key = outcome.saving().key();
            json.put(key + "_pause_ms", Units.rounded(outcome.longestPause().toNanos() / 1e6, 3))
                    .put(key + "_s", Units.rounded(Units.seconds(outcome.time()), 3))
                    .put(key + "_transfers_per_s", outcome.perSecond())
                    .put(key + "_consistent", outcome.consistent());
        }
        return json.put("right", right);
    }

    private List<String> text(long bytes, int accounts, List<SnapshotJob.Outcome> outcomes) {
        List<String> lines = new ArrayList<>(Units.wrapped("A store of " + Units.bytes(bytes) + ", "
                + Units.count(accounts) + " accounts; " + Units.count(writers, "thread moves", "threads move")
                + " money between them all the time, so that the sum stays what it is.", style().width()));
        lines.add("");
        Table table = new Table(style()).left("way").right("longest pause of a writer").right("transfers/s")
                .right("time")
                .left("saved state");
        for (SnapshotJob.Outcome outcome : outcomes) {
            table.row(outcome.saving().title(), Units.time(outcome.longestPause()), Units.count(outcome.perSecond()),
                    Units.time(outcome.time()),
                    outcome.saving() == Saving.NONE ? "" : outcome.consistent() ? "consistent"
                            : "mixed from many moments");
        }
        lines.addAll(table.lines());
        lines.add("");
        lines.add(style().bold("Longest pause of a writer")
                + ", each step of the bar ten times as long as the one before:");
        for (SnapshotJob.Outcome outcome : outcomes) {
            lines.add(bar(outcome));
        }
        return lines;
    }

    /** From 10 microseconds on, eight columns for each power of ten. */
    private String bar(SnapshotJob.Outcome outcome) {
        double powers = Math.log10(Math.max(1, outcome.longestPause().toNanos() / 1e4));
        int columns = Math.clamp(Math.round(powers * 8), 1, 56);
        String title = outcome.saving().title();
        return "  " + title + " ".repeat(Math.max(1, 26 - title.length()))
                + (style().unicode() ? "\u2588" : "#").repeat(columns)
                + " " + Units.time(outcome.longestPause());
    }
}
