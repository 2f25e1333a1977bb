package io.cleave.pool;

import io.cleave.channel.FrameBuffer;
import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.Parcel;
import io.cleave.work.Sneaky;
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

    /** Of a collection; for the consumer alone. */
    private @Nullable Iterator<?> iterator;
    /** Items that a feeder has taken and nobody has put into a batch. Guarded by the crew's lock. */
    private final Deque<Holder> fed = new ArrayDeque<>();
    /** Items that are in batches. Changed under the crew's lock by whoever makes batches, one at a time. */
    private volatile long taken;

    /** Signalled when a batch is done, or items are fed. */
    private final Condition changed;
    /** Signalled when there is room for the feeder. */
    private final Condition room;
    // All below is guarded by the crew's lock, but for what the consumer alone uses.
    private final Deque<Batch> ahead = new ArrayDeque<>();
    /** Of batches that are done, for batches to come. */
    private final Deque<FrameBuffer> spare = new ArrayDeque<>();
    private @Nullable Thread feeder;
    /** Whether somebody makes batches of what is fed, and whether somebody else wanted to meanwhile. */
    private boolean isPacking;
    private boolean isPackingWanted;
    private boolean exhausted;
    private @Nullable Throwable sourceFailure;
    private @Nullable Batch failed;
    private boolean closed;
    private boolean ended;
    private double itemNanos;
    private volatile int portion = 1;

    private @Nullable Batch current;
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
        if (batch.isDone()) {
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
            if (batch != null && batch.given < available(batch)) {
                give(batch, action);
                return true;
            }
            if (batch != null) {
                Batch.Reason failure = doneWith(batch);
                if (failure != null) {
                    throw end(failure.thrown());
                }
            }
            if (!advance()) {
                checkDelivery();
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
                while (batch.given < end) {
                    give(batch, action);
                }
            }
        } while (tryAdvance(action));
    }

    private void give(Batch batch, Consumer<? super R> action) {
        action.accept(result(batch, batch.given++));
        delivered++;
        report(false);
    }

    /** Whatever else goes wrong: no run ends as if it were whole while results are missing. */
    private void checkDelivery() {
        if (delivered != taken) {
            throw end(new IllegalStateException("the pool has lost results: " + delivered + " of " + taken
                    + " items were delivered; please report it"));
        }
    }

    /** How many results there will be; less than 0 where nobody knows. */
    long total() {
        return items instanceof Collection<?> all ? all.size() : -1;
    }

    /** How many results of the current batch can be given out. */
    private int available(Batch batch) {
        if (batch.isDone()) {
            return batch.results.size();
        }
        crew.lock().lock();
        try {
            return batch.results.size();
        } finally {
            crew.unlock();
        }
    }

    /** What ended the current batch, if all its results are given out and it failed. */
    private Batch.@Nullable Reason doneWith(Batch batch) {
        crew.lock().lock();
        try {
            if (!batch.isDone() || batch.given < batch.results.size()) {
                return null;
            }
            current = null;
            return batch.failure;
        } finally {
            crew.unlock();
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // null is an R where the task gave null
    private R result(Batch batch, int at) {
        Object taken = batch.results.get(at);
        batch.results.set(at, null); // the consumer may keep it or not
        try {
            return (R) Parcel.open(taken, Codec.standard());
        } catch (Throwable t) { // whatever its classes do
            throw end(new IllegalArgumentException(
                    "the result of item " + (batch.first + at) + " cannot be deserialised: " + Failure.reason(t), t));
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
            topUp();
            Batch.Reason why;
            crew.lock().lock();
            try {
                Batch batch = failed == null && !closed ? choose() : current;
                if (isOver()) {
                    return false;
                }
                if (batch != null && batch.hasNews()) {
                    room.signal();
                    return true;
                }
                why = whyNot();
            } finally {
                crew.unlock();
            }
            if (why != null) {
                throw end(why.thrown());
            }
            await();
        }
    }

    /** Whether no batch is to come, under the lock. */
    private boolean isDry() {
        return current == null && ahead.isEmpty() && !isPacking && (fed.isEmpty() || sourceFailure != null);
    }

    private boolean isOver() {
        return isDry() && exhausted && failed == null && !closed && sourceFailure == null
                && (feeder == null || !isFeeding);
    }

    /** Why there will not be another result, under the lock. */
    private Batch.@Nullable Reason whyNot() {
        if (closed) {
            return () -> new CancellationException("the stream was closed while it was being read");
        }
        Batch batch = failed;
        if (batch != null) {
            return Objects.requireNonNull(batch.failure);
        }
        Throwable thrown = sourceFailure;
        return thrown != null && isDry() ? () -> thrown : null;
    }

    /** Goes to a batch of which there are results, or to the next one in order; under the lock. */
    private @Nullable Batch choose() {
        Batch batch = current;
        if (batch == null && ordered) {
            batch = ahead.poll();
        } else if (!ordered && (batch == null || !batch.hasNews())) {
            Batch other = pollNews();
            if (other != null) {
                if (batch != null) {
                    ahead.addFirst(batch); // it goes on while others are given out
                }
                batch = other;
            }
        }
        current = batch;
        return batch;
    }

    private @Nullable Batch pollNews() {
        for (Iterator<Batch> batches = ahead.iterator(); batches.hasNext();) {
            Batch batch = batches.next();
            if (batch.hasNews()) {
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
        if (batch != null && batch.hasNews()) {
            return true;
        }
        if (batch == null || !ordered) {
            for (Batch candidate : ahead) {
                if (candidate.hasNews()) {
                    return true;
                }
                if (ordered) {
                    break;
                }
            }
        }
        boolean isLow = ahead.size() * 2 <= limit() && hasRoom() && sourceFailure == null;
        return isOver() || (isLow && (feeder != null ? !fed.isEmpty() && !isPacking : !exhausted))
                || (sourceFailure != null && isDry());
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
    }

    private Batch newBatch(int size) {
        FrameBuffer frames;
        crew.lock().lock();
        try {
            frames = spare.poll();
        } finally {
            crew.unlock();
        }
        return new Batch(this, task, taken, size, frames);
    }

    private boolean wantsMore() {
        crew.lock().lock();
        try {
            return !exhausted && hasRoom();
        } finally {
            crew.unlock();
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

    /** Hands a batch to the crew. It counts as ahead of the consumer only once the crew has taken it over. */
    private void enter(@Nullable Batch batch, boolean last, @Nullable Throwable thrown) {
        Throwable why = thrown;
        crew.lock().lock();
        try {
            if (batch != null && !batch.items.isEmpty()) {
                batch.expectedNanos = (long) (itemNanos * batch.items.size());
                try {
                    crew.submit(batch);
                    ahead.add(batch);
                    taken += batch.items.size();
                } catch (RejectedExecutionException e) {
                    why = new CancellationException("the pool was shut down before all items had been taken");
                } catch (RuntimeException | Error e) {
                    why = e;
                }
            }
            if (sourceFailure == null) {
                sourceFailure = why;
            }
            exhausted |= last || why != null;
            if (closed && batch != null) { // since it was begun: nobody else will end it
                crew.cancel(batch);
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
            crew.unlock();
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
                    crew.unlock();
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
            crew.unlock();
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
            crew.unlock();
        }
    }

    /**
     * Makes batches of what is fed: of as many items as make a chunk, or of fewer where a worker would have to wait.
     *
     * One thread does so at a time, and nobody waits for it: to encode an item may take long.
     *
     * @param isFeeder whether more may follow at once
     */
    private void pack(boolean isFeeder) {
        List<Holder> some = nextToPack(isFeeder, false);
        while (some != null) {
            submit(some);
            some = nextToPack(isFeeder, true);
        }
    }

    /** Items for a batch that the caller is to make; null where there are none, or another makes batches. */
    private @Nullable List<Holder> nextToPack(boolean isFeeder, boolean isPacker) {
        boolean isMissed;
        crew.lock().lock();
        try {
            if (isPacking && !isPacker) {
                isPackingWanted = true;
                return null;
            }
            int size = size();
            boolean hungry = !isFeeder || isPackingWanted || crew.isHungry();
            if (hasRoom() && sourceFailure == null && !fed.isEmpty() && (fed.size() >= size || hungry || !isFeeding)) {
                List<Holder> some = new ArrayList<>();
                while (some.size() < size && !fed.isEmpty()) {
                    some.add(fed.poll());
                }
                isPacking = true;
                return some;
            }
            isMissed = isPacker && isPackingWanted;
            isPacking = false;
            isPackingWanted = false;
            if (isMissed) {
                changed.signalAll();
            }
        } finally {
            crew.unlock();
        }
        if (isMissed) {
            crew.nudge();
        }
        return null;
    }

    private void submit(List<Holder> some) {
        int at = 0;
        while (at < some.size()) {
            Batch batch = null;
            Throwable thrown = null;
            try {
                batch = newBatch(some.size() - at);
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
            crew.unlock();
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
            if (batch != null) {
                unwanted.add(batch);
            }
            feeding = isFeeding ? feeder : null;
            room.signalAll();
            changed.signalAll();
        } finally {
            crew.unlock();
        }
        unwanted.forEach(crew::cancel);
        unwanted.forEach(batch -> {
            if (batch.isDone()) {
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
