package io.cleave.pool;

import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.Parcel;
import io.cleave.work.TaskFrames;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/** The result to be of one task that was submitted to a pool of worker JVMs. */
final class PoolFuture<V extends @Nullable Object> extends CompletableFuture<V>
        implements
        RunnableFuture<V>,
        Batch.Owner {
    private final Crew crew;
    private final Object task;
    private final @Nullable V result;
    private final Batch batch;
    private final Condition changed;

    /**
     * A future for a task that is still to be submitted.
     *
     * @param task a Callable or a Runnable
     * @param form how it is sent
     * @param result what a Runnable gives
     */
    PoolFuture(Crew crew, Object task, TaskForm form, @Nullable V result) {
        this.crew = crew;
        this.task = task;
        this.result = result;
        this.changed = crew.newCondition();
        this.batch = new Batch(this, form, 0, 1, null);
        batch.add(null);
    }

    static int formOf(Object task) {
        return task instanceof Callable ? TaskFrames.CALL : TaskFrames.RUN;
    }

    Batch batch() {
        return batch;
    }

    Object task() {
        return task;
    }

    @Override
    public void changed(Batch ignored) {
        if (batch.done) {
            changed.signalAll();
            crew.later(this::settle);
        }
    }

    @Override
    public boolean isUrgent() {
        return true;
    }

    /** Completes it. What others have hung on it runs in a thread of its own, as it may wait for the pool. */
    private void settle() {
        if (getNumberOfDependents() > 0) {
            Crew.runApart(this::complete, crew.name(), "then");
        } else {
            complete();
        }
    }

    private void complete() {
        Object failure = batch.failure;
        if (!batch.task.isKept) {
            crew.forget(batch.task);
        }
        if (failure != null) {
            completeExceptionally(Crew.failureOf(failure));
            return;
        }
        try {
            Object value = Parcel.open(batch.results.getFirst(), Codec.standard());
            complete(task instanceof Callable ? unchecked(value) : unchecked(result));
        } catch (IOException | RuntimeException | LinkageError e) {
            completeExceptionally(
                    new IllegalArgumentException(
                            "the result of " + task + " cannot be deserialised: " + Failure.reason(e), e));
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // null is a V where the task gave null
    private V unchecked(@Nullable Object value) {
        return (V) value;
    }

    @Override
    public V get() throws InterruptedException, ExecutionException {
        if (!isDone() && !Thread.currentThread().isVirtual()) {
            crew.await(() -> batch.done || isDone(), changed, Long.MAX_VALUE);
        }
        return super.get();
    }

    @Override
    public V get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        long deadline = System.nanoTime() + Math.min(unit.toNanos(timeout), Long.MAX_VALUE / 2);
        if (!isDone() && !Thread.currentThread().isVirtual()) {
            crew.await(() -> batch.done || isDone(), changed, deadline);
        }
        return super.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    /** Interrupts the task where it runs, and takes it back where it does not. */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = super.cancel(mayInterruptIfRunning);
        if (cancelled) {
            if (mayInterruptIfRunning) {
                crew.cancel(batch);
            } else {
                crew.recall(batch);
            }
        }
        return cancelled;
    }

    /** Computes the task here, for those who were handed it by {@code shutdownNow}. */
    @Override
    public void run() {
        try {
            Object value = task instanceof Callable<?> callable ? callable.call() : null;
            if (task instanceof Runnable runnable) {
                runnable.run();
            }
            complete(task instanceof Callable ? unchecked(value) : unchecked(result));
        } catch (Throwable t) {
            completeExceptionally(t);
        }
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }
}
