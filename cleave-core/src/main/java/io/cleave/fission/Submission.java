package io.cleave.fission;

import io.cleave.work.Sneaky;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * The result to be of a task that was submitted. A daemon thread of its own looks after the child, so that neither a task
 * of one nor what somebody hangs on its future holds up another; there are as many of them as children at most, and each
 * costs a hundredth of a fork.
 */
final class Submission<V extends @Nullable Object> extends CompletableFuture<V> {
    private final Snapshot snapshot;
    private final Submissions owner;
    private final Thread thread;
    private final CountDownLatch forked = new CountDownLatch(1);
    private @Nullable Throwable refusal;
    /** Whether the child goes on though nobody wants its result. */
    private volatile boolean goesOn;

    Submission(Callable<V> body, Settings settings, Submissions owner) {
        this.owner = owner;
        this.snapshot = new Snapshot(body, settings);
        this.thread = Thread.ofPlatform().daemon().name("cleave-fission-submission").unstarted(this::run);
    }

    /**
     * Has the child forked. A platform thread forks it itself: in the child it is that thread, and has the locks that it
     * has; a virtual one cannot.
     *
     * @throws io.cleave.os.SystemCallException where the system refuses
     */
    void begin() {
        boolean here = !Thread.currentThread().isVirtual();
        if (here) {
            fork();
        }
        try {
            thread.start();
        } catch (Throwable t) { // there is no memory for its stack
            snapshot.close();
            owner.hasPlace();
            owner.ended(this);
            throw t;
        }
        awaitFork();
        if (refusal != null) {
            throw Sneaky.rethrow(refusal);
        }
        var _ = whenComplete((_, _) -> end());
    }

    /** Gives back what a task would have needed whose child is not forked. */
    void abandon() {
        snapshot.close();
    }

    private void fork() {
        try {
            snapshot.fork();
        } catch (Throwable t) {
            refusal = t;
        }
        forked.countDown();
    }

    private void awaitFork() {
        boolean interrupted = false;
        while (forked.getCount() > 0) {
            try {
                forked.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        if (forked.getCount() > 0) {
            fork();
        }
        Throwable failure = refusal;
        V value = null;
        try {
            while (failure == null && snapshot.step()) {
                snapshot.rest();
            }
            value = failure == null && !snapshot.isKilled() ? unchecked(snapshot.result()) : null;
        } catch (Throwable t) {
            failure = t;
        }
        boolean killed = snapshot.isKilled();
        try {
            snapshot.close();
        } catch (Throwable t) {
            failure = Run.both(failure, t); // of who hears of reports
        }
        owner.hasPlace();
        try {
            if (failure != null) {
                completeExceptionally(failure);
            } else if (killed) {
                completeExceptionally(new CancellationException("the pool was shut down, and its children ended"));
            } else {
                complete(value);
            }
        } finally {
            owner.ended(this);
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // null is a V where the task gave null
    private V unchecked(@Nullable Object value) {
        return (V) value;
    }

    /** Somebody has completed it: the child, or whoever does not want its result any more. */
    private void end() {
        if (!goesOn && !Thread.currentThread().equals(thread)) {
            snapshot.kill();
        }
    }

    void kill() {
        snapshot.kill();
    }

    boolean isLookedAfterBy(Thread candidate) {
        return candidate.equals(thread);
    }

    /** Ends the child, or lets it go on where it shall not be interrupted. */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        goesOn = !mayInterruptIfRunning;
        return super.cancel(mayInterruptIfRunning);
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }
}
