package io.cleave.fission;

import io.cleave.WorkerDiedException;
import io.cleave.channel.Ring;
import io.cleave.os.ProcFs;
import io.cleave.os.Unistd;
import io.cleave.share.Codec;
import io.cleave.work.Failure;
import io.cleave.work.Values;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * A forked child's life: claim a chunk, compute its items, send the results; leave when there is no chunk left, when
 * memory is nearly used up, or when asked to. Nothing here may need another thread, for there is none: no garbage
 * collection, no compilation, no safepoint.
 */
final class ChildMain implements Body.Sink {
    private final Body body;
    private final Codec codec;
    private final Window window;
    private final int number;
    private final RunMemory.Slot slot;
    private final Ring.Producer out;
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
     * @param window where the items are
     * @param number the child's number among all of the run, from 1
     * @param slot where it shows signs of life
     * @param out where results go
     * @param share of the machine's memory, in bytes
     * @param largestItem the most bytes that an item is known to have allocated
     * @param latencyNanos how long results may lie before the parent is woken for them
     */
    ChildMain(Body body, Codec codec, Window window, int number, RunMemory.Slot slot, Ring.Producer out,
            long share, long largestItem, long latencyNanos) {
        this.body = body;
        this.codec = codec;
        this.window = window;
        this.number = number;
        this.slot = slot;
        this.out = out;
        this.share = share;
        this.largestItem = largestItem;
        this.latencyNanos = latencyNanos;
        this.codecReady = Preparation.isReady(codec);
    }

    /** Lives, and ends the process. */
    AssertionError live() {
        int status = ChildLife.EXIT_BROKEN;
        try {
            long free = Eden.free(); // asked here: in the parent others allocate until the very moment of the fork
            slot.edenOpaque(free);
            budget = Eden.budget(free, share);
            allocatedBefore = Eden.allocatedByThread();
            ChildLife.begin();
            ExitGuard.arm(this);
            work();
            status = 0;
        } finally {
            Unistd._exit(status); // whatever happened: nothing of the parent's may run here
        }
        return new AssertionError();
    }

    /** Works until there is a reason to leave, and says so. */
    void work() {
        try {
            computeChunks();
            slot.dirtiedRelease(ProcFs.bytesDirtied(Unistd.getpid()));
            out.write(leaving, 0, 0);
        } catch (WorkerDiedException e) {
            return; // the parent has died
        } catch (Refused e) {
            send(Failure.unsendable(e.getCause() == null ? e : e.getCause(), e.value, codec, item(), place(), name()));
        } catch (Throwable t) {
            send(Failure.of(t, item(), place(), name()));
        }
        out.flush();
    }

    private void computeChunks() throws Exception {
        while (leaving == Frames.LEAVE_IDLE) {
            int chunk = window.claim(number);
            if (chunk < 0) {
                return;
            }
            out.write(Frames.CHUNK, 8, chunk);
            int from = window.starts[chunk];
            int to = window.starts[chunk + 1];
            try {
                if (body.run(window.items, from, to, window.delivered(chunk), this)) {
                    out.write(Frames.END, 0, 0);
                }
            } catch (LeaveNow e) {
                return;
            }
        }
    }

    private @Nullable Object item() {
        return index < 0 ? null : window.items[index];
    }

    private long place() {
        return window.base + index;
    }

    private static String name() {
        return "child " + Unistd.getpid();
    }

    private void send(Failure failure) {
        try {
            byte[] bytes = failure.encode();
            out.write(Frames.FAILURE, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reports a call to System.exit; the process ends after it. */
    void exitCalled(Throwable call) {
        send(Failure.of(call, item(), place(), name()).asExit());
        out.flush();
    }

    @Override
    public boolean begin(int next) {
        long now = System.nanoTime();
        if (items > 0) {
            if (slot.isAskedToLeave()) {
                leaving = Frames.LEAVE_ASKED;
                return false;
            }
            if (isMemorySpent()) {
                leaving = Frames.LEAVE_MEMORY;
                return false;
            }
        }
        items++;
        index = next;
        slot.begin(items, next, now);
        if (now - flushed > latencyNanos || out.isHalfFull()) {
            flushed = now;
            out.flush();
        }
        return true;
    }

    private boolean isMemorySpent() {
        long now = Eden.allocatedByThread() - allocatedBefore;
        if (now - allocated > largestItem) {
            largestItem = now - allocated;
            slot.largestOpaque(largestItem);
        }
        allocated = now;
        return budget.isSpent(allocated, largestItem);
    }

    @Override
    public void result(@Nullable Object value) {
        if (!codecReady && Values.needsCodec(value)) {
            leaving = Frames.LEAVE_CODEC;
            throw new LeaveNow();
        }
        try {
            Values.write(out, codec, value);
        } catch (WorkerDiedException e) {
            throw e;
        } catch (Exception | LinkageError | StackOverflowError e) {
            throw new Refused(value, e);
        }
    }
}
