package io.cleave.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code cleave} command: its subcommands and its exit code. */
@Command(name = "cleave", mixinStandardHelpOptions = true, version = "cleave 0.1.0-SNAPSHOT", subcommands = Main.Version.class)
public final class Main {

    private Main() {
    }

    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Command(name = "version", description = "Print the version of Cleave and of the Java that runs it.")
    static final class Version implements Runnable {

        @Override
        public void run() {
            System.out.println("cleave 0.1.0-SNAPSHOT, Java " + Runtime.version());
        }
    }
}
