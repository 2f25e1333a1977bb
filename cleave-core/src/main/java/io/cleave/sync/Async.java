package io.cleave.sync;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** Waits that keep no platform thread: each is a virtual one that sleeps in {@link Room} like any other. */
final class Async {
    private Async() {
    }

    /**
     * Starts a wait. What it comes to is given back where nobody can take it: where the future was cancelled or completed
     * by somebody else before, and where it is cancelled after, as long as nobody has asked it for its result, or whether
     * it is done. {@code CompletableFuture.anyOf} cannot be noticed: it has to be given a {@code copy()}.
     *
     * @param wait what to wait for; it is interrupted where the future is cancelled or completed by somebody else
     * @param giveBack undoes a wait whose result nobody takes
     */
    static <T> CompletableFuture<T> start(Callable<T> wait, Consumer<T> giveBack) {
        return start(() -> {}, () -> {}, wait, giveBack);
    }

    /**
     * As the other, between two calls: the second follows when the result has been handed over or given back.
     *
     * @param before its exception completes the future, and ends a late cancelling
     */
    static <T> CompletableFuture<T> start(Runnable before, Runnable after, Callable<T> wait, Consumer<T> giveBack) {
        Pending<T> future = new Pending<>(result -> {
            before.run();
            try {
                giveBack.accept(result);
            } finally {
                after.run();
            }
        });
        Thread thread = Thread.ofVirtual().unstarted(() -> {
            try {
                before.run();
                try {
                    T result = wait.call();
                    if (!future.complete(result)) {
                        giveBack.accept(result);
                    }
                } finally {
                    after.run();
                }
            } catch (Throwable t) { // an Error, too: whoever waits for the future has to learn that nobody works on it
                future.completeExceptionally(t);
            }
        });
        var _ = future.whenComplete((_, _) -> {
            if (!Thread.currentThread().equals(thread)) {
                thread.interrupt();
            }
        });
        future.taken.set(Taken.NO);
        thread.start();
        return future;
    }

    /** Whether somebody has asked a future for its result. */
    private enum Taken {
        /** Nobody has. */
        NO,
        /** Somebody has, or has said what is to be done with it. */
        YES,
        /** Nobody had until it was cancelled, and the result has been given back. */
        NEVER
    }

    /**
     * A future whose result has to be given back by whoever gets it. One that is cancelled just when it completes would
     * leave its result to nobody, as who cancels need not look whether that came too late.
     */
    private static final class Pending<T> extends CompletableFuture<T> {
        private final Consumer<T> giveBack;
        private final AtomicReference<Taken> taken = new AtomicReference<>(Taken.YES);

        Pending(Consumer<T> giveBack) {
            this.giveBack = giveBack;
        }

        private T take(T result) {
            if (!taken.compareAndSet(Taken.NO, Taken.YES) && taken.get() == Taken.NEVER) {
                throw new CancellationException();
            }
            return result;
        }

        @Override
        public T get() throws InterruptedException, ExecutionException {
            return take(super.get());
        }

        @Override
        public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
            return take(super.get(timeout, unit));
        }

        @Override
        public T join() {
            return take(super.join());
        }

        @Override
        public T getNow(T valueIfAbsent) {
            return isDone() ? join() : valueIfAbsent;
        }

        @Override
        public T resultNow() {
            return take(super.resultNow());
        }

        /** Whatever depends on this future is made here, and gets the result. */
        @Override
        public <U> CompletableFuture<U> newIncompleteFuture() {
            taken.compareAndSet(Taken.NO, Taken.YES);
            return super.newIncompleteFuture();
        }

        @Override
        public CompletableFuture<T> toCompletableFuture() {
            taken.compareAndSet(Taken.NO, Taken.YES);
            return super.toCompletableFuture();
        }

        @Override
        public CompletionStage<T> minimalCompletionStage() {
            taken.compareAndSet(Taken.NO, Taken.YES);
            return super.minimalCompletionStage();
        }

        /** Whoever has seen that it is done counts on the result. */
        @Override
        public boolean isDone() {
            boolean isDone = super.isDone();
            if (isDone) {
                taken.compareAndSet(Taken.NO, Taken.YES);
            }
            return isDone;
        }

        @Override
        public State state() {
            State state = super.state();
            if (state != State.RUNNING) {
                taken.compareAndSet(Taken.NO, Taken.YES);
            }
            return state;
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            if (super.cancel(mayInterruptIfRunning)) {
                return true;
            }
            if (isCompletedExceptionally() || !taken.compareAndSet(Taken.NO, Taken.NEVER)) {
                return false;
            }
            giveBack.accept(super.join());
            obtrudeException(new CancellationException());
            return true;
        }
    }
}
