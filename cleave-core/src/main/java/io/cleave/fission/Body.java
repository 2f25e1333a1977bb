package io.cleave.fission;

import io.cleave.pool.Task;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is computed from a slice of the items, in the parent or in a child. */
sealed interface Body permits Body.Itemwise, Body.Forgiving, Body.Slicewise, Reduction {
    /** Where results go, and what decides whether to go on. */
    interface Sink {
        /**
         * An item, or a slice of them, is about to be computed.
         *
         * @param index its place in the window
         * @return false where the worker should leave first
         */
        boolean begin(int index);

        /**
         * A result is there.
         *
         * @param value the result
         */
        void result(@Nullable Object value);

        /**
         * There is no result for the item begun last, and the run goes on.
         *
         * @param thrown why
         */
        void failed(Throwable thrown);
    }

    /**
     * Computes a slice.
     *
     * @param items the window's items
     * @param from the slice's first item
     * @param to the item behind its last
     * @param skip how many results of this slice are known already and must not come again
     * @param sink where results go
     * @return false where the sink said to leave before the slice was done
     * @throws Exception what the user's code threw
     */
    boolean run(@Nullable Object[] items, int from, int to, int skip, Sink sink) throws Exception;

    /** Whether there is exactly one result for each item. */
    boolean isItemwise();

    /** Whether whoever computes keeps what came of it, and sends it only when it leaves or has had it for long. */
    default boolean isKept() {
        return false;
    }

    /** Whether an item that fails, or costs a child its life, is a result like any other. */
    default boolean forgives() {
        return false;
    }

    /** A task for each item. */
    record Itemwise(Task<@Nullable Object, @Nullable Object> task) implements Body {
        @Override
        public boolean run(@Nullable Object[] items, int from, int to, int skip, Sink sink) throws Exception {
            for (int i = from + skip; i < to; i++) {
                if (!sink.begin(i)) {
                    return false;
                }
                sink.result(task.apply(items[i]));
            }
            return true;
        }

        @Override
        public boolean isItemwise() {
            return true;
        }
    }

    /** A task for each item, where a failed item does not fail the others. */
    record Forgiving(Task<@Nullable Object, @Nullable Object> task) implements Body {
        @Override
        public boolean run(@Nullable Object[] items, int from, int to, int skip, Sink sink) {
            for (int i = from + skip; i < to; i++) {
                if (!sink.begin(i)) {
                    return false;
                }
                Object value;
                try {
                    value = task.apply(items[i]);
                } catch (Throwable t) {
                    sink.failed(t);
                    continue;
                }
                sink.result(value);
            }
            return true;
        }

        @Override
        public boolean isItemwise() {
            return true;
        }

        @Override
        public boolean forgives() {
            return true;
        }
    }

    /** A function from a slice to a stream of results, as many as it likes. */
    record Slicewise(Function<List<@Nullable Object>, Stream<@Nullable Object>> body) implements Body {
        @Override
        public boolean run(@Nullable Object[] items, int from, int to, int skip, Sink sink) {
            if (!sink.begin(from)) {
                return false;
            }
            try (OpenSlice slice = open(items, from, to, skip)) {
                boolean isMore = true;
                while (isMore) {
                    isMore = slice.next(sink);
                }
            }
            return true;
        }

        /** Begins a slice whose results are taken one at a time. */
        OpenSlice open(@Nullable Object[] items, int from, int to, int skip) {
            return new OpenSlice(body, items, from, to, skip);
        }

        @Override
        public boolean isItemwise() {
            return false;
        }
    }
}
