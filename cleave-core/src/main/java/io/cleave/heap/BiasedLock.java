package io.cleave.heap;

import io.cleave.owner.LockWord;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import java.lang.invoke.VarHandle;

/**
 * A lock of a heap that a thread which acquires it again and again keeps: until another thread wants it, acquiring and
 * releasing are a store and a look each, without an atomic operation, which would wait for the stores before it.
 *
 * <h2>Overview</h2>
 *
 * A thread that has released the lock often enough, with nobody else in between, does not release it, but marks its word as
 * {@linkplain LockWord#BIASED biased} to it. From then on it says in a word of its own ({@link Biases}) whether it uses it:
 * it stores the lock's offset there, looks whether the lock still is biased to it, and stores 0 in the end, after which
 * it looks once more.
 *
 * <p>
 * <b>Exclusion.</b> Whoever else wants the lock sets WAITERS, then has a fence made in all threads of all processes
 * ({@link io.cleave.os.Membarrier}), and looks whether the owner uses it. If the owner's store came before the fence, it is seen.
 * If not, the owner's look comes after the fence and finds WAITERS. So it is either seen, or does not begin: then the
 * other one takes the word over, whatever became of the owner, be it that it is stopped or sleeps elsewhere.
 *
 * <p>
 * <b>No wake-up is lost.</b> An owner that is seen using the lock looks at the word after it has ended, finds WAITERS, and
 * releases as everybody does.
 *
 * <p>
 * <b>Death</b> in use or not is that of an owner as in {@link LockWord}. The mark belongs to the word, so that a lock in memory
 * that has become another's is not taken for a biased one; the place belongs to the thread, so that it cannot store into such memory.
 *
 * <p>
 * To take a bias away costs some microseconds. So how many times in a row it takes to get one doubles with each one that did not
 * last.
 *
 * <p>
 * Source of the idea: K. Kawachiya, A. Koseki, T. Onodera, "Lock Reservation", OOPSLA 2002; the fence in the place of stopping
 * the owner: D. Dice, H. Huang, M. Yang, "Asymmetric Dekker Synchronization", 2001.
 */
public final class BiasedLock {
    /** A bias that has lasted so long has paid. */
    private static final long PAYING_NANOS = 1_000_000;
    private static final int MOST_STREAK = 1 << 20;
    private static final Bias NONE = new Bias(0, 0, 0);

    /** How often in a row a thread acquires the lock before it gets a bias; less in tests. */
    private static final int LEAST_STREAK = Integer.getInteger("cleave.biasAfter", 64);

    private final HeapMemory memory;
    private final HeapLocks locks;
    private final Biases biases;
    private final long at;
    private Bias bias = NONE;
    /** Whether it is held by the bias. Written by who holds it. */
    private boolean isInUse;
    /** Who has acquired it last, how often in a row, and how often it takes. Written by who holds the lock. */
    private long last;
    private int streak;
    private int needed = LEAST_STREAK;

    /** To whom the lock was biased last by this handle, and the place where that thread says whether it uses it. */
    private record Bias(long owner, long usedAt, long sinceNanos) {}

    BiasedLock(HeapMemory memory, HeapLocks locks, Biases biases, long at) {
        this.memory = memory;
        this.locks = locks;
        this.biases = biases;
        this.at = at;
    }

    /**
     * Where its word lies.
     *
     * @return the offset
     */
    public long at() {
        return at;
    }

    /**
     * Acquires the lock, and waits for a while.
     *
     * @param patience until when, and whether an interrupt ends it
     * @return whether it is held now
     * @throws InterruptedException where an interruptible wait finds its thread interrupted
     * @throws IllegalStateException where the thread holds it
     */
    public boolean tryLock(Patience patience) throws InterruptedException {
        long me = Participants.me();
        Bias mine = bias;
        return (mine.owner == me && enter(mine)) || acquire(me, patience);
    }

    private boolean enter(Bias mine) {
        long biased = mine.owner | LockWord.BIASED;
        if (isInUse) {
            return false;
        }
        memory.setOpaque(mine.usedAt, at); // SYNC: bias
        VarHandle.releaseFence(); // for the compiler: who takes the bias away makes the fence
        if (memory.getAcquire(at) == biased) { // SYNC: bias
            isInUse = true;
            return true;
        }
        memory.setRelease(mine.usedAt, 0);
        return false;
    }

    private boolean acquire(long me, Patience patience) throws InterruptedException {
        boolean isHeld = takeBack(me) || locks.tryLock(at, me, patience, this::isIdle);
        if (isHeld) {
            streak = last == me ? streak + 1 : 1;
            last = me;
        }
        return isHeld;
    }

    /** Turns the lock from one that is biased to the calling thread, and not in use, into one that it holds. */
    private boolean takeBack(long me) {
        while (true) {
            long seen = memory.getAcquire(at);
            if ((seen & ParticipantsLayout.OWNER) != me || (seen & LockWord.BIASED) == 0 || biases.isUsing(me, at)) {
                return false;
            }
            if (memory.cas(at, seen, seen & ~LockWord.BIASED)) {
                return true;
            }
        }
    }

    private boolean isIdle(long owner) {
        return biases.isIdle(owner, at);
    }

    /**
     * Whether the calling thread holds the lock.
     *
     * @return whether it does; not if the lock is only biased to it
     */
    public boolean isHeldByMe() {
        long me = Participants.me();
        long seen = memory.getAcquire(at);
        return (seen & ParticipantsLayout.OWNER) == me
                && ((seen & LockWord.BIASED) == 0 || biases.isUsing(me, at));
    }

    /**
     * Releases the lock, which the calling thread holds.
     *
     * @throws IllegalMonitorStateException where it does not
     */
    public void unlock() {
        long me = Participants.me();
        Bias mine = bias;
        if (mine.owner == me && isInUse) {
            isInUse = false;
            memory.setRelease(mine.usedAt, 0); // SYNC: bias
            VarHandle.releaseFence();
            if (memory.getAcquire(at) != (me | LockWord.BIASED)) { // SYNC: bias
                giveUp(mine);
            }
        } else if (streak < needed || !keep(me)) {
            locks.unlock(at);
        }
    }

    /** Gets a bias instead of releasing, if nobody waits. */
    private boolean keep(long me) {
        streak = 0;
        long usedAt = biases.take(me);
        if (usedAt == 0) {
            needed = Math.min(2 * needed, MOST_STREAK);
            return false;
        }
        bias = new Bias(me, usedAt, System.nanoTime());
        isInUse = false; // a forked child may have found it set
        return memory.cas(at, me, me | LockWord.BIASED);
    }

    /** Releases a lock that somebody waits for, if he has not taken it already. */
    private void giveUp(Bias mine) {
        boolean hasPaid = System.nanoTime() - mine.sinceNanos > PAYING_NANOS;
        needed = hasPaid ? LEAST_STREAK : Math.min(2 * needed, MOST_STREAK);
        locks.releaseBiased(at, mine.owner);
    }
}
