package io.cleave.fission;

import io.cleave.channel.RingValues;
import io.cleave.os.Unistd;
import io.cleave.work.Failure;
import io.cleave.work.Gathered;
import io.cleave.work.Sneaky;
import io.cleave.work.Values;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
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
 * Only one thread at a time drives, under {@link #lock}; user code runs under it only where an item is computed here.
 */
final class Run implements Brood.Listener {
    /** Stands for null where a queue takes none. */
    private enum Absent {
        /** A result that is null. */
        NULL
    }

    private static final long NAP_NANOS = 2_000_000;
    private static final long ALL_NAP_NANOS = 20_000_000;
    private static final long FIRST_RESULT_NANOS = 2_000_000;
    /** How long a child may keep results before it wakes the parent: each wake-up takes a processor from some child. */
    private static final long LATENCY_NANOS = 100_000;
    private static final long ALL_LATENCY_NANOS = 20_000_000;
    private static final int READY_ENOUGH = 4096;
    private static final long MOST_BUFFERED = 64L << 20;
    private static final int MOST_WINDOWS = 3;

    private final Body body;
    private final Settings settings;
    private final boolean ordered;
    /** Whether the first failure ends the run at once, or only when the results before it have been taken. */
    private final boolean failFast;
    private final Input input;
    private final Inline inline;
    private final ReentrantLock lock = new ReentrantLock();
    private Deque<Object> ready = new ArrayDeque<>();
    private Deque<Object> spare = new ArrayDeque<>();
    private final Deque<Window> windows = new ArrayDeque<>();
    private final Progress progress;
    private final Driver driver = new Driver();

    private final Consumer<Run> onEnd;
    /** The process that made this run; a child has a copy, which is not for it to use. */
    private final int process = Unistd.getpid();

    private @Nullable Brood brood;
    private volatile @Nullable FissionReport finalReport;
    private volatile boolean cancelled;
    private boolean ended;
    private boolean anyTaken;
    /** Whether nobody waits for single results, but for all of them. */
    private boolean nobodyWaits;
    private @Nullable Throwable failure;
    /** Set where an ordered run has met a failure at its place: nothing behind it is wanted. */
    private @Nullable Window failedWindow;
    private int failedChunk;
    private long bufferedBytes;
    private long itemsInChildren;

    Run(Body body, Iterable<?> items, Settings settings, boolean ordered, boolean failFast,
            Consumer<Run> onEnd) {
        this.body = body;
        this.settings = settings;
        this.ordered = ordered;
        this.failFast = failFast;
        this.onEnd = onEnd;
        this.input = new Input(new Source(items), settings.children());
        this.inline = new Inline(body, settings);
        this.progress = new Progress(settings.progress());
    }

    /**
     * Gives the next result.
     *
     * @param action takes it
     * @return false at the end
     */
    <R> boolean tryAdvance(Consumer<? super R> action) {
        Object next;
        lock.lock();
        try {
            if (!awaitReady()) {
                return false;
            }
            next = ready.remove();
        } finally {
            lock.unlock();
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
            lock.lock();
            try {
                if (!awaitReady()) {
                    return;
                }
                taken = ready;
                ready = spare;
            } finally {
                lock.unlock();
            }
            while (!taken.isEmpty() && !cancelled) {
                give(taken.remove(), action);
            }
            taken.clear();
            spare = taken;
        }
    }

    /** All results that are still to come; ends the run. */
    <R> List<R> toList() {
        nobodyWaits = true;
        try {
            Gathered all = new Gathered(input.total());
            forEachRemaining(all::add);
            return all.toList();
        } finally {
            close();
        }
    }

    /** Drives the run until there is a result; false at the end. */
    private boolean awaitReady() {
        if (Unistd.getpid() != process) {
            throw new IllegalStateException("this stream is being read by the parent process; a child cannot read it");
        }
        boolean goesOn = true;
        while (ready.isEmpty() && goesOn) {
            goesOn = !ended && driver.call(this::advance);
        }
        if (ready.isEmpty()) { // what came before a failure goes out before it
            finish();
            raise();
            return false;
        }
        anyTaken = true;
        return true;
    }

    @SuppressWarnings("unchecked")
    private static <R> void give(Object value, Consumer<? super R> action) {
        R result = (R) (value instanceof Absent ? null : value);
        action.accept(result);
    }

    /** Ends the run: kills the children, gives everything back. */
    void close() {
        if (Unistd.getpid() != process) {
            return; // the children are the parent's
        }
        cancelled = true;
        lock.lock();
        try {
            if (finalReport == null && failure == null) { // whoever reads on must not take this for the end
                failure = new CancellationException("the stream was closed while it was being read");
            }
            ready.clear();
            finish();
        } finally {
            lock.unlock();
        }
    }

    boolean isOrdered() {
        return ordered;
    }

    FissionReport report() {
        FissionReport known = finalReport;
        if (known != null) {
            return known;
        }
        lock.lock();
        try {
            return currentReport();
        } finally {
            lock.unlock();
        }
    }

    private FissionReport currentReport() {
        return brood != null ? brood.report(inline.items(), itemsInChildren)
                : new FissionReport(0, 0, 0, 0, inline.items(), itemsInChildren, 0, 0, List.of());
    }

    /** Does something towards the next result; false where there is nothing left to do. */
    private boolean advance() {
        try {
            return step();
        } catch (Throwable t) {
            fail(t);
            return false;
        }
    }

    private boolean step() {
        if (failure != null) {
            return false;
        }
        if (cancelled) {
            throw new CancellationException("the stream was closed while it was being read");
        }
        if (Thread.interrupted()) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for results; all children were ended");
        }
        if (brood == null) {
            if (computeHere()) {
                return true;
            }
            if (input.isExhausted()) {
                return false;
            }
            brood = new Brood(settings, body, this);
        }
        return supervise(brood);
    }

    /** Computes items in this JVM, where that is the better way; false where it is time to fork or there are none. */
    private boolean computeHere() {
        if (Forker.isChild() || inline.wantsNext(input)) {
            @Nullable Object[] items = input.pending();
            if (items.length == 0) {
                return false;
            }
            int at = input.position();
            int count = body.isItemwise() ? inline.batch(items.length - at) : 1;
            inline.compute(items, at, at + count, 0, input.place(), this::deliver);
            input.advance(count);
            progress.done(count, input.total());
            return true;
        }
        return false;
    }

    private boolean supervise(Brood children) {
        for (Child child : List.copyOf(children.live())) {
            if (child.isLive && mayDrain(child)) { // the failure of one may have ended others
                drainSome(child);
            }
        }
        releaseDue();
        if (!ready.isEmpty() && !anyTaken) {
            return true; // the first result goes out before anything else is done
        }
        if (failure == null) {
            children.look();
            releaseDue();
        }
        boolean forked = failure == null && forkMissing(children);
        if (!ready.isEmpty() || failure != null) {
            return !ready.isEmpty();
        }
        if (isDone() && children.haveAllLeft()) {
            return false;
        }
        boolean helped = !forked && inline.mayHelp(children, itemsInChildren) && help();
        if (!helped) {
            sleep(children, System.nanoTime() + (nobodyWaits ? ALL_NAP_NANOS : NAP_NANOS));
        }
        return true;
    }

    /** Whether a child's results are wanted now: all are, unless too much waits already for results before them. */
    private boolean mayDrain(Child child) {
        Window first = windows.peek();
        return !ordered || bufferedBytes < MOST_BUFFERED || first == null || first.ownerAcquire(first.due) <= 0
                || (child.window == first && first.ownerAcquire(first.due) == child.number);
    }

    private boolean forkMissing(Brood children) {
        boolean forked = false;
        boolean allowed = settings.isIsolated() || !children.isHopeless(itemsInChildren); // isolated: nobody else can
        while (!children.isFull() && allowed) {
            Window window = windowToFork();
            if (window == null) {
                break;
            }
            children.fork(window, nobodyWaits ? ALL_LATENCY_NANOS : LATENCY_NANOS);
            forked = true;
            if (!anyTaken && !nobodyWaits) {
                awaitFirst(children);
                if (!ready.isEmpty()) {
                    break;
                }
            }
        }
        return forked;
    }

    private @Nullable Window windowToFork() {
        Brood children = Objects.requireNonNull(brood);
        for (Window window : windows) {
            int limit = window == failedWindow ? failedChunk : window.chunks.length;
            long same = children.live().stream().filter(c -> c.window == window && c.chunk < 0).count();
            if (window.unclaimed((int) same + 1, limit) > same) {
                return window;
            }
            if (window == failedWindow) {
                return null;
            }
        }
        if (windows.size() < MOST_WINDOWS && failedWindow == null) {
            Window next = input.nextWindow(inline.nanosPerItem());
            if (next != null) {
                windows.add(next);
                return next;
            }
        }
        return null;
    }

    /**
     * Gives a child a moment before the next is forked, as the first result matters more; and the very first child, which
     * has still to set itself up, as long as its fork took: a second one would take that long too.
     */
    private void awaitFirst(Brood children) {
        long moment = children.live().size() > 1 ? 0 : children.lastForkNanos();
        long deadline = System.nanoTime() + Math.max(FIRST_RESULT_NANOS, moment);
        while (ready.isEmpty() && failure == null && System.nanoTime() < deadline) {
            Child child = children.live().getLast();
            sleep(children, deadline);
            drainSome(child);
            releaseDue();
        }
    }

    private static void sleep(Brood children, long deadline) {
        int ticket = children.bell().prepare();
        for (Child child : children.live()) {
            if (child.in.isReadable()) {
                children.bell().cancel();
                return;
            }
        }
        children.bell().sleep(ticket, deadline);
    }

    /** Computes an item of the first free chunk here. */
    private boolean help() {
        for (Window window : windows) {
            if (window == failedWindow) {
                return false;
            }
            int chunk = window.claim(Window.PARENT);
            if (chunk >= 0) {
                computeChunk(window, chunk);
                return true;
            }
        }
        return false;
    }

    /** Computes the next item of a chunk that this JVM has claimed, and gives the rest back. */
    private void computeChunk(Window window, int chunk) {
        try {
            computeNext(window, chunk);
        } catch (Throwable t) {
            failAt(window, chunk, t);
        }
    }

    private void computeNext(Window window, int chunk) {
        int from = window.starts[chunk];
        int to = window.starts[chunk + 1];
        Window.Chunk state = window.chunks[chunk];
        if (body.isItemwise()) {
            int at = from + state.received;
            if (at < to) {
                inline.compute(window.items, at, at + 1, 0, window.base, value -> receive(window, chunk, value, 0));
            }
            if (state.received < to - from) {
                window.free(chunk);
                return;
            }
        } else {
            inline.compute(window.items, from, to, state.received, window.base,
                    value -> receive(window, chunk, value, 0));
        }
        endChunk(window, chunk);
    }

    private void deliver(@Nullable Object value) {
        ready.add(value == null ? Absent.NULL : value);
    }

    private void drainSome(Child child) {
        while (failure == null && ready.size() < READY_ENOUGH && child.in.next()) {
            take(child);
        }
    }

    @Override
    public void drain(Child child) {
        while (failure == null && child.in.next()) {
            take(child);
        }
    }

    private void take(Child child) {
        int kind = child.in.kind();
        if (Values.isValue(kind)) {
            try {
                Object value = Values.read(child.in, settings.codec());
                receive(child.window, child.chunk, value, child.in.length());
                itemsInChildren += body.isItemwise() ? 1 : 0;
            } catch (IOException e) {
                throw new UncheckedIOException("a child's result cannot be decoded: " + e.getMessage(), e);
            }
            return;
        }
        switch (kind) {
            case Frames.CHUNK -> child.chunk = (int) RingValues.getLong(child.in.bytes(),
                    child.in.offset());
            case Frames.END -> {
                int slice = child.window.starts[child.chunk + 1] - child.window.starts[child.chunk];
                itemsInChildren += body.isItemwise() ? 0 : slice;
                endChunk(child.window, child.chunk);
            }
            case Frames.FAILURE -> failed(child);
            default -> {
                child.leaving = true;
                if (kind == Frames.LEAVE_CODEC) {
                    Preparation.ready(settings.codec());
                }
                if (kind != Frames.LEAVE_IDLE) {
                    Objects.requireNonNull(brood).successorDue(kind == Frames.LEAVE_MEMORY);
                }
            }
        }
    }

    private void failed(Child child) {
        child.leaving = true;
        Failure what;
        try {
            what = Failure.decode(child.in.bytes(), child.in.offset(), child.in.length());
        } catch (IOException e) {
            throw new UncheckedIOException("a child's failure cannot be decoded: " + e.getMessage(), e);
        }
        failAt(child.window, child.chunk, what.toThrowable());
    }

    /** Ends the run at once, or when all results before the failure have been handed on. */
    private void failAt(Window window, int chunk, Throwable thrown) {
        if (failFast || !ordered) {
            fail(thrown);
            return;
        }
        window.chunks[chunk].failure = thrown;
        failedWindow = window;
        failedChunk = chunk;
        input.stop();
        Objects.requireNonNull(brood).killThose(this::isBehindFailure);
    }

    private boolean isBehindFailure(Child child) {
        if (child.window == failedWindow) {
            return child.chunk > failedChunk;
        }
        for (Window window : windows) {
            if (window == child.window) {
                return false;
            }
            if (window == failedWindow) {
                return true;
            }
        }
        return true;
    }

    private void receive(Window window, int number, @Nullable Object value, int bytes) {
        Window.Chunk chunk = window.chunks[number];
        chunk.received++;
        if (body.isItemwise()) {
            progress.done(1, input.total());
        }
        if (!ordered || (window == windows.peek() && number == window.due && chunk.early.isEmpty())) {
            deliver(value);
        } else {
            chunk.early.add(value == null ? Absent.NULL : value);
            chunk.earlyBytes += bytes;
            bufferedBytes += bytes;
        }
    }

    private void endChunk(Window window, int chunk) {
        window.chunks[chunk].ended = true;
        window.ownerRelease(chunk, Window.DONE);
        if (!body.isItemwise()) {
            progress.done(window.starts[chunk + 1] - window.starts[chunk], input.total());
        }
    }

    /** Hands on what is due: the results of the first chunk that is not complete, and of the complete ones before it. */
    private void releaseDue() {
        while (true) {
            Window window = windows.peek();
            if (window == null) {
                return;
            }
            while (!window.isDelivered()) {
                Window.Chunk chunk = window.chunks[window.due];
                ready.addAll(chunk.early);
                bufferedBytes -= chunk.earlyBytes;
                chunk.early = new ArrayList<>(0);
                chunk.earlyBytes = 0;
                if (chunk.failure != null && failure == null) {
                    failure = chunk.failure;
                }
                if (!chunk.ended) {
                    return;
                }
                window.due++;
            }
            windows.remove();
            window.close();
        }
    }

    private boolean isDone() {
        Window last = windows.peekLast();
        boolean delivered = last == null || (windows.size() == 1 && last.isDelivered());
        return delivered && ready.isEmpty() && input.isExhausted();
    }

    @Override
    public void orphaned(Window window, int chunk, boolean here) {
        if (failure != null) {
            return;
        }
        if (window == failedWindow && chunk >= failedChunk) {
            window.ownerRelease(chunk, Window.DONE); // nobody wants it any more
        } else if (here) {
            window.ownerRelease(chunk, Window.PARENT);
            computeChunk(window, chunk);
        } else {
            window.free(chunk);
        }
    }

    @Override
    public void fail(Throwable why) {
        if (failure == null) {
            failure = why;
        }
        ended = true;
    }

    /** Ends the children and the memory, once. */
    private void finish() {
        if (finalReport != null) {
            return;
        }
        ended = true;
        Brood children = brood;
        if (children != null) {
            children.close();
        }
        finalReport = currentReport();
        windows.forEach(Window::close);
        windows.clear();
        driver.close();
        onEnd.accept(this);
        progress.end(input.total());
    }

    private void raise() {
        Throwable why = failure;
        if (why != null) {
            failure = null;
            throw Sneaky.rethrow(why);
        }
    }
}
