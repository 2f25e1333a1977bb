package io.cleave.heap;

import io.cleave.owner.LockWord;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import io.cleave.owner.StackReserve;
import java.lang.invoke.VarHandle;

/**
 * A lock of a heap that a thread which acquires it again and again keeps: until another thread wants it, acquiring and
 * releasing are a store and a look each, without an atomic operation, which would wait for the stores before it.
 *
 * <h2>Overview</h2>
 *
 * A thread that has acquired the lock often enough by one object, with no other thread using that object in between, does not release
 * it, but marks its word as {@linkplain LockWord#BIASED biased}, with a name in the place of the owner that is this bias's alone. From
 * then on it says in a word of its own ({@link Biases}) that it uses the lock: it stores the name there, looks whether the
 * lock still has it, and stores 0 in the end, after which it looks once more.
 *
 * <p>
 * <b>Exclusion.</b> Whoever else wants the lock sets WAITERS, then has a fence made in all threads of all processes
 * ({@link io.cleave.os.Membarrier}), and looks whether the bias is in use. If the owner's store came before the fence, it is seen.
 * If not, the owner's look comes after the fence and finds WAITERS. So it is either seen, or does not begin: then the
 * other one replaces the word, whatever became of the owner, be it that it is stopped or sleeps elsewhere. As no name comes
 * again, what is replaced is the bias that was asked about.
 *
 * <p>
 * <b>No wake-up is lost.</b> An owner that is seen using the lock looks at the word after it has ended, finds WAITERS, and
 * releases as everybody does.
 *
 * <p>
 * <b>Death</b> in use or not is that of an owner as in {@link LockWord}. The mark belongs to the word, so that a lock in memory
 * that has become another's is not taken for a biased one, and any lock of a heap bears it; the place belongs to the thread, so
 * that it cannot store into such memory. A thread uses one bias at a time: in what it calls meanwhile it has none.
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
    private static final Bias NONE = new Bias(0, 0, 0, 0);

    /** How often in a row a thread acquires the lock before it gets a bias; less in tests. */
    private static final int LEAST_STREAK = Math.max(2, Integer.getInteger("cleave.biasAfter", 64));

    private final HeapMemory memory;
    private final HeapLocks locks;
    private final Biases biases;
    private final long at;
    /** The bias that this object has got last. Written by who holds the lock. */
    private Bias bias = NONE;
    /** Whether it is held by the bias. Written by who holds it. */
    private boolean isInUse;
    /** Who has acquired it last, how often in a row, and how often it takes. Written by who holds the lock. */
    private long last;
    private int streak;
    private int needed = LEAST_STREAK;

    /** A bias by its name, and the place where its thread says that it uses it. */
    private record Bias(long thread, long name, long usedAt, long sinceNanos) {}

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
        return (mine.thread == me && enter(mine)) || acquire(me, mine, patience);
    }

    private boolean enter(Bias mine) {
        long biased = mine.name | LockWord.BIASED;
        if (memory.getPlain(mine.usedAt) != 0 || !biases.isOf(mine.usedAt, mine.thread)) {
            return false; // it uses another one now, or the handle was about to be closed
        }
        memory.setOpaque(mine.usedAt, mine.name); // SYNC: bias
        VarHandle.releaseFence(); // for the compiler: who takes the bias away makes the fence
        if (memory.getAcquire(at) == biased) { // SYNC: bias
            isInUse = true;
            return true;
        }
        memory.setRelease(mine.usedAt, 0);
        return false;
    }

    private boolean acquire(long me, Bias mine, Patience patience) throws InterruptedException {
        StackReserve.check();
        boolean isMine = mine.thread == me;
        boolean isHeld = (isMine && takeBack(me, mine)) || locks.tryLock(at, patience);
        if (isHeld) {
            if (isMine && mine.name == bias.name) {
                lose(mine);
            }
            streak = last == me ? streak + 1 : 1;
            last = me;
        }
        return isHeld;
    }

    /** Turns a bias that is not in use into a lock that its thread holds. */
    private boolean takeBack(long me, Bias mine) {
        while (true) {
            long seen = memory.getAcquire(at);
            if ((seen & (ParticipantsLayout.OWNER | LockWord.BIASED)) != (mine.name | LockWord.BIASED)
                    || biases.isUsed(mine.name, 0)) {
                return false;
            }
            if (memory.cas(at, seen, me | (seen & LockWord.WAITERS))) {
                return true;
            }
        }
    }

    /** Notes that a bias has ended. Under the lock. */
    private void lose(Bias mine) {
        boolean hasPaid = System.nanoTime() - mine.sinceNanos > PAYING_NANOS;
        needed = hasPaid ? LEAST_STREAK : Math.min(2 * needed, MOST_STREAK);
        bias = NONE;
    }

    /**
     * Whether the calling thread holds the lock.
     *
     * @return whether it does; not if it only keeps it
     */
    public boolean isHeldByMe() {
        return locks.isHeldByMe(at);
    }

    /**
     * Releases the lock, which the calling thread holds, or keeps it for the next time.
     *
     * @throws IllegalMonitorStateException where it does not hold it
     */
    public void unlock() {
        Bias mine = bias;
        if (isInUse && mine.thread == Participants.me()) {
            leave(mine);
        } else {
            boolean isKept = false;
            try {
                isKept = streak >= needed && keep();
            } catch (RuntimeException | Error e) {
                needed = MOST_STREAK; // what the lock was held for has happened, and does without a bias
            }
            if (!isKept) {
                locks.unlock(at);
            }
        }
    }

    /** As {@link #unlock}, for who has found that the lock is not what it was, or is about to free it: it is not kept. */
    public void unlockForGood() {
        Bias mine = bias;
        if (isInUse && mine.thread == Participants.me()) {
            leave(mine);
        } else {
            locks.unlock(at);
        }
    }

    private void leave(Bias mine) {
        isInUse = false;
        memory.setRelease(mine.usedAt, 0); // SYNC: bias
        VarHandle.releaseFence();
        if (memory.getAcquire(at) != (mine.name | LockWord.BIASED)) { // SYNC: bias
            locks.releaseBiased(at, mine.name);
        }
    }

    /** Gets a bias instead of releasing, if nobody waits. */
    private boolean keep() {
        long me = Participants.me();
        streak = 0;
        long usedAt = biases.take(me);
        if (usedAt == 0) {
            needed = Math.min(2 * needed, MOST_STREAK);
            return false;
        }
        Bias next = new Bias(me, Participants.newOwner(), usedAt, System.nanoTime());
        isInUse = false; // a forked child may have found it set
        bias = next;
        return memory.cas(at, me, next.name | LockWord.BIASED);
    }
}
