package io.cleave.fission;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The items that have been taken from the source and not yet been given to anybody, and the way to more of them. */
final class Input {
    private static final int FIRST_PULL = 1;
    private static final int FIRST_WINDOW = 64;
    private static final int MOST_PULLED = 1 << 16;
    private static final long PULL_NANOS = 10_000_000;
    /** How much work, in each worker's time, a window of an iterator should hold. */
    private static final long WINDOW_NANOS = 200_000_000;

    private final Source source;
    private final int workers;
    private @Nullable Object[] items = new Object[0];
    private int position;
    private long given;
    private int pull = FIRST_PULL;
    private int windows;
    private boolean exhausted;

    Input(Source source, int workers) {
        this.source = source;
        this.workers = workers;
    }

    /** The items at hand, taken from the source where there were none; empty at the end. */
    @Nullable Object[] pending() {
        if (position == items.length && !exhausted) {
            items = source.take(pull, PULL_NANOS);
            pull = Math.min(2 * pull, 64);
            position = 0;
            exhausted = items.length == 0;
        }
        return position == items.length ? new Object[0] : items;
    }

    /** Where in {@link #pending} the next item is. */
    int position() {
        return position;
    }

    /** The place in the whole input of the first of {@link #pending}. */
    long place() {
        return given - position;
    }

    /** So many items of {@link #pending} are done with. */
    void advance(int count) {
        position += count;
        given += count;
    }

    /** Items still to come, or -1 where nobody knows. */
    long remaining() {
        long total = source.total();
        return total < 0 ? -1 : total - given;
    }

    long total() {
        return source.total();
    }

    boolean isExhausted() {
        return exhausted || (position == items.length && source.total() >= 0 && source.total() == given);
    }

    /** Gives no more. */
    void stop() {
        exhausted = true;
        position = items.length;
    }

    /**
     * The next window for children, or null at the end.
     *
     * @param nanosPerItem what an item takes, 0 where nobody knows
     */
    @Nullable Window nextWindow(double nanosPerItem) {
        @Nullable Object[] rest = Arrays.copyOfRange(items, position, items.length);
        if (!exhausted) {
            double wanted = nanosPerItem > 0 ? WINDOW_NANOS * (double) workers / nanosPerItem
                    : (double) FIRST_WINDOW * workers * (1L << Math.min(windows, 20));
            windows++;
            int most = (int) Math.clamp(wanted, 4.0 * workers, MOST_PULLED);
            if (rest.length < most) {
                @Nullable Object[] more = source.take(most - rest.length, PULL_NANOS);
                exhausted = more.length == 0;
                int had = rest.length;
                rest = Arrays.copyOf(rest, had + more.length);
                System.arraycopy(more, 0, rest, had, more.length);
            }
        }
        items = new Object[0];
        position = 0;
        if (rest.length == 0) {
            return null;
        }
        Window window = new Window(rest, given, workers);
        given += rest.length;
        return window;
    }
}
