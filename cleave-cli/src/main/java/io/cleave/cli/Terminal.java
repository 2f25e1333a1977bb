package io.cleave.cli;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The terminal that this process may have: whether there is one, how wide it is, what it can show. */
final class Terminal {
    /** File descriptor of standard output. */
    static final int OUT = 1;
    /** File descriptor of standard error. */
    static final int ERR = 2;

    private static final int USUAL_WIDTH = 80;
    private static final int NARROWEST = 40;
    private static final int WIDEST = 140;

    private Terminal() {
    }

    /** Whether a file descriptor leads to a terminal that can move its cursor. */
    static boolean at(int fd) {
        return !"dumb".equals(System.getenv("TERM")) && isDevice(target(fd));
    }

    /** Whether a file descriptor leads to another process. */
    static boolean isPipe(int fd) {
        String target = target(fd);
        return target.startsWith("pipe:") || target.startsWith("socket:");
    }

    private static String target(int fd) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
        } catch (IOException | UnsupportedOperationException e) {
            return "";
        }
    }

    /** Whether a path is that of a terminal: a pseudo one, a console or a serial line. */
    static boolean isDevice(String path) {
        return path.startsWith("/dev/pts/") || path.startsWith("/dev/tty") || path.equals("/dev/console");
    }

    /** The style for standard output or standard error. */
    static Style style(int fd) {
        PrintStream stream = fd == OUT ? System.out : System.err;
        boolean unicode = stream.charset().equals(StandardCharsets.UTF_8);
        if (!at(fd)) {
            return new Style(Style.PLAIN.width(), false, unicode);
        }
        String noColour = System.getenv("NO_COLOR");
        return new Style(width(), noColour == null || noColour.isEmpty(), unicode);
    }

    /** The columns of the controlling terminal, within what is pleasant to read. */
    static int width() {
        int columns = columns(System.getenv("COLUMNS"));
        if (columns == 0) {
            columns = columns(ask());
        }
        return columns == 0 ? USUAL_WIDTH : Math.clamp(columns, NARROWEST, WIDEST);
    }

    /** The last number of a text such as {@code "24 80"}, rows and columns; 0 where there is none. */
    static int columns(@Nullable String text) {
        if (text == null) {
            return 0;
        }
        String last = text.strip().replaceFirst(".*\\s", "");
        return last.matches("[0-9]{1,4}") ? Integer.parseInt(last) : 0;
    }

    private static @Nullable String ask() {
        try {
            Process stty = new ProcessBuilder("stty", "size").redirectInput(new File("/dev/tty"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            try (var answer = stty.inputReader(StandardCharsets.US_ASCII)) {
                String line = answer.readLine();
                return stty.waitFor(1, TimeUnit.SECONDS) ? line : null;
            }
        } catch (IOException e) {
            return null; // no stty here, or no terminal
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
