package io.cleave.bench.objects;

import java.util.function.LongPredicate;

/**
 * How far some cells of a structure have come, each of which goes through states by numbers: 0, 1, 2 and so on. Which state
 * is what, the structure says. For each the board has the last state that was begun, which is noted before the change, and
 * the last that is known to be done, which is noted after. A death in between leaves it open whether it has happened.
 *
 * <p>
 * So who looks reads first what is done, then the structure, then what is begun: it must have seen a state between the two.
 */
final class Progression {
    private final TortureBoard board;
    private final int first;
    private final int count;

    Progression(TortureBoard board, int count) {
        this.board = board;
        this.count = count;
        this.first = board.fields(2 * count);
    }

    int count() {
        return count;
    }

    /** The last state that is known to have been reached. */
    long done(int cell) {
        return board.get(first + cell);
    }

    /** The last state that may have been reached. */
    long begun(int cell) {
        return board.get(first + count + cell);
    }

    /** One more state is about to be reached: which. */
    long begin(int cell) {
        board.increment(first + count + cell);
        return begun(cell);
    }

    /** All that was begun has happened, where a cell is one worker's. */
    void end(int cell) {
        board.set(first + cell, begun(cell));
    }

    /** What was begun last has not happened, where a cell is one worker's. */
    void takeBack(int cell) {
        board.set(first + count + cell, begun(cell) - 1);
    }

    /** It was found out which of the last two states there is, where a cell is one worker's. */
    void settle(int cell, long state) {
        board.set(first + count + cell, state);
        board.set(first + cell, state);
    }

    /** One more state was reached, where many change a cell. */
    void endOne(int cell) {
        board.increment(first + cell);
    }

    /** Whether a state between two has a property. */
    static boolean isAny(long from, long to, LongPredicate property) {
        for (long state = from; state <= to; state++) {
            if (property.test(state)) {
                return true;
            }
        }
        return false;
    }
}
