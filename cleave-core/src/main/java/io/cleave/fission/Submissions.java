package io.cleave.fission;

import io.cleave.fork.Forks;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.work.Values;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The tasks that were submitted to a pool, each in a child of its own. There is no queue: a task that waited in one would
 * find another heap than that of its submission. So whoever submits more than there are places waits for one.
 */
final class Submissions {
    private static final long NO_LIMIT = Long.MAX_VALUE;

    private final Settings settings;
    private final int children;
    private final Semaphore places;
    /** The process that made this; what is live there is not for a child to end or to wait for. */
    private final int process = Unistd.getpid();
    /** Guarded by this. */
    private final Set<Submission<?>> live = new HashSet<>();
    /** Guarded by this. */
    private boolean shut;

    Submissions(Settings settings) {
        this.settings = settings.once();
        this.children = settings.children();
        this.places = new Semaphore(children, true);
    }

    /** Forks a child for a task, when there is a place for it. */
    <V extends @Nullable Object> CompletableFuture<V> submit(Callable<V> task) {
        Objects.requireNonNull(task, "task");
        if (Forks.isChild()) {
            return computeHere(task);
        }
        try {
            return Objects.requireNonNull(submit(task, NO_LIMIT));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RejectedExecutionException("interrupted while waiting for one of " + children
                    + " children to end; nothing was forked", e);
        }
    }

    /** The same; null where there is no place in time. */
    private <V extends @Nullable Object> @Nullable CompletableFuture<V> submit(Callable<V> task, long nanos)
            throws InterruptedException {
        checkOpen();
        boolean isFree = !places.hasQueuedThreads() && places.tryAcquire(); // it would overtake those who wait
        if (!isFree && !places.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
            return null;
        }
        Submission<V> submission = null;
        try {
            checkOpen();
            submission = new Submission<>(task, settings, this);
            add(submission);
        } catch (Throwable t) {
            if (submission != null) {
                submission.abandon();
            }
            places.release();
            throw t;
        }
        try {
            submission.begin();
        } catch (SystemCallException e) {
            throw new RejectedExecutionException("the system refuses to fork: " + e.getMessage(), e);
        }
        return submission;
    }

    private synchronized void add(Submission<?> submission) {
        checkOpen();
        live.add(submission);
    }

    private synchronized void checkOpen() {
        if (shut) {
            throw new RejectedExecutionException("this pool has been shut down");
        }
    }

    /** A child does not fork. */
    private <V extends @Nullable Object> CompletableFuture<V> computeHere(Callable<V> task) {
        CompletableFuture<V> future = new CompletableFuture<>();
        try {
            future.complete(asIfSent(task.call()));
        } catch (Throwable t) {
            future.completeExceptionally(t);
        }
        return future;
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // what a codec makes of a V is one
    private <V extends @Nullable Object> V asIfSent(V value) throws IOException {
        return (V) Values.asIfSent(settings.codec(), value);
    }

    /** A child has ended, and another may take its place. */
    void hasPlace() {
        places.release();
    }

    /** All is over with a submission. */
    synchronized void ended(Submission<?> submission) {
        live.remove(submission);
        notifyAll();
    }

    // As an executor

    void execute(Runnable command) {
        Objects.requireNonNull(command, "command");
        if (command instanceof CompletableFuture.AsynchronousCompletionTask || command instanceof FutureTask) {
            throw new IllegalArgumentException("a future would be completed in the child alone, where nobody sees it;"
                    + " submit(...) returns one that is completed here");
        }
        var _ = submit(() -> {
            command.run();
            return null;
        }).whenComplete((_, thrown) -> {
            if (thrown != null) {
                Thread thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, thrown);
            }
        });
    }

    <V extends @Nullable Object> List<Future<V>> invokeAll(Collection<? extends Callable<V>> tasks, long nanos)
            throws InterruptedException {
        List<Callable<V>> all = List.copyOf(tasks);
        List<Future<V>> futures = new ArrayList<>(all.size());
        long begun = System.nanoTime();
        boolean done = false;
        try {
            for (Callable<V> task : all) {
                futures.add(submitOrCancel(task, left(nanos, begun)));
            }
            done = awaitAll(futures, nanos, begun);
            return futures;
        } finally {
            if (!done) {
                futures.forEach(future -> future.cancel(true));
            }
        }
    }

    /** The future of a task, which is cancelled where there was no place in time. */
    private <V extends @Nullable Object> Future<V> submitOrCancel(Callable<V> task, long nanos)
            throws InterruptedException {
        if (Forks.isChild()) {
            return computeHere(task);
        }
        CompletableFuture<V> future = submit(task, nanos);
        if (future == null) {
            future = new CompletableFuture<>();
            future.cancel(true);
        }
        return future;
    }

    private static long left(long nanos, long begun) {
        return nanos == NO_LIMIT ? nanos : Math.max(0, nanos - (System.nanoTime() - begun));
    }

    private static <V extends @Nullable Object> boolean awaitAll(List<Future<V>> futures, long nanos, long begun)
            throws InterruptedException {
        for (Future<V> future : futures) {
            if (!isDoneIn(future, left(nanos, begun))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isDoneIn(Future<?> future, long nanos) throws InterruptedException {
        try {
            var _ = future.get(nanos, TimeUnit.NANOSECONDS);
            return true;
        } catch (ExecutionException | CancellationException e) {
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    <V extends @Nullable Object> V invokeAny(Collection<? extends Callable<V>> tasks, long nanos)
            throws InterruptedException, ExecutionException, TimeoutException {
        List<Callable<V>> all = List.copyOf(tasks);
        if (all.isEmpty()) {
            throw new IllegalArgumentException("there is no task among those of which any is to be done");
        }
        long begun = System.nanoTime();
        List<Future<V>> futures = new ArrayList<>(all.size());
        BlockingQueue<CompletableFuture<V>> done = new LinkedBlockingQueue<>();
        try {
            CompletableFuture<V> last = null;
            for (int ended = 0; ended < all.size();) {
                boolean mayBegin = futures.size() < all.size() && futures.size() - ended < children;
                last = mayBegin ? done.poll() : done.poll(left(nanos, begun), TimeUnit.NANOSECONDS);
                if (last != null) {
                    ended++;
                    if (!last.isCompletedExceptionally()) {
                        return last.get();
                    }
                } else if (!mayBegin) {
                    throw new TimeoutException("none of " + all.size() + " tasks was done in time");
                } else {
                    begin(all.get(futures.size()), left(nanos, begun), futures, done);
                }
            }
            return Objects.requireNonNull(last).get(); // it throws what its task threw
        } finally {
            futures.forEach(future -> future.cancel(true));
        }
    }

    private <V extends @Nullable Object> void begin(Callable<V> task, long nanos, List<Future<V>> futures,
            BlockingQueue<CompletableFuture<V>> done) throws InterruptedException, TimeoutException {
        CompletableFuture<V> future = Forks.isChild() ? computeHere(task) : submit(task, nanos);
        if (future == null) {
            throw new TimeoutException("there was no place for another child in time");
        }
        futures.add(future);
        var _ = future.whenComplete((_, _) -> done.add(future));
    }

    synchronized void shutdown() {
        shut = true;
        notifyAll();
    }

    /** Ends all children; their futures fail. */
    void shutdownNow() {
        List<Submission<?>> all;
        synchronized (this) {
            shut = true;
            all = isOurs() ? List.copyOf(live) : List.of();
            notifyAll();
        }
        all.forEach(Submission::kill);
    }

    synchronized boolean isShutdown() {
        return shut;
    }

    synchronized boolean isTerminated() {
        return shut && (live.isEmpty() || !isOurs());
    }

    synchronized boolean awaitTermination(long nanos) throws InterruptedException {
        long begun = System.nanoTime();
        while (!isTerminated()) {
            long left = left(nanos, begun);
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, 1_000_000));
        }
        return true;
    }

    /** Takes no more, and waits for what is there; an interrupt ends it. */
    void close() {
        shutdown();
        if (isOwnThread()) {
            return; // it would wait for itself
        }
        boolean interrupted = false;
        while (!isTerminated()) {
            try {
                awaitTermination(NO_LIMIT);
            } catch (InterruptedException e) {
                interrupted = true;
                shutdownNow();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isOurs() {
        return Unistd.getpid() == process;
    }

    private synchronized boolean isOwnThread() {
        return live.stream().anyMatch(submission -> submission.isLookedAfterBy(Thread.currentThread()));
    }
}
