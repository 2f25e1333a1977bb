package io.cleave.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What Cleave is to reach in one work, from the table {@code goals.json}: so many times what a rival takes in the same
 * run, or a figure in the unit of the work.
 *
 * @param suite the suite
 * @param work the work's id
 * @param rival the subject to compare with, or null where the limit is a figure
 * @param higher whether more is better
 * @param limit the ratio to the rival, or the figure
 */
record Goal(String suite, String work, @Nullable String rival, boolean higher, double limit) {
    /** The subject that the goals are for. */
    static final String SUBJECT = "cleave";

    /**
     * What became of a goal.
     *
     * @param reached Cleave's ratio to the rival, or its figure
     * @param met whether that is good enough
     */
    record Verdict(double reached, boolean met) {}

    /** The goals of a suite. */
    static List<Goal> of(String suite) {
        return read(table()).stream().filter(goal -> goal.suite.equals(suite)).toList();
    }

    static List<Goal> read(String table) {
        return Json.flatObjects(table).stream().map(Goal::of).toList();
    }

    private static Goal of(Map<String, String> fields) {
        String rival = fields.get("rival");
        String limit = Objects.requireNonNull(fields.get(rival == null ? "value" : "ratio"), "limit");
        return new Goal(Objects.requireNonNull(fields.get("suite"), "suite"),
                Objects.requireNonNull(fields.get("work"), "work"), rival, "higher".equals(fields.get("better")),
                Double.parseDouble(limit));
    }

    private static String table() {
        try (InputStream in = Goal.class.getResourceAsStream("/goals.json")) {
            return new String(Objects.requireNonNull(in, "goals.json").readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Judges a result; empty where the work, Cleave or the rival is not among its rows. */
    Optional<Verdict> judge(List<Row> rows) {
        Optional<Row> own = find(rows, SUBJECT);
        if (rival == null) {
            return own.map(row -> verdict(row.median()));
        }
        Optional<Row> other = find(rows, rival);
        return own.isEmpty() || other.isEmpty() ? Optional.empty()
                : Optional.of(verdict(own.get().median() / other.get().median()));
    }

    private Verdict verdict(double reached) {
        return new Verdict(reached, higher ? reached >= limit : reached <= limit);
    }

    private Optional<Row> find(List<Row> rows, String subject) {
        return rows.stream().filter(row -> row.work().equals(work) && row.subject().equals(subject)).findFirst();
    }

    /** The goal in words, such as {@code "at most 1.5 x bare-fork"}. */
    String text() {
        return (higher ? "at least " : "at most ") + Numbers.text(limit) + (rival == null ? "" : " x " + rival);
    }
}
