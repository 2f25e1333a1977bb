package io.cleave.cli;

import io.cleave.pool.ProgressListener;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * A bar on standard error that shows how far some work has come, and goes away when it is done. Where standard error is
 * no terminal it draws nothing.
 */
final class Progress implements ProgressListener, AutoCloseable {
    private static final int UPDATE_MILLIS = 100;
    private static final String ERASE_LINE = "\r\u001b[K";

    /** Guards {@link #visible}, and the screen. */
    private static final Object SCREEN = new Object();
    /** Whether there is a bar on the screen's last line. */
    private static boolean visible;
    /** Whether this JVM is about to end, so that no bar may be drawn any more. */
    private static boolean ending;

    private final @Nullable ProgressBar bar;

    private Progress(@Nullable ProgressBar bar) {
        this.bar = bar;
    }

    /** Starts a bar. */
    static Progress start(String title, long total) {
        if (!Terminal.at(Terminal.ERR)) {
            return new Progress(null);
        }
        Style style = Terminal.style(Terminal.ERR);
        var consumer = new DelegatingProgressBarConsumer(Progress::draw, style.width() - 1);
        return new Progress(ProgressBar.builder().setTaskName(title).setInitialMax(total).setStyle(look(style))
                .setUpdateIntervalMillis(UPDATE_MILLIS).setConsumer(consumer).build());
    }

    private static ProgressBarStyle look(Style style) {
        if (!style.unicode()) {
            return ProgressBarStyle.ASCII;
        }
        return style.colour() ? ProgressBarStyle.COLORFUL_UNICODE_BAR : ProgressBarStyle.UNICODE_BLOCK;
    }

    @Override
    public void onProgress(long done, long total) {
        if (bar != null) {
            if (total > 0) {
                bar.maxHint(total);
            }
            bar.stepTo(done);
        }
    }

    /** Removes the bar from the screen. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            erase();
        }
    }

    /** Sees to it that an interrupt in the middle of a bar leaves a clean line. */
    static void eraseOnInterrupt() {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            synchronized (SCREEN) {
                ending = true;
                erase();
            }
        }, "cleave-erase-bar"));
    }

    private static void draw(String line) {
        synchronized (SCREEN) {
            if (!ending) {
                visible = true;
                print("\r" + line);
            }
        }
    }

    private static void erase() {
        synchronized (SCREEN) {
            if (visible) {
                visible = false;
                print(ERASE_LINE);
            }
        }
    }

    private static void print(String text) {
        System.err.print(text);
        System.err.flush();
    }
}
