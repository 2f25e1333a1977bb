package io.cleave.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A result as text: for each work its rows, how they compare with the rival's, and what became of the goal. */
final class ResultTable {
    private static final List<String> TITLES = List.of("", "median", "min", "max", "rounds", "ratio");

    private final List<Row> rows;
    private final List<Goal> goals;

    ResultTable(List<Row> rows, List<Goal> goals) {
        this.rows = rows;
        this.goals = goals;
    }

    List<String> lines() {
        Map<String, List<Row>> works = new LinkedHashMap<>();
        rows.forEach(row -> works.computeIfAbsent(row.work(), work -> new ArrayList<>()).add(row));
        List<List<String>> cells = new ArrayList<>();
        works.forEach((work, its) -> {
            cells.add(titles(work, its.getFirst().unit()));
            its.forEach(row -> cells.add(cells(row)));
        });
        int[] widths = widths(cells);

        List<String> lines = new ArrayList<>();
        works.forEach((work, its) -> {
            lines.add("");
            lines.add(aligned(titles(work, its.getFirst().unit()), widths));
            its.forEach(row -> lines.add(aligned(cells(row), widths)));
            goals.stream().filter(goal -> goal.work().equals(work)).forEach(goal -> lines.add("  " + verdict(goal)));
        });
        return lines;
    }

    private static List<String> titles(String work, String unit) {
        List<String> titles = new ArrayList<>(TITLES);
        titles.set(0, work + ", " + unit);
        return titles;
    }

    private List<String> cells(Row row) {
        return List.of("  " + row.subject(), Numbers.text(row.median()), Numbers.text(row.min()),
                Numbers.text(row.max()), Integer.toString(row.runs()), ratio(row));
    }

    /** How the row compares with that of the rival, where its work has one. */
    private String ratio(Row row) {
        Optional<Goal> goal = goals.stream().filter(g -> g.work().equals(row.work())).findFirst();
        return goal.flatMap(g -> rows.stream()
                .filter(other -> other.work().equals(row.work()) && other.subject().equals(g.rival())).findFirst())
                .map(rival -> Numbers.text(row.median() / rival.median()) + " x").orElse("");
    }

    private String verdict(Goal goal) {
        return goal.judge(rows)
                .map(verdict -> "goal " + (verdict.met() ? "met" : "MISSED") + ": " + Numbers.text(verdict.reached())
                        + ", wanted " + goal.text())
                .orElse("goal not judged, for want of " + Goal.SUBJECT
                        + (goal.rival() == null ? "" : " or " + goal.rival()));
    }

    private static int[] widths(List<List<String>> cells) {
        int[] widths = new int[TITLES.size()];
        for (List<String> line : cells) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        return widths;
    }

    private static String aligned(List<String> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String padding = " ".repeat(Math.max(0, widths[i] - cells.get(i).length()));
            line.append(i == 0 ? cells.get(i) + padding : "   " + padding + cells.get(i));
        }
        return line.toString().stripTrailing();
    }
}
