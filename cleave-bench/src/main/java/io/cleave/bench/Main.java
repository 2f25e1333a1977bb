package io.cleave.bench;

import io.cleave.bench.example.Examples;
import io.cleave.bench.fission.FissionSuite;
import io.cleave.bench.live.LiveSuite;
import io.cleave.bench.objects.ObjectsSuite;
import io.cleave.bench.pool.PoolSuite;
import io.cleave.bench.share.ShareSuite;
import io.cleave.bench.soundness.ForkSoundness;
import io.cleave.bench.spark.SparkSuite;
import io.cleave.bench.sync.OrderingCheck;
import io.cleave.bench.sync.SyncSuite;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code bench} command: the suites that measure, and the long-running checks. */
@Command(name = "bench", synopsisSubcommandLabel = "COMMAND",
        description = "Measures Cleave beside its rivals, and checks for long what must never fail.%n",
        commandListHeading = "%nCommands:%n",
        footer = {"", "Results go to standard output, everything else to standard error.",
                "Exit codes: 0 done, 1 failed or a check found something, 2 wrong arguments.",
                "Options for the JVMs, such as a collector, go in CLEAVE_JAVA_OPTS."},
        subcommands = {FissionSuite.class, SyncSuite.class, ShareSuite.class, PoolSuite.class, ObjectsSuite.class,
                LiveSuite.class, SparkSuite.class, ForkSoundness.class, OrderingCheck.class, Fuzz.class, Torture.class,
                Examples.class})
public final class Main implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything else
    private CommandSpec spec;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help and leave.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    private Main() {
    }

    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command?");
    }
}
