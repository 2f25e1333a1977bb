package io.cleave.sync;

import io.cleave.sync.LockWord.News;

/** The guard of a monitor, or a mutex, as shipped but on a {@link WeakCell} that is taken in two steps. */
final class WeakGuard {
    private final LockWord lock = new LockWord(new WeakCell(WeakCell.Weakness.TWO_STEPS), _ -> false);

    void enter() {
        try {
            var _ = lock.acquire(Participants.me(), News.TAKE, Patience.UNINTERRUPTIBLY);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // this wait was not to be interruptible
        }
    }

    void exit() {
        boolean _ = lock.release(Participants.me()); // false where another came in between the two steps
    }
}
