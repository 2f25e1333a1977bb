package io.cleave.fork;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.AbstractQueuedSynchronizer;
import java.util.concurrent.locks.LockSupport;

/** The threads that a child which is a whole JVM does not have: they look as if they were there, and never do anything. */
public final class GoneThreads {
    private final Set<Long> ids = new HashSet<>();

    /**
     * Keeps their ids.
     *
     * @param ids as {@link io.cleave.os.WholeFork#goneThreads} gives them
     */
    public GoneThreads(long[] ids) {
        for (long id : ids) {
            this.ids.add(id);
        }
    }

    /**
     * Whether a thread is one of them.
     *
     * @param id its id
     * @return whether it does nothing any more
     */
    public boolean contains(long id) {
        return ids.contains(id);
    }

    /**
     * Whether a thread that waits without a limit waits for one of them: who holds the lock is one, or one is queued for it
     * and will be given it.
     *
     * @param waiter who waits
     * @param owner the id of who holds the lock, as {@link java.lang.management.ThreadInfo#getLockOwnerId} has it
     * @return whether the wait cannot end
     */
    public boolean holdUp(Thread waiter, long owner) {
        return ids.contains(owner) || areQueuedBefore(waiter);
    }

    private boolean areQueuedBefore(Thread waiter) {
        if (LockSupport.getBlocker(waiter) instanceof AbstractQueuedSynchronizer queue) {
            for (Thread queued : queue.getQueuedThreads()) {
                if (ids.contains(queued.threadId())) {
                    return true;
                }
            }
        }
        return false;
    }
}
