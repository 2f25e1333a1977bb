package io.cleave.pool;

import io.cleave.channel.FrameBuffer;
import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.Parcel;
import io.cleave.work.Sneaky;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One call of a pool of worker JVMs: the way from items to results.
 *
 * <p>
 * The items of a collection are taken by the thread that takes the results; those of other iterables, which may make
 * their caller wait, by a feeder. Either makes batches of them while there is room ahead of the consumer. How many items
 * go together follows from how long the last ones took: chunks begin with one item, so that the first result is there
 * soon, grow to half a millisecond's work, and shrink towards the end, so that no worker is left with a long one.
 */
final class ProcessRun<R extends @Nullable Object> extends Spliterators.AbstractSpliterator<R> implements Batch.Owner {
    private static final double CHUNK_NANOS = 500_000;
    private static final int MOST_IN_CHUNK = 4096;
    private static final int GROWTH = 8;
    /** How much work lies ahead of the consumer for each worker, and at most in how many batches. */
    private static final long AHEAD_NANOS = 8_000_000;
    private static final int LEAST_AHEAD = 2;
    private static final int MOST_AHEAD = 256;

    private final Crew crew;
    private final Iterable<?> items;
    private final TaskForm task;
    private final boolean ordered;
    private final boolean failFast;
    private final boolean eager;
    private final Consumer<ProcessRun<?>> onEnd;
    private final int workers;
    private final @Nullable ProgressListener progress;

    /** Held while items are taken, which may take long. */
    private final ReentrantLock source = new ReentrantLock();
    /** Guarded by source. */
    private @Nullable Iterator<?> iterator;
    /** Items that a feeder has taken and nobody has put into a batch. Guarded by the crew's lock. */
    private final Deque<Holder> fed = new ArrayDeque<>();
    /** Items that are in batches. Guarded by source. */
    private long taken;

    /** Signalled when a batch is done, or items are fed. */
    private final Condition changed;
    /** Signalled when there is room for the feeder. */
    private final Condition room;
    // All below is guarded by the crew's lock, but for what the consumer alone uses.
    private final Deque<Batch> ahead = new ArrayDeque<>();
    /** Of batches that are done, for batches to come. */
    private final Deque<FrameBuffer> spare = new ArrayDeque<>();
    private @Nullable Thread feeder;
    private boolean exhausted;
    private @Nullable Throwable sourceFailure;
    private @Nullable Batch failed;
    private boolean closed;
    private boolean ended;
    private double itemNanos;
    private volatile int portion = 1;

    private @Nullable Batch current;
    private int next;
    private long delivered;
    private long reported;

    /** An item, which may be null. */
    private record Holder(@Nullable Object item) {}

    ProcessRun(Crew crew, Iterable<?> items, TaskForm task, boolean ordered, boolean failFast, boolean eager,
            Consumer<ProcessRun<?>> onEnd) {
        super(Long.MAX_VALUE, ordered ? Spliterator.ORDERED : 0);
        this.crew = crew;
        this.items = items;
        this.task = task;
        this.ordered = ordered;
        this.failFast = failFast;
        this.eager = eager;
        this.onEnd = onEnd;
        this.workers = Math.max(crew.settings.workers(), 1) * Math.max(1, crew.settings.concurrency());
        this.progress = crew.settings.progress();
        this.changed = crew.newCondition();
        this.room = crew.newCondition();
    }

    @Override
    public @Nullable Spliterator<R> trySplit() {
        return null; // the parallel work happens in the workers
    }

    @Override
    public boolean isUrgent() {
        return !eager;
    }

    @Override
    public void recycle(FrameBuffer frames) {
        spare.push(frames);
    }

    @Override
    public void changed(Batch batch) {
        if (batch.done) {
            if (batch.failure != null) {
                exhausted = true; // what comes behind it is not wanted any more
                if (failFast && failed == null) {
                    failed = batch;
                }
            } else {
                learn(batch);
            }
            room.signal();
        }
        changed.signalAll();
    }

    private void learn(Batch batch) {
        double each = (double) batch.nanos / Math.max(1, batch.items.size());
        itemNanos = itemNanos == 0 ? each : (3 * itemNanos + each) / 4;
        if (crew.settings.chunkSize() == 0 && crew.settings.concurrency() == 0) {
            int most = crew.settings.maxTasks() > 0 ? Math.min(MOST_IN_CHUNK, crew.settings.maxTasks()) : MOST_IN_CHUNK;
            portion = (int) Math.clamp(CHUNK_NANOS / Math.max(1, itemNanos), 1,
                    (double) Math.min((long) GROWTH * portion, most));
        }
    }

    @Override
    public boolean tryAdvance(Consumer<? super R> action) {
        while (true) {
            Batch batch = current;
            if (batch != null && next < available(batch)) {
                give(batch, action);
                return true;
            }
            if (batch != null) {
                Object failure = doneWith(batch);
                if (failure != null) {
                    throw end(Crew.failureOf(failure));
                }
            }
            if (!advance()) {
                report(true);
                finish();
                return false;
            }
        }
    }

    @Override
    public void forEachRemaining(Consumer<? super R> action) {
        do {
            Batch batch = current;
            if (batch != null) {
                int end = available(batch);
                while (next < end) {
                    give(batch, action);
                }
            }
        } while (tryAdvance(action));
    }

    private void give(Batch batch, Consumer<? super R> action) {
        action.accept(result(batch, next++));
        delivered++;
        report(false);
    }

    /** How many results there will be; less than 0 where nobody knows. */
    long total() {
        return items instanceof Collection<?> all ? all.size() : -1;
    }

    /** How many results of the current batch can be given out. */
    private int available(Batch batch) {
        if (batch.done) {
            return batch.results.size();
        }
        crew.lock().lock();
        try {
            return batch.results.size();
        } finally {
            crew.lock().unlock();
        }
    }

    /** What ended the current batch, if all its results are given out and it failed. */
    private @Nullable Object doneWith(Batch batch) {
        crew.lock().lock();
        try {
            if (!batch.done || next < batch.results.size()) {
                return null;
            }
            current = null;
            return batch.failure;
        } finally {
            crew.lock().unlock();
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // null is an R where the task gave null
    private R result(Batch batch, int at) {
        Object taken = batch.results.get(at);
        batch.results.set(at, null); // the consumer may keep it or not
        try {
            return (R) Parcel.open(taken, Codec.standard());
        } catch (IOException | RuntimeException | LinkageError e) {
            throw end(new IllegalArgumentException(
                    "the result of item " + (batch.first + at) + " cannot be deserialised: " + Failure.reason(e), e));
        }
    }

    private void report(boolean atTheEnd) {
        ProgressListener listener = progress;
        if (listener != null) {
            long now = System.nanoTime();
            if (atTheEnd || now - reported > PROGRESS_NANOS) {
                reported = now;
                long total = total();
                listener.onProgress(delivered, total >= 0 ? total : atTheEnd ? delivered : -1);
            }
        }
    }

    private static final long PROGRESS_NANOS = 20_000_000;

    /** Goes to the batch with the next result; false where there is none. */
    private boolean advance() {
        while (true) {
            if (Thread.interrupted()) {
                throw interrupted();
            }
            crew.drive();
            try {
                topUp();
            } catch (RejectedExecutionException e) {
                throw end(new CancellationException("the pool was shut down before all items had been taken"));
            }
            Throwable why;
            crew.lock().lock();
            try {
                if (current == null && failed == null && !closed) {
                    current = poll();
                    next = 0;
                }
                if (isOver()) {
                    return false;
                }
                if (current != null && (next < current.results.size() || current.done)) {
                    room.signal();
                    return true;
                }
                why = whyNot();
            } finally {
                crew.lock().unlock();
            }
            if (why != null) {
                throw end(why);
            }
            await();
        }
    }

    private boolean isOver() {
        return current == null && ahead.isEmpty() && fed.isEmpty() && exhausted && failed == null && !closed
                && sourceFailure == null && (feeder == null || !isFeeding);
    }

    /** Why there will not be another result, under the lock. */
    private @Nullable Throwable whyNot() {
        if (closed) {
            return new CancellationException("the stream was closed while it was being read");
        }
        Batch batch = failed;
        if (batch != null) {
            return Crew.failureOf(Objects.requireNonNull(batch.failure));
        }
        return current == null && ahead.isEmpty() && fed.isEmpty() ? sourceFailure : null;
    }

    private @Nullable Batch poll() {
        if (ordered) {
            return ahead.poll();
        }
        for (Iterator<Batch> batches = ahead.iterator(); batches.hasNext();) {
            Batch batch = batches.next();
            if (batch.done || !batch.results.isEmpty()) {
                batches.remove();
                return batch;
            }
        }
        return null;
    }

    private void await() {
        try {
            crew.await(this::hasNews, changed, Long.MAX_VALUE);
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private CancellationException interrupted() {
        Thread.currentThread().interrupt();
        close();
        return new CancellationException("interrupted while waiting for results; what was being computed ended");
    }

    /** Whether the consumer has something to do, under the lock. */
    private boolean hasNews() {
        if (closed || failed != null) {
            return true;
        }
        Batch batch = current;
        if (batch == null) {
            for (Batch candidate : ahead) {
                if (candidate.done || !candidate.results.isEmpty()) {
                    return true;
                }
                if (ordered) {
                    break;
                }
            }
        } else if (batch.done || next < batch.results.size()) {
            return true;
        }
        boolean isLow = ahead.size() * 2 <= limit() && hasRoom();
        return isOver() || (isLow && (feeder != null ? !fed.isEmpty() : !exhausted))
                || (batch == null && ahead.isEmpty() && fed.isEmpty() && sourceFailure != null);
    }

    // Items

    private int limit() {
        double batchNanos = Math.max(1, itemNanos * portion);
        int each = itemNanos == 0 ? LEAST_AHEAD
                : Math.clamp((long) (AHEAD_NANOS / batchNanos), LEAST_AHEAD, MOST_AHEAD);
        return crew.settings.concurrency() > 0 ? workers + workers / 2 : workers * each;
    }

    private boolean hasRoom() {
        return !closed && failed == null && ahead.size() < limit();
    }

    /** Makes batches while there is room. */
    private void topUp() {
        if (!(items instanceof Collection)) {
            feed();
            return;
        }
        source.lock();
        try {
            while (wantsMore()) {
                Batch batch = null;
                Throwable thrown = null;
                boolean last = false;
                try {
                    if (iterator == null) {
                        iterator = items.iterator();
                    }
                    int size = size();
                    batch = newBatch(size);
                    boolean more = true;
                    while (batch.items.size() < size && more) {
                        if (!iterator.hasNext()) {
                            last = true;
                            break;
                        }
                        more = batch.add(iterator.next());
                    }
                } catch (Throwable t) {
                    thrown = t;
                }
                enter(batch, last, thrown);
            }
        } finally {
            source.unlock();
        }
    }

    private Batch newBatch(int size) {
        FrameBuffer frames;
        crew.lock().lock();
        try {
            frames = spare.poll();
        } finally {
            crew.lock().unlock();
        }
        return new Batch(this, task, taken, size, frames);
    }

    private boolean wantsMore() {
        crew.lock().lock();
        try {
            return !exhausted && hasRoom();
        } finally {
            crew.lock().unlock();
        }
    }

    private int size() {
        int fixed = crew.settings.chunkSize();
        if (fixed > 0) {
            return fixed;
        }
        return items instanceof Collection<?> all ? Math.clamp((all.size() - taken) / (3L * workers), 1, portion)
                : portion;
    }

    private void enter(@Nullable Batch batch, boolean last, @Nullable Throwable thrown) {
        boolean any = batch != null && !batch.items.isEmpty();
        crew.lock().lock();
        try {
            if (any && batch != null) {
                taken += batch.items.size();
                batch.expectedNanos = (long) (itemNanos * batch.items.size());
                ahead.add(batch);
            }
            if (thrown != null) {
                sourceFailure = thrown;
            }
            exhausted |= last || thrown != null;
            if (any && batch != null) {
                crew.submit(batch);
            }
        } finally {
            crew.unlock();
        }
    }

    // The feeder

    /** Whether the feeder is still to take items. Guarded by the crew's lock. */
    private boolean isFeeding;

    /** Starts the feeder, and makes batches of what it has left. */
    private void feed() {
        crew.lock().lock();
        try {
            if (feeder == null && !closed) {
                feeder = Thread.ofVirtual().name("cleave-" + crew.name() + "-feeder").start(this::runFeeder);
                isFeeding = true;
            }
        } finally {
            crew.lock().unlock();
        }
        pack(false);
    }

    private void runFeeder() {
        Throwable thrown = null;
        try {
            Iterator<?> each = items.iterator();
            while (awaitRoom() && each.hasNext()) {
                Holder item = new Holder(each.next());
                crew.lock().lock();
                try {
                    fed.add(item);
                } finally {
                    crew.lock().unlock();
                }
                pack(true);
            }
        } catch (Throwable t) {
            thrown = t;
        }
        crew.lock().lock();
        try {
            isFeeding = false;
            exhausted = true;
            sourceFailure = sourceFailure == null ? thrown : sourceFailure;
            changed.signalAll();
        } finally {
            crew.lock().unlock();
        }
        crew.nudge();
    }

    private boolean awaitRoom() throws InterruptedException {
        crew.lock().lock();
        try {
            while (!exhausted && !closed && failed == null
                    && ahead.size() + fed.size() / Math.max(1, portion) >= limit()) {
                room.await();
            }
            return !exhausted && !closed && failed == null;
        } finally {
            crew.lock().unlock();
        }
    }

    /**
     * Makes batches of what is fed: of as many items as make a chunk, or of fewer where a worker would have to wait.
     *
     * @param isFeeder whether more may follow at once
     */
    private void pack(boolean isFeeder) {
        source.lock();
        try {
            while (true) {
                List<Holder> some = new ArrayList<>();
                boolean hungry = !isFeeder || crew.isHungry();
                crew.lock().lock();
                try {
                    int size = size();
                    if (!hasRoom() || fed.isEmpty() || (fed.size() < size && !hungry && isFeeding)) {
                        return;
                    }
                    while (some.size() < size && !fed.isEmpty()) {
                        some.add(fed.poll());
                    }
                } finally {
                    crew.lock().unlock();
                }
                submit(some);
            }
        } finally {
            source.unlock();
        }
    }

    private void submit(List<Holder> some) {
        int at = 0;
        while (at < some.size()) {
            Batch batch = newBatch(some.size() - at);
            Throwable thrown = null;
            try {
                boolean more = true;
                while (more && at < some.size()) {
                    more = batch.add(some.get(at).item);
                    at++;
                }
            } catch (Throwable t) {
                thrown = t;
                at = some.size();
            }
            enter(batch, false, thrown);
        }
    }

    // The end

    private RuntimeException end(Throwable why) {
        close();
        throw Sneaky.rethrow(why);
    }

    private void finish() {
        crew.lock().lock();
        try {
            if (ended) {
                return;
            }
            ended = true;
        } finally {
            crew.lock().unlock();
        }
        if (!task.isKept) {
            crew.forget(task);
        }
        onEnd.accept(this);
    }

    /** Ends what is still being computed. */
    void close() {
        List<Batch> unwanted = new ArrayList<>();
        Thread feeding;
        crew.lock().lock();
        try {
            closed = closed || !ended;
            exhausted = true;
            unwanted.addAll(ahead);
            ahead.clear();
            fed.clear();
            Batch batch = current;
            if (batch != null && !batch.done) {
                unwanted.add(batch);
            }
            feeding = isFeeding ? feeder : null;
            room.signalAll();
            changed.signalAll();
        } finally {
            crew.lock().unlock();
        }
        unwanted.forEach(crew::cancel);
        unwanted.forEach(batch -> {
            if (batch.done && !batch.cancelled) {
                batch.discardResults();
            }
        });
        if (feeding != null) {
            feeding.interrupt();
        }
        crew.nudge();
        finish();
    }
}
