package io.cleave.heap;

import io.cleave.owner.LockWord;
import io.cleave.owner.LockWord.News;
import io.cleave.owner.LockWord.Outcome;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import io.cleave.owner.SharedCell;
import io.cleave.owner.StackReserve;

/**
 * The locks of a heap: any word of it that is 0 when free. A lock whose owner's process has died is handed over without
 * news, as what the owner had begun is finished or forgotten before: see {@link Recovery}.
 *
 * <p>
 * A lock is held by a thread, and not twice. Who acquires one has the stack to release it ({@link StackReserve}). It is released after the change that it is held for has been committed, and
 * never by a word of that change: a change that is stored once more after a death must not release what another has
 * acquired meanwhile. A new block may hold a lock that is {@link #heldByMe} from the beginning.
 *
 * <p>
 * The states of the word, and why no wake-up is lost: {@link LockWord}.
 */
public final class HeapLocks {
    private final HeapMemory memory;
    private final LockWord.Liveness liveness;
    /** Any lock may be biased: its block may have become a queue's since the caller has found it. */
    private final Biases biases;

    HeapLocks(HeapMemory memory, LockWord.Liveness liveness, Biases biases) {
        this.memory = memory;
        this.liveness = liveness;
        this.biases = biases;
    }

    /**
     * Acquires a lock. An interrupt does not end the wait.
     *
     * @param at where its word lies
     */
    public void lock(long at) {
        StackReserve.check();
        long me = Participants.me();
        if (!memory.cas(at, 0, me)) {
            try {
                boolean _ = acquire(at, me, Patience.UNINTERRUPTIBLY);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e); // it was not to be interruptible
            }
        }
    }

    /**
     * Acquires a lock.
     *
     * @param at where its word lies
     * @throws InterruptedException where the thread is interrupted, before or meanwhile, unless the lock is free
     */
    public void lockInterruptibly(long at) throws InterruptedException {
        StackReserve.check();
        long me = Participants.me();
        if (!memory.cas(at, 0, me)) {
            boolean _ = acquire(at, me, Patience.FOREVER);
        }
    }

    /**
     * Acquires a lock if it is free, or its owner is dead.
     *
     * @param at where its word lies
     * @return whether this call has acquired it; false also where the thread has held it before
     */
    public boolean tryLock(long at) {
        StackReserve.check();
        long me = Participants.me();
        try {
            return memory.cas(at, 0, me) || (!isHeldByMe(at) && acquire(at, me, Patience.TRY));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // it was not to be interruptible
        }
    }

    /**
     * Acquires a lock, and waits for a while.
     *
     * @param at where its word lies
     * @param patience until when, and whether an interrupt ends it
     * @return whether it is held now
     * @throws InterruptedException where an interruptible wait finds its thread interrupted
     */
    public boolean tryLock(long at, Patience patience) throws InterruptedException {
        StackReserve.check();
        long me = Participants.me();
        return memory.cas(at, 0, me) || acquire(at, me, patience);
    }

    private boolean acquire(long at, long me, Patience patience) throws InterruptedException {
        LockWord word = word(at);
        if (isHeldBy(at, me)) {
            throw new IllegalStateException(
                    "this thread holds the lock that it wants: code of a value that is called while "
                            + "the value is read or compared must not change the structure that the value is in");
        }
        Outcome outcome = word.acquire(me, News.TAKE, patience);
        if (outcome == Outcome.OWNER_DIED) {
            boolean _ = word.consistent(me); // all of the dead one's changes are finished or forgotten
        }
        return outcome.isHeld();
    }

    /**
     * Acquires a lock, and waits for a while. An interrupt does not end the wait.
     *
     * @param at where its word lies
     * @param nanos how long to wait at most
     * @return whether it is held now
     */
    public boolean tryLock(long at, long nanos) {
        try {
            return tryLock(at, new Patience(System.nanoTime() + nanos, false));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // it was not to be interruptible
        }
    }

    /**
     * Releases a lock that the calling thread holds.
     *
     * @param at where its word lies
     * @throws IllegalMonitorStateException where it does not hold it
     */
    public void unlock(long at) {
        long me = Participants.me();
        if (!memory.cas(at, me, 0)) {
            release(at, me);
        }
    }

    /** As {@link LockWord#release}, but the word is free before anything is made that there may be no memory for. */
    private void release(long at, long me) {
        while (true) {
            long seen = memory.getAcquire(at);
            if ((seen & ParticipantsLayout.OWNER) != me) {
                throw new IllegalMonitorStateException("the lock at " + at + " is not this thread's: "
                        + Long.toHexString(seen));
            }
            if (releases(at, seen)) {
                return;
            }
        }
    }

    private boolean releases(long at, long seen) {
        if (!memory.cas(at, seen, seen & LockWord.DIED)) {
            return false;
        }
        if ((seen & LockWord.WAITERS) != 0) {
            new SharedCell(memory.segment(), at).wake(1);
        }
        return true;
    }

    /** Releases a lock that has a bias and is not in use, unless somebody has taken it over. */
    void releaseBiased(long at, long bias) {
        long seen;
        do {
            seen = memory.getAcquire(at);
        } while ((seen & ParticipantsLayout.OWNER) == bias && !releases(at, seen));
    }

    /**
     * Whether the calling thread holds a lock.
     *
     * @param at where its word lies
     * @return whether it does
     */
    public boolean isHeldByMe(long at) {
        return isHeldBy(at, Participants.me());
    }

    private boolean isHeldBy(long at, long me) {
        long seen = memory.getAcquire(at);
        long owner = seen & ParticipantsLayout.OWNER;
        return (seen & LockWord.BIASED) == 0 ? owner == me : biases.isUsed(owner, me);
    }

    /**
     * The word of a lock that the calling thread holds, for a new block that nobody else can reach yet.
     *
     * @return the word
     */
    public static long heldByMe() {
        return Participants.me();
    }

    private LockWord word(long at) {
        return new LockWord(new SharedCell(memory.segment(), at), liveness, biases::isIdle);
    }
}
