package io.cleave.cli;

import io.cleave.CleaveException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParseResult;

/** The {@code cleave} command: its subcommands, and how their failures are told. */
@Command(name = "cleave", synopsisSubcommandLabel = "COMMAND",
        description = "Puts every core to work on data that stays where it is: forks the running JVM copy-on-write, "
                + "shares memory between processes.%n",
        commandListHeading = "%nCommands:%n",
        footer = {"", "Every command has --help. Exit codes: 0 done, 1 failed, 2 wrong arguments.",
                "CLEAVE_DIR names the directory of shared blocks where it is not /dev/shm; NO_COLOR is honoured."},
        subcommands = {PmapCommand.class, PfilterCommand.class, DemoCommand.class, DoctorCommand.class,
                ListCommand.class, InspectCommand.class,
                CleanupCommand.class, VersionCommand.class})
public final class Main extends CleaveCommand {
    private final Style style;
    private final StandardStreams streams;

    private Main(Style style, StandardStreams streams) {
        this.style = style;
        this.streams = streams;
    }

    /** Runs the command and leaves with its exit code. */
    public static void main(String[] args) {
        CommandLine line = of(Terminal.style(Terminal.OUT), StandardStreams.ofProcess());
        System.exit(line.execute(args));
    }

    /** The whole command, for a place with a certain style and certain streams. */
    static CommandLine of(Style style, StandardStreams streams) {
        CommandLine line = new CommandLine(new Main(style, streams));
        line.setUsageHelpWidth(Math.max(style.width(), UsageMessageSpec.DEFAULT_USAGE_WIDTH));
        line.setColorScheme(Help.defaultColorScheme(style.ansi()));
        line.setExecutionExceptionHandler(Main::failed);
        return line;
    }

    /** The style that was chosen for the command that a subcommand belongs to. */
    static Style style(CommandLine line) {
        return line.getCommandSpec().root().userObject() instanceof Main main ? main.style : Style.PLAIN;
    }

    /** The streams of the command that a subcommand belongs to. */
    static StandardStreams streams(CommandLine line) {
        return line.getCommandSpec().root().userObject() instanceof Main main ? main.streams
                : StandardStreams.ofProcess();
    }

    /** Without a subcommand there is nothing to do: says what there is. */
    @Override
    public Integer call() {
        commandLine().usage(err());
        return USAGE;
    }

    private static int failed(Exception e, CommandLine line, ParseResult arguments) {
        PrintWriter err = line.getErr();
        err.println(line.getCommandSpec().qualifiedName() + ": " + (e.getMessage() == null ? e : e.getMessage()));
        if (!isExpected(e)) {
            e.printStackTrace(err);
        }
        err.flush();
        return FAILED;
    }

    /** Whether the message says all, so that nobody needs the stack. */
    private static boolean isExpected(Exception e) {
        return e instanceof CleaveException || e instanceof IOException || e instanceof UncheckedIOException
                || e instanceof UnsupportedOperationException;
    }
}
