package io.cleave.fission;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gathers results into a list. They go to small arrays first and are copied into the large one at the end: a large array
 * is born old, and storing many new objects in it one by one costs several times what the rest of a cheap item does,
 * while G1's refinement cleans the cards that each store dirties.
 */
final class Gathered {
    private static final int PART = 4096;

    private final List<@Nullable Object[]> full = new ArrayList<>();
    private @Nullable Object[] part = new Object[16];
    private int used;

    void add(@Nullable Object result) {
        if (used == part.length) {
            grow();
        }
        part[used++] = result;
    }

    private void grow() {
        if (used < PART) {
            part = Arrays.copyOf(part, Math.min(4 * used, PART));
        } else {
            full.add(part);
            part = new Object[PART];
            used = 0;
        }
    }

    /** All of them, unmodifiable; nothing may be added after it. */
    @SuppressWarnings("unchecked")
    <R> List<R> toList() {
        @Nullable Object[] all = new Object[Math.addExact(full.size() * PART, used)];
        int at = 0;
        for (@Nullable Object[] each : full) {
            System.arraycopy(each, 0, all, at, PART);
            at += PART;
        }
        System.arraycopy(part, 0, all, at, used);
        return (List<R>) Collections.unmodifiableList(Arrays.asList(all));
    }
}
