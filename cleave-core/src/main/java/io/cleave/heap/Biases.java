package io.cleave.heap;

import io.cleave.os.Membarrier;
import io.cleave.owner.LockWord;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The places of a heap where threads say which bias they use: {@link BiasedLock}.
 *
 * <p>
 * A place is a thread's by one handle on the heap, until the handle is closed, the thread has ended or its process is dead. Nothing
 * else is ever there: so a thread that stores late, having been stopped since it has seen that a lock is its own, spoils nothing.
 * There are {@value HeapLayout#BIASES}; threads that get none have no biases.
 */
final class Biases {
    private static final long NAP_NANOS = 10_000_000;

    private final HeapMemory memory;
    private final LockWord.Liveness liveness;
    private final AtomicBoolean isChanging = new AtomicBoolean();
    /** Whose the places are that were taken by this handle. Guarded by the flag. */
    private final @Nullable Taken[] taken = new Taken[HeapLayout.BIASES];

    /** The owner beside the thread, as a forked child has a copy of what its parent has noted. */
    private record Taken(long owner, WeakReference<Thread> thread) {
        boolean hasEnded() {
            Thread alive = thread.get();
            return alive == null || !alive.isAlive();
        }
    }

    Biases(HeapMemory memory, LockWord.Liveness liveness) {
        this.memory = memory;
        this.liveness = liveness;
    }

    private static long threadAt(int place) {
        return HeapLayout.BIASES_AT + place * HeapLayout.BIAS_BYTES + HeapLayout.THREAD_IN_BIAS;
    }

    private static long usedAt(int place) {
        return HeapLayout.BIASES_AT + place * HeapLayout.BIAS_BYTES + HeapLayout.USED_IN_BIAS;
    }

    /**
     * Where the calling thread says which bias it uses.
     *
     * @param me the thread
     * @return the place's word, 0 where there is none left
     */
    long take(long me) {
        if (!isChanging.compareAndSet(false, true)) {
            return 0; // the caller holds a lock, and nobody should wait for what this takes, or for a thread that a fork left behind
        }
        try {
            return Membarrier.registerProcess() ? takePlace(me) : 0;
        } finally {
            isChanging.set(false);
        }
    }

    private long takePlace(long me) {
        Taken mine = new Taken(me, new WeakReference<>(Thread.currentThread()));
        for (int i = 0; i < HeapLayout.BIASES; i++) {
            Taken known = taken[i];
            if (known != null && known.owner == me && memory.getAcquire(threadAt(i)) == me) {
                return usedAt(i);
            }
        }
        for (int i = 0; i < HeapLayout.BIASES; i++) {
            long owner = memory.getAcquire(threadAt(i));
            if ((owner == 0 || hasEnded(i, owner) || liveness.isDead(owner)) && memory.cas(threadAt(i), owner, me)) {
                memory.setRelease(usedAt(i), 0);
                taken[i] = mine;
                return usedAt(i);
            }
        }
        return 0;
    }

    private boolean hasEnded(int place, long owner) {
        Taken known = taken[place];
        // of a parent's thread a forked child knows nothing
        return known != null && known.owner == owner && Participants.isOwn(owner) && known.hasEnded();
    }

    /** Gives up what this handle has taken, with no thread of this process inside. */
    void release() {
        for (int i = 0; i < HeapLayout.BIASES; i++) {
            Taken known = taken[i];
            if (known != null && (known.owner & ParticipantsLayout.PROCESS) == Participants.process()) {
                boolean _ = memory.cas(threadAt(i), known.owner, 0);
            }
            taken[i] = null;
        }
    }

    /**
     * Whether a place still is a thread's.
     *
     * @param used its word
     * @param thread the thread
     * @return whether it is
     */
    boolean isOf(long used, long thread) {
        return memory.getPlain(used - HeapLayout.USED_IN_BIAS + HeapLayout.THREAD_IN_BIAS) == thread;
    }

    /**
     * Whether a bias is in use.
     *
     * @param bias its name
     * @param thread by whom; 0 for anybody
     * @return whether it is; by another thread only after a fence by it
     */
    boolean isUsed(long bias, long thread) {
        for (int i = 0; i < HeapLayout.BIASES; i++) {
            if (memory.getAcquire(usedAt(i)) == bias && (thread == 0 || isOf(usedAt(i), thread))) { // SYNC: bias
                return true;
            }
        }
        return false;
    }

    /** As {@link LockWord.Bias#isIdle}. */
    boolean isIdle(long bias) {
        if (!Membarrier.amongProcesses()) {
            // A filter of system calls of this process's. No processor keeps a store to itself for as long as this.
            Patience.nap(NAP_NANOS);
        }
        return !isUsed(bias, 0);
    }
}
