package io.cleave.share;

import io.cleave.memory.raw.Proof;
import io.cleave.os.Unistd;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A thread with a stack for values that nest deeply: encoding and decoding go as deep as a value does, and the stack of
 * whoever calls may be small, or nearly used up. The stack takes address space, and of memory only what is touched.
 */
final class DeepStack {
    /** What a level may take at most, of which {@link #MOST_LEVELS} must find room. */
    private static final long BYTES_OF_A_LEVEL = 8 << 10;
    /** How deep a value may nest. */
    static final int MOST_LEVELS = 128 << 10;
    private static final long STACK_BYTES = MOST_LEVELS * BYTES_OF_A_LEVEL;

    private DeepStack() {
    }

    /** Work whose result is a value, or that is refused. */
    @FunctionalInterface
    interface Work<T extends @Nullable Object> {
        T run() throws IOException;
    }

    /** Whether there can be such a thread: a forked child has the one that forked, and no more. */
    static boolean isThere() {
        return !Unistd.isForkedChild();
    }

    /**
     * Does work in a thread of its own, with the caller's class loader and in the midst of what the caller is at, and
     * waits for it, interrupted or not.
     *
     * @throws IOException what the work throws, as all other exceptions are thrown as they are; or where there is no room
     *         for such a stack
     * @throws StackOverflowError where even this stack is too small
     */
    static <T extends @Nullable Object> T run(Work<T> work) throws IOException {
        Outcome<T> outcome = new Outcome<>();
        boolean isProof = Proof.isUnderWay();
        boolean isLoading = LoadedValues.isDecoding();
        Thread thread = new Thread(null, () -> {
            if (isProof) {
                Proof.begin();
            }
            if (isLoading) {
                LoadedValues.beginDecoding();
            }
            outcome.fill(work);
        }, "cleave-deep", STACK_BYTES);
        thread.setDaemon(true);
        thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            throw new IOException("the value nests deeply, and there is no thread with a stack of " + STACK_BYTES
                    + " bytes of address space for it; allow more of it (ulimit -v, vm.overcommit_memory), or send its "
                    + "parts in a list or an array instead of a chain", e);
        }
        boolean isInterrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                isInterrupted = true; // what has been begun cannot be left half done
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
        return outcome.get();
    }

    /** What came of it; the end of the thread publishes it. */
    private static final class Outcome<T extends @Nullable Object> {
        private @Nullable T value;
        private @Nullable Throwable thrown;

        void fill(Work<T> work) {
            try {
                value = work.run();
            } catch (IOException | RuntimeException | Error e) {
                thrown = e;
            }
        }

        @SuppressWarnings("NullAway") // null where the work gave null
        T get() throws IOException {
            if (thrown instanceof IOException e) {
                throw e;
            } else if (thrown instanceof RuntimeException e) {
                throw e;
            } else if (thrown instanceof Error e) {
                throw e;
            }
            return value;
        }
    }
}
