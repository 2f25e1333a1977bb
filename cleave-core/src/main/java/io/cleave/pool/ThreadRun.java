package io.cleave.pool;

import io.cleave.work.Failure;
import io.cleave.work.Sneaky;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One call of a pool of threads: the way from items to results.
 *
 * <p>
 * Runners take chunks of items from the source, one runner at a time, and compute them; the consumer takes the results.
 * A runner that finds too much work ahead of the consumer ends, and the consumer starts another when it has taken some:
 * so a pausing consumer holds no thread, and an iterator that makes its caller wait delays no result that is there. A
 * consumer whose runners get no thread, because all of the pool's wait for something themselves, computes chunks on its
 * own, so that a pool can be used within its own tasks.
 */
final class ThreadRun<T extends @Nullable Object, R extends @Nullable Object>
        extends
            Spliterators.AbstractSpliterator<R> {
    /** How long a chunk of cheap items should take. */
    private static final double CHUNK_NANOS = 200_000;
    private static final int MOST_IN_CHUNK = 1024;
    /** Portions ahead of the consumer, for each thread; where items go one by one, eighths of them. */
    private static final int AHEAD = 2;
    /** How long a consumer waits for its runners to get a thread. */
    private static final long HUNGER_NANOS = 50_000_000;

    private final Iterable<? extends T> items;
    private final Task<? super T, ? extends R> task;
    private final ExecutorService threads;
    private final int parallelism;
    private final boolean chunked;
    private final boolean ordered;
    private final boolean failFast;
    private final Consumer<ThreadRun<?, ?>> onEnd;

    /** Held while items are taken, which may take long. */
    private final ReentrantLock source = new ReentrantLock();
    /** Made by the first runner. Guarded by source. */
    private @Nullable Iterator<? extends T> iterator;
    /** Items taken so far. Guarded by source. */
    private long taken;

    private final ReentrantLock lock = new ReentrantLock();
    /** A chunk is done, or the run has ended. */
    private final Condition changed = lock.newCondition();
    /** Chunks whose results have not been consumed, in the order of their items. Guarded by lock. */
    private final Deque<Chunk> ahead = new ArrayDeque<>();
    /** Chunks that are being taken from the source. Guarded by lock. */
    private int reserved;
    /** Guarded by lock. */
    private final Set<Runner> runners = new HashSet<>();
    /** Runners that are to run or run. Guarded by lock. */
    private int runnerCount;
    /** Runners that have a thread. Guarded by lock. */
    private int running;
    /** No item is left, or the source has failed. Guarded by lock. */
    private boolean exhausted;
    /** What the source has thrown. Guarded by lock. */
    private @Nullable Throwable sourceFailure;
    /** The first failure of an item, where it ends the run at once. Guarded by lock. */
    private @Nullable Throwable failure;
    /** How many items make a chunk that is worth handing out. */
    private volatile int portion = 1;
    private volatile boolean cancelled;
    private volatile boolean ended;

    /** The results that are given out now; read by the consumer only. */
    private @Nullable Chunk current;
    private int next;

    ThreadRun(Iterable<? extends T> items, Task<? super T, ? extends R> task, ExecutorService threads, int parallelism,
            boolean chunked, boolean ordered, boolean failFast, Consumer<ThreadRun<?, ?>> onEnd) {
        super(Long.MAX_VALUE, ordered ? Spliterator.ORDERED : 0);
        this.items = items;
        this.task = task;
        this.threads = threads;
        this.parallelism = parallelism;
        this.chunked = chunked && items instanceof Collection; // other iterators may make a chunk wait for its last item
        this.ordered = ordered;
        this.failFast = failFast;
        this.onEnd = onEnd;
    }

    /** Some items that follow each other, and what becomes of them. */
    private static final class Chunk {
        final long first;
        final List<@Nullable Object> items = new ArrayList<>();
        final List<@Nullable Object> results = new ArrayList<>();
        /** What the item behind the last result has thrown. */
        @Nullable Throwable thrown;
        /** Guarded by lock. */
        boolean done;

        Chunk(long first) {
            this.first = first;
        }
    }

    @Override
    public @Nullable Spliterator<R> trySplit() {
        return null; // the parallel work happens in the pool
    }

    @Override
    public boolean tryAdvance(Consumer<? super R> action) {
        while (current == null || next == current.results.size()) {
            if (current != null && current.thrown != null) {
                throw end(current.thrown);
            }
            current = await();
            next = 0;
            if (current == null) {
                return false;
            }
        }
        action.accept(unchecked(current.results.get(next++)));
        return true;
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // null is an R where the task gave null
    private R unchecked(@Nullable Object result) {
        return (R) result;
    }

    /** The next chunk to give out, or null at the end. */
    private @Nullable Chunk await() {
        long hungryAt = System.nanoTime() + HUNGER_NANOS;
        while (true) {
            lock.lock();
            try {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                Chunk ready = poll();
                if (ready != null) {
                    return ready;
                }
                if (exhausted && ahead.isEmpty() && reserved == 0) {
                    finish();
                    return null;
                }
                startRunner();
                changed.awaitNanos(HUNGER_NANOS);
                if (running > 0) {
                    hungryAt = System.nanoTime() + HUNGER_NANOS;
                }
                if (System.nanoTime() - hungryAt < 0) {
                    continue;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                close();
                throw new CancellationException("interrupted while waiting for results; what was being computed ended");
            } finally {
                lock.unlock();
            }
            runOne();
        }
    }

    /** Takes a chunk that is done, under the lock, or throws what has ended the run. */
    private @Nullable Chunk poll() {
        if (cancelled) {
            throw new CancellationException("the stream was closed while it was being read");
        }
        if (failure != null) {
            throw end(failure);
        }
        for (Iterator<Chunk> chunks = ahead.iterator(); chunks.hasNext();) {
            Chunk chunk = chunks.next();
            if (chunk.done) {
                chunks.remove();
                startRunner();
                return chunk;
            }
            if (ordered) {
                break;
            }
        }
        if (sourceFailure != null && ahead.isEmpty() && reserved == 0) {
            throw end(sourceFailure);
        }
        return null;
    }

    private void finish() {
        ended = true;
        onEnd.accept(this);
    }

    private RuntimeException end(Throwable why) {
        close();
        throw Sneaky.rethrow(why);
    }

    /** Ends what is still being computed. */
    void close() {
        lock.lock();
        try {
            if (!ended) {
                cancelled = true;
                finish();
            }
            exhausted = true;
            runners.forEach(Runner::cancel);
            runners.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean hasRoom() {
        long portions = (long) AHEAD * parallelism;
        return !exhausted
                && ahead.size() + reserved < (chunked ? portions : Math.max(portions, portions * portion / 8));
    }

    /** Sees to it that somebody computes, where there may be something to compute. */
    private void startRunner() {
        lock.lock();
        try {
            if (runnerCount < parallelism && hasRoom()) {
                Runner runner = new Runner();
                runner.future = threads.submit(runner);
                runners.add(runner);
                runnerCount++;
            }
        } catch (RejectedExecutionException e) {
            exhausted = true;
            sourceFailure = new CancellationException("the pool was shut down before all items had been taken");
        } finally {
            lock.unlock();
        }
    }

    /** Computes chunks while there is room. */
    private final class Runner implements Runnable {
        /** Guarded by lock. */
        @Nullable Future<?> future;

        @Override
        public void run() {
            lock.lock();
            try {
                running++;
            } finally {
                lock.unlock();
            }
            while (reserveOrLeave()) {
                runReserved();
            }
        }

        void cancel() {
            if (future != null) {
                future.cancel(true);
            }
        }

        private boolean reserveOrLeave() {
            lock.lock();
            try {
                if (hasRoom()) {
                    reserved++;
                    return true;
                }
                running--;
                runnerCount--;
                runners.remove(this);
                return false;
            } finally {
                lock.unlock();
            }
        }
    }

    /** Computes a chunk in the calling thread, if there is one. */
    private void runOne() {
        lock.lock();
        try {
            if (!hasRoom()) {
                return;
            }
            reserved++;
        } finally {
            lock.unlock();
        }
        runReserved();
    }

    private void runReserved() {
        Chunk chunk = take();
        if (chunk != null) {
            startRunner(); // there may be more, for another
            compute(chunk);
        }
    }

    /** Takes items for a chunk that is reserved; null where there are none. */
    private @Nullable Chunk take() {
        Chunk chunk = null;
        Throwable thrown = null;
        boolean last = false;
        try {
            source.lockInterruptibly();
            try {
                chunk = new Chunk(taken);
                last = !fill(chunk);
            } catch (Throwable t) {
                thrown = t;
            } finally {
                boolean any = chunk != null && !chunk.items.isEmpty();
                enter(any ? chunk : null, last || thrown != null, thrown); // before another takes what comes next
                source.unlock();
            }
        } catch (InterruptedException e) {
            enter(null, false, null);
            return null;
        }
        return chunk == null || chunk.items.isEmpty() ? null : chunk;
    }

    /** Fills a chunk; false where the source has no more. */
    private boolean fill(Chunk chunk) {
        if (cancelled) {
            return false;
        }
        if (iterator == null) {
            iterator = items.iterator();
        }
        int size = chunked && items instanceof Collection<?> all
                ? Math.clamp((all.size() - taken) / (4L * parallelism), 1, portion)
                : 1;
        while (chunk.items.size() < size) {
            if (!iterator.hasNext()) {
                return false;
            }
            chunk.items.add(iterator.next());
            taken++;
        }
        return true;
    }

    private void enter(@Nullable Chunk chunk, boolean last, @Nullable Throwable thrown) {
        lock.lock();
        try {
            reserved--;
            if (chunk != null) {
                ahead.add(chunk);
            }
            if (thrown != null && sourceFailure == null) {
                sourceFailure = thrown;
            }
            exhausted |= last;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void compute(Chunk chunk) {
        long start = System.nanoTime();
        try {
            for (Object item : chunk.items) {
                if (cancelled) {
                    throw new CancellationException("cancelled");
                }
                chunk.results.add(task.apply(uncheckedItem(item)));
            }
        } catch (Throwable t) {
            chunk.thrown = withAccount(t, chunk);
        }
        long nanos = System.nanoTime() - start;
        lock.lock();
        try {
            chunk.done = true;
            if (chunk.thrown != null && failFast && failure == null) {
                failure = chunk.thrown;
            }
            exhausted |= chunk.thrown != null; // what comes behind it is not wanted any more
            double fitting = CHUNK_NANOS * chunk.items.size() / Math.max(1, nanos);
            portion = (int) Math.clamp(fitting, 1, Math.min(2.0 * portion, MOST_IN_CHUNK));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // null is a T where the source gave null
    private T uncheckedItem(@Nullable Object item) {
        return (T) item;
    }

    private static Throwable withAccount(Throwable thrown, Chunk chunk) {
        int at = chunk.results.size();
        return Failure.addAccount(thrown, chunk.items.get(at), chunk.first + at,
                "thread " + Thread.currentThread().getName());
    }
}
