package io.cleave.objects;

import io.cleave.heap.BiasedLock;
import io.cleave.heap.HeapLocks;
import io.cleave.owner.Patience;

/**
 * How far one call goes that frees structures: by how many blocks, and how long it waits for their locks. What is left
 * stays where the next call finds it.
 */
final class SweepLimit {
    /** What an operation frees at most of what it or another one has dropped: a millisecond or so. */
    private static final long BRIEF_FREES = 4096;
    private static final long LONG_WAIT_NANOS = 1_000_000_000;

    private final long waitNanos;
    private long left;

    private SweepLimit(long frees, long waitNanos) {
        this.left = frees;
        this.waitNanos = waitNanos;
    }

    /** For an operation with another purpose. */
    static SweepLimit brief() {
        return new SweepLimit(BRIEF_FREES, 0);
    }

    /** For who wants all to be freed, without waiting for anybody: who does may hold locks himself. */
    static SweepLimit all() {
        return new SweepLimit(Long.MAX_VALUE, 0);
    }

    /** The same, with some patience for who is changing what is to be freed. */
    static SweepLimit allPatiently() {
        return new SweepLimit(Long.MAX_VALUE, LONG_WAIT_NANOS);
    }

    /** So many blocks were freed. */
    void count(int frees) {
        left -= frees;
    }

    boolean isReached() {
        return left <= 0;
    }

    /** As {@link #tryLock(HeapLocks, long)}. */
    boolean tryLock(BiasedLock lock) {
        try {
            return !lock.isHeldByMe() && lock.tryLock(
                    waitNanos == 0 ? Patience.TRY : new Patience(System.nanoTime() + waitNanos, false));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // it was not to be interruptible
        }
    }

    /** Acquires a lock of what is to be freed, unless another one has it, or the thread itself. */
    boolean tryLock(HeapLocks locks, long at) {
        if (locks.tryLock(at)) {
            return true;
        }
        return waitNanos != 0 && !locks.isHeldByMe(at) && locks.tryLock(at, waitNanos);
    }
}
