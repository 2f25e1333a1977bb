package io.cleave.work;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The results of a run to be. Whoever completes it ends the run: it may be cancelled, or have a time-out of its own. The run
 * has ended when {@link #cancel} returns, and soon after whatever else completes this future, which need not wait for that.
 *
 * @param <R> what it gives
 */
public final class RunFuture<R extends @Nullable Object> extends CompletableFuture<R> {
    private static final Executor APART = Apart.named("cleave-run-end");

    private final Runnable end;
    /** Whether the run has come to its own end. Written before this is completed with what came of it. */
    private volatile boolean isOver;
    /** Whether whoever cancels this ends the run. */
    private volatile boolean isCancelling;

    /**
     * A future that is not done.
     *
     * @param end ends the run, and does nothing where it has ended
     */
    public RunFuture(Runnable end) {
        this.end = end;
        var _ = whenComplete((results, thrown) -> endApart());
    }

    private void endApart() {
        if (!isOver && !isCancelling) {
            try {
                APART.execute(end);
            } catch (Error e) { // there is no thread for it
                end.run();
            }
        }
    }

    /**
     * Takes the results in a thread of its own. Where there is none, the run is ended, and the future says why.
     *
     * @param thread how to make it
     * @param results gives them
     * @return this
     */
    public RunFuture<R> fill(Thread.Builder thread, Callable<R> results) {
        try {
            thread.start(() -> {
                try {
                    give(results.call());
                } catch (Throwable t) {
                    fail(t);
                }
            });
        } catch (Error e) {
            completeExceptionally(e); // which ends the run
        }
        return this;
    }

    /** The run has ended with results. */
    private void give(R results) {
        isOver = true;
        complete(results);
    }

    /** The run has ended without. */
    private void fail(Throwable why) {
        isOver = true;
        completeExceptionally(why);
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        isCancelling = true;
        boolean isCancelled = super.cancel(mayInterruptIfRunning);
        if (!isOver) {
            end.run();
        }
        return isCancelled;
    }
}
