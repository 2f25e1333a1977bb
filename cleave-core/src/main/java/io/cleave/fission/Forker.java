package io.cleave.fission;

import io.cleave.fork.Forks;
import io.cleave.fork.WholeSupport;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.os.WholeFork;

/** Forks this JVM, one fork at a time, at a quiet moment. */
final class Forker {
    private static final long LEAST_PATIENCE_NANOS = 8_000_000;
    private static final long MOST_PATIENCE_NANOS = 128_000_000;
    /** The same, for a child that no other can take the place of. */
    private static final long FINAL_PATIENCE_NANOS = 250_000_000;
    private static final int MOST_COLLECTIONS = 3;
    private static final Quiescence QUIESCENCE = new Quiescence();

    /**
     * How long to wait for a quiet moment: doubled by each deadlock, shortened by each child that met none. While a
     * program is being compiled there may be no quiet moment for long; then a fork that has to be made again now and then
     * costs less than the wait, until it happens too often.
     */
    private static volatile long patience = LEAST_PATIENCE_NANOS;

    private Forker() {
    }

    /**
     * Forks. The caller's thread is the only one that the child has; it must leave by {@link Unistd#_exit}.
     *
     * @param room how much of Eden should be free for the child, as 1 in so many
     * @param outlivesThread whether the child lives as long as its parent's process, or only as the thread that forks
     * @return what came of it
     */
    static Forked fork(int room, boolean outlivesThread) {
        synchronized (Forks.LOCK) {
            boolean isWhole = WholeSupport.isThere();
            if (!isWhole) {
                awaitGoodMoment(room, outlivesThread ? FINAL_PATIENCE_NANOS : patience);
            }
            int pid = Forks.fork(isWhole, outlivesThread);
            if (pid < 0 && isWhole && WholeFork.isForGood(pid)) {
                WholeSupport.giveUp(WholeFork.describe(pid));
                Preparation.forChildrenOfOneThread();
                return fork(room, outlivesThread);
            } else if (pid < 0) {
                throw Forks.refused(pid);
            }
            return new Forked(pid, isWhole);
        }
    }

    /**
     * A fork that was made.
     *
     * @param pid the child in the parent, 0 in the child
     * @param isWhole whether the child is a whole JVM
     */
    record Forked(int pid, boolean isWhole) {}

    private static void awaitGoodMoment(int room, long most) {
        QUIESCENCE.await(most);
        for (int attempt = 0; attempt < MOST_COLLECTIONS && !Eden.makeRoom(room); attempt++) {
            QUIESCENCE.await(most); // other threads may allocate meanwhile
        }
    }

    /**
     * Learns what became of a child.
     *
     * @param deadlocked whether it could not go on
     */
    static void learn(boolean deadlocked) {
        long now = patience;
        patience = deadlocked ? Math.min(2 * now, MOST_PATIENCE_NANOS) : Math.max(now - now / 8, LEAST_PATIENCE_NANOS);
    }
}
