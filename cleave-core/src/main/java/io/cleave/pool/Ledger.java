package io.cleave.pool;

import io.cleave.WorkerDiedException;
import io.cleave.pool.Batch.State;
import io.cleave.work.PoolMemory;
import org.jspecify.annotations.Nullable;

/**
 * The account of a pool's batches: it alone moves a batch from one state to the next, and so knows how many there are. All of
 * it under the crew's lock.
 *
 * <pre>
 *            accept            sent              finish, fail
 *   MADE ───────────▶ QUEUED ─────────▶ SENT ────────────────────▶ DONE
 *     │                 │ ▲ again         │ │ giveUp          left  ▲
 *     │ refuse          │ └───────────────┤ └───▶ GIVEN_UP ─────────┘
 *     ▼     drop        ▼    drop         │ unwanted        left
 *   DROPPED ◀───────────┴─────────────────┴─────▶ UNWANTED ───────▶ DROPPED
 * </pre>
 *
 * A queued batch may fail, too. Each batch that was accepted ends once, in one of the two states at the right: its owner is
 * told, and what was kept for sending it is given back.
 */
final class Ledger {
    private final Afterwards afterwards;
    private final Runnable whenEmpty;
    private PoolMemory.@Nullable Head head;
    private int outstanding;
    private int urgent;

    /**
     * An empty one.
     *
     * @param whenEmpty done when the last batch has ended, under the lock
     */
    Ledger(Afterwards afterwards, Runnable whenEmpty) {
        this.afterwards = afterwards;
        this.whenEmpty = whenEmpty;
    }

    /** Where workers see whether each result is wanted at once; null where there are no workers. */
    void publishTo(PoolMemory.@Nullable Head shared) {
        head = shared;
        publish();
    }

    private void publish() {
        PoolMemory.Head shared = head;
        if (shared != null) {
            shared.urgent(urgent > 0);
        }
    }

    /** Batches that were accepted and are in some hand still. */
    int outstanding() {
        return outstanding;
    }

    private void move(Batch batch, State next) {
        State before = batch.state();
        batch.state(next);
        outstanding += (next.isOutstanding() ? 1 : 0) - (before.isOutstanding() ? 1 : 0);
        if (batch.urgent && next.isWanted() != before.isWanted()) {
            urgent += next.isWanted() ? 1 : -1;
            publish();
        }
        if (batch.isDone() && before.isWanted()) {
            batch.owner.changed(batch);
        }
        if (next.isFinal()) {
            batch.recycle();
            if (batch.isShared()) {
                afterwards.add(batch::free);
            }
            if (next == State.DROPPED) {
                afterwards.add(batch::discardResults);
            }
            batch.owner.left(batch);
            if (outstanding == 0) {
                whenEmpty.run();
            }
        }
    }

    /** The pool takes it over. */
    void accept(Batch batch) {
        batch.urgent = batch.owner.isUrgent();
        move(batch, State.QUEUED);
    }

    /** The pool does not take it over. */
    void refuse(Batch batch) {
        move(batch, State.DROPPED);
    }

    /** A worker has it. */
    void sent(Batch batch) {
        move(batch, State.SENT);
    }

    /** A worker had it and did not begin it, or may begin it once more. */
    void again(Batch batch) {
        move(batch, State.QUEUED);
    }

    /** It has failed, and no worker has it. */
    void fail(Batch batch, Batch.Reason why) {
        if (batch.failure == null) {
            batch.failure = why;
        }
        move(batch, State.DONE);
    }

    /** It has failed, and its worker is still at it. */
    void giveUp(Batch batch, Batch.Reason why) {
        batch.failure = why;
        move(batch, State.GIVEN_UP);
    }

    /** Nobody wants it, and its worker is still at it. */
    void unwanted(Batch batch) {
        move(batch, State.UNWANTED);
    }

    /** Nobody wants it, and no worker has it. */
    void drop(Batch batch) {
        move(batch, State.DROPPED);
    }

    /** Its worker is through with it. Where results are missing, and nothing tells why, it fails rather than end short. */
    void left(Batch batch) {
        if (batch.state() == State.UNWANTED) {
            move(batch, State.DROPPED);
            return;
        }
        if (batch.state() == State.SENT && batch.failure == null && batch.left() > 0) {
            long at = batch.next();
            String message = "the result of item " + at + " was lost on its way from a worker: "
                    + batch.results.size() + " of " + batch.items.size() + " have come";
            batch.failure = () -> new WorkerDiedException(message, null);
        }
        move(batch, State.DONE);
    }
}
