package io.cleave.pool;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Carries what a worker prints to where it is wanted, line by line, and remembers the end of it. */
final class OutputPump {
    /** How much of the end is remembered. */
    private static final int TAIL_BYTES = 4096;
    /** A longer line is passed on in pieces. */
    private static final int MOST_LINE_BYTES = 64 << 10;

    private final InputStream from;
    private final WorkerOutput output;
    private final boolean isError;
    private final Thread thread;
    private byte[] line = new byte[256];
    private int length;
    /** Guarded by this. */
    private byte[] tail = new byte[0];

    OutputPump(InputStream from, WorkerOutput output, boolean isError, String name) {
        this.from = from;
        this.output = output;
        this.isError = isError;
        thread = Thread.ofPlatform().daemon().name(name).stackSize(128 << 10).start(this::pump);
    }

    private void pump() {
        byte[] buffer = new byte[4096];
        try (from) {
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                remember(buffer, n);
                for (int i = 0; i < n; i++) {
                    add(buffer[i]);
                }
            }
        } catch (IOException e) {
            // the worker is gone, and what it had to say is said
        }
        if (length > 0) {
            emit();
        }
    }

    private synchronized void remember(byte[] bytes, int count) {
        int kept = Math.min(tail.length, Math.max(0, TAIL_BYTES - count));
        byte[] longer = Arrays.copyOfRange(tail, tail.length - kept, tail.length + count);
        System.arraycopy(bytes, 0, longer, kept, count);
        tail = longer;
    }

    private void add(byte b) {
        if (b == '\n') {
            emit();
            return;
        }
        if (length == line.length) {
            line = Arrays.copyOf(line, 2 * length);
        }
        line[length++] = b;
        if (length == MOST_LINE_BYTES) {
            emit();
        }
    }

    private void emit() {
        String text = new String(line, 0, length, StandardCharsets.UTF_8);
        length = 0;
        try {
            pass(text);
        } catch (RuntimeException | Error e) { // of a stream or logger of the program's own: the next line may fare better
            Debug.log(() -> thread.getName() + ": " + e);
        }
    }

    private void pass(String text) {
        switch (output) {
            case STREAMS -> stream().println(text);
            case LOGGER -> Log.LOGGER.log(isError ? System.Logger.Level.WARNING : System.Logger.Level.INFO, text);
            case DISCARD -> {
            }
        }
    }

    private PrintStream stream() {
        return isError ? System.err : System.out; // whatever they are now
    }

    /** Loaded where it is chosen. */
    private static final class Log {
        static final System.Logger LOGGER = System.getLogger("io.cleave.pool.worker");

        private Log() {
        }
    }

    /** The end of what was printed. */
    synchronized String tail() {
        return new String(tail, StandardCharsets.UTF_8).strip();
    }

    /** Waits for the end of the output, which somebody else may have inherited and keep open. */
    boolean awaitEnd(long millis) throws InterruptedException {
        thread.join(millis);
        return !thread.isAlive();
    }

    /** Does not wait for an end that may never come. */
    void abandon() {
        thread.interrupt();
        try {
            from.close();
        } catch (IOException e) {
            // it is not wanted any more
        }
    }
}
