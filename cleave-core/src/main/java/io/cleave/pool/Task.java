package io.cleave.pool;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What is done to one item. It may throw anything; the caller gets what it threw.
 *
 * @param <T> the item's type
 * @param <R> the result's type
 */
@FunctionalInterface
public interface Task<T extends @Nullable Object, R extends @Nullable Object> extends Serializable {
    /**
     * Computes one result.
     *
     * @param item the item
     * @return its result, which may be null
     * @throws Exception whatever goes wrong; it reaches the caller of the pool
     */
    R apply(T item) throws Exception;
}
