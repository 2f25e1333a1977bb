package io.cleave.cli;

import picocli.CommandLine.Help.Ansi;

/**
 * How text is dressed for where it goes.
 *
 * @param width columns to fill at most
 * @param colour whether colours and bold letters are understood there
 * @param unicode whether more than ASCII can be shown there
 */
record Style(int width, boolean colour, boolean unicode) {
    /** For pipes, files and tests. */
    static final Style PLAIN = new Style(100, false, false);

    String bold(String text) {
        return dressed("bold", text);
    }

    String faint(String text) {
        return dressed("faint", text);
    }

    String green(String text) {
        return dressed("fg_green", text);
    }

    String yellow(String text) {
        return dressed("fg_yellow", text);
    }

    String red(String text) {
        return dressed("fg_red", text);
    }

    /** The character that lines are drawn with. */
    String rule() {
        return unicode ? "\u2500" : "-";
    }

    /** The picocli setting that agrees with this style. */
    Ansi ansi() {
        return colour ? Ansi.ON : Ansi.OFF;
    }

    /** A text cut to a length, with a mark where something is left out. */
    String shorten(String text, int length) {
        if (text.length() <= length) {
            return text;
        }
        String mark = unicode ? "\u2026" : "...";
        return length <= mark.length() ? text.substring(0, length)
                : text.substring(0, length - mark.length()) + mark;
    }

    private String dressed(String name, String text) {
        return colour ? Ansi.Style.on(Ansi.Style.valueOf(name)) + text + Ansi.Style.off(Ansi.Style.reset) : text;
    }
}
