package io.cleave.fission;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gathers results into a list. They go to a small array first, which is copied to the large one when it is full: a large
 * array is born old, and to store many new objects in it one by one costs as much as the rest of a cheap item does, for
 * the collector's write barrier.
 */
final class Gathered {
    private static final int SMALL = 4096;

    private final @Nullable Object[] small;
    private int used;
    private @Nullable Object[] all;
    private int size;

    /**
     * Begins an empty one.
     *
     * @param expected how many there will be, or less than 0 where nobody knows
     */
    Gathered(long expected) {
        all = new Object[Math.clamp(expected, 0, Integer.MAX_VALUE)];
        small = new Object[expected < 0 ? SMALL : Math.clamp(expected, 1, SMALL)];
    }

    void add(@Nullable Object result) {
        if (used == small.length) {
            flush();
        }
        small[used++] = result;
    }

    private void flush() {
        int wanted = Math.addExact(size, used);
        if (wanted > all.length) {
            all = Arrays.copyOf(all, Math.clamp(2L * all.length, wanted, Integer.MAX_VALUE - 8));
        }
        System.arraycopy(small, 0, all, size, used);
        size = wanted;
        used = 0;
    }

    /** All of them, unmodifiable; nothing may be added after it. */
    @SuppressWarnings("unchecked")
    <R> List<R> toList() {
        flush();
        @Nullable Object[] exact = size == all.length ? all : Arrays.copyOf(all, size);
        return (List<R>) Collections.unmodifiableList(Arrays.asList(exact));
    }
}
