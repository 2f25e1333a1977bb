package io.cleave.cli;

import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code cleave} command: its subcommands and its exit code. */
@Command(name = "cleave", mixinStandardHelpOptions = true, subcommands = Main.Version.class)
public final class Main {

    private Main() {
    }

    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Command(name = "version", description = "Print the versions of Cleave and of the Java that runs it.")
    static final class Version implements Runnable {

        @Override
        public void run() {
            String version = Objects.requireNonNullElse(Main.class.getPackage().getImplementationVersion(), "(unpacked)");
            System.out.println("cleave " + version + ", Java " + Runtime.version());
        }
    }
}
