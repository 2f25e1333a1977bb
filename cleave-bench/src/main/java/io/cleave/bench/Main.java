package io.cleave.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code bench} command: one subcommand per suite. */
@Command(name = "bench", mixinStandardHelpOptions = true)
public final class Main {

    private Main() {
    }

    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }
}
