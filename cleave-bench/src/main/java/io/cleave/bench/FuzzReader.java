package io.cleave.bench;

import io.cleave.CleaveException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * A JVM that reads items that were changed at random, one after the other, each by numbers of its own, so that any of them
 * can be read again. Its heap is small, so that what is allocated because of a wrong number would not fit.
 */
public abstract class FuzzReader {
    /** The limit of its heap: many times what the largest item takes. */
    static final int HEAP_MIB = 96;

    /** The exit code where an item could not even be made, which is nothing to be counted. */
    static final int NOT_BEGUN = 3;

    private static final int MOST_UNTYPED_SHOWN = 5;
    private static final int MOST_FRAMES_SHOWN = 14;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private final Path directory = Path.of(Objects.requireNonNull(System.getenv("CLEAVE_DIR")));
    private FuzzBoard board;
    private long item;

    /** Something that may throw. */
    public interface Attempt {
        /**
         * Reads what may be damaged.
         *
         * @throws Exception which should be a {@link CleaveException}
         */
        void run() throws Exception;
    }

    /** A reader before its beginning. */
    @SuppressWarnings("NullAway.Init") // the board is opened before anything else
    protected FuzzReader() {
    }

    /**
     * Where the blocks are.
     *
     * @return what {@code CLEAVE_DIR} says
     */
    protected final Path directory() {
        return directory;
    }

    /**
     * Makes what is going to be changed.
     *
     * @throws Exception where it cannot
     */
    protected abstract void prepare() throws Exception;

    /**
     * Changes something, and reads it by {@link #attempt}.
     *
     * @param number of the item
     * @param random the item's own
     * @throws Exception where it could not even be made
     */
    protected abstract void read(long number, SplittableRandom random) throws Exception;

    /**
     * Reads all items.
     *
     * @param reader what reads
     * @param arguments the seed, and the number behind that of the last item; the first is on the board
     */
    protected static void run(FuzzReader reader, String[] arguments) {
        try {
            reader.readAll(Long.parseLong(arguments[0]), Long.parseLong(arguments[1]));
        } catch (Exception e) {
            e.printStackTrace();
            System.exit(NOT_BEGUN);
        }
    }

    private void readAll(long seed, long end) throws Exception {
        board = FuzzBoard.open(directory);
        prepare();
        for (item = board.get(FuzzBoard.NEXT); item < end; item++) {
            board.set(FuzzBoard.NEXT, item);
            read(item, new SplittableRandom(seed ^ (item * GOLDEN)));
        }
        board.set(FuzzBoard.NEXT, end);
    }

    /**
     * Reads something, and counts what comes of it.
     *
     * @param attempt what to do
     */
    protected final void attempt(Attempt attempt) {
        try {
            attempt.run();
            count(FuzzBoard.READABLE);
        } catch (CleaveException e) {
            count(FuzzBoard.TYPED);
        } catch (Throwable t) {
            count(FuzzBoard.UNTYPED);
            if (board.get(FuzzBoard.UNTYPED) <= MOST_UNTYPED_SHOWN) {
                System.err.println("item " + item + ": " + t);
                Arrays.stream(t.getStackTrace()).limit(MOST_FRAMES_SHOWN)
                        .forEach(frame -> System.err.println("  at " + frame));
            }
        }
    }

    private synchronized void count(int field) {
        board.increment(field);
    }
}
