package io.cleave.work;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The results of a run to be. Whoever completes it ends the run: it may be cancelled, or have a time-out of its own.
 *
 * @param <R> what it gives
 */
public final class RunFuture<R extends @Nullable Object> extends CompletableFuture<R> {
    /**
     * A future that is not done.
     *
     * @param end ends the run, and does nothing where it has ended; it should not wait for long
     */
    public RunFuture(Runnable end) {
        var _ = whenComplete((results, thrown) -> end.run());
    }
}
