package io.cleave.bench.objects;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What was put into a structure and taken out of it again: elements that each name the worker that put it and a number, which
 * it uses once, in ascending order. The board knows of each number whether it was put, which is noted after, and whether it
 * was taken, likewise. So who dies in between leaves it open whether a number was put; and so many elements may be gone as
 * those who have died were about to take, which is noted before.
 */
final class Deliveries {
    /** One who takes that is not killed. */
    static final int SURVIVOR = TortureBoard.WORKERS;

    private static final int MOST_NUMBERS = 1 << 19;
    private static final int NUMBERS_IN_FIELD = Long.SIZE / 2;
    private static final int FIELDS_OF_WORKER = MOST_NUMBERS / NUMBERS_IN_FIELD;
    private static final int TAKERS = TortureBoard.WORKERS + 1;
    private static final int HEAD_WORDS = 2;
    private static final int MOST_WORDS = 60;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final long PUT = 1;
    private static final long TAKEN = 2;

    private final TortureBoard board;
    private final String name;
    private final boolean isOrdered;
    private final int begun;
    private final int noted;
    private final int lastTaken;
    private final int taking;
    private final int mayBeLost;

    /**
     * Nothing was put yet.
     *
     * @param name for messages
     * @param isOrdered whether what a worker has put is taken in the order of its numbers
     */
    Deliveries(TortureBoard board, String name, boolean isOrdered) {
        this.board = board;
        this.name = name;
        this.isOrdered = isOrdered;
        this.begun = board.fields(TortureBoard.WORKERS);
        this.noted = board.fields(TortureBoard.WORKERS * FIELDS_OF_WORKER);
        this.lastTaken = board.fields(TAKERS * TortureBoard.WORKERS);
        this.taking = board.fields(TAKERS);
        this.mayBeLost = board.fields(1);
    }

    static int worker(long[] element) {
        return (int) element[0];
    }

    static long number(long[] element) {
        return element[1];
    }

    /** The element with a number: most are short, some too long for a slot of a queue. */
    static long[] element(int worker, long number) {
        long mixed = (number * TortureBoard.WORKERS + worker) * GOLDEN;
        int words = (int) (mixed >>> 40) % MOST_WORDS;
        long[] element = new long[HEAD_WORDS + (mixed < 0 ? words : words % 4)];
        Arrays.fill(element, mixed);
        element[0] = worker;
        element[1] = number;
        return element;
    }

    private int field(int worker, long number) {
        return noted + worker * FIELDS_OF_WORKER + (int) (number / NUMBERS_IN_FIELD);
    }

    private static int shift(long number) {
        return (int) (number % NUMBERS_IN_FIELD) * 2;
    }

    private boolean is(long what, int worker, long number) {
        return (board.get(field(worker, number)) >>> shift(number) & what) != 0;
    }

    private boolean note(long what, int worker, long number) {
        return (board.or(field(worker, number), what << shift(number)) >>> shift(number) & what) != 0;
    }

    /** The last number that a worker has used. */
    long begun(int worker) {
        return board.get(begun + worker);
    }

    /** Elements that a worker is about to put; none when it has used up its numbers. */
    List<long[]> next(int worker, int count) {
        List<long[]> elements = new ArrayList<>();
        long number = begun(worker);
        if (number + count < MOST_NUMBERS) {
            board.set(begun + worker, number + count);
            for (int i = 1; i <= count; i++) {
                elements.add(element(worker, number + i));
            }
        }
        return elements;
    }

    /** So many of the elements at hand are there, the first ones, and the others are not. */
    void put(List<long[]> elements, int count) {
        for (long[] element : elements.subList(0, count)) {
            boolean _ = note(PUT, worker(element), number(element));
        }
        for (long[] element : elements.subList(count, elements.size()).reversed()) {
            board.set(begun + worker(element), number(element) - 1);
        }
    }

    /** Whether an element is known to have been put, and not known to have been taken. */
    boolean mayBeThere(int worker, long number) {
        return number > 0 && is(PUT, worker, number) && !is(TAKEN, worker, number);
    }

    /** So many elements are about to be taken at most; where a taker has died, its last ones may be gone. */
    void beginTaking(int taker, int most) {
        board.add(mayBeLost, board.get(taking + taker));
        board.set(taking + taker, most);
    }

    /** All that was taken has been noted. */
    void endTaking(int taker) {
        board.set(taking + taker, 0);
    }

    /** An element was taken in its turn. */
    void taken(int taker, long[] element) {
        if (takenOut(element) && isOrdered) {
            int last = lastTaken + taker * TortureBoard.WORKERS + worker(element);
            if (board.get(last) >= number(element)) {
                board.violation(name + ": " + taker + " got number " + number(element) + " of " + worker(element)
                        + " after " + board.get(last));
            }
            board.set(last, number(element));
        }
    }

    /**
     * An element was taken, wherever it was.
     *
     * @return whether it is one that was put
     */
    boolean takenOut(long[] element) {
        if (!isSound(element)) {
            return false;
        }
        if (note(TAKEN, worker(element), number(element))) {
            board.violation(name + ": number " + number(element) + " of " + worker(element) + " came twice");
        }
        return true;
    }

    /** Whether an element is one that was put; else that is a violation. */
    boolean isSound(long[] element) {
        boolean hasHead = element.length >= HEAD_WORDS && element[0] >= 0 && element[0] < TortureBoard.WORKERS;
        if (!hasHead || number(element) < 1 || number(element) > begun(worker(element))) {
            board.violation(name + ": " + Arrays.toString(element) + " was never put");
            return false;
        }
        if (!Arrays.equals(element, element(worker(element), number(element)))) {
            board.violation(name + ": " + Arrays.toString(element) + " is not what was put");
            return false;
        }
        return true;
    }

    /**
     * A look at elements in the order in which they would be taken: those of a worker have to be in order.
     *
     * @param isWhole whether all of them are seen that there were at one moment, and none was taken but the first ones
     */
    void look(Iterable<long[]> elements, boolean isWhole) {
        long[] last = new long[TortureBoard.WORKERS];
        for (long[] element : elements) {
            if (!isSound(element)) {
                continue;
            }
            int worker = worker(element);
            if (isOrdered && number(element) <= last[worker]) {
                board.violation(name + ": number " + number(element) + " of " + worker + " is behind " + last[worker]);
            }
            for (long missing = last[worker] + 1; isWhole && last[worker] > 0 && missing < number(element); missing++) {
                if (is(PUT, worker, missing)) {
                    board.violation(name + ": number " + missing + " of " + worker + " is missing");
                }
            }
            last[worker] = number(element);
        }
    }

    /** What is left once nobody puts or takes: all that was put was taken, or may have been by those who have died. */
    void checkAll(Iterable<long[]> left) {
        for (long[] element : left) {
            taken(SURVIVOR, element);
        }
        for (int taker = 0; taker < TAKERS; taker++) {
            beginTaking(taker, 0);
        }
        long lost = 0;
        for (int worker = 0; worker < TortureBoard.WORKERS; worker++) {
            for (long number = 1; number <= begun(worker); number++) {
                lost += mayBeThere(worker, number) ? 1 : 0;
            }
        }
        board.add(TortureBoard.LOST, lost);
        if (lost > board.get(mayBeLost)) {
            board.violation(name + ": " + lost + " elements are lost, and those who died were about to take "
                    + board.get(mayBeLost));
        }
    }
}
