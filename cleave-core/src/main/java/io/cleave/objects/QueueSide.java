package io.cleave.objects;

import io.cleave.heap.BiasedLock;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Cell;
import io.cleave.owner.EventCount;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import io.cleave.owner.SharedCell;
import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;

/**
 * Where threads of all processes wait for one side of a {@link QueueRing} to do something: those who want to take for an
 * element, those who want to put for room.
 *
 * <h2>Overview</h2>
 *
 * An {@link EventCount} whose mark and turn are written under the lock that those hold who are waited for. So they find the
 * mark by a plain look before they release it, and need no fence for that: a waiter that sets the mark either holds the lock
 * before them, and they see the mark, or after them, and sees what they have done when it tries once more.
 *
 * <p>
 * Whoever sets the mark also takes over the lock where its owner has died, and so finishes what that one had begun. Where
 * the lock cannot be had for a while, as who holds it was stopped, a waiter goes without a mark, and finds what comes at the
 * end of its slice.
 */
final class QueueSide implements EventCount.Sleepers {
    private static final long MOST_LOCK_NANOS = Patience.SLICE_NANOS / 4;

    private final QueueRing ring;
    private final HeapMemory memory;
    private final long markAt;
    private final long turnAt;
    private final BiasedLock lock;
    private final BooleanSupplier isPromising;
    private final SharedCell cell;
    private final EventCount waiting;

    /**
     * @param block has mark and turn
     * @param lock the lock of those who are waited for
     * @param isPromising whether it seems that there is what they wait for
     * @param cells where threads may sleep
     */
    QueueSide(QueueRing ring, long block, BiasedLock lock, BooleanSupplier isPromising,
            LongFunction<SharedCell> cells) {
        this.ring = ring;
        this.memory = ring.heap().inside();
        this.markAt = block + QueueLayout.MARK;
        this.turnAt = block + QueueLayout.TURN;
        this.lock = lock;
        this.isPromising = isPromising;
        this.cell = cells.apply(turnAt);
        this.waiting = new EventCount(this, new Turn(), ring.gate());
    }

    /** What calls that wait begin with, whether they have to or not. */
    static void refuseInterrupted() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    static IllegalStateException uninterruptible(InterruptedException e) {
        return new IllegalStateException(e); // it was not to be interruptible
    }

    /**
     * Takes the mark away where there is one. Under the lock.
     *
     * @return whether somebody may sleep, to be woken after the lock is released
     */
    boolean raise() {
        if (memory.getPlain(markAt) == 0) {
            return false;
        }
        memory.setRelease(markAt, 0);
        memory.setRelease(turnAt, memory.getPlain(turnAt) + 1);
        return true;
    }

    void wake(int count) {
        cell.wake(count);
    }

    /**
     * Tries until it succeeds or the time is over.
     *
     * @return whether it succeeded
     */
    boolean await(Attempt attempt, Patience patience) throws InterruptedException {
        return waiting.await(new Waiting(attempt), patience);
    }

    /** What somebody waits to do. */
    interface Attempt {
        /** Does it where that can be done now. */
        boolean isDone() throws InterruptedException;
    }

    private final class Waiting implements EventCount.Attempt<RuntimeException> {
        private final Attempt attempt;

        Waiting(Attempt attempt) {
            this.attempt = attempt;
        }

        @Override
        public boolean isDone() throws InterruptedException {
            return attempt.isDone();
        }

        @Override
        public boolean isPromising() {
            return isPromising.getAsBoolean();
        }

        @Override
        public boolean isSuspicious() {
            return isOwnerDead() || ring.table().isOwnerDead();
        }

        @Override
        public boolean isMoreThere() {
            return isPromising();
        }

        @Override
        public boolean needsSeveral() {
            return false;
        }
    }

    private boolean isOwnerDead() {
        long owner = memory.getAcquire(lock.at()) & ParticipantsLayout.OWNER;
        return owner != 0 && Participants.isDead(owner);
    }

    /** Acquires the lock if that does not take long and the queue is still there. */
    private boolean enter() {
        try {
            if (!lock.tryLock(new Patience(System.nanoTime() + MOST_LOCK_NANOS, false))) {
                return false;
            }
        } catch (InterruptedException e) {
            throw uninterruptible(e);
        }
        if (!ring.isInUse()) {
            lock.unlockForGood();
            return false;
        }
        return true;
    }

    @Override
    public void announce(boolean needsSeveral) {
        if (enter()) {
            if (memory.getPlain(markAt) == 0) {
                memory.setRelease(markAt, 1);
            }
            lock.unlock();
        }
    }

    @Override
    public int take(int count) {
        int woken = 0;
        if (enter()) {
            if (memory.getPlain(markAt) != 0) {
                memory.setRelease(markAt, 0);
                woken = count;
            }
            lock.unlock();
        }
        return woken;
    }

    /** The turn, which is changed under the lock: else it could be another structure's word by then. */
    private final class Turn extends Cell {
        @Override
        public long get() {
            return cell.get();
        }

        @Override
        public boolean cas(long expected, long value) {
            if (!enter()) {
                return true; // the sleepers look for themselves
            }
            boolean isDone = cell.cas(expected, value);
            lock.unlock();
            return isDone;
        }

        @Override
        public boolean sleep(long expected, Patience wait, Suspicion suspicion) throws InterruptedException {
            return cell.sleep(expected, wait, suspicion);
        }

        @Override
        public void wake(int count) {
            cell.wake(count);
        }

        @Override
        public void spin() {
            cell.spin();
        }

        @Override
        public int spins() {
            return cell.spins();
        }
    }
}
