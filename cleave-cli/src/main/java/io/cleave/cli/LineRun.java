package io.cleave.cli;

import io.cleave.CleaveException;
import io.cleave.WorkerException;
import io.cleave.cli.lines.LinePool;
import io.cleave.cli.lines.LineTask;
import io.cleave.cli.lines.Lines;
import io.cleave.cli.lines.PromptOutput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One way of lines from standard input through a pool to standard output. */
final class LineRun {
    private static final int LONGEST_TEXT = 60;

    private final String title;
    private final Style style;
    /** How many results have come. */
    private long done;

    LineRun(String title, Style style) {
        this.title = title;
        this.style = style;
    }

    /** It could not go on; the message says where and why. */
    static final class FailedException extends Exception {
        private static final long serialVersionUID = 1L;

        FailedException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Computes all lines and prints what comes of them, in their order. A reader who has gone away has seen enough: then
     * it ends without a word.
     */
    void run(StandardStreams streams, Supplier<LinePool> pools, LineTask task) throws IOException, FailedException {
        try (PromptOutput out = PromptOutput.to(streams.out())) {
            FailedException failure = compute(streams, pools, task, out);
            out.flush(); // what came before a failure; and if the output has failed, all else follows from that
            if (failure != null) {
                throw failure;
            }
        } catch (IOException e) {
            if (!streams.isPipe() && !"Broken pipe".equals(e.getMessage())) {
                throw new IOException("cannot write to standard output: " + e.getMessage(), e);
            }
        }
    }

    private @Nullable FailedException compute(StandardStreams streams, Supplier<LinePool> pools, LineTask task,
            PromptOutput out) {
        // A bar is for results that nobody sees: other programs may print theirs on the same terminal.
        boolean isSeen = streams.isPipe() || Terminal.at(Terminal.OUT);
        try (Progress progress = isSeen ? null : Progress.start(title, -1);
                LinePool pool = pools.get();
                Lines lines = Lines.of(streams.in())) {
            try {
                pool.compute(lines, task, result -> accept(result, out, progress));
                return null;
            } catch (Throwable t) {
                return explained(t, lines, pool);
            } finally {
                out.detach();
            }
        }
    }

    private void accept(@Nullable String result, PromptOutput out, @Nullable Progress progress) {
        done++;
        if (result != null) {
            try {
                out.println(result);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        if (progress != null) {
            progress.onProgress(done, -1);
        }
    }

    private FailedException explained(Throwable thrown, Lines lines, LinePool pool) {
        IOException unread = lines.failure();
        if (unread != null) {
            return new FailedException("cannot read standard input: " + unread.getMessage(), unread);
        }
        WorkerException account = account(thrown);
        if (account == null && thrown instanceof CleaveException) {
            return new FailedException(String.valueOf(thrown.getMessage()), thrown); // the pool's own trouble
        }
        boolean isPlaced = account != null && account.index() >= 0;
        long line = isPlaced && account != null ? pool.before() + account.index() + 1 : done + 1;
        String text = account == null ? "" : " \"" + shown(account.item()) + "\"";
        String why = thrown instanceof WorkerException ? String.valueOf(thrown.getMessage()) : thrown.toString();
        return new FailedException("line " + line + text + ": " + why, thrown);
    }

    private String shown(String item) {
        return style.shorten(item.replaceAll("\\p{Cntrl}", " "), LONGEST_TEXT);
    }

    /** The pool's account of an item that failed: the exception itself, or one that came with it. */
    private static @Nullable WorkerException account(Throwable thrown) {
        if (thrown instanceof WorkerException account) {
            return account;
        }
        for (Throwable aside : thrown.getSuppressed()) {
            if (aside instanceof WorkerException account) {
                return account;
            }
        }
        return null;
    }
}
