package io.cleave.pool;

import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.Parcel;
import io.cleave.work.TaskFrames;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.function.Supplier;
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
    /** Threads that wait for the batch, and will complete this when it is done. */
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicBoolean settling = new AtomicBoolean();

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

    /** Called under the crew's lock. Whoever waits completes it; where nobody does, a thread of its own. */
    @Override
    public void changed(Batch ignored) {
        if (batch.isDone()) {
            changed.signalAll();
            if (waiting.get() == 0) {
                crew.afterwards().addApart(this::settle);
            }
        }
    }

    @Override
    public void left(Batch ignored) {
        if (!batch.task.isKept) {
            crew.forget(batch.task);
        }
    }

    @Override
    public boolean isUrgent() {
        return true;
    }

    /** Completes it, once, with what has come of the batch. It is decoded here: by who waits, and by no leader. */
    private void settle() {
        if (!settling.compareAndSet(false, true)) {
            return;
        }
        if (isDone()) { // by somebody else
            batch.discardResults();
            return;
        }
        V value = null;
        Throwable thrown = null;
        try {
            Batch.Reason failure = batch.failure;
            if (failure != null) {
                thrown = failure.thrown();
            } else {
                Object taken = Parcel.open(batch.results.getFirst(), Codec.standard());
                value = task instanceof Callable ? unchecked(taken) : unchecked(result);
            }
        } catch (Throwable t) { // whatever the classes of the result do
            thrown = new IllegalArgumentException("the result of " + Failure.textOf(task)
                    + " cannot be deserialised: " + Failure.reason(t), t);
        }
        finish(value, thrown);
    }

    /** What others have hung on it runs in a thread of its own, as it may wait for the pool, or for what a waiter does next. */
    private void finish(@Nullable V value, @Nullable Throwable thrown) {
        Runnable completion = () -> {
            if (thrown != null) {
                super.completeExceptionally(thrown);
            } else {
                super.complete(unchecked(value));
            }
        };
        if (getNumberOfDependents() > 0) {
            crew.afterwards().startApart(completion);
        } else {
            completion.run();
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // null is a V where the task gave null
    private V unchecked(@Nullable Object value) {
        return (V) value;
    }

    @Override
    public V get() throws InterruptedException, ExecutionException {
        await(Long.MAX_VALUE);
        return super.get();
    }

    @Override
    public V get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        long deadline = System.nanoTime() + Math.min(unit.toNanos(timeout), Long.MAX_VALUE / 2);
        await(deadline);
        return super.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    @Override
    public V join() {
        try {
            await(Long.MAX_VALUE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the rest of the way is for others to drive
        }
        return super.join();
    }

    /**
     * Drives the pool until the result is there, and completes this future. Either who leaves here or {@link #changed} sees
     * that the other does not do so: each writes first what the other reads.
     */
    private void await(long deadlineNanos) throws InterruptedException {
        if (isDone() || Thread.currentThread().isVirtual()) {
            return;
        }
        waiting.incrementAndGet();
        try {
            crew.await(() -> batch.isDone() || isDone(), changed, deadlineNanos);
        } finally {
            waiting.decrementAndGet();
            if (batch.isDone()) {
                settle();
            }
        }
    }

    /** Somebody else than the pool has completed it: whoever waits is to look at once. */
    private boolean wake(boolean isChanged) {
        if (isChanged && waiting.get() > 0) {
            crew.lock().lock();
            try {
                changed.signalAll();
            } finally {
                crew.unlock();
            }
            crew.nudge();
        }
        return isChanged;
    }

    @Override
    public boolean complete(V value) {
        return wake(super.complete(value));
    }

    @Override
    public boolean completeExceptionally(Throwable thrown) {
        return wake(super.completeExceptionally(thrown));
    }

    @Override
    public void obtrudeValue(V value) {
        super.obtrudeValue(value);
        wake(true);
    }

    @Override
    public void obtrudeException(Throwable thrown) {
        super.obtrudeException(thrown);
        wake(true);
    }

    @Override
    public CompletableFuture<V> completeAsync(Supplier<? extends V> supplier, Executor executor) {
        Objects.requireNonNull(supplier, "supplier");
        executor.execute(() -> {
            if (!isDone()) {
                try {
                    complete(supplier.get());
                } catch (Throwable t) {
                    completeExceptionally(new CompletionException(t));
                }
            }
        });
        return this;
    }

    /** Interrupts the task where it runs, and takes it back where it does not. */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = wake(super.cancel(mayInterruptIfRunning));
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
