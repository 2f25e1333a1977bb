package io.cleave.cli;

import io.cleave.cli.doctor.Check;
import io.cleave.cli.doctor.Diagnosis;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Says what this machine supports, and what to do about what is missing. */
@Command(name = "doctor", description = "Look at what this machine and this JVM support, and say what to do about what "
        + "is missing. Ends with a self-test of forking; exit code 0 if that works.")
final class DoctorCommand extends CleaveCommand {
    private static final int NAME_WIDTH = 26;
    private static final String REMEDY_INDENT = " ".repeat(13);

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(names = "--forks", paramLabel = "N", defaultValue = "50",
            description = "How many forks the self-test makes. Default: ${DEFAULT-VALUE}.")
    private int forks;

    @Override
    public Integer call() {
        atLeast(1, "--forks", forks);
        Diagnosis diagnosis = Diagnosis.make(forks);
        if (json) {
            out().println(json(diagnosis));
        } else {
            print(out(), style(), diagnosis);
        }
        return diagnosis.works() ? DONE : FAILED;
    }

    private static JsonObject json(Diagnosis diagnosis) {
        List<JsonObject> checks = diagnosis.checks().stream()
                .map(check -> new JsonObject().put("group", check.group()).put("name", check.name())
                        .put("status", word(check.status())).put("value", check.value()).put("remedy", check.remedy()))
                .toList();
        return new JsonObject().put("ok", diagnosis.works()).put("checks", checks)
                .put("forks", diagnosis.fork().forks()).put("deadlocks", diagnosis.fork().deadlocks())
                .put("unproven_timeouts", diagnosis.fork().unproven())
                .put("ms_per_fork", Units.rounded(diagnosis.fork().perFork().toNanos() / 1e6, 3));
    }

    static void print(PrintWriter out, Style style, Diagnosis diagnosis) {
        String group = "";
        for (Check check : diagnosis.checks()) {
            if (!check.group().equals(group)) {
                out.println((group.isEmpty() ? "" : System.lineSeparator()) + style.bold(check.group()));
                group = check.group();
            }
            String status = String.format(Locale.ROOT, "%-7s", word(check.status()));
            out.println("  " + coloured(style, check.status(), status) + "  "
                    + String.format(Locale.ROOT, "%-" + NAME_WIDTH + "s", check.name()) + "  " + check.value());
            if (!check.remedy().isEmpty()) {
                Units.wrapped(check.remedy(), style.width() - REMEDY_INDENT.length())
                        .forEach(line -> out.println(REMEDY_INDENT + line));
            }
        }
        out.println();
        out.println(diagnosis.works() ? style.green("Cleave works here.") : style.red("Cleave does not work here."));
    }

    private static String coloured(Style style, Check.Status status, String text) {
        return switch (status) {
            case OK -> style.green(text);
            case WARN -> style.yellow(text);
            case MISSING -> style.red(text);
        };
    }

    private static String word(Check.Status status) {
        return status.name().toLowerCase(Locale.ROOT);
    }
}
