package io.cleave.pool;

import java.io.Serializable;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What is begun for one item and done later. It may throw anything, or complete with it; the caller gets that.
 *
 * @param <T> the item's type
 * @param <R> the result's type
 */
@FunctionalInterface
public interface AsyncTask<T extends @Nullable Object, R extends @Nullable Object> extends Serializable {
    /**
     * Begins to compute one result. It is called in a virtual thread, so it may also wait and return what is done.
     *
     * @param item the item
     * @return the result to be
     * @throws Exception whatever goes wrong
     */
    CompletionStage<R> apply(T item) throws Exception;
}
