package io.cleave.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all commands have: their help, where they print, and how they refuse arguments. */
abstract class CleaveCommand implements Callable<Integer> {
    /** The exit code of a command that did what it was asked to do. */
    static final int DONE = 0;
    /** The exit code of a command that could not. */
    static final int FAILED = 1;
    /** The exit code of a command that was not told properly what to do. */
    static final int USAGE = 2;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything else
    private CommandSpec spec;

    @Option(names = {"-h", "--help"}, usageHelp = true, showDefaultValue = Visibility.NEVER,
            description = "Show this help and leave.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    /** The command as it was called. */
    final CommandLine commandLine() {
        return spec.commandLine();
    }

    /** Standard output: results only. */
    final PrintWriter out() {
        return commandLine().getOut();
    }

    /** Standard error: everything that is not the result. */
    final PrintWriter err() {
        return commandLine().getErr();
    }

    /** How this command's text looks on standard output. */
    final Style style() {
        return Main.style(commandLine());
    }

    /** Refuses an argument. */
    final ParameterException usage(String message) {
        return new ParameterException(commandLine(), message);
    }

    /** Refuses a number that is too small. */
    final void atLeast(int least, String option, int value) {
        if (value < least) {
            throw usage(option + " must be at least " + least + ", not " + value);
        }
    }
}
