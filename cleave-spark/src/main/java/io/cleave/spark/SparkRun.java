package io.cleave.spark;

import io.cleave.WorkerDiedException;
import io.cleave.channel.FrameReader;
import io.cleave.channel.RingValues;
import io.cleave.pool.ProgressListener;
import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.Sneaky;
import io.cleave.work.Values;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One call of a pool on Spark: the way from items to results.
 *
 * <p>
 * A {@link Submitter} makes portions of the items and jobs of the portions while there is room; Spark's scheduler
 * delivers answers, and the consumer takes them. No code of the user's runs under the lock.
 */
final class SparkRun<R extends @Nullable Object> extends Spliterators.AbstractSpliterator<R>
        implements
        PortionJob.Listener {
    private static final long PROGRESS_NANOS = 20_000_000;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** How a run gives out its results. */
    enum Kind {
        /** All in order, as fast as possible; the first failure ends it. */
        EAGER,
        /** In order, as they are asked for. */
        ORDERED,
        /** As they come, as they are asked for; the first failure ends it. */
        UNORDERED
    }

    final Driver driver;
    final Items items;
    final PortionWork work;
    private final Kind kind;
    private final @Nullable ClassLoader loader;
    private final Runnable onEnd;
    private final @Nullable ProgressListener progress;

    private final ReentrantLock lock = new ReentrantLock();
    /** An answer is there, or the run has ended. */
    private final Condition changed = lock.newCondition();
    /** There may be room for more portions, or no more are wanted. */
    private final Condition room = lock.newCondition();
    // Guarded by lock, down to the next line of its kind.
    private final Deque<Portion> ahead = new ArrayDeque<>();
    private final Set<PortionJob> jobs = new HashSet<>();
    private final Sizing sizing;
    /** Portions that have been handed to Spark and have no answer. */
    private int inFlight;
    /** The last portion is in the queue. */
    private boolean exhausted;
    private @Nullable Throwable sourceFailure;
    private boolean closed;
    private boolean ended;
    private @Nullable Thread submitter;
    // For the consumer only.
    private @Nullable Portion current;
    private int next;
    private long delivered;
    private long reported;
    private long waitsSince;

    SparkRun(Driver driver, Items items, PortionWork work, Kind kind, @Nullable ClassLoader loader,
            Consumer<SparkRun<?>> onEnd) {
        super(Long.MAX_VALUE, kind == Kind.UNORDERED ? 0 : Spliterator.ORDERED);
        this.driver = driver;
        this.items = items;
        this.work = work;
        this.kind = kind;
        this.loader = loader;
        this.onEnd = () -> onEnd.accept(this);
        this.progress = driver.settings.progress();
        this.sizing = new Sizing(driver.settings.chunkSize(), driver.mostResults);
    }

    @Override
    public @Nullable Spliterator<R> trySplit() {
        return null; // the parallel work happens in the executors
    }

    long total() {
        return items.total();
    }

    // The consumer

    @Override
    public boolean tryAdvance(Consumer<? super R> action) {
        while (true) {
            Portion portion = current;
            if (portion != null) {
                List<@Nullable Object> results = Objects.requireNonNull(portion.results);
                if (next < results.size()) {
                    R result = unchecked(results.get(next));
                    results.set(next++, null); // the consumer may keep it or not
                    action.accept(result);
                    delivered++;
                    report(false);
                    return true;
                }
                if (portion.thrown != null) {
                    throw end(portion.thrown);
                }
            }
            current = await();
            next = 0;
            if (current == null) {
                report(true);
                return false;
            }
            open(current);
        }
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // null is an R where the task gave null
    private R unchecked(@Nullable Object result) {
        return (R) result;
    }

    private void report(boolean atTheEnd) {
        ProgressListener listener = progress;
        if (listener != null) {
            long now = System.nanoTime();
            if (atTheEnd || now - reported > PROGRESS_NANOS) {
                reported = now;
                long total = Math.max(delivered, total()); // a collection may have shrunk since
                listener.onProgress(delivered, atTheEnd ? delivered : total() < 0 ? -1 : total);
            }
        }
    }

    /** The next portion to give out, or null at the end. */
    private @Nullable Portion await() {
        waitsSince = System.nanoTime();
        while (true) {
            Throwable why;
            boolean isAtTheEnd = false;
            lock.lock();
            try {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                startSubmitter();
                Portion ready = poll();
                if (ready != null) {
                    room.signal();
                    return ready;
                }
                why = whyNot();
                if (inFlight == 0) {
                    waitsSince = System.nanoTime(); // for items, rather than for executors
                }
                isAtTheEnd = why == null && exhausted && ahead.isEmpty();
                if (why == null && !isAtTheEnd) {
                    changed.awaitNanos(LOOK_NANOS);
                }
            } catch (InterruptedException e) {
                why = interrupted();
            } finally {
                lock.unlock();
            }
            if (why != null) {
                throw end(why);
            }
            if (isAtTheEnd) {
                finish();
                return null;
            }
            try {
                why = driver.executors.whyInVain(waitsSince);
            } catch (InterruptedException e) {
                why = interrupted();
            }
            if (why != null) {
                throw end(why);
            }
        }
    }

    private static CancellationException interrupted() {
        Thread.currentThread().interrupt();
        return new CancellationException("interrupted while waiting for results; what was being computed ended");
    }

    /** Takes a portion with an answer, under the lock. */
    private @Nullable Portion poll() {
        if (closed) {
            return null;
        }
        for (Iterator<Portion> portions = ahead.iterator(); portions.hasNext();) {
            Portion portion = portions.next();
            if (portion.isDone()) {
                portions.remove();
                return portion;
            }
            if (kind != Kind.UNORDERED) {
                break;
            }
        }
        return null;
    }

    /** Why there will not be another result, under the lock. */
    private @Nullable Throwable whyNot() {
        if (closed) {
            return new CancellationException("the stream was closed while it was being read");
        }
        return ahead.isEmpty() ? sourceFailure : null;
    }

    private void startSubmitter() {
        if (submitter == null && !closed) {
            submitter = Thread.ofPlatform().daemon().name(driver.name + "-submitter").start(new Submitter(this));
        }
    }

    /** Makes results of a portion's answer. */
    private void open(Portion portion) {
        List<@Nullable Object> results = new ArrayList<>(portion.count);
        portion.results = results;
        byte[] answer = portion.takeAnswer();
        if (answer == null) {
            portion.thrown = Losses.of(portion.blamed(), portion.lost(), driver.executors);
            return;
        }
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        if (loader != null) {
            thread.setContextClassLoader(loader);
        }
        try {
            FrameReader in = new FrameReader(answer);
            while (in.next()) {
                switch (in.kind()) {
                    case PortionFrames.COST -> {
                        // The scheduler's thread has read it.
                    }
                    case PortionFrames.FAILURE -> portion.thrown = Failure
                            .decode(in.bytes(), in.offset(), in.length()).toThrowable();
                    case PortionFrames.EXHAUSTED -> portion.thrown = exhausted(portion,
                            RingValues.getLong(in.bytes(), in.offset()));
                    default ->
                        results.add(Values.read(in.kind(), in.bytes(), in.offset(), in.length(), Codec.standard()));
                }
            }
        } catch (OutOfMemoryError e) {
            portion.thrown = e;
        } catch (Throwable e) { // whatever it is, a consumer that goes on is to meet it again, not to miss results
            portion.thrown = new IllegalArgumentException("the result of item " + (portion.first + results.size())
                    + " cannot be deserialised: " + Failure.reason(e), e);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private WorkerDiedException exhausted(Portion portion, long attempts) {
        return Losses.died(portion, "an attempt at " + portion.range() + " was lost; their computing had begun "
                + (attempts == 1 ? "once" : attempts + " times") + ", and " + driver.settings.maxRetries()
                + " retries are allowed", driver.executors.loss("", portion.made));
    }

    private RuntimeException end(Throwable why) {
        close();
        throw Sneaky.rethrow(why);
    }

    /** Lets go of what the run holds, once. Not under the lock, as Spark is asked to. */
    private void finish() {
        boolean isFirst;
        lock.lock();
        try {
            isFirst = !ended;
            ended = true;
        } finally {
            lock.unlock();
        }
        if (isFirst) {
            items.close();
            onEnd.run();
        }
    }

    /** Ends what is still being computed. */
    void close() {
        List<PortionJob> open;
        lock.lock();
        try {
            if (!ended) {
                closed = true;
            }
            exhausted = true;
            open = List.copyOf(jobs);
            Thread thread = submitter;
            if (thread != null && !thread.equals(Thread.currentThread())) {
                thread.interrupt();
            }
            changed.signalAll();
            room.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            open.forEach(PortionJob::cancel);
        } finally {
            finish();
        }
    }

    // The submitter

    /**
     * Waits until there is room for portions.
     *
     * @return how many; 0 where no more are wanted
     */
    int awaitRoom(int cores) throws InterruptedException {
        lock.lock();
        try {
            while (!exhausted && roomFor(cores) == 0) {
                room.await();
            }
            return exhausted ? 0 : roomFor(cores);
        } finally {
            lock.unlock();
        }
    }

    /** Jobs are made when two portions for each core are under way, and fill up to four. */
    private int roomFor(int cores) {
        int most = Sizing.MOST_PORTIONS * cores;
        int used = kind == Kind.EAGER ? inFlight : ahead.size();
        return used > most / 2 ? 0 : most - used;
    }

    int portionSize(int number, int cores, long left) {
        lock.lock();
        try {
            return sizing.portion(number, cores, left);
        } finally {
            lock.unlock();
        }
    }

    /** Takes note of a job that is about to be submitted; false where the run has ended. */
    boolean enter(PortionJob job) {
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            jobs.add(job);
            ahead.addAll(job.portions);
            inFlight += job.portions.size();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** No more portions come. */
    void exhaust(@Nullable Throwable why) {
        lock.lock();
        try {
            exhausted = true;
            if (sourceFailure == null) {
                sourceFailure = why;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // Spark's scheduler

    @Override
    public void answered(Portion portion, byte[] answer) {
        long nanos = 0;
        int attempts = 0;
        boolean failed;
        try {
            FrameReader in = new FrameReader(answer);
            in.next();
            nanos = RingValues.getLong(in.bytes(), in.offset());
            attempts = (int) RingValues.getLong(in.bytes(), in.offset() + Long.BYTES);
            failed = RingValues.getLong(in.bytes(), in.offset() + 2 * Long.BYTES) != 0;
        } catch (IOException e) {
            failed = true; // the consumer finds out, too
        }
        driver.retries.addAndGet(attempts);
        lock.lock();
        try {
            if (portion.isDone()) {
                return;
            }
            portion.answer(answer);
            inFlight--;
            if (failed) {
                exhausted = true; // what comes behind it is not wanted any more
                if (kind != Kind.ORDERED) {
                    expedite(portion);
                }
            } else {
                sizing.learn(portion.count, nanos, answer.length);
            }
            changed.signalAll();
            room.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Has a failure be the next that the consumer sees, where it is not to wait for what comes before it. */
    private void expedite(Portion portion) {
        if (kind == Kind.EAGER && ahead.remove(portion)) {
            ahead.addFirst(portion);
        }
    }

    @Override
    public void ended(PortionJob job, @Nullable Throwable why) {
        Portion blamed = why == null ? null : Losses.blamed(job.portions, why);
        lock.lock();
        try {
            jobs.remove(job);
            for (Portion portion : job.portions) {
                if (!portion.isDone()) {
                    portion.lose(why == null ? new CancellationException("Spark ended a job without its results")
                            : why, blamed);
                    inFlight--;
                    exhausted = true;
                    if (kind != Kind.ORDERED) {
                        expedite(portion);
                    }
                }
            }
            changed.signalAll();
            room.signal();
        } finally {
            lock.unlock();
        }
    }
}
