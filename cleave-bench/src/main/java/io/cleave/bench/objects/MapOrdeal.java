package io.cleave.bench.objects;

import io.cleave.HeapFullException;
import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedMap;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A map. Each worker puts, replaces and removes keys of its own, whose values say their state and are filled by it; all
 * add to some sums by merging; and all read each other's keys, one by one and by iterating.
 */
final class MapOrdeal implements Ordeal {
    private static final int CELLS = 100 * TortureBoard.WORKERS;
    private static final int SUMS = 4;
    /** In one of so many states a key is absent. */
    private static final int STATES_TO_ABSENCE = 4;
    private static final int MOST_WORDS = 2000;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private final TortureBoard board;
    private final SharedMap<Integer, long[]> map;
    private final SharedMap<String, Long> sums;
    private final Progression cells;
    private final Progression added;

    MapOrdeal(TortureBoard board, SharedHeap heap) {
        this.board = board;
        this.map = heap.map(name(), Integer.class, long[].class);
        this.sums = heap.map(name() + " of sums", String.class, Long.class);
        this.cells = new Progression(board, CELLS);
        this.added = new Progression(board, SUMS);
    }

    @Override
    public String name() {
        return "map";
    }

    private static boolean isAbsent(long state) {
        return state % STATES_TO_ABSENCE == 0;
    }

    /** The value of a key in a state: the state, and words that follow from it and the key, more or fewer. */
    private static long[] value(int cell, long state) {
        long mixed = (state * CELLS + cell) * GOLDEN;
        int words = (int) ((mixed >>> 40) % MOST_WORDS);
        long[] value = new long[1 + (mixed < 0 ? words : words % 32)];
        value[0] = state;
        for (int i = 1; i < value.length; i++) {
            value[i] = mixed + i;
        }
        return value;
    }

    @Override
    public void step(int worker, SplittableRandom random) {
        int any = random.nextInt(CELLS);
        switch (random.nextInt(16)) {
            case 0, 1, 2 -> add(random.nextInt(SUMS));
            case 3, 4, 5, 6 -> look(any);
            case 7 -> lookAtSum(random.nextInt(SUMS));
            case 8 -> {
                if (random.nextInt(20) == 0) {
                    iterate();
                }
            }
            default -> change(any - any % TortureBoard.WORKERS + worker, random);
        }
    }

    private void change(int cell, SplittableRandom random) {
        look(cell);
        long state = cells.begin(cell);
        try {
            if (isAbsent(state)) {
                map.remove(cell);
            } else if (random.nextBoolean()) {
                map.put(cell, value(cell, state));
            } else {
                map.compute(cell, (_, _) -> value(cell, state));
            }
            cells.end(cell);
        } catch (HeapFullException e) {
            board.increment(TortureBoard.FULL);
            cells.takeBack(cell);
            look(cell);
        }
    }

    private void look(int cell) {
        long done = cells.done(cell);
        long[] value = map.get(cell);
        check(cell, value, done, cells.begun(cell));
    }

    private void check(int cell, long @Nullable [] value, long done, long begun) {
        if (value == null) {
            if (!Progression.isAny(done, begun, MapOrdeal::isAbsent)) {
                board.violation("map: key " + cell + " is absent, between states " + done + " and " + begun);
            }
            return;
        }
        long state = value.length == 0 ? -1 : value[0];
        if (state < done || state > begun || isAbsent(state)) {
            board.violation("map: key " + cell + " is in state " + state + ", not between " + done + " and " + begun);
        } else if (!Arrays.equals(value, value(cell, state))) {
            board.violation("map: key " + cell + " has a value that it never had, in state " + state);
        }
    }

    /** Each key that does not change meanwhile comes once, or not at all where it is absent. */
    private void iterate() {
        long[] done = new long[CELLS];
        for (int cell = 0; cell < CELLS; cell++) {
            done[cell] = cells.done(cell);
        }
        int[] seen = new int[CELLS];
        for (Map.Entry<Integer, long[]> entry : map.entrySet()) {
            int cell = entry.getKey();
            if (cell < 0 || cell >= CELLS) {
                board.violation("map: key " + cell + " was never put");
                continue;
            }
            seen[cell]++;
            check(cell, entry.getValue(), done[cell], cells.begun(cell));
        }
        for (int cell = 0; cell < CELLS; cell++) {
            boolean isSame = cells.begun(cell) == done[cell];
            if (isSame && seen[cell] != (isAbsent(done[cell]) ? 0 : 1)) {
                board.violation("map: key " + cell + " in state " + done[cell] + " came " + seen[cell] + " times");
            }
        }
    }

    private void add(int sum) {
        long _ = added.begin(sum);
        sums.merge("sum " + sum, 1L, Long::sum);
        added.endOne(sum);
    }

    private void lookAtSum(int sum) {
        long done = added.done(sum);
        long value = sums.getOrDefault("sum " + sum, 0L);
        long begun = added.begun(sum);
        if (value < done || value > begun) {
            board.violation("map: a sum is " + value + ", not between " + done + " and " + begun);
        }
    }

    @Override
    public void checkAll() {
        for (int cell = 0; cell < CELLS; cell++) {
            look(cell);
        }
        iterate();
        for (int sum = 0; sum < SUMS; sum++) {
            lookAtSum(sum);
        }
        if (map.size() != map.keySet().stream().count()) {
            board.violation("map: it has " + map.size() + " keys, and an iteration " + map.keySet().stream().count());
        }
    }
}
