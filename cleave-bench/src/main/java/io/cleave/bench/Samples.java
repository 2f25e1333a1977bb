package io.cleave.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What some subjects measured, round by round. All take their turn in each round, so that what changes on the machine
 * in the course of a run changes for all of them alike.
 */
public final class Samples {
    private final Map<String, List<double[]>> bySubject = new LinkedHashMap<>();

    private Samples() {
    }

    /**
     * Measures.
     *
     * @param request what the subjects are to do
     * @param subjects who does it, in this order
     * @param warmUps rounds that do not count, before the others
     * @param rounds rounds that count
     * @param progress hears of each round
     * @return what was measured in the rounds that count
     * @throws IOException where a subject fails
     */
    public static Samples take(String request, List<? extends Subject> subjects, int warmUps, int rounds,
            Progress progress) throws IOException {
        Samples samples = new Samples();
        for (int round = -warmUps; round < rounds; round++) {
            for (Subject subject : subjects) {
                double[] measured = subject.measure(request);
                if (round >= 0) {
                    samples.bySubject.computeIfAbsent(subject.name(), name -> new ArrayList<>()).add(measured);
                }
            }
            progress.step();
        }
        return samples;
    }

    /**
     * One subject's figures of all rounds.
     *
     * @param subject its name
     * @param column which of the figures that it gave, from 0
     * @return one figure for each round
     */
    public double[] of(String subject, int column) {
        List<double[]> rounds = Objects.requireNonNull(bySubject.get(subject), subject);
        return rounds.stream().mapToDouble(figures -> figures[column]).toArray();
    }

    /**
     * A row for each subject, of the first figure that each gave.
     *
     * @param work the work's id
     * @param unit the figures' unit
     * @return the rows, in the subjects' order
     */
    public List<Row> rows(String work, String unit) {
        return bySubject.keySet().stream().map(subject -> Row.of(work, subject, unit, of(subject, 0))).toList();
    }

    /**
     * How many times as fast as another each subject was, round by round.
     *
     * @param work the work's id
     * @param base the other
     * @return the rows, in the subjects' order
     */
    public List<Row> speedUps(String work, String base) {
        double[] reference = of(base, 0);
        List<Row> rows = new ArrayList<>();
        for (String subject : bySubject.keySet()) {
            double[] ratios = of(subject, 0);
            for (int round = 0; round < ratios.length; round++) {
                ratios[round] = reference[round] / ratios[round];
            }
            rows.add(Row.of(work, subject, "x", ratios));
        }
        return rows;
    }
}
