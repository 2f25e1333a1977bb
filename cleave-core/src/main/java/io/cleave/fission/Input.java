package io.cleave.fission;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The items that have been taken from the source and not yet been given to anybody, and the way to more of them. */
final class Input implements AutoCloseable {
    private static final int FIRST_PULL = 1;
    private static final int MOST_PULL = 64;
    private static final int FIRST_WINDOW = 64;
    private static final int MOST_PULLED = 1 << 16;
    /** How long items of an iterator are gathered for a window, once there is one. */
    private static final long GATHER_NANOS = 10_000_000;
    /** How long to wait for the next item at a time: whoever waits has other things to look after. */
    private static final long PATIENCE_NANOS = 2_000_000;
    private static final long SHORT_PATIENCE_NANOS = 200_000;
    /** How much work, in each worker's time, a window of an iterator should hold. */
    private static final long WINDOW_NANOS = 200_000_000;

    private final Source source;
    private final int workers;
    private @Nullable Object[] items = new Object[0];
    private int position;
    private long given;
    private int pull = FIRST_PULL;
    private int windows;
    private boolean stopped;
    private boolean over;
    /** When the items for the next window began to be gathered; meaningful where {@link #gathering}. */
    private long gatheredSince;
    private boolean gathering;

    Input(Source source, int workers) {
        this.source = source;
        this.workers = workers;
    }

    /** Gets at the items, which runs code of the caller's; to be called before all else, and often. */
    void open() {
        source.open();
    }

    /**
     * The items at hand, taken from the source where there were none; empty where none is there yet, or at the end, which
     * {@link #isExhausted} tells apart.
     */
    @Nullable Object[] pending() {
        if (position == items.length && !isExhausted()) {
            @Nullable Object[] more = source.take(pull, 1, PATIENCE_NANOS);
            if (more.length > 0) {
                pull = Math.min(2 * pull, MOST_PULL);
                items = more;
                position = 0;
            }
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

    /** How many items have been given away so far. */
    long given() {
        return given;
    }

    /** Items still to come, or -1 where nobody knows. */
    long remaining() {
        long total = source.total();
        return total < 0 ? -1 : total - given;
    }

    long total() {
        return source.total();
    }

    /** Whether all items have been given away, as far as is known. */
    boolean isExhausted() {
        over = over || source.isOver();
        return stopped || (over && position == items.length);
    }

    /** Gives no more. */
    void stop() {
        stopped = true;
        position = items.length;
    }

    /**
     * The next window for children, or null at the end and where there are not enough items for one yet.
     *
     * @param nanosPerItem what an item takes, 0 where nobody knows
     * @param patient whether there is nothing else to do than to wait for items
     */
    @Nullable Window nextWindow(double nanosPerItem, boolean patient) {
        if (isExhausted()) {
            return null;
        }
        @Nullable Object[] rest = Arrays.copyOfRange(items, position, items.length);
        double wanted = nanosPerItem > 0 ? WINDOW_NANOS * (double) workers / nanosPerItem
                : (double) FIRST_WINDOW * workers * (1L << Math.min(windows, 20));
        int most = (int) Math.clamp(wanted, 4.0 * workers, MOST_PULLED);
        if (rest.length < most && !over) {
            @Nullable Object[] more = gather(most - rest.length, rest.length > 0, patient);
            if (gathering) {
                return null;
            }
            int had = rest.length;
            rest = Arrays.copyOf(rest, had + more.length);
            System.arraycopy(more, 0, rest, had, more.length);
        }
        items = new Object[0];
        position = 0;
        if (rest.length == 0) {
            return null;
        }
        windows++;
        Window window = new Window(rest, given, workers);
        given += rest.length;
        return window;
    }

    /** Takes as many items as are wanted, or those that a while has brought; goes on {@link #gathering} where none are taken. */
    private @Nullable Object[] gather(int count, boolean hasSome, boolean patient) {
        long now = System.nanoTime();
        if (!gathering) {
            gathering = true;
            gatheredSince = now;
        }
        boolean late = now - gatheredSince > GATHER_NANOS;
        @Nullable Object[] more = source.take(count, late ? 1 : count,
                late && hasSome ? 0 : patient ? PATIENCE_NANOS : SHORT_PATIENCE_NANOS);
        gathering = more.length == 0 && !source.isOver() && !(late && hasSome);
        return more;
    }

    /** Does something while no code of the caller's iterator runs, if that can be had in a moment. */
    void between(Runnable action) {
        source.between(action);
    }

    /** Ends the reading of an iterator; waits for nothing. */
    @Override
    public void close() {
        source.close();
    }
}
