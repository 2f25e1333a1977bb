package io.cleave.share;

import io.cleave.AllocationException;
import org.jspecify.annotations.Nullable;

/**
 * A value for many processes: written to shared memory once, loaded by each process once.
 *
 * <pre>{@code
 * try (SharedData<Model> model = SharedData.of(trained)) {
 *     send(model.name());
 *     ...
 * }
 * Model model = SharedData.load(name, Model.class);      // in the others, as often as it is needed
 * }</pre>
 *
 * <p>
 * {@link #load} gives the same object each time, as long as anybody in the process can reach it or a part of it that leads
 * to it; afterwards it is loaded anew. All threads of the process share that object, so it must not be changed.
 *
 * <p>
 * The value lives as any that {@link Share#write} writes: until {@link #close}, or until the process that wrote it and all
 * that have loaded views of it are done. All methods may be called by any thread at any time.
 *
 * @param <T> the value's type
 */
@SuppressWarnings("UnusedTypeParameter") // it says in signatures what load() gives
public final class SharedData<T> implements AutoCloseable {
    private static final LoadedValues LOADED = new LoadedValues();

    private final String name;
    private final long byteSize;

    private SharedData(String name, long byteSize) {
        this.name = name;
        this.byteSize = byteSize;
    }

    /**
     * Writes a value to shared memory, whatever its size.
     *
     * @param value any value, or null; it must not change while it is written
     * @param <T> its type
     * @return a handle, to be closed
     * @throws AllocationException where there is not that much shared memory
     * @throws IllegalArgumentException where it cannot be encoded
     */
    public static <T> SharedData<T> of(@Nullable T value) {
        WriteOptions options = WriteOptions.defaults().withThreshold(0);
        ImageWriter writer = ImageWriter.of(value, options.codec());
        return new SharedData<>(Store.current().write(writer, options).text(), writer.byteSize());
    }

    /**
     * The name by which others load the value.
     *
     * @return a token, as {@link Share#write} returns it
     */
    public String name() {
        return name;
    }

    /**
     * What the encoded value takes in shared memory.
     *
     * @return bytes
     */
    public long byteSize() {
        return byteSize;
    }

    /**
     * The value of a name, loaded if it is not. Where the value is an array, a segment, a buffer or a tensor, it can be had
     * as several types, as {@link Share#read} says: one object for each of them.
     *
     * <p>
     * One thread decodes it while the others wait; no lock is held, so that what is decoded may load other values.
     *
     * @param name what {@link #name} returned, here or in another process
     * @param type the value's type, or one of its supertypes
     * @param <T> the type
     * @return the value, the same object for all callers of this process; null where null was written
     * @throws io.cleave.TokenException where it is no name
     * @throws io.cleave.BlockNotFoundException where the value is not there any more, and not loaded either
     * @throws io.cleave.IncompatibleBlockException where the block is damaged or another user's
     * @throws IllegalArgumentException where the value is not of that type
     */
    public static <T> @Nullable T load(String name, Class<T> type) {
        return LOADED.get(name, type);
    }

    /**
     * Forgets what this process has loaded: it is loaded anew when it is asked for. Values that somebody holds stay valid.
     */
    public static void clearCache() {
        LOADED.clear();
    }

    /** Frees the value: nobody can load it from now on who has not. The second and later calls do nothing. */
    @Override
    public void close() {
        Share.free(name);
    }

    /**
     * Says which value it is.
     *
     * @return name and size
     */
    @Override
    public String toString() {
        return "SharedData[" + name + ", " + byteSize + " bytes]";
    }
}
