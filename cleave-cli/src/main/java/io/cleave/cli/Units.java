package io.cleave.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Figures as people read them. They do not depend on the locale, so that output can be compared. */
final class Units {
    private static final String[] BYTES = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Units() {
    }

    /** A count with its thousands set apart. */
    static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** A count of things, such as {@code "1 class"} and {@code "2,000 classes"}. */
    static String count(long value, String one, String many) {
        return count(value) + " " + (value == 1 ? one : many);
    }

    /** A size in the largest unit of which there is at least one. */
    static String bytes(long value) {
        double size = value;
        int unit = 0;
        while (Math.abs(size) >= 1024 && unit < BYTES.length - 1) {
            size /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 || size >= 100 ? "%.0f %s" : "%.1f %s", size, BYTES[unit]);
    }

    /** A time in milliseconds, seconds or minutes. */
    static String time(Duration time) {
        double seconds = seconds(time);
        if (seconds < 1) {
            return String.format(Locale.ROOT, "%.1f ms", seconds * 1000);
        }
        return seconds < 100 ? String.format(Locale.ROOT, "%.2f s", seconds)
                : String.format(Locale.ROOT, "%d min %02d s", time.toMinutes(), time.toSecondsPart());
    }

    /** A time as a plain number of seconds. */
    static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }

    /** A number with as many decimals as matter to a program that reads it. */
    static double rounded(double value, int decimals) {
        double scale = Math.pow(10, decimals);
        return Math.round(value * scale) / scale;
    }

    /** A size in MiB, for programs. */
    static double mib(long bytes) {
        return rounded(bytes / (1024.0 * 1024.0), 2);
    }

    /** A text in lines of a width, broken at blanks. */
    static List<String> wrapped(String text, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ", -1)) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
