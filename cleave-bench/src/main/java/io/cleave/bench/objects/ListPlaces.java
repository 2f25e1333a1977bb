package io.cleave.bench.objects;

import io.cleave.HeapFullException;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedList;
import java.util.ConcurrentModificationException;
import java.util.ListIterator;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A list with elements of each worker's own at any places: they are inserted, replaced and removed, one after the other, and
 * each says which it is and what state it is in.
 */
final class ListPlaces implements Ordeal {
    private static final int CELLS = 100 * TortureBoard.WORKERS;
    /** Absent, there, and there with another value. */
    private static final int STATES = 3;
    /** Of which there are some, and which makes a value too large for its slot. */
    private static final long LARGE = 1L << 40;
    private static final int AROUND = 16;
    private static final int MOST_SEARCHES = 100;

    private final TortureBoard board;
    private final SharedList<Long> list;
    private final Progression cells;
    /** Where each was when it was seen last. */
    private final int[] places = new int[CELLS];

    ListPlaces(TortureBoard board, SharedHeap heap) {
        this.board = board;
        this.list = heap.list(name(), Long.class);
        this.cells = new Progression(board, CELLS);
    }

    @Override
    public String name() {
        return "list of places";
    }

    private static boolean isAbsent(long state) {
        return state % STATES == 0;
    }

    private static long value(int cell, long state) {
        return state * CELLS + cell + (state % 2 == 0 ? 0 : LARGE);
    }

    private static int cell(long value) {
        return (int) (value % LARGE % CELLS);
    }

    private static long state(long value) {
        return value % LARGE / CELLS;
    }

    @Override
    public void step(int worker, SplittableRandom random) {
        if (random.nextInt(200) == 0) {
            long[] _ = look();
        } else if (random.nextInt(4) == 0) {
            lookAtOne(random);
        } else {
            int cell = random.nextInt(CELLS);
            change(cell - cell % TortureBoard.WORKERS + worker, random);
        }
    }

    private void change(int cell, SplittableRandom random) {
        if (cells.done(cell) != cells.begun(cell)) {
            cells.settle(cell, look()[cell]); // who had begun it has died
        }
        long state = cells.begin(cell);
        long value = value(cell, state);
        try {
            switch ((int) (state % STATES)) {
                case 0 -> replace(cell, null);
                case 1 -> insert(cell, value, random);
                default -> replace(cell, value);
            }
            cells.end(cell);
        } catch (HeapFullException e) {
            board.increment(TortureBoard.FULL);
            cells.takeBack(cell);
        }
    }

    private void insert(int cell, long value, SplittableRandom random) {
        while (true) {
            int place = random.nextInt(list.size() + 1);
            try {
                list.add(place, value);
                places[cell] = place;
                return;
            } catch (IndexOutOfBoundsException e) {
                Thread.onSpinWait(); // others have removed some
            }
        }
    }

    /** Lets an element that is there have another value, or none. */
    private void replace(int cell, @Nullable Long value) {
        long before = value(cell, cells.done(cell));
        for (int search = 0; search < MOST_SEARCHES; search++) {
            ListIterator<Long> found = find(before, places[cell]);
            if (found == null) {
                long state = look()[cell];
                if (state != cells.done(cell)) {
                    board.violation(name() + ": " + before + " is in state " + state);
                    return;
                }
            } else {
                try {
                    places[cell] = found.previousIndex();
                    if (value == null) {
                        found.remove();
                    } else {
                        found.set(value);
                    }
                    return;
                } catch (ConcurrentModificationException e) {
                    Thread.onSpinWait(); // it is elsewhere now
                }
            }
        }
        board.violation(name() + ": " + before + " is not found");
    }

    private @Nullable ListIterator<Long> find(long value, int place) {
        try {
            ListIterator<Long> all = list.listIterator(Math.max(0, Math.min(place, list.size()) - AROUND));
            for (int i = 0; i < 2 * AROUND && all.hasNext(); i++) {
                if (all.next() == value) {
                    return all;
                }
            }
        } catch (IndexOutOfBoundsException | NoSuchElementException e) {
            Thread.onSpinWait(); // others have removed some
        }
        return null;
    }

    private void lookAtOne(SplittableRandom random) {
        try {
            long value = list.get(random.nextInt(CELLS / 2));
            boolean _ = isSound(value);
        } catch (IndexOutOfBoundsException e) {
            Thread.onSpinWait(); // so many are not there
        }
    }

    private boolean isSound(long value) {
        int cell = cell(value);
        long state = state(value);
        boolean isSound = value > 0 && value == value(cell, state) && !isAbsent(state) && state <= cells.begun(cell);
        if (!isSound) {
            board.violation(name() + ": " + value + " was never there");
        }
        return isSound;
    }

    /** Each is in one of the states that it may have been in at a moment; which. */
    private long[] look() {
        long[] done = new long[CELLS];
        for (int cell = 0; cell < CELLS; cell++) {
            done[cell] = cells.done(cell);
        }
        Object[] all = list.toArray();
        long[] states = new long[CELLS];
        for (int i = 0; i < all.length; i++) {
            long value = (long) all[i];
            if (isSound(value)) {
                int cell = cell(value);
                places[cell] = i;
                if (states[cell] != 0) {
                    board.violation(name() + ": it has " + value + " beside state " + states[cell]);
                }
                states[cell] = state(value);
            }
        }
        for (int cell = 0; cell < CELLS; cell++) {
            long begun = cells.begun(cell);
            boolean isThere = states[cell] != 0;
            boolean isRight = isThere ? states[cell] >= done[cell] && states[cell] <= begun
                    : Progression.isAny(done[cell], begun, ListPlaces::isAbsent);
            if (!isRight) {
                board.violation(name() + ": " + cell + " is " + (isThere ? "in state " + states[cell] : "absent")
                        + ", between states " + done[cell] + " and " + begun);
            }
            if (!isThere) {
                states[cell] = isAbsent(done[cell]) ? done[cell] : begun;
            }
        }
        return states;
    }

    @Override
    public void checkAll() {
        int there = 0;
        for (long state : look()) {
            there += isAbsent(state) ? 0 : 1;
        }
        if (there != list.size()) {
            board.violation(name() + ": its size is " + list.size() + ", and " + there + " are there");
        }
    }
}
