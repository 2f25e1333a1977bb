package io.cleave.bench.memory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What the processes of one directory tell each other and their supervisor, in a plain file that is mapped. All numbers
 * are longs; what a worker has written survives its death.
 *
 * <pre>
 *   0  counters, one for each Counter
 * 128  busy: for each worker 1 + the name that it may have a handle on, 0 for none
 * 256  done: for each worker the steps since it was started
 * </pre>
 */
final class Board implements AutoCloseable {
    static final int WORKERS = 4;
    static final int NAMES = 6;

    private static final long BUSY_AT = 128;
    private static final long DONE_AT = 256;
    private static final long BYTES = 384;
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    /** What is counted. */
    enum Counter {
        /** Steps begun. */
        STEPS(0),
        /** How many steps there are to be. */
        STEP_LIMIT(1),
        /** The last number given to a block. */
        STAMPS(2),
        /** Blocks made by create. */
        CREATES(3),
        /** Blocks attached to by open and openOrCreate. */
        OPENS(4),
        /** Attachments to what should not have been there, or not like that. */
        WRONG_ATTACHES(5),
        /** Names that vanished while somebody was attached. */
        LIVE_REMOVED(6),
        /** Everything else that went wrong. */
        ERRORS(7),
        /** Orphans that stayed although blocks were made again and again. */
        UNSWEPT(8),
        /** Blocks that even the clean-up left. */
        LEAKED(9);

        private final long at;

        Counter(int index) {
            at = 8L * index;
        }
    }

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;

    private Board(FileChannel file) throws IOException {
        memory = file.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, arena);
    }

    /** The board in a file, which is made where there is none. */
    static Board in(Path path) throws IOException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            return new Board(file);
        }
    }

    long countVolatile(Counter counter) {
        return (long) LONG.getVolatile(memory, counter.at);
    }

    void countVolatile(Counter counter, long value) {
        LONG.setVolatile(memory, counter.at, value);
    }

    /** Adds one and returns the sum. */
    long incrementVolatile(Counter counter) {
        return (long) LONG.getAndAdd(memory, counter.at, 1L) + 1;
    }

    void busyVolatile(int worker, int name) {
        LONG.setVolatile(memory, BUSY_AT + 8L * worker, name + 1L);
    }

    void idleVolatile(int worker) {
        LONG.setVolatile(memory, BUSY_AT + 8L * worker, 0L);
    }

    /** Whether a worker other than this one may have a handle on a name. */
    boolean isInUseByOthersVolatile(int name, int me) {
        for (int worker = 0; worker < WORKERS; worker++) {
            if (worker != me && (long) LONG.getVolatile(memory, BUSY_AT + 8L * worker) == name + 1L) {
                return true;
            }
        }
        return false;
    }

    long doneVolatile(int worker) {
        return (long) LONG.getVolatile(memory, DONE_AT + 8L * worker);
    }

    void doneVolatile(int worker, long steps) {
        LONG.setVolatile(memory, DONE_AT + 8L * worker, steps);
    }

    @Override
    public void close() {
        arena.close();
    }
}
