package io.cleave.cli.doctor;

import java.util.Locale;
import java.util.OptionalLong;

/** Figures in the words of the diagnosis. */
final class Texts {
    private static final long KIB = 1024;

    private Texts() {
    }

    static String bytes(long value) {
        if (value < 10 * KIB) {
            return value + " B";
        }
        if (value < 10 * KIB * KIB) {
            return value / KIB + " KiB";
        }
        return value < 10 * KIB * KIB * KIB ? value / KIB / KIB + " MiB"
                : String.format(Locale.ROOT, "%.1f GiB", (double) value / KIB / KIB / KIB);
    }

    static String limit(OptionalLong bytes) {
        return bytes.isPresent() ? bytes(bytes.getAsLong()) : "no limit";
    }
}
