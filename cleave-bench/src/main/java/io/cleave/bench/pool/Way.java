package io.cleave.bench.pool;

import io.cleave.pool.Task;
import java.util.List;

/** A pool of one of the sorts that are measured, as its users use it. */
interface Way extends AutoCloseable {
    /** Has one thing computed, and waits for it. */
    <V> V call(Call<V> call) throws Exception;

    /** Has all results computed, and gives them in order. */
    <T, R> List<R> map(List<T> items, Task<T, R> task) throws Exception;

    @Override
    void close();
}
