package io.cleave.fission;

import io.cleave.channel.RingValues;
import io.cleave.share.Codec;
import io.cleave.work.Caught;
import io.cleave.work.Failure;
import io.cleave.work.Values;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** What children send: results, where in their chunks they are, and why they leave. */
final class Reception {
    /** Who acts on what is more than a result. */
    interface Listener {
        /** The run cannot succeed. */
        void fail(Throwable why);

        /** The computing of a chunk has failed. */
        void failedAt(Window window, int chunk, Throwable thrown);

        /** A child leaves though there may be more for it, and a successor should come. */
        void leftEarly(boolean forMemory);
    }

    private final boolean itemwise;
    private final boolean kept;
    private final Codec codec;
    private final ResultOrder order;
    private final Progress progress;
    private final Listener listener;
    private long itemsInChildren;

    Reception(Body body, Codec codec, ResultOrder order, Progress progress, Listener listener) {
        this.itemwise = body.isItemwise();
        this.kept = body.isKept();
        this.codec = codec;
        this.order = order;
        this.progress = progress;
        this.listener = listener;
    }

    /** Items whose results have come from children. */
    long itemsInChildren() {
        return itemsInChildren;
    }

    /** Takes the frame that a child's ring stands at. */
    void take(Child child) {
        int kind = child.in.kind();
        if (Values.isValue(kind)) {
            takeResult(child);
            return;
        }
        switch (kind) {
            case Frames.PART -> child.takePart();
            case Frames.CHUNK -> child.chunk = number(child);
            case Frames.SLICE -> {
                endSlice(child);
                child.window.chunks[child.chunk].end = number(child);
            }
            case Frames.END -> {
                if (kept) {
                    child.kept.add(child.chunk);
                } else {
                    endSlice(child);
                    end(child.window, child.chunk);
                }
            }
            case Frames.ITEM_FAILED -> {
                receive(child.window, child.chunk, Caught.told(failureOf(child)), child.in.length());
                itemsInChildren++;
            }
            case Frames.FAILURE -> {
                child.leaves();
                if (child.chunk < 0) {
                    listener.fail(failureOf(child)); // before it came to an item
                } else {
                    listener.failedAt(child.window, child.chunk, failureOf(child));
                }
            }
            default -> leave(child, kind);
        }
    }

    private static int number(Child child) {
        return (int) RingValues.getLong(child.in.bytes(), child.in.offset());
    }

    private void takeResult(Child child) {
        Object value;
        try {
            value = child.value(codec);
        } catch (IOException | RuntimeException | LinkageError | StackOverflowError e) {
            listener.failedAt(child.window, child.chunk, undecodable(child, e));
            itemsInChildren += itemwise ? 1 : 0;
            return;
        }
        if (kept) {
            order.deliver(value);
            endKept(child);
            return;
        }
        receive(child.window, child.chunk, value, child.takenBytes());
        itemsInChildren += itemwise ? 1 : 0;
    }

    /** A result cannot be had though the child has sent it: its item's, or of what was gathered up to the last one. */
    private Throwable undecodable(Child child, Throwable why) {
        Window window = child.window;
        Window.Chunk chunk = window.chunks[child.chunk];
        int at = kept ? window.starts[child.chunk + 1] - 1
                : window.starts[child.chunk] + (itemwise ? chunk.received : chunk.done);
        return Failure.undecodable(why, window.items[at], window.base + at, "child " + child.pid).toThrowable();
    }

    /** A result of a chunk is there, wherever it was computed. */
    void receive(Window window, int chunk, @Nullable Object value, int bytes) {
        order.receive(window, chunk, value, bytes);
        if (itemwise) {
            progress.done(1);
        }
    }

    /** What the child has gathered of its chunks is there: they are done. */
    private void endKept(Child child) {
        Window window = child.window;
        for (int chunk : child.kept) {
            int items = window.starts[chunk + 1] - window.starts[chunk] - window.chunks[chunk].done;
            itemsInChildren += items;
            progress.done(items);
            end(window, chunk);
        }
        child.kept.clear();
    }

    private void endSlice(Child child) {
        itemsInChildren += endSlice(child.window.chunks[child.chunk]);
    }

    /** The current slice of a chunk is done, if there is one; returns how many items it had. */
    int endSlice(Window.Chunk chunk) {
        int items = Math.max(0, chunk.end - chunk.done);
        if (items > 0) {
            chunk.done = chunk.end;
            chunk.received = 0;
            progress.done(items);
        }
        return items;
    }

    /** A chunk is done. */
    void end(Window window, int chunk) {
        window.chunks[chunk].ended = true;
        window.ownerRelease(chunk, Window.DONE);
    }

    private static Throwable failureOf(Child child) {
        try {
            Failure what = Failure.decode(child.in.bytes(), child.in.offset(), child.in.length());
            long index = what.index() - child.window.base;
            return what.withItem(index < 0 ? null : child.window.items[(int) index]).toThrowable();
        } catch (IOException e) {
            throw new UncheckedIOException("a child's failure cannot be decoded: " + e.getMessage(), e);
        }
    }

    private void leave(Child child, int kind) {
        child.leaves();
        if (kind == Frames.LEAVE_CODEC) {
            Preparation.ready(codec);
        }
        if (kind != Frames.LEAVE_IDLE) {
            listener.leftEarly(kind == Frames.LEAVE_MEMORY);
        }
    }
}
