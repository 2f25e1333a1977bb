package io.cleave.sync;

import io.cleave.sync.LockWord.News;
import io.cleave.sync.LockWord.Outcome;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The mechanism of {@link SharedReadWriteLock}.
 *
 * <p>
 * Facts: {@code writer}, the owner as in a {@link LockWord}, {@code died}, 1 where a writer has died and nobody has
 * taken the news, and the members' counts: a process's holds of the read lock in the lower 24 bits, its threads that wait to
 * write above. {@code readers} and {@code queued} follow from the counts.
 */
final class ReadWriteState extends Guarded {
    private static final int WRITER = 0;
    private static final int WRITE_HOLDS = 1;
    private static final int DIED = 2;
    private static final int READERS = 3;
    private static final int QUEUED = 4;
    private static final int MOST_READERS = (1 << 24) - 1;
    private static final long ONE_QUEUED = 1L << 24;

    /** How often each thread of this process, as an owner, holds the read lock through this handle. */
    private final Map<Long, Integer> holds = new ConcurrentHashMap<>();

    ReadWriteState(MemorySegment memory, Named named) {
        super(memory, named);
    }

    long writer() {
        return field(WRITER);
    }

    boolean isWriter() {
        return writer() == Participants.me();
    }

    boolean hasDied() {
        return field(DIED) != 0;
    }

    long readers() {
        return field(READERS);
    }

    long queued() {
        return field(QUEUED);
    }

    int readHolds() {
        return holds.getOrDefault(Participants.me(), 0);
    }

    int writeHolds() {
        return isWriter() ? (int) field(WRITE_HOLDS) + 1 : 0;
    }

    @Override
    void repair() {
        long readers = 0;
        long queued = 0;
        for (int i = 0; i < GuardedLayout.MEMBERS; i++) {
            readers += count(i) % ONE_QUEUED;
            queued += count(i) / ONE_QUEUED;
        }
        field(READERS, readers);
        field(QUEUED, queued);
    }

    @Override
    boolean bury(int member) {
        count(member, 0);
        repair();
        return true;
    }

    @Override
    boolean buryOthers() {
        if (!hasOtherDead()) {
            return false;
        }
        field(DIED, 1); // first: nobody may find the lock free and not be told
        field(WRITER, 0);
        return true;
    }

    @Override
    boolean hasOtherDead() {
        long writer = writer();
        return writer != 0 && Participants.isDead(writer);
    }

    private void addToSelf(long delta) {
        int seat = neededSeat();
        seatCount(seat, count(seat) + delta);
    }

    Outcome readUninterruptibly(Patience patience) {
        try {
            return read(patience);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // this wait was not to be interruptible
        }
    }

    Outcome read(Patience patience) throws InterruptedException {
        long me = Participants.me();
        boolean reads = holds.containsKey(me);
        Outcome[] outcome = {Outcome.TIMED_OUT};
        await(new Attempt<RuntimeException>() {
            @Override
            public boolean isDone() {
                if (!isPromising()) {
                    return false;
                }
                if (hasDied() && writer() == 0) {
                    outcome[0] = Outcome.REFUSED;
                    return true;
                }
                int seat = neededSeat();
                if (count(seat) % ONE_QUEUED == MOST_READERS) {
                    throw new Error("Maximum lock count exceeded");
                }
                seatCount(seat, count(seat) + 1);
                field(READERS, readers() + 1);
                outcome[0] = Outcome.CLEAN;
                return true;
            }

            @Override
            public boolean isPromising() {
                long writer = writer();
                return writer == me || (writer == 0 && (reads || patience.isTry() || queued() == 0));
            }
        }, patience);
        if (outcome[0].isHeld()) {
            holds.merge(me, 1, Integer::sum);
        }
        return outcome[0];
    }

    void unread() {
        long me = Participants.me();
        Integer held = holds.get(me);
        if (held == null) {
            throw new IllegalMonitorStateException(
                    "only who reads may give the read lock up: this thread does not hold "
                            + "it through this handle");
        }
        boolean isLast;
        enter();
        try {
            addToSelf(-1);
            isLast = readers() == 1;
            field(READERS, readers() - 1);
            if (isLast) {
                raiseTurn();
            }
        } finally {
            exit();
        }
        if (held == 1) {
            holds.remove(me);
        } else {
            holds.put(me, held - 1);
        }
        wake(isLast && sleepers() > 0 ? Cell.ALL : 0);
    }

    Outcome writeUninterruptibly(News news, Patience patience) {
        try {
            return write(news, patience);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // this wait was not to be interruptible
        }
    }

    Outcome write(News news, Patience patience) throws InterruptedException {
        Writing attempt = new Writing(news);
        try {
            if (await(attempt, patience.isInterruptible() ? new Patience(0, true) : Patience.TRY)
                    || patience.isOver()) {
                return attempt.outcome;
            }
            queue(ONE_QUEUED);
            try {
                boolean _ = await(attempt, patience); // the outcome says it
            } finally {
                queue(-ONE_QUEUED);
            }
            return attempt.outcome;
        } catch (IllegalStateException e) {
            if (attempt.outcome.isHeld()) {
                unwrite();
            }
            throw e;
        }
    }

    /** Counts the calling process's threads that wait to write, for whom new readers make way. */
    private void queue(long delta) {
        boolean isLast;
        enter();
        try {
            addToSelf(delta);
            field(QUEUED, field(QUEUED) + delta / ONE_QUEUED);
            isLast = field(QUEUED) == 0 && sleepers() > 0;
            if (isLast) {
                raiseTurn();
            }
        } finally {
            exit();
        }
        wake(isLast ? Cell.ALL : 0);
    }

    private final class Writing implements Attempt<RuntimeException> {
        private final long me = Participants.me();
        private final News news;
        private Outcome outcome = Outcome.TIMED_OUT;

        Writing(News news) {
            this.news = news;
        }

        @Override
        public boolean isDone() {
            if (writer() == me) {
                if (field(WRITE_HOLDS) == Integer.MAX_VALUE - 1) {
                    throw new Error("Maximum lock count exceeded");
                }
                field(WRITE_HOLDS, field(WRITE_HOLDS) + 1);
                outcome = Outcome.CLEAN;
                return true;
            }
            if (!isPromising()) {
                return false;
            }
            if (hasDied() && news == News.REFUSE) {
                outcome = Outcome.REFUSED;
                return true;
            }
            outcome = hasDied() ? Outcome.OWNER_DIED : Outcome.CLEAN;
            field(WRITE_HOLDS, 0);
            field(WRITER, me);
            if (outcome == Outcome.OWNER_DIED) {
                field(DIED, 0); // after there is a writer whose death would be news again
            }
            return true;
        }

        @Override
        public boolean isPromising() {
            return writer() == 0 && readers() == 0;
        }
    }

    void unwrite() {
        enter();
        try {
            long writer = writer();
            if (writer != Participants.me()) {
                throw new IllegalMonitorStateException("only the owner may give the write lock up: "
                        + (writer == 0 ? "nobody holds it"
                                : "it is held by a thread of process " + Participants.pid(writer)));
            }
            if (field(WRITE_HOLDS) > 0) {
                field(WRITE_HOLDS, field(WRITE_HOLDS) - 1);
                return;
            }
            field(WRITER, 0);
            raiseTurn();
        } finally {
            exit();
        }
        wake(sleepers() > 0 ? Cell.ALL : 0);
    }
}
