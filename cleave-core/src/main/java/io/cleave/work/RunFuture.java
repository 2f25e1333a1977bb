package io.cleave.work;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The results of a run to be; cancelling it ends the run.
 *
 * @param <R> what it gives
 */
public final class RunFuture<R extends @Nullable Object> extends CompletableFuture<R> {
    private final Runnable end;

    /**
     * A future that is not done.
     *
     * @param end ends the run
     */
    public RunFuture(Runnable end) {
        this.end = end;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = super.cancel(mayInterruptIfRunning);
        end.run();
        return cancelled;
    }
}
