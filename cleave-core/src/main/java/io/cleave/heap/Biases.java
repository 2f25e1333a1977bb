package io.cleave.heap;

import io.cleave.os.Membarrier;
import io.cleave.owner.LockWord;
import io.cleave.owner.Participants;
import io.cleave.owner.ParticipantsLayout;
import io.cleave.owner.Patience;
import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The places of a heap where threads say which biased lock they use: {@link BiasedLock}.
 *
 * <p>
 * A place is a thread's by one handle on the heap, until the handle is closed, the thread has ended or its process is dead. Nothing
 * else is ever there: so a thread that stores late, having been stopped since it has seen that a lock is its own, spoils nothing.
 */
final class Biases {
    private static final long NAP_NANOS = 10_000_000;

    private final HeapMemory memory;
    private final LockWord.Liveness liveness;
    /** Which threads the places are for that were taken by this handle. Guarded by this. */
    private final AtomicReferenceArray<@Nullable WeakReference<Thread>> threads = new AtomicReferenceArray<>(
            HeapLayout.BIASES);

    Biases(HeapMemory memory, LockWord.Liveness liveness) {
        this.memory = memory;
        this.liveness = liveness;
    }

    private static long at(int place) {
        return HeapLayout.BIASES_AT + place * HeapLayout.BIAS_BYTES;
    }

    private static long threadAt(int place) {
        return at(place) + HeapLayout.THREAD_IN_BIAS;
    }

    private static long usedAt(int place) {
        return at(place) + HeapLayout.USED_IN_BIAS;
    }

    /**
     * Where the calling thread says which lock it uses.
     *
     * @param me the thread
     * @return the place's word, 0 where there is none left
     */
    synchronized long take(long me) {
        if (!Membarrier.registerProcess()) {
            return 0;
        }
        Thread thread = Thread.currentThread();
        for (int i = 0; i < HeapLayout.BIASES; i++) {
            if (threads.get(i) != null && memory.getAcquire(threadAt(i)) == me) {
                return usedAt(i);
            }
        }
        for (int i = 0; i < HeapLayout.BIASES; i++) {
            long owner = memory.getAcquire(threadAt(i));
            if ((owner == 0 || hasEnded(i, owner) || liveness.isDead(owner)) && memory.cas(threadAt(i), owner, me)) {
                memory.setRelease(usedAt(i), 0);
                threads.set(i, new WeakReference<>(thread));
                return usedAt(i);
            }
        }
        return 0;
    }

    private @Nullable Thread threadOf(int place) {
        WeakReference<Thread> thread = threads.get(place);
        return thread == null ? null : thread.get();
    }

    private boolean hasEnded(int place, long owner) {
        if (threads.get(place) == null || (owner & ParticipantsLayout.PROCESS) != Participants.process()) {
            return false;
        }
        Thread thread = threadOf(place);
        return thread == null || !thread.isAlive();
    }

    /** Gives up what this handle has taken, with no thread inside. */
    synchronized void release() {
        for (int i = 0; i < HeapLayout.BIASES; i++) {
            long owner = memory.getAcquire(threadAt(i));
            if (threads.get(i) != null && (owner & ParticipantsLayout.PROCESS) == Participants.process()) {
                boolean _ = memory.cas(threadAt(i), owner, 0);
            }
            threads.set(i, null);
        }
    }

    /**
     * Whether a thread uses a lock that is biased to it.
     *
     * @param owner the thread
     * @param lockAt the lock
     * @return whether it does; of another thread only after a fence by it
     */
    boolean isUsing(long owner, long lockAt) {
        for (int i = 0; i < HeapLayout.BIASES; i++) {
            if (memory.getAcquire(usedAt(i)) == lockAt && memory.getAcquire(threadAt(i)) == owner) { // SYNC: bias
                return true;
            }
        }
        return false;
    }

    /** As {@link LockWord.Bias#isIdle}. */
    boolean isIdle(long owner, long lockAt) {
        if (!Membarrier.amongProcesses()) {
            // A filter of system calls of this process's. No processor keeps a store to itself for as long as this.
            Patience.nap(NAP_NANOS);
        }
        return !isUsing(owner, lockAt);
    }
}
