package io.cleave.sync;

import io.cleave.owner.LockWord;

/** What semaphore and read-write lock are built on, as shipped but on {@link WeakWords}. */
final class WeakTally {
    private static final int SEATS = 2;

    private final Tally tally;

    WeakTally(int available) {
        WeakWords words = new WeakWords();
        Members members = new Members(words, TallyLayout.MEMBERS_AT, TallyLayout.STRIDE, SEATS);
        tally = new Tally(words, members, new LockWord(new WeakCell(WeakCell.Weakness.TWO_STEPS), _ -> false), false);
        add(available);
    }

    private void change(Tally.Change change) {
        boolean _ = tally.changeUninterruptibly(-1, change); // whether it was made does not matter
    }

    boolean tryTake(int number) {
        boolean[] isEnough = {false};
        change(sums -> {
            isEnough[0] = sums.available >= number;
            sums.available -= number;
            return isEnough[0];
        });
        return isEnough[0];
    }

    void add(int number) {
        change(sums -> {
            sums.available += number;
            return true;
        });
    }

    /** Sets the mark where all is available that ever was, and it is not set. */
    boolean tryMark(int all) {
        boolean[] isFree = {false};
        change(sums -> {
            isFree[0] = !sums.isMarked && sums.available == all;
            sums.isMarked = true;
            return isFree[0];
        });
        return isFree[0];
    }

    /** Takes one where the mark is not set. */
    boolean tryTakeUnmarked() {
        boolean[] isFree = {false};
        change(sums -> {
            isFree[0] = !sums.isMarked;
            sums.available--;
            return isFree[0];
        });
        return isFree[0];
    }

    void unmark() {
        change(sums -> {
            sums.isMarked = false;
            return true;
        });
    }
}
