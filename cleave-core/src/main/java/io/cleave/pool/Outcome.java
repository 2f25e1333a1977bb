package io.cleave.pool;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What has become of one item: {@link Success}, or {@link Failure}.
 *
 * @param <T> the items' type
 * @param <R> the results' type
 */
public sealed interface Outcome<T extends @Nullable Object, R extends @Nullable Object> {
    /**
     * The item, the object that was given.
     *
     * @return the item
     */
    T item();

    /**
     * The item's place in the input.
     *
     * @return 0 or more
     */
    long index();

    /**
     * The result; throws where there is none.
     *
     * @return the result
     * @throws Exception what the task threw; an {@link Error} is thrown as it is
     */
    R get() throws Exception;

    /**
     * The task has given a result.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param item the item
     * @param index its place in the input, from 0
     * @param value the result
     */
    record Success<T extends @Nullable Object, R extends @Nullable Object>(T item, long index,
            R value) implements Outcome<T, R> {
        @Override
        public R get() {
            return value;
        }
    }

    /**
     * There is no result.
     *
     * @param <T> the items' type
     * @param <R> the results' type
     * @param item the item
     * @param index its place in the input, from 0
     * @param thrown why: what the task threw, of the original type where it can be rebuilt, with a
     *            {@link io.cleave.WorkerException} among its suppressed exceptions; or what became of its worker
     */
    record Failure<T extends @Nullable Object, R extends @Nullable Object>(T item, long index,
            Throwable thrown) implements Outcome<T, R> {
        /** Checks that there is a reason. */
        public Failure {
            Objects.requireNonNull(thrown, "thrown");
        }

        @Override
        public R get() throws Exception {
            if (thrown instanceof Error error) {
                throw error;
            }
            throw thrown instanceof Exception exception ? exception : new Exception(thrown);
        }
    }
}
