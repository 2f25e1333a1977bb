package io.cleave.fission;

import io.cleave.CleaveException;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The results of one slice in the generator form, one at a time; some of them may be known already. */
final class OpenSlice implements AutoCloseable {
    private final Stream<@Nullable Object> results;
    private final Iterator<@Nullable Object> each;
    private int skip;

    /**
     * Calls the body.
     *
     * @param body gives the slice's results
     * @param items the items
     * @param from the slice's first item
     * @param to the item behind its last
     * @param skip how many results must not come again
     */
    OpenSlice(Function<List<@Nullable Object>, Stream<@Nullable Object>> body, @Nullable Object[] items, int from,
            int to,
            int skip) {
        List<@Nullable Object> slice = Collections.unmodifiableList(Arrays.asList(items).subList(from, to));
        Stream<@Nullable Object> given = body.apply(slice);
        if (given == null) {
            throw new CleaveException("the body returned null for a slice of " + slice.size()
                    + " items; return an empty stream where there are no results");
        }
        this.results = given;
        this.each = iteratorOf(given);
        this.skip = skip;
    }

    private static Iterator<@Nullable Object> iteratorOf(Stream<@Nullable Object> results) {
        try {
            return results.iterator();
        } catch (IllegalStateException e) {
            results.close();
            throw new CleaveException("the body returned a stream that has been used or closed already;"
                    + " return a fresh stream, or collect what was read into a list and return its stream", e);
        }
    }

    /** Gives the next result to a sink, unless it is known; false where there is none. */
    boolean next(Body.Sink sink) {
        if (!each.hasNext()) {
            return false;
        }
        @Nullable Object value = each.next();
        if (skip > 0) {
            skip--;
        } else {
            sink.result(value);
        }
        return true;
    }

    @Override
    public void close() {
        results.close();
    }
}
