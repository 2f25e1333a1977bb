package io.cleave.pool;

import io.cleave.work.Failure;
import io.cleave.work.Sneaky;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
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
 *
 * <p>
 * Results are published one by one, and a chunk whose items turn out to be dear is not computed to its end: what is left of
 * it becomes a chunk that any runner may take.
 */
final class ThreadRun<T extends @Nullable Object, R extends @Nullable Object>
        extends
            Spliterators.AbstractSpliterator<R> {
    /** How long a chunk of cheap items should take. */
    private static final double CHUNK_NANOS = 200_000;
    /** What lies behind a chunk that turns out to be dear is computed early, and then waits where the order matters. */
    private static final int MOST_IN_CHUNK = 256;
    /** Portions ahead of the consumer, for each thread; where items go one by one, eighths of them. */
    private static final int AHEAD = 2;
    /** How long a runner stays with a chunk. */
    private static final long SPLIT_NANOS = 2_000_000;
    /** How soon a waiting consumer hears of the first results of a chunk that is not done, and looks by itself. */
    private static final long SIGNAL_NANOS = 200_000;
    private static final long LOOK_NANOS = 10_000_000;
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
    /** Chunks whose results have not all been consumed, in the order of their items. Guarded by lock. */
    private final Deque<ThreadChunk> ahead = new ArrayDeque<>();
    /** Those of them that nobody computes, as a runner has left them, first ones first. Guarded by lock. */
    private final Queue<ThreadChunk> left = new PriorityQueue<>(Comparator.comparingLong(chunk -> chunk.first));
    /** Chunks that are being taken from the source. Guarded by lock. */
    private int reserved;
    /** Guarded by lock. */
    private final Set<Runner> runners = new HashSet<>();
    /** Runners that are to run or run. Guarded by lock. */
    private int runnerCount;
    /** Runners that have a thread. Guarded by lock. */
    private int running;
    /** No item is left or wanted, or the source has failed. Written under lock. */
    private volatile boolean exhausted;
    /** What the source has thrown. Guarded by lock. */
    private @Nullable Throwable sourceFailure;
    /** The first failure of an item, where it ends the run at once. Guarded by lock. */
    private @Nullable Throwable failure;
    /** How many items make a chunk that is worth handing out. */
    private volatile int portion = 1;
    private volatile boolean cancelled;
    private volatile boolean ended;

    /** The results that are given out now; read by the consumer only. */
    private @Nullable ThreadChunk current;
    /** Whether the consumer waits to be told of results. Written under lock. */
    private volatile boolean isWaiting;

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

    @Override
    public @Nullable Spliterator<R> trySplit() {
        return null; // the parallel work happens in the pool
    }

    @Override
    public boolean tryAdvance(Consumer<? super R> action) {
        ThreadChunk chunk = current;
        while (chunk == null || chunk.given == chunk.ready()) {
            chunk = await();
            current = chunk;
            if (chunk == null) {
                return false;
            }
        }
        action.accept(unchecked(chunk.take()));
        return true;
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // null is an R where the task gave null
    private R unchecked(@Nullable Object result) {
        return (R) result;
    }

    /** The next chunk of which there are results, or null at the end. */
    private @Nullable ThreadChunk await() {
        long hungryAt = System.nanoTime() + HUNGER_NANOS;
        while (true) {
            lock.lock();
            try {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                ThreadChunk ready = poll();
                if (ready != null) {
                    return ready;
                }
                if (exhausted && isDry()) {
                    finish();
                    return null;
                }
                startRunner();
                isWaiting = true;
                changed.awaitNanos(LOOK_NANOS);
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
                isWaiting = false;
                lock.unlock();
            }
            runOne();
        }
    }

    /** Finds a chunk of which there are results, under the lock, or throws what has ended the run. */
    private @Nullable ThreadChunk poll() {
        if (cancelled) {
            throw new CancellationException("the stream was closed while it was being read");
        }
        if (failure != null) {
            throw end(failure);
        }
        for (Iterator<ThreadChunk> chunks = ahead.iterator(); chunks.hasNext();) {
            ThreadChunk chunk = chunks.next();
            if (chunk.given < chunk.ready()) {
                return chunk;
            }
            if (chunk.done) {
                chunks.remove();
                startRunner();
                if (chunk.thrown != null) {
                    throw end(chunk.thrown);
                }
            } else if (ordered) {
                break;
            }
        }
        if (sourceFailure != null && isDry()) {
            throw end(sourceFailure);
        }
        return null;
    }

    /** Whether nothing is to come of what has been taken from the source. */
    private boolean isDry() {
        return ahead.isEmpty() && reserved == 0;
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

    /** Whether a chunk may be computed: one that was left, or one to be taken from the source. */
    private boolean hasWork() {
        return !left.isEmpty() || hasRoom();
    }

    private boolean hasRoom() {
        long portions = (long) AHEAD * parallelism + 1; // and one that is being given out
        return !exhausted
                && ahead.size() + reserved < (chunked ? portions : Math.max(portions, portions * portion / 8));
    }

    /** Sees to it that somebody computes, where there may be something to compute. */
    private void startRunner() {
        lock.lock();
        try {
            if (runnerCount < parallelism && hasWork()) {
                Runner runner = new Runner();
                runner.future = threads.submit(runner);
                runners.add(runner);
                runnerCount++;
            }
        } catch (RejectedExecutionException e) {
            exhausted = true;
            left.forEach(this::abandon);
            left.clear();
            sourceFailure = new CancellationException("the pool was shut down before all items had been taken");
        } catch (OutOfMemoryError e) { // there is no thread now: others compute, or else the consumer does
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nobody will compute a chunk. */
    private void abandon(ThreadChunk chunk) {
        chunk.thrown = new CancellationException("the pool was shut down before all items had been computed");
        chunk.done = true;
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
                if (hasWork()) {
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
            if (!hasWork()) {
                return;
            }
            reserved++;
        } finally {
            lock.unlock();
        }
        runReserved();
    }

    private void runReserved() {
        ThreadChunk chunk = takeLeft();
        if (chunk == null) {
            chunk = take();
        }
        if (chunk != null) {
            startRunner(); // there may be more, for another
            compute(chunk);
        }
    }

    /** Takes a chunk that another runner has left; null where there is none. */
    private @Nullable ThreadChunk takeLeft() {
        lock.lock();
        try {
            ThreadChunk chunk = left.poll();
            if (chunk != null) {
                reserved--; // it is ahead already
            }
            return chunk;
        } finally {
            lock.unlock();
        }
    }

    /** Takes items for a chunk that is reserved; null where there are none. */
    private @Nullable ThreadChunk take() {
        ThreadChunk chunk = null;
        Throwable thrown = null;
        boolean last = false;
        try {
            source.lockInterruptibly();
            try {
                chunk = new ThreadChunk(taken, new ArrayList<>());
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
    private boolean fill(ThreadChunk chunk) {
        if (cancelled || exhausted) {
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

    private void enter(@Nullable ThreadChunk chunk, boolean last, @Nullable Throwable thrown) {
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

    private void compute(ThreadChunk chunk) {
        long start = System.nanoTime();
        long told = start;
        long now = start;
        int size = chunk.items.size();
        int at = 0;
        Throwable thrown = null;
        try {
            chunk.begin();
            while (at < size && (at == 0 || now - start < SPLIT_NANOS)) {
                if (cancelled) {
                    throw new CancellationException("cancelled");
                }
                chunk.publish(at, task.apply(uncheckedItem(chunk.items.get(at))));
                at++;
                if (size > 1) {
                    now = System.nanoTime();
                    if (isWaiting && now - told > SIGNAL_NANOS) {
                        told = now;
                        tell();
                    }
                }
            }
        } catch (Throwable t) {
            thrown = withAccount(t, chunk, at);
        }
        end(chunk, thrown, at, System.nanoTime() - start);
    }

    /** Lets the consumer look. */
    private void tell() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Leaves the rest of a chunk in two parts, so that two runners can go on with it. */
    private void leave(ThreadChunk chunk, int computed) {
        int end = chunk.items.size();
        int middle = computed + (end - computed + 1) / 2;
        List<ThreadChunk> all = new ArrayList<>(ahead);
        int place = all.indexOf(chunk) + 1;
        for (int from = computed; from < end; from = middle, middle = end) {
            ThreadChunk part = new ThreadChunk(chunk.first + from, chunk.items.subList(from, middle));
            all.add(place++, part);
            left.add(part);
        }
        ahead.clear();
        ahead.addAll(all);
        startRunner();
    }

    /** A runner is through with a chunk, though perhaps not with all of its items. */
    private void end(ThreadChunk chunk, @Nullable Throwable thrown, int computed, long nanos) {
        lock.lock();
        try {
            if (thrown == null && computed < chunk.items.size()) {
                leave(chunk, computed);
            }
            chunk.thrown = thrown;
            chunk.done = true;
            if (thrown != null && failFast && failure == null) {
                failure = thrown;
            }
            exhausted |= thrown != null; // what comes behind it is not wanted any more
            double fitting = CHUNK_NANOS * computed / Math.max(1, nanos);
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

    private static Throwable withAccount(Throwable thrown, ThreadChunk chunk, int at) {
        try {
            return Failure.addAccount(thrown, chunk.items.get(at), chunk.first + at,
                    "thread " + Thread.currentThread().getName());
        } catch (Throwable t) { // there is too little memory for it
            return thrown;
        }
    }
}
