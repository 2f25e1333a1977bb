package io.cleave.os;

import java.io.FileInputStream;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The mappings of this process ({@code /proc/self/maps}), read as bytes, which costs little in a JVM that has just been started. */
final class ProcessMaps {
    /** What follows the addresses of a line at least: permissions, offset, device, number of the file. */
    private static final int SHORTEST_REST = 20;

    private ProcessMaps() {
    }

    /** Whether two addresses lie in mappings of one file. Lines are as in {@code 7f00-7f10 r-xp 0 08:01 99 /a/b}. */
    static boolean isSameFile(long one, long other) throws IOException {
        byte[] maps = read();
        byte @Nullable [] ofOne = null;
        byte @Nullable [] ofOther = null;
        for (int line = 0; line < maps.length && (ofOne == null || ofOther == null);) {
            int dash = indexOf(maps, '-', line);
            int space = indexOf(maps, ' ', dash);
            int end = indexOf(maps, '\n', space + SHORTEST_REST);
            long from = number(maps, line, dash);
            long to = number(maps, dash + 1, space);
            if (one >= from && one < to) {
                ofOne = path(maps, space, end);
            }
            if (other >= from && other < to) {
                ofOther = path(maps, space, end);
            }
            line = end + 1;
        }
        return ofOne != null && ofOne.length > 0 && Arrays.equals(ofOne, ofOther);
    }

    private static byte[] read() throws IOException {
        try (FileInputStream file = new FileInputStream("/proc/self/maps")) {
            return file.readAllBytes();
        }
    }

    /** What begins with a slash, or nothing. */
    private static byte[] path(byte[] maps, int from, int end) {
        return Arrays.copyOfRange(maps, Math.min(indexOf(maps, '/', from), end), end);
    }

    /** Where a character is, or the end. */
    private static int indexOf(byte[] text, char wanted, int from) {
        int at = Math.min(from, text.length);
        while (at < text.length && text[at] != wanted) {
            at++;
        }
        return at;
    }

    private static long number(byte[] text, int from, int end) {
        long number = 0;
        for (int i = from; i < end; i++) {
            number = number << 4 | (text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
        }
        return number;
    }
}
