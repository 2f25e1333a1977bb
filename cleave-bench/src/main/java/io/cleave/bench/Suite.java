package io.cleave.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A command that measures some works and prints the result: a table, or one JSON object. Whatever else there is to say
 * goes to standard error.
 */
public abstract class Suite implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything else
    private CommandSpec spec;

    @Option(names = "--quick", description = "Fewer rounds: less than four minutes.")
    private boolean quick;

    @Option(names = "--json", description = "Print one JSON object instead of a table.")
    private boolean json;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help and leave.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    private final List<String> skipped = new ArrayList<>();
    private final Progress progress = new Progress(System.err);

    /** Makes the command. */
    protected Suite() {
    }

    /**
     * Measures all works of the suite.
     *
     * @return the rows, those of one work together
     * @throws IOException where a subject fails
     */
    protected abstract List<Row> measure() throws IOException;

    /**
     * The number of rounds to take.
     *
     * @param quickly with --quick
     * @param fully otherwise
     * @return the one that holds
     */
    protected final int rounds(int quickly, int fully) {
        return quick ? quickly : fully;
    }

    /**
     * Where to say what is being done.
     *
     * @return standard error, with manners
     */
    protected final Progress progress() {
        return progress;
    }

    /**
     * A subject cannot be measured here; the result will say so.
     *
     * @param subject which
     * @param reason why
     */
    protected final void skip(String subject, String reason) {
        skipped.add(subject + ": " + reason);
        progress.note("Without " + subject + ": " + reason + ".");
    }

    /**
     * The user asks for what cannot be.
     *
     * @param text what, and what could be
     * @return to be thrown
     */
    protected final ParameterException wrong(String text) {
        return new ParameterException(spec.commandLine(), text);
    }

    @Override
    public Integer call() throws IOException {
        Map<String, @Nullable Object> machine = Machine.fields();
        String where = Machine.text();
        List<Row> rows;
        try {
            rows = measure();
        } finally {
            progress.end();
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.text(object(machine, rows)));
        } else {
            out.println(spec.name() + (quick ? ", quick" : "") + ": " + where);
            new ResultTable(rows, Goal.of(spec.name())).lines().forEach(out::println);
            skipped.forEach(text -> out.println("skipped " + text));
        }
        out.flush();
        return 0;
    }

    private Map<String, @Nullable Object> object(Map<String, @Nullable Object> machine, List<Row> rows) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("suite", spec.name());
        object.put("quick", quick);
        object.put("machine", machine);
        object.put("rows", rows.stream().map(Row::fields).toList());
        if (!skipped.isEmpty()) {
            object.put("skipped", skipped);
        }
        return object;
    }
}
