package io.cleave.cli;

import io.cleave.memory.Cleanup;
import io.cleave.memory.CleanupResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Removes the blocks that killed processes left. */
@Command(name = "cleanup",
        description = "Remove blocks of shared memory that killed processes left behind, and damaged "
                + "ones. A block that somebody uses, and one that is meant to stay, is never touched.")
final class CleanupCommand extends CleaveCommand {
    @Option(names = {"-n", "--dry-run"}, description = "Only say what would be removed.")
    private boolean dryRun;

    @Option(names = {"-v", "--verbose"}, description = "Name every block, the untouched ones too.")
    private boolean verbose;

    @Option(names = {"-q", "--quiet"}, description = "Say nothing but what could not be removed.")
    private boolean quiet;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        if (verbose && quiet) {
            throw usage("--verbose and --quiet exclude each other");
        }
        CleanupResult result = dryRun ? Cleanup.dryRun() : Cleanup.run();
        if (json) {
            out().println(new JsonObject().put("dry_run", dryRun).put("cleaned", result.cleaned())
                    .put("failed", result.failed()).put("skipped", result.skipped()));
        } else if (!quiet) {
            print(result);
        }
        if (!json) {
            result.failed().forEach(name -> err().println("cleave cleanup: could not remove " + name));
        }
        return result.failed().isEmpty() ? DONE : FAILED;
    }

    private void print(CleanupResult result) {
        String verb = dryRun ? "would remove" : "removed";
        result.cleaned().forEach(name -> out().println(verb + " " + name));
        if (verbose) {
            result.skipped().forEach(name -> out().println("left     " + name));
        }
        out().println((dryRun ? "Would remove " : "Removed ") + Units.count(result.cleaned().size(), "block", "blocks")
                + ", left " + Units.count(result.skipped().size()) + " alone"
                + (result.failed().isEmpty() ? "." : ", failed for " + Units.count(result.failed().size()) + "."));
    }
}
