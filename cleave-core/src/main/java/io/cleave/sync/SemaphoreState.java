package io.cleave.sync;

import io.cleave.owner.Cell;
import io.cleave.owner.EventCount;
import io.cleave.owner.LockWord;
import io.cleave.owner.Participants;
import io.cleave.owner.Patience;
import io.cleave.owner.SharedCell;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/**
 * The mechanism of {@link SharedSemaphore}: a {@link Tally} of permits, whose mark says that the memory was given its
 * permits, and an {@link EventCount} for those who wait for some.
 */
final class SemaphoreState {
    private final Members members;
    private final Tally tally;
    private final EventCount waiting;
    private final Named named;
    private final Members.Heir heir;

    SemaphoreState(MemorySegment memory, int seats, Named named) {
        Participants.join(memory, TallyLayout.STAMP_AT, SharedSemaphore.class);
        Words words = new SharedWords(memory);
        this.members = new Members(words, TallyLayout.MEMBERS_AT, TallyLayout.STRIDE, seats);
        this.tally = new Tally(words, members,
                new LockWord(new SharedCell(memory, TallyLayout.LEDGER_AT), Participants::isDead), false);
        this.named = named;
        this.waiting = new EventCount(tally, new SharedCell(memory, TallyLayout.TURN_AT), named);
        this.heir = this::bury;
    }

    private boolean bury(int seat, long word) {
        boolean mayGo = tally.bury(seat, word, sums -> {
            sums.available = Math.min(Integer.MAX_VALUE, sums.available + sums.held);
            boolean holds = sums.held > 0;
            sums.held = 0;
            return holds;
        });
        if (mayGo) {
            waiting.signal(Cell.ALL);
        }
        return mayGo;
    }

    /** The calling process's seat, or -1 for those that own nothing. */
    private int seat(boolean owns) {
        int seat = owns ? members.keptSeatOrNone() : -1;
        return seat < 0 && owns ? claimSeat() : seat;
    }

    private int claimSeat() {
        waiting.enter(); // who makes room buries the dead
        try {
            return members.seat(heir);
        } finally {
            waiting.exit();
        }
    }

    long available() {
        return tally.available();
    }

    /** Gives the memory its permits, unless that was done. */
    void initialise(int permits) {
        if (!tally.isMarked()) {
            boolean _ = tally.changeUninterruptibly(-1, sums -> {
                boolean isFirst = !sums.isMarked;
                sums.isMarked = true;
                sums.available = Math.clamp(sums.available + permits, Integer.MIN_VALUE, Integer.MAX_VALUE);
                return isFirst;
            });
            waiting.signal(Cell.ALL);
        }
    }

    boolean acquire(int permits, boolean owns, Patience patience) throws InterruptedException {
        if (patience.isInterruptible() && Thread.interrupted()) {
            throw new InterruptedException();
        }
        int seat = seat(owns);
        return tally.takeAtOnce(permits, seat) || acquireSlowly(permits, owns, seat, patience);
    }

    private boolean acquireSlowly(int permits, boolean owns, int seat, Patience patience) throws InterruptedException {
        if (tally.takeQuickly(permits, seat)) {
            return true;
        }
        boolean isThere = !patience.isTry() && waiting.glance(() -> tally.seemsToHave(permits));
        return (isThere && tally.takeQuickly(permits, seat))
                || waiting.await(new Acquiring(permits, owns, patience), patience);
    }

    private final class Acquiring implements EventCount.Attempt<RuntimeException> {
        private final int permits;
        private final boolean owns;
        private final Patience patience;

        Acquiring(int permits, boolean owns, Patience patience) {
            this.permits = permits;
            this.owns = owns;
            this.patience = patience;
        }

        @Override
        public boolean isDone() throws InterruptedException {
            return isTaken() || (members.reapNowAndThen(heir) && isTaken());
        }

        private boolean isTaken() throws InterruptedException {
            int seat = seat(owns);
            return tally.takeQuickly(permits, seat)
                    || (tally.seemsToHave(permits) && tally.change(seat, this::take, patience));
        }

        private boolean take(Tally.Sums sums) {
            boolean isEnough = sums.available >= permits;
            sums.available -= permits;
            sums.held += owns ? permits : 0;
            return isEnough;
        }

        @Override
        public boolean isPromising() {
            return tally.seemsToHave(permits);
        }

        @Override
        public boolean isSuspicious() {
            return members.hasDead((seat, _) -> tally.holds(seat));
        }

        @Override
        public boolean isMoreThere() {
            return tally.seemsToHave(1);
        }

        @Override
        public boolean needsSeveral() {
            return permits > 1;
        }
    }

    void release(int permits, boolean owns) {
        int seat = owns ? members.keptSeatOrNone() : -1;
        if (!tally.giveAtOnce(permits, seat) && !tally.giveQuickly(permits, seat)) {
            waiting.enter();
            try {
                giveAll(permits, seat);
            } finally {
                waiting.exit();
            }
        }
    }

    /** As {@link #release}, for who keeps the handle open, perhaps one that is about to close. */
    void giveBack(int permits, boolean owns) {
        if (permits > 0) {
            giveAll(permits, owns ? members.keptSeatOrNone() : -1);
        }
    }

    private void giveAll(int permits, int seat) {
        boolean _ = tally.changeUninterruptibly(seat, sums -> {
            if (sums.available + permits > Integer.MAX_VALUE) {
                throw new Error("Maximum permit count exceeded");
            }
            sums.available += permits;
            sums.held -= seat < 0 ? 0 : Math.min(sums.held, permits);
            return true;
        });
        waiting.signal(permits);
    }

    /** A change that may take the ledger, with which no handle must close. */
    private boolean change(int seat, Tally.Change change) {
        waiting.enter();
        try {
            return tally.changeUninterruptibly(seat, change);
        } finally {
            waiting.exit();
        }
    }

    void reduce(int permits) {
        boolean _ = change(-1, sums -> {
            if (sums.available - permits < Integer.MIN_VALUE) {
                throw new Error("Permit count underflow");
            }
            sums.available -= permits;
            return permits > 0;
        });
    }

    void disown(int permits) {
        int seat = members.find();
        boolean _ = change(seat, sums -> {
            if (sums.held < permits) {
                throw new IllegalArgumentException("this process holds " + sums.held + " permits, so it cannot disown "
                        + permits);
            }
            sums.held -= permits;
            return permits > 0;
        });
    }

    /** Takes what is available, or cancels a debt, and returns how much that was. */
    int drain(boolean owns) {
        long[] drained = {0};
        waiting.enter();
        try {
            boolean _ = members.reap(heir); // what the dead held is available, too
            boolean _ = change(seat(owns), sums -> {
                drained[0] = sums.available;
                sums.held += owns ? Math.max(0, sums.available) : 0;
                sums.available = 0;
                return drained[0] != 0;
            });
        } finally {
            waiting.exit();
        }
        return (int) drained[0];
    }

    void enter() {
        waiting.enter();
    }

    void exit() {
        waiting.exit();
    }

    /** The handle. */
    Named named() {
        return named;
    }

    String describe(String type, Supplier<String> text) {
        return waiting.describe(type, text);
    }

    void close() {
        waiting.close();
    }
}
