package io.cleave.bench;

import java.util.Locale;

/** Figures as people read them. */
final class Numbers {
    private Numbers() {
    }

    /** Three or four significant digits, without an exponent. */
    static String text(double figure) {
        double size = Math.abs(figure);
        if (!Double.isFinite(figure)) {
            return "?";
        }
        if (size != 0 && size < 0.1) {
            return String.format(Locale.ROOT, size < 0.001 ? "%.6f" : "%.4f", figure);
        }
        if (size == Math.rint(size) && size < 1e6) {
            return String.format(Locale.ROOT, "%,d", Math.round(figure));
        }
        return String.format(Locale.ROOT, size < 10 ? "%.2f" : size < 100 ? "%.1f" : "%,.0f", figure);
    }
}
