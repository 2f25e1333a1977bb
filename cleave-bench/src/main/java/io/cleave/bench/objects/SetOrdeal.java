package io.cleave.bench.objects;

import io.cleave.HeapFullException;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedSet;
import java.util.SplittableRandom;

/** A set. Each worker adds and removes elements of its own: one in an odd state is there. */
final class SetOrdeal implements Ordeal {
    private static final int CELLS = 200 * TortureBoard.WORKERS;

    private final TortureBoard board;
    private final SharedSet<String> set;
    private final Progression cells;

    SetOrdeal(TortureBoard board, SharedHeap heap) {
        this.board = board;
        this.set = heap.set(name(), String.class);
        this.cells = new Progression(board, CELLS);
    }

    @Override
    public String name() {
        return "set";
    }

    private static String element(int cell) {
        return "element " + cell + ".".repeat(cell % 50);
    }

    private static boolean isThere(long state) {
        return state % 2 == 1;
    }

    @Override
    public void step(int worker, SplittableRandom random) {
        int cell = random.nextInt(CELLS);
        if (random.nextInt(3) == 0) {
            look(cell);
        } else {
            change(cell - cell % TortureBoard.WORKERS + worker);
        }
    }

    private void change(int cell) {
        look(cell);
        long done = cells.done(cell);
        boolean isKnown = done == cells.begun(cell);
        long state = cells.begin(cell);
        try {
            boolean hasChanged = isThere(state) ? set.add(element(cell)) : set.remove(element(cell));
            if (isKnown && !hasChanged) {
                board.violation("set: " + element(cell) + " did not change to state " + state);
            }
            cells.end(cell);
        } catch (HeapFullException e) {
            board.increment(TortureBoard.FULL);
            cells.takeBack(cell);
        }
    }

    private void look(int cell) {
        long done = cells.done(cell);
        boolean isThere = set.contains(element(cell));
        long begun = cells.begun(cell);
        if (!Progression.isAny(done, begun, state -> isThere(state) == isThere)) {
            board.violation("set: " + element(cell) + (isThere ? " is there" : " is not there") + ", between states "
                    + done + " and " + begun);
        }
    }

    @Override
    public void checkAll() {
        for (int cell = 0; cell < CELLS; cell++) {
            look(cell);
        }
        long count = set.stream().distinct().count();
        if (count != set.size()) {
            board.violation("set: it has " + set.size() + " elements, and an iteration " + count);
        }
    }
}
