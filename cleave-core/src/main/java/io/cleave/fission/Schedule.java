package io.cleave.fission;

import io.cleave.fork.Forks;
import io.cleave.os.SystemCallException;
import io.cleave.work.Caught;
import io.cleave.work.Sneaky;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Who computes what next, the caller or children, one step at a time. All of it happens in the thread that drives the
 * run, under its {@link RunLock}.
 */
final class Schedule implements Children.Listener, Reception.Listener {
    private static final long NAP_NANOS = 2_000_000;
    private static final long ALL_NAP_NANOS = 20_000_000;
    /** How long a child may keep results before it wakes the parent: each wake-up takes a processor from some child. */
    private static final long LATENCY_NANOS = 100_000;
    private static final long ALL_LATENCY_NANOS = 20_000_000;
    private static final int READY_ENOUGH = 4096;
    private static final int MOST_WINDOWS = 3;
    private static final Object FIRST = new Object();

    private final Body body;
    private final Settings settings;
    /** Whether a failure ends the run only when the results before it have been taken, or at once. */
    private final boolean failsInOrder;
    private final Input input;
    private final Inline inline;
    private final ResultOrder order;
    private final Progress progress;
    private final RunLock lock;
    private final Reception reception;
    /** Chunks that this JVM has to go on with, as no child can. */
    private final Deque<Orphan> orphans = new ArrayDeque<>();

    /** Slices that are computed here, by their chunks; or {@link #FIRST}, before there are any. */
    private final OpenSlices slices;

    private final HeadStart headStart = new HeadStart();
    private @Nullable Children children;
    private @Nullable Throwable failure;
    private boolean anyTaken;
    private boolean nobodyWaits;

    /** A chunk at an item that this JVM must compute. */
    private record Orphan(Window window, int chunk) {}

    Schedule(Body body, Settings settings, boolean failsInOrder, Input input, ResultOrder order, Progress progress,
            RunLock lock) {
        this.body = body;
        this.settings = settings;
        this.failsInOrder = failsInOrder;
        this.input = input;
        this.inline = new Inline(body, settings);
        this.order = order;
        this.progress = progress;
        this.lock = lock;
        this.slices = new OpenSlices(lock);
        this.reception = new Reception(body, settings.codec(), order, progress, this);
    }

    /** Nobody waits for single results, but for all of them. */
    void awaitAll() {
        nobodyWaits = true;
    }

    /** A result has been taken: the next is not as urgent. */
    void resultTaken() {
        anyTaken = true;
    }

    /** Why the run has failed, or null. */
    @Nullable Throwable failure() {
        return failure;
    }

    /** Whether all items have been computed, and all their results handed on. */
    boolean isComplete() {
        return isDone() && (!body.isItemwise() || order.delivered() == input.given());
    }

    FissionReport report() {
        return children != null ? children.report(inline.items(), reception.itemsInChildren())
                : FissionReport.ofNoForks(inline.items());
    }

    /** Ends the children, and gives back what is shared with them. */
    void close() {
        if (children != null) {
            children.close();
        }
        order.close();
        input.close();
    }

    /** Closes what was open of the caller's, after {@link #close}; called without the lock. */
    void closeSlices() {
        slices.close();
    }

    /** Does something towards the next result; false where there is nothing left to do. */
    boolean step() {
        if (failure != null) {
            return false;
        }
        if (Thread.interrupted()) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for results; all children were ended");
        }
        if (children == null) {
            if (slices.isOpen(FIRST) || Forks.isChild() || inline.wantsNext(input)) {
                return computeFirst() || !input.isExhausted();
            }
            if (input.isExhausted()) {
                return false;
            }
            children = new Children(settings, body, this);
        }
        return supervise(children);
    }

    /** Computes the next items in this JVM, if there are any yet. */
    private boolean computeFirst() {
        @Nullable Object[] items = input.pending();
        if (items.length == 0) {
            return false;
        }
        int at = input.position();
        long place = input.place();
        if (body instanceof Body.Slicewise) {
            if (slices.goOn(FIRST, () -> inline.new Slice(items, at, at + 1, 0, place, order::deliver),
                    () -> order.readyCount() >= READY_ENOUGH)) {
                advance(1);
            }
            return true;
        }
        int count = inline.batch(items.length - at);
        lock.outside(() -> inline.compute(items, at, at + count, 0, place, order::deliver));
        advance(count);
        return true;
    }

    private void advance(int count) {
        input.advance(count);
        progress.done(count);
    }

    private boolean supervise(Children children) {
        for (Child child : List.copyOf(children.live())) {
            if (child.isLive && order.mayDrain(child)) { // the failure of one may have ended others
                drainSome(child);
            }
        }
        releaseDue();
        if (order.isReady() && !anyTaken) {
            return true; // the first result goes out before anything else is done
        }
        if (failure == null) {
            children.look();
            releaseDue();
        }
        boolean forked = failure == null && forkMissing(children);
        if (order.isReady() || failure != null) {
            return order.isReady();
        }
        if (isDone() && children.haveAllLeft()) {
            return false;
        }
        if (!computeOrphan() && (forked || !mayHelp(children) || !help(children))) {
            rest(children);
        }
        return true;
    }

    private void releaseDue() {
        Throwable due = order.releaseDue();
        if (due != null) {
            fail(due);
        }
    }

    private boolean isDone() {
        return order.isDelivered() && !order.isReady() && input.isExhausted();
    }

    // Children

    /** Whether it has forked, or is about to. */
    private boolean forkMissing(Children children) {
        if (!anyTaken && headStart.lasts(children.lastForkNanos())) {
            return true;
        }
        boolean forked = false;
        boolean allowed = settings.isIsolated() || !children.isHopeless(reception.itemsInChildren()); // isolated: nobody else can
        boolean awaitsFirst = !anyTaken && !nobodyWaits;
        try {
            while (!children.isFull() && allowed) {
                Window window = windowToFork(children);
                if (window == null || !fork(children, window, !awaitsFirst)) {
                    break;
                }
                forked = true;
                if (awaitsFirst) {
                    headStart.give(children.live().getLast(), children.live().size() == 1);
                    break;
                }
            }
        } finally {
            children.letGo();
        }
        return forked;
    }

    private boolean fork(Children children, Window window, boolean isFollowed) {
        int before = children.live().size();
        input.between(() -> children.fork(window, nobodyWaits ? ALL_LATENCY_NANOS : LATENCY_NANOS, isFollowed));
        return children.live().size() > before;
    }

    private @Nullable Window windowToFork(Children children) {
        for (Window window : order.windows()) {
            int limit = order.wanted(window);
            long same = children.live().stream().filter(c -> c.window == window && c.chunk < 0).count();
            if (window.unclaimed((int) same + 1, limit) > same) {
                return window;
            }
        }
        return nextWindow(children);
    }

    /** Reads on, where there are not many windows that are not done yet; null where nothing is to be had for now. */
    private @Nullable Window nextWindow(Children children) {
        if (order.windowCount() >= MOST_WINDOWS || order.hasFailed()) {
            return null;
        }
        Window next = input.nextWindow(inline.nanosPerItem(), children.live().isEmpty());
        if (next != null) {
            order.add(next);
        }
        return next;
    }

    /** Waits for children; fails where there will be none and nobody else can do their work. */
    private void rest(Children children) {
        SystemCallException refusal = children.refusal();
        if (refusal != null && !isDone()) {
            throw refusal;
        }
        sleep(children, System.nanoTime() + (nobodyWaits && !children.live().isEmpty() ? ALL_NAP_NANOS : NAP_NANOS));
    }

    private static void sleep(Children children, long deadline) {
        int ticket = children.bell().prepare();
        for (Child child : children.live()) {
            if (child.in.isReadable()) {
                children.bell().cancel();
                return;
            }
        }
        children.bell().sleep(ticket, deadline);
    }

    private void drainSome(Child child) {
        while (failure == null && order.readyCount() < READY_ENOUGH && child.in.next()) {
            reception.take(child);
        }
    }

    @Override
    public void drain(Child child) {
        while (failure == null && child.in.next()) {
            reception.take(child);
        }
    }

    @Override
    public void leftEarly(boolean forMemory) {
        Objects.requireNonNull(children).successorDue(forMemory);
    }

    // Chunks that are computed here

    private boolean mayHelp(Children children) {
        return inline.mayHelp(children, reception.itemsInChildren());
    }

    /** Goes on with a chunk at an item that no child can compute. */
    private boolean computeOrphan() {
        Orphan orphan = nextOrphan();
        if (orphan == null) {
            return false;
        }
        if (order.isUnwanted(orphan.window, orphan.chunk)) {
            orphan.window.ownerRelease(orphan.chunk, Window.DONE);
        } else {
            computeChunk(orphan.window, orphan.chunk);
        }
        return true;
    }

    /** One whose results are wanted now; those of an open slice may have to wait for others before them. */
    private @Nullable Orphan nextOrphan() {
        for (Orphan orphan : orphans) {
            if (orphan.window.chunks[orphan.chunk].early.size() < READY_ENOUGH) {
                orphans.remove(orphan);
                return orphan;
            }
        }
        return null;
    }

    /** Computes an item here: of the first free chunk, or of the next window, where there may be none to fork for it. */
    private boolean help(Children children) {
        return helpWithWindows(children) || (nextWindow(children) != null && helpWithWindows(children));
    }

    private boolean helpWithWindows(Children children) {
        for (Window window : order.windows()) {
            if (order.wanted(window) < window.chunks.length) {
                return false;
            }
            int chunk = window.claim(Window.PARENT, free -> mayRunHere(children, window, free));
            if (chunk >= 0) {
                computeChunk(window, chunk);
                return true;
            }
        }
        return false;
    }

    private boolean mayRunHere(Children children, Window window, int chunk) {
        return children.mayRunHere(window.base + next(window, chunk));
    }

    /** The first item of a chunk that is not done; in the generator form the first of the current slice. */
    private int next(Window window, int chunk) {
        Window.Chunk state = window.chunks[chunk];
        return window.starts[chunk] + (body.isItemwise() ? state.received : state.done);
    }

    /** Computes the next item, or slice, of a chunk that this JVM has claimed, and gives the rest back. */
    private void computeChunk(Window window, int chunk) {
        try {
            if (next(window, chunk) < window.starts[chunk + 1]) {
                if (!mayRunHere(Objects.requireNonNull(children), window, chunk)) {
                    window.free(chunk);
                    return;
                }
                if (body instanceof Body.Slicewise) {
                    goOnWithSlice(window, chunk);
                } else {
                    lock.outside(
                            body.isItemwise() ? () -> computeItem(window, chunk) : () -> computeSlice(window, chunk));
                }
            }
            if (slices.isOpen(window.chunks[chunk])) {
                orphans.addFirst(new Orphan(window, chunk));
            } else if (next(window, chunk) < window.starts[chunk + 1]) {
                window.free(chunk);
            } else {
                reception.end(window, chunk);
            }
        } catch (Throwable t) {
            if (lock.isClosed()) {
                throw Sneaky.rethrow(t);
            }
            failedAt(window, chunk, t);
            if (body.forgives()) {
                window.free(chunk);
            }
        }
    }

    private void computeItem(Window window, int chunk) {
        int at = next(window, chunk);
        inline.compute(window.items, at, at + 1, 0, window.base, value -> reception.receive(window, chunk, value, 0));
    }

    private void computeSlice(Window window, int chunk) {
        Window.Chunk state = window.chunks[chunk];
        state.end = Math.max(state.end, state.done + 1);
        int from = window.starts[chunk];
        inline.compute(window.items, from + state.done, from + state.end, state.received, window.base,
                value -> reception.receive(window, chunk, value, 0));
        reception.endSlice(state);
    }

    /** The same for a moment, where there may be any number of results. */
    private void goOnWithSlice(Window window, int chunk) {
        Window.Chunk state = window.chunks[chunk];
        state.end = Math.max(state.end, state.done + 1);
        int from = window.starts[chunk];
        if (slices.goOn(state, () -> inline.new Slice(window.items, from + state.done, from + state.end, state.received,
                window.base, value -> reception.receive(window, chunk, value, 0)),
                () -> order.readyCount() >= READY_ENOUGH || state.early.size() >= READY_ENOUGH)) {
            reception.endSlice(state);
        }
    }

    @Override
    public void orphaned(Window window, int chunk, boolean here) {
        if (failure != null) {
            return;
        }
        if (order.isUnwanted(window, chunk)) {
            window.ownerRelease(chunk, Window.DONE);
        } else if (here) {
            window.ownerRelease(chunk, Window.PARENT);
            orphans.add(new Orphan(window, chunk));
        } else {
            window.free(chunk);
        }
    }

    // Failures

    @Override
    public void failedAt(Window window, int chunk, Throwable thrown) {
        if (body.forgives()) {
            reception.receive(window, chunk, Caught.told(thrown), 0);
            return; // who has computed it gives the rest of the chunk back
        }
        if (!failsInOrder) {
            fail(thrown);
            return;
        }
        order.failAt(window, chunk, thrown);
        input.stop();
        Objects.requireNonNull(children).killThose(this::isWithoutUse);
    }

    /** Whether what a child computes is not wanted since a failure; one that leaves is let go. */
    private boolean isWithoutUse(Child child) {
        int chunk = Math.max(0, child.chunk);
        return order.isBehindFailure(child.window, chunk)
                || (order.isUnwanted(child.window, chunk) && !child.isLeaving());
    }

    @Override
    public void lost(Child child, Throwable why) {
        long at = child.slot.index();
        if (!body.forgives() || at < 0) {
            fail(why);
        } else if (next(child.window, child.chunk) == at) { // else its result has come
            reception.receive(child.window, child.chunk, Caught.told(why), 0);
        }
    }

    @Override
    public void fail(Throwable why) {
        if (failure == null) {
            failure = why;
        }
    }
}
