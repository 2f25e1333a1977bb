package io.cleave.cli;

import java.util.ArrayList;
import java.util.List;

/** An aligned table of texts. Where it is wider than its place the widest left-aligned column gives way. */
final class Table {
    private static final String INDENT = "  ";
    private static final String GAP = "   ";
    private static final int NARROWEST = 12;

    private final Style style;
    private final List<String> titles = new ArrayList<>();
    private final List<Boolean> right = new ArrayList<>();
    private final List<String[]> rows = new ArrayList<>();

    Table(Style style) {
        this.style = style;
    }

    /** Adds a column of words. */
    Table left(String title) {
        titles.add(title);
        right.add(false);
        return this;
    }

    /** Adds a column of figures. */
    Table right(String title) {
        titles.add(title);
        right.add(true);
        return this;
    }

    /** Adds a row, one cell for each column. */
    Table row(String... cells) {
        if (cells.length != titles.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + titles.size() + " columns");
        }
        rows.add(cells.clone());
        return this;
    }

    /** The table's lines: titles where any column has one, a rule, and the rows. */
    List<String> lines() {
        int[] widths = widths();
        List<String> lines = new ArrayList<>();
        if (titles.stream().anyMatch(title -> !title.isEmpty())) {
            lines.add(style.bold(line(titles.toArray(String[]::new), widths)));
            String[] rules = new String[widths.length];
            for (int i = 0; i < rules.length; i++) {
                rules[i] = style.rule().repeat(widths[i]);
            }
            lines.add(style.faint(line(rules, widths)));
        }
        for (String[] row : rows) {
            lines.add(line(row, widths));
        }
        return lines;
    }

    private int[] widths() {
        int[] widths = new int[titles.size()];
        int total = INDENT.length() + GAP.length() * (widths.length - 1);
        int widestLeft = -1;
        for (int i = 0; i < widths.length; i++) {
            widths[i] = titles.get(i).length();
            for (String[] row : rows) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
            total += widths[i];
            if (!right.get(i) && (widestLeft < 0 || widths[i] > widths[widestLeft])) {
                widestLeft = i;
            }
        }
        if (widestLeft >= 0 && total > style.width()) {
            int fitting = Math.max(NARROWEST, widths[widestLeft] - (total - style.width()));
            widths[widestLeft] = Math.min(widths[widestLeft], fitting);
        }
        return widths;
    }

    private String line(String[] cells, int[] widths) {
        StringBuilder line = new StringBuilder(INDENT);
        for (int i = 0; i < cells.length; i++) {
            String cell = style.shorten(cells[i], widths[i]);
            String padding = " ".repeat(widths[i] - cell.length());
            line.append(i == 0 ? "" : GAP).append(right.get(i) ? padding + cell : cell + padding);
        }
        return line.toString().stripTrailing();
    }
}
