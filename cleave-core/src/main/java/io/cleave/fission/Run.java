package io.cleave.fission;

import io.cleave.CleaveException;
import io.cleave.os.Unistd;
import io.cleave.work.Gathered;
import io.cleave.work.Sneaky;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One stream of results. Whoever takes results drives it: computes the first items itself, forks children, reads their
 * rings, hands results on in order, and puts right what goes wrong.
 *
 * <h2>Overview</h2>
 *
 * The items come in windows: a collection is one, an iterator is read in pieces, as a child finds only what was on the
 * heap when it was forked. A window is cut into chunks that children claim. Results are received item by item, and a
 * chunk whose child has ended goes on where the last result was received, so that none is lost and none comes twice.
 * A child never runs far ahead: its ring fills, and it waits.
 *
 * <p>
 * This class is the stream: who may read it, and how it ends. {@link Schedule} says who computes what, {@link Reception}
 * takes what children send, {@link ResultOrder} brings results in order. One thread at a time drives, under {@link #reading}.
 * What ends with the run is guarded by a {@link RunLock}, so that whoever closes it or asks for its report waits for one
 * step at most, and for no task or iterator.
 */
final class Run implements AutoCloseable {
    private final Settings settings;
    private final Input input;
    private final ResultOrder order;
    private final Progress progress;
    private final RunLock lock = new RunLock();
    private final Schedule schedule;
    private final Driver driver = new Driver();
    private final Deadline deadline;
    private final boolean ordered;
    private final Consumer<Run> onEnd;
    /** The process that made this run; a child has a copy, which is not for it to use. */
    private final int process = Unistd.getpid();

    /** Held by who takes results. */
    private final ReentrantLock reading = new ReentrantLock();
    /** Whether no step has anything more to do. Guarded by {@link #reading}. */
    private boolean ended;
    /** Whether the consumer knows how the run has ended. Guarded by {@link #reading}. */
    private boolean told;
    private volatile boolean cancelled;
    private volatile @Nullable FissionReport finalReport;

    /**
     * Begins a run.
     *
     * @param failFast whether the first failure ends it at once, or only when the results before it have been taken
     * @param onEnd called when it has ended, once
     */
    Run(Body body, Iterable<?> items, Settings settings, boolean ordered, boolean failFast,
            Consumer<Run> onEnd) {
        this.settings = settings;
        this.deadline = new Deadline(settings.deadlineNanos());
        this.ordered = ordered;
        this.onEnd = onEnd;
        this.input = new Input(new Source(items), settings.children());
        this.order = new ResultOrder(ordered);
        this.progress = new Progress(settings.progress());
        this.schedule = new Schedule(body, settings, ordered && !failFast, input, order, progress, lock);
    }

    /**
     * Gives the next result.
     *
     * @param action takes it
     * @return false at the end
     */
    <R> boolean tryAdvance(Consumer<? super R> action) {
        Object next;
        reading.lock();
        try {
            if (!awaitReady()) {
                return false;
            }
            next = order.take();
        } finally {
            reading.unlock();
        }
        give(next, action);
        return true;
    }

    /**
     * Gives all results that are still to come, as many at a time as there are, which costs less for each.
     *
     * @param action takes them
     */
    <R> void forEachRemaining(Consumer<? super R> action) {
        while (true) {
            Deque<Object> taken;
            reading.lock();
            try {
                if (!awaitReady()) {
                    return;
                }
                taken = order.takeAll();
            } finally {
                reading.unlock();
            }
            while (!taken.isEmpty() && !cancelled) {
                give(ResultOrder.value(taken.remove()), action);
            }
            order.emptied(taken);
        }
    }

    @SuppressWarnings("unchecked")
    private static <R> void give(@Nullable Object value, Consumer<? super R> action) {
        action.accept((R) value);
    }

    /** All results that are still to come; ends the run. */
    <R> List<R> toList() {
        Gathered all = new Gathered(input.total());
        gather(all::add);
        return all.toList();
    }

    /**
     * Gives all results that are still to come, for who does not wait for single ones; ends the run.
     *
     * @param action takes them
     */
    <R> void gather(Consumer<? super R> action) {
        schedule.awaitAll();
        try (Run run = this) {
            run.forEachRemaining(action);
        }
    }

    /** Drives the run until there is a result; false at the end. */
    private boolean awaitReady() {
        if (Unistd.getpid() != process) {
            throw new IllegalStateException("this stream is being read by the parent process; a child cannot read it");
        }
        while (!order.isReady() && !ended && !cancelled) {
            ended = !driver.call(this::advance);
        }
        if (cancelled && !told) {
            throw RunLock.cancelled();
        }
        if (order.isReady()) { // what came before a failure goes out before it
            schedule.resultTaken();
            return true;
        }
        tellEnd(finish());
        return false;
    }

    /**
     * The one place where a stream of results ends: all of them have been handed on, or this throws.
     *
     * @param ofListener what a listener has thrown, or null
     */
    private void tellEnd(@Nullable Throwable ofListener) {
        if (told) {
            return;
        }
        told = true;
        Throwable why = both(schedule.failure(), ofListener);
        if (why != null) {
            throw Sneaky.rethrow(why);
        }
        if (!schedule.isComplete()) {
            throw new CleaveException("the run has ended after " + order.delivered() + " results of " + input.given()
                    + " items, before all of them were there");
        }
    }

    /** Does something towards the next result; false where there is nothing left to do. */
    private boolean advance() {
        try {
            deadline.begin(this::expired);
            progress.tell(input.total());
            input.open();
            return step();
        } catch (Throwable t) {
            schedule.fail(t);
            return false;
        }
    }

    private boolean step() {
        lock.lock();
        try {
            if (lock.isClosed()) {
                input.close(); // it may have been opened since
            }
            lock.check();
            if (deadline.isOver()) { // an alarm may be late, and there is none in a child
                throw deadline.error(order.delivered());
            }
            return schedule.step();
        } finally {
            lock.unlock();
        }
    }

    /** Ends the run as its time is over; whoever takes results learns it after those that are there. */
    private void expired() {
        if (Unistd.getpid() != process) {
            return;
        }
        lock.lock();
        try {
            if (lock.isClosed()) {
                return;
            }
            schedule.fail(deadline.error(order.delivered()));
        } finally {
            lock.unlock();
        }
        var _ = both(schedule.failure(), finish());
    }

    /** Ends the run: kills the children, gives everything back. Waits for one step at most, and for no task or iterator. */
    @Override
    public void close() {
        if (Unistd.getpid() != process) {
            return; // the children are the parent's
        }
        cancelled = true;
        Throwable thrown = finish();
        if (thrown != null) {
            throw Sneaky.rethrow(thrown);
        }
    }

    /**
     * Ends the children and the memory, once.
     *
     * @return what listeners have thrown then, or null
     */
    private @Nullable Throwable finish() {
        lock.lock();
        try {
            if (lock.isClosed()) {
                return null;
            }
            lock.close();
            schedule.close();
            finalReport = schedule.report();
            driver.close();
            deadline.cancel();
        } finally {
            lock.unlock();
        }
        onEnd.accept(this);
        Consumer<FissionReport> onReport = settings.onReport();
        Throwable thrown = thrownBy(schedule::closeSlices);
        if (onReport != null) {
            thrown = both(thrown, thrownBy(() -> onReport.accept(report())));
        }
        return both(thrown, thrownBy(() -> progress.end(input.total())));
    }

    /** What some code throws, or null. */
    static @Nullable Throwable thrownBy(Runnable code) {
        try {
            code.run();
            return null;
        } catch (Throwable t) {
            return t;
        }
    }

    /** The first of what was thrown, which knows of the second. */
    static @Nullable Throwable both(@Nullable Throwable first, @Nullable Throwable second) {
        return first == null ? second : with(first, second);
    }

    /** What was thrown, which knows of what was thrown after it, if anything was. */
    static Throwable with(Throwable first, @Nullable Throwable second) {
        if (second != null && !first.equals(second)) {
            first.addSuppressed(second);
        }
        return first;
    }

    boolean isOrdered() {
        return ordered;
    }

    /** What the run has taken, or has taken so far. */
    FissionReport report() {
        FissionReport known = finalReport;
        if (known != null) {
            return known;
        }
        lock.lock();
        try {
            return schedule.report();
        } finally {
            lock.unlock();
        }
    }
}
