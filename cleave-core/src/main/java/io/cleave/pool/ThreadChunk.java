package io.cleave.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some items of a {@link ThreadRun} that follow each other, and what becomes of them. One thread at a time computes; the
 * consumer takes what is published.
 */
final class ThreadChunk {
    private static final VarHandle READY;

    static {
        try {
            READY = MethodHandles.lookup().findVarHandle(ThreadChunk.class, "ready", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final long first;
    final List<@Nullable Object> items;
    /** At the places of their items; those up to ready are the consumer's. */
    private @Nullable Object[] results = {};
    @SuppressWarnings("UnusedVariable") // by its handle
    private int ready;
    /** How many of the results the consumer has taken. */
    int given;
    /** What the item behind the last result has thrown. Written before it is done. */
    @Nullable Throwable thrown;
    /** Guarded by the run's lock. */
    boolean done;

    ThreadChunk(long first, List<@Nullable Object> items) {
        this.first = first;
        this.items = items;
    }

    /** Its runner begins. */
    void begin() {
        results = new Object[items.size()];
    }

    void publish(int at, @Nullable Object result) {
        results[at] = result;
        READY.setRelease(this, at + 1); // SYNC: chunk-ready
    }

    int ready() {
        return (int) READY.getAcquire(this); // SYNC: chunk-ready
    }

    @Nullable Object take() {
        Object result = results[given];
        results[given] = null; // the consumer may keep it or not
        given++;
        return result;
    }

    /** Whether there is something for the consumer, under the run's lock. */
    boolean hasNews() {
        return done || given < ready();
    }
}
