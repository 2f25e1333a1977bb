package io.cleave.pool;

import io.cleave.WorkerException;
import io.cleave.os.Unistd;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Gatherer.Downstream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One stream's way through a pool: elements are gathered into batches, each of which is a call of the pool.
 *
 * <p>
 * The stream's thread gathers elements, hands batches out and pushes results; a virtual thread for each batch reads the
 * results from the pool, which may drive the computing. No pool is left waiting for elements, so that two stages of a
 * stream can share one. A batch is handed out when it is full, or at once where the workers would have nothing to do. It
 * is full when it keeps them busy for a while, as the last full one tells: the first has one element, the others grow
 * while elements prove cheap.
 */
final class Gathering<T extends @Nullable Object, R extends @Nullable Object> {
    /** How long a full batch should take: so long that calling the pool costs little, even where it has to fork. */
    private static final double BATCH_NANOS = 50_000_000;
    private static final int MOST_IN_BATCH = 1 << 14;
    private static final int LEAST_BATCHES = 2;
    /** How long the results of an unfinished batch may lie about while the stream's thread waits. */
    private static final long LOOK_NANOS = 10_000_000;

    private final Pool pool;
    private final Task<? super T, ? extends R> task;
    private final boolean ordered;
    /** The task as it is sent to worker JVMs, once for all batches; made with the first of them. For the stream's thread. */
    private ProcessPool.@Nullable Held<T, R> held;

    private final ReentrantLock lock = new ReentrantLock();
    /** A batch is done. */
    private final Condition changed = lock.newCondition();
    /** Batches with something to take, where the order does not matter. Guarded by lock. */
    private final Deque<Batch> arrived = new ArrayDeque<>();

    // What follows is for the stream's thread only.

    /** Batches that are handed out and not yet taken to their end, oldest first. */
    private final LinkedHashSet<Batch> underWay = new LinkedHashSet<>();
    /** Elements of these whose results have not been taken. */
    private int itemsUnderWay;
    /** Elements that are not handed out yet. */
    private List<T> next = new ArrayList<>();
    /** How many elements make a full batch. */
    private int portion = 1;
    /** Elements handed out so far. */
    private long given;
    private boolean ended;

    Gathering(Pool pool, Task<? super T, ? extends R> task, boolean ordered) {
        this.pool = pool;
        this.task = task;
        this.ordered = ordered;
    }

    /** Elements that follow each other, and the thread that reads their results. */
    private final class Batch implements Runnable {
        final long first = given;
        final int size = next.size();
        final long start = System.nanoTime();
        final Stream<R> stream = call(next);

        /** Results to take. Guarded by lock. */
        private List<R> results = new ArrayList<>();
        /** Guarded by lock. */
        private boolean hasArrived;
        /** Set once. Guarded by lock. */
        private boolean done;
        /** Set with done. Guarded by lock. */
        private @Nullable Throwable thrown;
        /** Set with done. Guarded by lock. */
        private long nanos;

        @Override
        public void run() {
            Throwable why = null;
            try (stream) {
                stream.forEachOrdered(this::add);
            } catch (Throwable t) {
                why = t;
            }
            lock.lock();
            try {
                thrown = why;
                nanos = System.nanoTime() - start;
                done = true;
                arrive();
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        private void add(R result) {
            lock.lock();
            try {
                results.add(result);
                arrive(); // without a signal, as waking a thread costs more than many a result
            } finally {
                lock.unlock();
            }
        }

        private void arrive() {
            if (!ordered && !hasArrived) {
                hasArrived = true;
                arrived.add(this);
            }
        }

        /** Tells the place in the stream, as the pool has counted from the beginning of the batch. */
        private Throwable withPlace(Throwable failure) {
            if (first > 0) {
                Stream.concat(Stream.of(failure), Arrays.stream(failure.getSuppressed()))
                        .filter(WorkerException.class::isInstance).map(WorkerException.class::cast)
                        .filter(account -> account.index() >= 0).findFirst()
                        .ifPresent(account -> failure.addSuppressed(placed(account)));
            }
            return failure;
        }

        private WorkerException placed(WorkerException account) {
            long index = first + account.index();
            return new WorkerException("that item is element " + index + " of the stream", account.item(), index,
                    account.worker(), account.remoteStack(), null);
        }
    }

    private Stream<R> call(List<T> items) {
        if (pool instanceof ProcessPool processes) {
            ProcessPool.Held<T, R> once = held;
            if (once == null) {
                once = processes.hold(task);
                held = once;
            }
            return once.imap(items, ordered);
        }
        return ordered ? pool.imap(items, task) : pool.imapUnordered(items, task);
    }

    /** What a batch has had to give. */
    private record Taken<R extends @Nullable Object>(Collection<R> results, boolean isLast,
            @Nullable Throwable thrown) {}

    /** Takes an element; false where no more are wanted. */
    boolean add(T element, Downstream<? super R> downstream) {
        try {
            next.add(element);
            boolean goesOn = push(downstream);
            while (goesOn && next.size() >= portion && !hasRoom()) {
                await();
                goesOn = push(downstream);
            }
            if (goesOn && (next.size() >= portion || itemsUnderWay < pool.parallelism())) {
                handOut();
            }
            return goesOn;
        } catch (Throwable t) {
            end();
            throw t;
        }
    }

    /** Hands out the last elements, and pushes all results that are still to come. */
    void finish(Downstream<? super R> downstream) {
        try {
            boolean goesOn = push(downstream);
            if (goesOn && !next.isEmpty()) {
                handOut();
            }
            while (goesOn && !underWay.isEmpty()) {
                await();
                goesOn = push(downstream);
            }
        } finally {
            end();
        }
    }

    /** Whether another batch is needed lest some worker have nothing to do. */
    private boolean hasRoom() {
        return underWay.size() < LEAST_BATCHES || itemsUnderWay < 2L * pool.parallelism();
    }

    private void handOut() {
        Batch batch = new Batch();
        underWay.add(batch);
        itemsUnderWay += batch.size;
        given += batch.size;
        next = new ArrayList<>();
        if (Unistd.getpid() == Parallel.PROCESS) {
            Thread.ofVirtual().name("cleave-pool-gather").start(batch);
        } else {
            batch.run(); // a forked child has no other thread
        }
    }

    /** Pushes the results that are there; false where no more are wanted, after which nothing is under way. */
    private boolean push(Downstream<? super R> downstream) {
        if (ended) {
            return false;
        }
        for (Batch batch = nextToTake(); batch != null; batch = nextToTake()) {
            Taken<R> taken = take(batch);
            for (R result : taken.results) {
                itemsUnderWay--;
                if (!downstream.push(result)) {
                    end();
                    return false;
                }
            }
            if (taken.thrown != null) {
                throw Gathering.<RuntimeException>rethrow(batch.withPlace(taken.thrown));
            }
            if (taken.isLast) {
                underWay.remove(batch);
                learn(batch);
            }
        }
        if (downstream.isRejecting()) {
            end();
        }
        return !ended;
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> RuntimeException rethrow(Throwable thrown) throws E {
        throw (E) thrown;
    }

    private @Nullable Batch nextToTake() {
        lock.lock();
        try {
            if (!ordered) {
                return arrived.peek();
            }
            Batch first = underWay.isEmpty() ? null : underWay.getFirst();
            return first != null && (first.done || !first.results.isEmpty()) ? first : null;
        } finally {
            lock.unlock();
        }
    }

    private Taken<R> take(Batch batch) {
        lock.lock();
        try {
            if (!ordered) {
                arrived.remove();
                batch.hasArrived = false;
            }
            List<R> results = batch.results;
            batch.results = new ArrayList<>();
            return new Taken<>(results, batch.done, batch.thrown);
        } finally {
            lock.unlock();
        }
    }

    /** Lets the next batches be as large as a full one should have been. */
    private void learn(Batch batch) {
        if (batch.size == portion) {
            double fitting = BATCH_NANOS * batch.size / Math.max(1, batch.nanos);
            portion = (int) Math.clamp(fitting, 1, Math.min(2.0 * portion, MOST_IN_BATCH));
        }
    }

    /** Waits until there may be something to push. */
    private void await() {
        lock.lock();
        try {
            while (nextToTake() == null) {
                var _ = changed.awaitNanos(LOOK_NANOS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for results; what was being computed ended");
        } finally {
            lock.unlock();
        }
    }

    /** Ends what is still being computed. */
    private void end() {
        ended = true;
        underWay.forEach(batch -> batch.stream.close());
        underWay.clear();
        next = new ArrayList<>();
        if (held != null) {
            held.close();
        }
    }
}
