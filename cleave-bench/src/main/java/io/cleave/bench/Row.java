package io.cleave.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One line of a result: what a subject took for a work, over all rounds.
 *
 * @param work the work's id
 * @param subject who did it
 * @param unit the figures' unit
 * @param runs how many rounds were measured
 * @param median the middle one of them
 * @param min the least
 * @param max the most
 */
public record Row(String work, String subject, String unit, int runs, double median, double min, double max) {
    /**
     * Sums up what was measured.
     *
     * @param work the work's id
     * @param subject who did it
     * @param unit the samples' unit
     * @param samples one for each round, at least one
     * @return the line
     */
    public static Row of(String work, String subject, String unit, double[] samples) {
        if (samples.length == 0) {
            throw new IllegalArgumentException(subject + " has no sample of " + work);
        }
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        return new Row(work, subject, unit, sorted.length, median(sorted), sorted[0], sorted[sorted.length - 1]);
    }

    /**
     * The same line under another work's id, for a second goal of one measurement.
     *
     * @param other the id
     * @return the line
     */
    public Row as(String other) {
        return new Row(other, subject, unit, runs, median, min, max);
    }

    private static double median(double[] sorted) {
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    /** The line as the fields of a JSON object. */
    Map<String, @Nullable Object> fields() {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("work", work);
        fields.put("subject", subject);
        fields.put("unit", unit);
        fields.put("runs", runs);
        fields.put("median", Json.rounded(median));
        fields.put("min", Json.rounded(min));
        fields.put("max", Json.rounded(max));
        return fields;
    }
}
