package io.cleave.work;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gathers results into a list, page by page. One large array would be born old: to store many new objects in it costs as
 * much as the rest of a cheap item does, for the collector's write barrier; and once nobody wants it, it keeps all of
 * them alive until the old generation is collected. Pages die as young as what is in them.
 */
public final class Gathered {
    private final List<@Nullable Object[]> pages = new ArrayList<>();
    private @Nullable Object[] last;
    private int used;

    /**
     * Begins an empty one.
     *
     * @param expected how many there will be, or less than 0 where nobody knows
     */
    public Gathered(long expected) {
        last = new Object[expected < 0 ? PagedList.PAGE : Math.clamp(expected, 1, PagedList.PAGE)];
    }

    /**
     * Adds a result.
     *
     * @param result the next one
     */
    public void add(@Nullable Object result) {
        if (used == last.length) {
            makeRoom();
        }
        last[used++] = result;
    }

    private void makeRoom() {
        if (used < PagedList.PAGE) {
            last = Arrays.copyOf(last, Math.min(2 * used, PagedList.PAGE));
        } else {
            pages.add(last);
            last = new Object[PagedList.PAGE];
            used = 0;
        }
    }

    /**
     * All of them; nothing may be added after it.
     *
     * @param <R> the type of results
     * @return an unmodifiable list
     */
    @SuppressWarnings("unchecked")
    public <R extends @Nullable Object> List<R> toList() {
        @Nullable Object[] exact = used == last.length ? last : Arrays.copyOf(last, used);
        if (pages.isEmpty()) {
            return (List<R>) Collections.unmodifiableList(Arrays.asList(exact));
        }
        pages.add(exact);
        return new PagedList<>(pages.toArray(Object[][]::new));
    }
}
