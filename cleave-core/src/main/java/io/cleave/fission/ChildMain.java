package io.cleave.fission;

import io.cleave.WorkerDiedException;
import io.cleave.channel.Ring;
import io.cleave.fork.ChildLife;
import io.cleave.fork.ExitGuard;
import io.cleave.fork.WholeSupport;
import io.cleave.os.ProcFs;
import io.cleave.os.Unistd;
import io.cleave.os.WholeFork;
import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.Values;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * A forked child's life: claim a chunk, compute its items, send the results; leave when there is no chunk left, when
 * memory is nearly used up, or when asked to. Nothing here may need another thread, as a child that is not a whole JVM has
 * none: no garbage collection, no compilation, no safepoint.
 */
final class ChildMain implements Body.Sink, ExitGuard.Listener {
    /** How long a child keeps what it has gathered, at least: so much is done again if it dies. */
    private static final long KEPT_NANOS = 1_000_000_000;
    /** And so many times as long as sending it takes. */
    private static final int KEPT_PER_SENDING = 50;
    /** How many items go together, and twice as many next, where it is known what they take. */
    private static final int KNOWN_TOGETHER = 16;

    private final int parent = Unistd.getpid();
    /** The thread that forks, which is the one that computes in the child. */
    private final Thread worker = Thread.currentThread();
    private static final long HELD_NAP_NANOS = 100_000;
    /** The parent may have been stopped meanwhile. */
    private static final long MOST_HELD_NANOS = 100_000_000;

    private final Body body;
    private final Codec codec;
    private final @Nullable Runnable hook;
    private final Window window;
    private final int number;
    private final RunMemory.Slot slot;
    private final Ring.Producer out;
    private final ResultWriter results;
    /** The child's share of the machine's memory. */
    private final long share;
    /** How long results may lie in the ring before the parent's bell is rung for them. */
    private final long latencyNanos;
    private Eden.Budget budget = new Eden.Budget(Long.MAX_VALUE, Long.MAX_VALUE);
    private long allocatedBefore = Eden.allocatedByThread();

    private long items;
    private int index = -1;
    private long allocated;
    private long largestItem;
    /** Items in the slice begun last; half of what a first slice may have. */
    private int together;
    /** Items begun since their memory was measured. */
    private int unmeasured;
    private long flushed = System.nanoTime();
    private int leaving = Frames.LEAVE_IDLE;

    /** Whether the codec has been used in the parent, so that a child need not load it. */
    private final boolean codecReady;

    /** Ends the work on a chunk from within. */
    private static final class LeaveNow extends RuntimeException {
        private static final long serialVersionUID = 1L;

        LeaveNow() {
            super("leave", null, false, false);
        }
    }

    /** A result that the codec refused. */
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** The result, which need not be serializable: this exception never leaves the child. */
        private final transient @Nullable Object value;

        Refused(@Nullable Object value, Throwable cause) {
            super(cause);
            this.value = value;
        }
    }

    /**
     * Makes the life of one child.
     *
     * @param body what to compute
     * @param codec for results
     * @param hook runs before the first item, or null
     * @param window where the items are
     * @param number the child's number among all of the run, from 1
     * @param slot where it shows signs of life
     * @param out where results go
     * @param side where their large arrays go
     * @param share of the machine's memory, in bytes
     * @param largestItem the most bytes that an item is known to have allocated
     * @param latencyNanos how long results may lie before the parent is woken for them
     */
    ChildMain(Body body, Codec codec, @Nullable Runnable hook, Window window, int number, RunMemory.Slot slot,
            Ring.Producer out, SideBuffer.Producer side, long share, long largestItem, long latencyNanos) {
        this.body = body;
        this.codec = codec;
        this.hook = hook;
        this.window = window;
        this.number = number;
        this.slot = slot;
        this.out = out;
        this.results = new ResultWriter(out, side);
        this.share = share;
        this.largestItem = largestItem;
        this.together = largestItem > 0 ? KNOWN_TOGETHER : 0;
        this.latencyNanos = latencyNanos;
        this.codecReady = Preparation.isReady(codec) || body.isKept(); // what was kept would have to be computed again
    }

    /** Lives, and ends the process. */
    AssertionError live() {
        int status = ChildLife.EXIT_BROKEN;
        try {
            boolean _ = Thread.interrupted(); // it was for the thread that forked
            boolean isWhole = WholeSupport.isThere();
            if (isWhole) {
                awaitOthers();
            }
            long free = isWhole ? Long.MAX_VALUE : Eden.free(); // now: others allocate until the very moment of the fork
            slot.edenOpaque(free);
            if (!isWhole) {
                budget = Eden.budget(free, share);
            }
            allocatedBefore = Eden.allocatedByThread();
            ChildLife.begin(3);
            if (isWhole) {
                ChildLife.becomeWhole();
                if (!ChildWatch.begin(slot, WholeFork.goneThreads(), WholeFork.ownThreads(),
                        WholeFork.isAnyoneInitializing())) {
                    status = WholeFork.EXIT_NOT_WHOLE;
                    return new AssertionError();
                }
            }
            ExitGuard.arm(this);
            slot.start();
            work();
            status = 0;
        } finally {
            ChildLife.writeOutput();
            Unistd._exit(status); // whatever happened: nothing of the parent's may run here
        }
        return new AssertionError();
    }

    /**
     * Leaves the processors to the parent while it forks the last children: to stop and release its threads takes them a
     * moment each, or, where children keep all processors busy, one turn of the scheduler each.
     */
    private void awaitOthers() {
        long start = System.nanoTime();
        while (slot.isHeld() && System.nanoTime() - start < MOST_HELD_NANOS) {
            Nap.of(HELD_NAP_NANOS);
        }
    }

    /** Works until there is a reason to leave, and says so. */
    void work() {
        try {
            runHook();
            computeChunks();
            slot.dirtiedRelease(ProcFs.bytesDirtied(Unistd.getpid()));
            out.write(leaving, 0, 0);
        } catch (Refused e) {
            send(Failure.unsendable(e.getCause() == null ? e : e.getCause(), e.value, codec, null, place(), name()));
        } catch (Throwable t) {
            if (t instanceof WorkerDiedException && isOrphan()) {
                return;
            }
            sendFailure(t);
        }
        out.flush();
    }

    /** Whether the parent has died, which the ring tells by an exception. A task may throw the like: it uses a pool, say. */
    private boolean isOrphan() {
        return Unistd.getppid() != parent;
    }

    private void runHook() {
        if (hook != null) {
            slot.hookBegins(System.nanoTime());
            hook.run();
            slot.hookEnds(System.nanoTime());
        }
    }

    private void computeChunks() throws Exception {
        if (body instanceof Reduction reduction && body.isKept()) {
            computeAndKeep(reduction);
            return;
        }
        while (leaving == Frames.LEAVE_IDLE) {
            int chunk = window.claim(number);
            if (chunk < 0) {
                slot.stopTime();
                return;
            }
            out.write(Frames.CHUNK, 8, chunk);
            try {
                if (computeChunk(chunk)) {
                    out.write(Frames.END, 0, 0);
                }
            } catch (LeaveNow e) {
                return;
            }
        }
    }

    /** Leaves only between chunks, as what was gathered is of whole ones. */
    private void computeAndKeep(Reduction reduction) throws Exception {
        reduction.startAfresh(); // what the parent has gathered stays the parent's
        long sent = System.nanoTime();
        long patience = KEPT_NANOS;
        while (!slot.isAskedToLeave()) {
            int chunk = window.claim(number);
            if (chunk < 0) {
                break;
            }
            out.write(Frames.CHUNK, 8, chunk);
            int from = window.starts[chunk] + window.done(chunk);
            body.run(window.items, from, window.starts[chunk + 1], 0, this);
            out.write(Frames.END, 0, 0);
            long now = System.nanoTime();
            if (now - sent > patience) {
                sendKept(reduction);
                sent = System.nanoTime();
                patience = Math.max(KEPT_NANOS, KEPT_PER_SENDING * (sent - now));
            }
        }
        sendKept(reduction);
        leaving = slot.isAskedToLeave() ? Frames.LEAVE_ASKED : Frames.LEAVE_IDLE;
    }

    private void sendKept(Reduction reduction) {
        if (reduction.isAny()) {
            result(reduction.container());
            reduction.startAfresh();
        }
    }

    private boolean computeChunk(int chunk) throws Exception {
        int from = window.starts[chunk];
        int to = window.starts[chunk + 1];
        int skip = window.delivered(chunk);
        if (body.isItemwise()) {
            return body.run(window.items, from, to, skip, this);
        }
        int at = from + window.done(chunk);
        int given = window.sliceEnd(chunk);
        while (at < to) {
            int end = given > 0 ? from + given : Math.min(to, at + sliceSize());
            if (given == 0) {
                out.write(Frames.SLICE, 8, end - from);
            }
            together = end - at;
            if (!body.run(window.items, at, end, skip, this)) {
                return false;
            }
            at = end;
            given = 0;
            skip = 0;
        }
        return true;
    }

    /** How many items the next slice has: one at first, then twice as many as before, as long as memory allows it. */
    private int sliceSize() {
        measure();
        return Math.min(Math.max(1, 2 * together), budget.items(allocated, largestItem));
    }

    private long place() {
        return window.base + index;
    }

    private static String name() {
        return "child " + Unistd.getpid();
    }

    private void sendFailure(Throwable thrown) {
        try {
            send(described(Failure.of(thrown, null, place(), name())));
        } catch (OutOfMemoryError e) { // the ring has taken nothing of it
            send(described(Failure.inShort(thrown, place(), name())));
        }
    }

    private Failure described(Failure failure) {
        return slot.isInHook() ? failure.asHooks() : failure;
    }

    private void send(Failure failure) {
        send(Frames.FAILURE, failure);
    }

    private void send(int kind, Failure failure) {
        try {
            byte[] bytes = failure.encode();
            out.write(kind, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reports a call to System.exit; the process ends after it, with a code that tells as much. Only the thread that computes
     * may write to the ring.
     */
    @Override
    public void exitCalled(Throwable call) {
        if (Thread.currentThread().equals(worker)) {
            send(described(Failure.of(call, null, place(), name()).asExit()));
            out.flush();
        }
        ChildLife.writeOutput();
    }

    @Override
    public boolean begin(int next) {
        long now = System.nanoTime();
        if (items > 0 && !body.isKept()) {
            if (slot.isAskedToLeave()) {
                return leave(Frames.LEAVE_ASKED);
            }
            if (isMemorySpent()) {
                return leave(Frames.LEAVE_MEMORY);
            }
        }
        items++;
        unmeasured += body instanceof Body.Slicewise ? together : 1;
        index = next;
        slot.begin(items, next, now);
        if (now - flushed > latencyNanos || out.isHalfFull()) {
            flushed = now;
            out.flush();
        }
        return true;
    }

    /** Begins no more items. */
    private boolean leave(int why) {
        leaving = why;
        slot.stopTime();
        return false;
    }

    private boolean isMemorySpent() {
        measure();
        return budget.isSpent(allocated, largestItem);
    }

    /** Finds out what the last item, or each item of the last slice, has taken. */
    private void measure() {
        long now = Eden.allocatedByThread() - allocatedBefore;
        long each = unmeasured == 0 ? 0 : (now - allocated) / unmeasured; // what came before the first item is no item's
        if (each > largestItem) {
            largestItem = each;
            slot.largestOpaque(largestItem);
        }
        allocated = now;
        unmeasured = 0;
    }

    @Override
    public void result(@Nullable Object value) {
        if (body instanceof Reduction) {
            slot.stopTime(); // what was gathered is of many items
        }
        if (!codecReady && Values.needsCodec(value)) {
            leaving = Frames.LEAVE_CODEC;
            throw new LeaveNow();
        }
        try {
            results.write(codec, value);
        } catch (Exception | LinkageError | StackOverflowError e) {
            if (e instanceof WorkerDiedException died && isOrphan()) {
                throw died;
            }
            if (!body.forgives()) {
                throw new Refused(value, e);
            }
            send(Frames.ITEM_FAILED, Failure.unsendable(e, value, codec, null, place(), name()));
        }
    }

    @Override
    public void failed(Throwable thrown) {
        send(Frames.ITEM_FAILED, Failure.of(thrown, null, place(), name()));
    }
}
