package io.cleave.pool;

import io.cleave.WorkerDiedException;
import io.cleave.channel.FrameBuffer;
import io.cleave.channel.RingValues;
import io.cleave.share.Codec;
import io.cleave.share.Share;
import io.cleave.work.Failure;
import io.cleave.work.Parcel;
import io.cleave.work.Refusal;
import io.cleave.work.TaskFrames;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Some items that follow each other, on their way to a worker and back. What changes is guarded by the crew's lock, until
 * the batch is done. Its state is changed by the {@link Ledger} alone.
 */
final class Batch {
    /** A batch is not made larger than this, but by one item. */
    static final int MOST_BYTES = 64 << 10;
    /** Room that a small item takes, and for how many it is made at first. */
    private static final int FIRST_BYTES = 16;
    private static final int MOST_FIRST = 256;

    /** Where a batch is on its way. */
    enum State {
        /** Being filled, or refused by a pool that takes no more. */
        MADE,
        /** It waits for a worker. */
        QUEUED,
        /** A worker has it, and may have begun it. */
        SENT,
        /** Its owner knows that it has failed, and its worker is still at it. */
        GIVEN_UP,
        /** Nobody wants it, and its worker is still at it. */
        UNWANTED,
        /** Its owner knows what has come of it. */
        DONE,
        /** Nobody will know what has come of it. */
        DROPPED;

        /** Whether a pool has to do with it. */
        boolean isOutstanding() {
            return this != MADE && !isFinal();
        }

        /** Whether results of it are waited for. */
        boolean isWanted() {
            return this == QUEUED || this == SENT;
        }

        boolean isFinal() {
            return this == DONE || this == DROPPED;
        }

        boolean mayBecome(State next) {
            return switch (this) {
                case MADE -> next == QUEUED || next == DROPPED;
                case QUEUED -> next == SENT || next.isFinal();
                case SENT -> next != MADE && next != SENT;
                case GIVEN_UP -> next == DONE;
                case UNWANTED -> next == DROPPED;
                case DONE, DROPPED -> false;
            };
        }
    }

    /** Tells what went wrong; asked once, without a lock, by who wants to know, as it may run code of the user's. */
    @FunctionalInterface
    interface Reason {
        Throwable thrown();

        /** Of what a worker sent. */
        static Reason sent(byte[] failure) {
            return () -> {
                try {
                    return Failure.decode(failure, 0, failure.length).toThrowable();
                } catch (Throwable t) { // whatever has come, whoever waits for it is told
                    return new WorkerDiedException("what a worker said of a failure cannot be read: "
                            + Failure.textOf(t), t);
                }
            };
        }
    }

    /** To whom a batch belongs. */
    interface Owner {
        /** The batch has results more, or is done. Called under the crew's lock: it may set and signal, no more. */
        void changed(Batch batch);

        /** No worker has the batch, and none will. Called under the crew's lock, or where it was refused. */
        default void left(Batch batch) {
            // it needs not know
        }

        /** The last items of a batch have become another one. Called under the crew's lock. */
        default void split(Batch batch, Batch rest) {
            throw new IllegalStateException("a batch of one item has no parts");
        }

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
    /** The items, for messages. */
    final List<@Nullable Object> items;
    /** What has come of them, as {@link Parcel#take} gave it. */
    final List<@Nullable Object> results;
    /** How many of the results its owner has given out; for the owner alone. */
    int given;
    /** What went wrong with the item behind the last result. */
    @Nullable Reason failure;
    /** Written by the ledger, under the lock. */
    private volatile State state = State.MADE;
    /** The item that was begun last by a worker that then died, and how often. */
    private long attempted = -1;
    private int attempts;
    /** The worker that has it, null while none has. */
    @Nullable CrewWorker worker;
    /** Under which number the worker has it. */
    long number;
    /** How many items were sent to the worker that has it: all, or those for which there was no result. */
    int sent;
    /** When it was sent to the worker that has it. */
    long sentAt;
    /** Whether its worker has been asked to end it behind the item that it is at, so that others may take the rest. */
    boolean isCut;
    /** When it was asked to end, 0 where it was not. */
    long interruptedAt;
    /** How long it should take; 0 where nobody knows. */
    long expectedNanos;
    /** Whether each of its results is wanted at once. */
    boolean urgent;
    /** How long it took in the worker. */
    long nanos;

    private @Nullable FrameBuffer frames;
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

    State state() {
        return state;
    }

    /** For the ledger alone. */
    void state(State next) {
        if (!state.mayBecome(next)) {
            throw new IllegalStateException("a batch that is " + state + " cannot become " + next);
        }
        state = next;
    }

    /** Whether its owner knows what has come of it; its results and its failure do not change then. */
    boolean isDone() {
        State now = state;
        return now == State.DONE || now == State.GIVEN_UP;
    }

    /** Whether there is something for its owner that it has not given out, under the lock. */
    boolean hasNews() {
        return given < results.size() || isDone();
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

    /** How many items are to be computed. */
    int left() {
        return items.size() - results.size();
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
     * Adds all that is sent for it but the task: those of its items for which there is no result.
     *
     * @param message what is to be sent
     * @param asNumber under which number
     * @param header {@link TaskFrames#BATCH_BYTES} to be used
     */
    void addTo(FrameBuffer message, long asNumber, byte[] header) {
        RingValues.putLong(header, 0, asNumber);
        RingValues.putLong(header, 8, task.id);
        RingValues.putLong(header, 16, next());
        RingValues.putLong(header, 24, left());
        message.write(TaskFrames.BATCH, header, 0, header.length);
        message.append(Objects.requireNonNull(frames), results.size());
    }

    /**
     * Makes a batch of its last items, which are then no longer its own. None of them may have a result, and nothing of it may
     * lie in shared memory.
     *
     * @param count how many, fewer than there are
     */
    Batch splitOff(int count) {
        int kept = items.size() - count;
        List<@Nullable Object> moved = items.subList(kept, items.size());
        FrameBuffer own = Objects.requireNonNull(frames);
        FrameBuffer behind = new FrameBuffer(FIRST_BYTES * count);
        behind.append(own, kept);
        Batch rest = new Batch(owner, task, first + kept, count, behind);
        rest.items.addAll(moved);
        rest.expectedNanos = expectedNanos * count / items.size();
        expectedNanos -= rest.expectedNanos;
        own.truncate(kept);
        moved.clear();
        return rest;
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

    /** Gives back what nobody will take. To be called without the crew's lock, once it is done or dropped. */
    void discardResults() {
        for (Object result : results) {
            if (result instanceof Parcel parcel) {
                parcel.discard();
            }
        }
    }
}
