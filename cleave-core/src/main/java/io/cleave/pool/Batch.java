package io.cleave.pool;

import io.cleave.channel.FrameBuffer;
import io.cleave.channel.RingValues;
import io.cleave.share.Codec;
import io.cleave.share.Share;
import io.cleave.work.Parcel;
import io.cleave.work.Refusal;
import io.cleave.work.TaskFrames;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some items that follow each other, on their way to a worker and back. What changes is guarded by the crew's lock, until
 * the batch is done.
 */
final class Batch {
    /** A batch is not made larger than this, but by one item. */
    private static final int MOST_BYTES = 128 << 10;
    /** Room that a small item takes, and for how many it is made at first. */
    private static final int FIRST_BYTES = 16;
    private static final int MOST_FIRST = 256;

    /** To whom a batch belongs. */
    interface Owner {
        /** The batch has results more, or is done. Called under the crew's lock: it may set and signal, no more. */
        void changed(Batch batch);

        /** Whether somebody wants each result at once. */
        boolean isUrgent();

        /**
         * A batch does not need what it kept for sending any more. Called under the crew's lock, or by who makes batches.
         *
         * @param frames empty, for the next batch
         */
        default void recycle(FrameBuffer frames) {
            // left to the garbage collector
        }
    }

    final Owner owner;
    final TaskForm task;
    /** The first item's place in the input. */
    final long first;
    /** The items, for a second attempt and for messages. */
    final List<@Nullable Object> items;
    /** What has come of them, as {@link Parcel#take} gave it. */
    final List<@Nullable Object> results;
    /** What went wrong with the item behind the last result: a Throwable, or a failure's bytes. */
    @Nullable Object failure;
    volatile boolean done;
    /** Nobody wants it any more. */
    boolean cancelled;
    /** The item that was begun last by a worker that then died, and how often. */
    private long attempted = -1;
    private int attempts;
    /** The worker that has it, null while none has. */
    @Nullable CrewWorker worker;
    /** Under which number the worker has it. */
    long number;
    /** When it was asked to end, 0 where it was not. */
    long interruptedAt;
    /** How long it should take; 0 where nobody knows. */
    long expectedNanos;
    /** Whether each of its results is wanted at once. */
    boolean urgent;
    /** How long it took in the worker. */
    long nanos;

    private @Nullable FrameBuffer frames;
    /** How many items the frames hold: all, or those for which there was no result yet. */
    private int framed;
    private final int capacity;
    private @Nullable List<String> tokens;

    /**
     * A batch to be filled.
     *
     * @param capacity how many items there will be, about
     * @param frames empty, to be used for sending them; null to make one
     */
    Batch(Owner owner, TaskForm task, long first, int capacity, @Nullable FrameBuffer frames) {
        this.frames = frames;
        this.owner = owner;
        this.task = task;
        this.first = first;
        this.capacity = capacity;
        this.items = new ArrayList<>(capacity);
        this.results = new ArrayList<>(capacity);
    }

    /**
     * Adds an item.
     *
     * @return false where the batch is large enough
     * @throws IllegalArgumentException where the item cannot be sent; the batch is as before
     */
    boolean add(@Nullable Object item) {
        FrameBuffer out = frames;
        if (out == null) {
            out = new FrameBuffer(FIRST_BYTES * Math.min(capacity, MOST_FIRST));
            frames = out;
        }
        encode(out, item, first + items.size());
        items.add(item);
        framed++;
        return out.size() < MOST_BYTES;
    }

    private void encode(FrameBuffer out, @Nullable Object item, long index) {
        try {
            String token = Parcel.write(out, Codec.standard(), item, TaskForm.Sharing.OPTIONS);
            if (token != null) {
                if (tokens == null) {
                    tokens = new ArrayList<>();
                }
                tokens.add(token);
            }
        } catch (Exception | LinkageError | StackOverflowError e) {
            throw Refusal.of("item " + index, item, Codec.standard(), e);
        }
    }

    /** Whether the item at which its worker died may be begun once more. */
    boolean mayBeTriedAgain(int retries) {
        if (attempted != next()) {
            attempted = next();
            attempts = 0;
        }
        return attempts++ < retries;
    }

    /** Prepares what is left of it for another attempt. */
    void encodeRest() {
        FrameBuffer out = new FrameBuffer(256);
        framed = 0;
        for (int i = results.size(); i < items.size(); i++) {
            encode(out, items.get(i), first + i);
            framed++;
        }
        frames = out;
    }

    /** How many items are to be computed. */
    int left() {
        return framed;
    }

    /** The place of the item that is next, or was begun when its worker ended. */
    long next() {
        return first + results.size();
    }

    /** The item at that place; null where there is none. */
    @Nullable Object nextItem() {
        return results.size() < items.size() ? items.get(results.size()) : null;
    }

    /**
     * Adds all that is sent for it but the task.
     *
     * @param message what is to be sent
     * @param asNumber under which number
     * @param header {@link TaskFrames#BATCH_BYTES} to be used
     */
    void addTo(FrameBuffer message, long asNumber, byte[] header) {
        FrameBuffer body = frames;
        RingValues.putLong(header, 0, asNumber);
        RingValues.putLong(header, 8, task.id);
        RingValues.putLong(header, 16, next());
        RingValues.putLong(header, 24, framed);
        message.write(TaskFrames.BATCH, header, 0, header.length);
        if (body != null) {
            message.append(body);
        }
    }

    /** Whether {@link #free} has something to do that takes long. */
    boolean isShared() {
        return tokens != null;
    }

    /** What was kept for sending is not needed any more. To be called under the crew's lock. */
    void recycle() {
        FrameBuffer spent = frames;
        frames = null;
        if (spent != null) {
            spent.clear();
            owner.recycle(spent);
        }
    }

    /** Large items are not needed any more. To be called without the crew's lock. */
    void free() {
        List<String> shared = tokens;
        tokens = null;
        if (shared != null) {
            shared.forEach(Share::free);
        }
    }

    /** Gives back what nobody will take. To be called without the crew's lock. */
    void discardResults() {
        for (Object result : results) {
            if (result instanceof Parcel parcel) {
                parcel.discard();
            }
        }
        results.clear();
    }
}
