package io.cleave.bench.objects;

import io.cleave.HeapFullException;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedIntList;
import io.cleave.objects.SharedLongList;
import java.util.SplittableRandom;

/**
 * Lists of numbers: all add to some sums in one, and each counts by inserting and removing its own number at the front
 * of another, so that it has as many of these as it should.
 */
final class ListSums implements Ordeal {
    private static final int SUMS = 300;
    private static final int MOST_OF_ONE = 200;

    private final TortureBoard board;
    private final SharedLongList sums;
    private final SharedIntList votes;
    private final Progression added;
    private final Progression given;

    ListSums(TortureBoard board, SharedHeap heap) {
        this.board = board;
        this.sums = heap.longList(name());
        this.votes = heap.intList(name() + " of votes");
        for (int i = sums.size(); i < SUMS; i++) {
            sums.add(0);
        }
        this.added = new Progression(board, SUMS);
        this.given = new Progression(board, TortureBoard.WORKERS);
    }

    @Override
    public String name() {
        return "list of sums";
    }

    @Override
    public void step(int worker, SplittableRandom random) {
        int sum = random.nextInt(SUMS);
        switch (random.nextInt(12)) {
            case 0, 1 -> lookAtSum(sum);
            case 2, 3, 4 -> vote(worker, random);
            case 5 -> {
                if (random.nextInt(10) == 0) {
                    look();
                }
            }
            default -> {
                long _ = added.begin(sum);
                long _ = sums.getAndAdd(sum, 1);
                added.endOne(sum);
            }
        }
    }

    private void lookAtSum(int sum) {
        long done = added.done(sum);
        long value = sums.get(sum);
        long begun = added.begun(sum);
        if (value < done || value > begun) {
            board.violation(name() + ": a sum is " + value + ", not between " + done + " and " + begun);
        }
    }

    /** One more at any place; when there are many, all are in order for a moment. */
    private void vote(int worker, SplittableRandom random) {
        try {
            if (given.done(worker) < MOST_OF_ONE) {
                long _ = given.begin(worker);
                votes.add(random.nextInt(votes.size() + 1), worker);
                given.endOne(worker);
            } else if (random.nextInt(50) == 0) {
                votes.sort();
            }
        } catch (HeapFullException e) {
            board.increment(TortureBoard.FULL);
        }
    }

    /** Nobody has more votes than were begun, nor less than were done. */
    private void look() {
        long[] done = new long[TortureBoard.WORKERS];
        for (int worker = 0; worker < done.length; worker++) {
            done[worker] = given.done(worker);
        }
        int[] counts = new int[TortureBoard.WORKERS];
        for (int vote : votes.toArray()) {
            if (vote < 0 || vote >= counts.length) {
                board.violation(name() + ": a vote is " + vote);
            } else {
                counts[vote]++;
            }
        }
        for (int worker = 0; worker < counts.length; worker++) {
            long begun = given.begun(worker);
            if (counts[worker] < done[worker] || counts[worker] > begun) {
                board.violation(name() + ": " + worker + " has " + counts[worker] + " votes, not between "
                        + done[worker] + " and " + begun);
            }
        }
    }

    @Override
    public void checkAll() {
        for (int sum = 0; sum < SUMS; sum++) {
            lookAtSum(sum);
        }
        look();
        if (sums.size() != SUMS) {
            board.violation(name() + ": there are " + sums.size() + " sums");
        }
    }
}
