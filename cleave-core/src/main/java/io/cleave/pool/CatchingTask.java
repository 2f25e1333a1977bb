package io.cleave.pool;

import io.cleave.os.Unistd;
import io.cleave.work.Caught;
import org.jspecify.annotations.Nullable;

/**
 * A task that gives what it throws as its result.
 *
 * @param task the task
 */
record CatchingTask<T extends @Nullable Object>(Task<? super T, ?> task) implements Task<T, @Nullable Object> {
    private static final long serialVersionUID = 1L;

    @Override
    public @Nullable Object apply(T item) {
        try {
            return task.apply(item);
        } catch (Throwable t) {
            return Caught.of(t, "process " + Unistd.getpid() + ", thread " + Thread.currentThread().getName());
        }
    }
}
