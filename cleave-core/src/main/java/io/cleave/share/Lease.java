package io.cleave.share;

import io.cleave.memory.raw.RawBlock;
import org.jspecify.annotations.Nullable;

/**
 * A value that was read from shared memory, with a definite end: {@link #close} gives the memory back at once rather than
 * when the garbage collector finds that nobody can reach it.
 *
 * <p>
 * After that the views that the value is or holds (segments, buffers, tensors) throw {@link IllegalStateException} when
 * they are accessed. Arrays and all other objects of the value are the reader's own and stay as they are. A lease that is
 * never closed ends when neither it nor any view of its value is reachable. Any thread may use and close it.
 *
 * @param <T> the value's type
 */
public final class Lease<T> implements AutoCloseable {
    private final @Nullable T value;
    /** What the views lie in; null where there are none. */
    private final @Nullable RawBlock block;
    private volatile boolean closed;

    Lease(@Nullable T value, @Nullable RawBlock block) {
        this.value = value;
        this.block = block;
    }

    /**
     * The value.
     *
     * @return the same object each time; null where null was written
     * @throws IllegalStateException where the lease is closed
     */
    public @Nullable T value() {
        if (closed) {
            throw new IllegalStateException("this lease is closed, and with it the memory of its value");
        }
        return value;
    }

    /**
     * Ends the lease. The second and later calls do nothing. Costs about 0.1 ms where the value holds views, for a
     * handshake with every thread of this JVM; nothing otherwise.
     *
     * @throws IllegalStateException where a native call or I/O on a view is under way in another thread; the lease goes on
     *         then, and this method may be called again
     */
    @Override
    public void close() {
        if (block != null) {
            block.close();
        }
        closed = true;
    }

    /**
     * Says whether it is open.
     *
     * @return its state, and the class of its value
     */
    @Override
    public String toString() {
        return "Lease[" + (closed ? "closed" : value == null ? "null" : value.getClass().getTypeName()) + "]";
    }
}
