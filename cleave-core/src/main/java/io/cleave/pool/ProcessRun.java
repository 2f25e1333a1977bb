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
 * their caller wait, by an {@link ItemFeed}. Either makes batches of them while there is room ahead of the consumer; how
 * many items go together is said in {@link ChunkSizes}.
 */
final class ProcessRun<R extends @Nullable Object> extends Spliterators.AbstractSpliterator<R> implements Batch.Owner {
    private static final long PROGRESS_NANOS = 20_000_000;

    private final Crew crew;
    private final Iterable<?> items;
    private final TaskForm task;
    private final boolean ordered;
    private final boolean failFast;
    private final boolean eager;
    private final Consumer<ProcessRun<?>> onEnd;
    private final ChunkSizes sizes;
    private final @Nullable ProgressListener progress;

    /** Of a collection; for the consumer alone. */
    private @Nullable Iterator<?> iterator;
    /** Null where the items are a collection. */
    private final @Nullable ItemFeed feed;
    /** Items that are in batches. For whoever makes batches, one at a time, each under the crew's lock before the next. */
    private long taken;

    /** Signalled when a batch is done, or items are fed. */
    private final Condition changed;
    // All below is guarded by the crew's lock, but for what the consumer alone uses.
    private final Deque<Batch> ahead = new ArrayDeque<>();
    /** Of batches that are done, for batches to come. */
    private final Deque<FrameBuffer> spare = new ArrayDeque<>();
    private boolean exhausted;
    private @Nullable Throwable sourceFailure;
    private @Nullable Batch failed;
    private boolean closed;
    private boolean ended;

    private @Nullable Batch current;
    private long delivered;
    private long reported;

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
        this.sizes = new ChunkSizes(crew.settings);
        this.progress = crew.settings.progress();
        this.changed = crew.newCondition();
        this.feed = items instanceof Collection ? null : new ItemFeed(crew, this, items);
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
                sizes.learn(batch);
            }
            signalRoom();
        }
        changed.signalAll();
    }

    @Override
    public void split(Batch batch, Batch rest) {
        List<Batch> all = new ArrayList<>(ahead);
        all.add(all.indexOf(batch) + 1, rest); // right behind it; where it is being given out, before all others
        ahead.clear();
        ahead.addAll(all);
    }

    private void signalRoom() {
        if (feed != null) {
            feed.signalRoom();
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
                    signalRoom();
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
        return current == null && ahead.isEmpty() && (feed == null || !feed.isFlowing(sourceFailure != null));
    }

    private boolean isOver() {
        return isDry() && exhausted && failed == null && !closed && sourceFailure == null;
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
        boolean isLow = ahead.size() * 2 <= sizes.mostAhead() && takesBatches();
        return isOver() || (isLow && (feed != null ? feed.hasItems() : !exhausted))
                || (sourceFailure != null && isDry());
    }

    // Items

    /** Whether a batch may be added, under the lock. */
    boolean takesBatches() {
        return !closed && failed == null && sourceFailure == null && ahead.size() < sizes.mostAhead();
    }

    /** Whether the source is to be read, under the lock. */
    boolean wantsItems() {
        return !exhausted && !closed && failed == null;
    }

    /** Whether one more item may lie about besides so many that are in no batch, under the lock. */
    boolean hasRoomFor(int fed) {
        return ahead.size() + fed / Math.max(1, sizes.size()) < sizes.mostAhead();
    }

    /** The source has no more, or has thrown something; under the lock. */
    void sourceEnded(@Nullable Throwable thrown) {
        exhausted = true;
        sourceFailure = sourceFailure == null ? thrown : sourceFailure;
        changed.signalAll();
    }

    /** The consumer is to look again, under the lock. */
    void signalChange() {
        changed.signalAll();
    }

    /** How many items the next batch should have, where they are no collection. */
    int chunkSize() {
        return sizes.size();
    }

    /** A batch of the feed's has so many items, and no more would have fitted, or they would. */
    void made(int count, boolean isFull) {
        sizes.made(count, isFull);
    }

    /** Makes batches while there is room. */
    private void topUp() {
        if (!(items instanceof Collection<?> all)) {
            if (feed != null) {
                feed.pump();
            }
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
                int size = sizes.size(all.size() - taken);
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

    /** A batch to be filled by whoever makes batches now. */
    Batch newBatch(int size) {
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
            return wantsItems() && takesBatches();
        } finally {
            crew.unlock();
        }
    }

    /** Hands a batch to the crew. It counts as ahead of the consumer only once the crew has taken it over. */
    void enter(@Nullable Batch batch, boolean last, @Nullable Throwable thrown) {
        Throwable why = thrown;
        crew.lock().lock();
        try {
            if (batch != null && !batch.items.isEmpty()) {
                batch.expectedNanos = sizes.expectedNanos(batch.items.size());
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
        Thread feeding = null;
        crew.lock().lock();
        try {
            closed = closed || !ended;
            exhausted = true;
            unwanted.addAll(ahead);
            ahead.clear();
            Batch batch = current;
            if (batch != null) {
                unwanted.add(batch);
            }
            if (feed != null) {
                feeding = feed.drop();
            }
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
