package io.cleave.bench.objects;

import io.cleave.memory.SharedMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** What the workers of a torture note: numbers in memory that they inherit, and that outlives them. */
final class TortureBoard implements AutoCloseable {
    static final int WORKERS = 6;

    /** Set to end the workers. */
    static final int STOP = 0;
    /** How often something was not as it must be. */
    static final int VIOLATIONS = 1;
    static final int KILLS = 2;
    static final int NANOS = 3;
    static final int STOPS = 4;
    static final int STUCK = 5;
    static final int ERRORS = 6;
    /** How often the heap was full. */
    static final int FULL = 7;
    /** What the heap had committed after a third of the kills. */
    static final int COMMITTED_BEFORE = 8;
    /** How many elements are gone that those who have died were about to take. */
    static final int LOST = 9;
    /** One for each worker. */
    static final int STEPS = 10;
    private static final int FIRST_CELL = STEPS + WORKERS;
    private static final int MOST_CELLS = 1 << 20;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final SharedMemory block = SharedMemory.anonymous((FIRST_CELL + MOST_CELLS) * (long) Long.BYTES);
    private final MemorySegment memory = block.segment();
    private int cells;

    long get(int field) {
        return (long) LONG.getVolatile(memory, field * (long) Long.BYTES);
    }

    void set(int field, long value) {
        LONG.setVolatile(memory, field * (long) Long.BYTES, value);
    }

    void increment(int field) {
        add(field, 1);
    }

    void add(int field, long number) {
        LONG.getAndAdd(memory, field * (long) Long.BYTES, number);
    }

    /** Adds bits; what was there before. */
    long or(int field, long bits) {
        return (long) LONG.getAndBitwiseOr(memory, field * (long) Long.BYTES, bits);
    }

    /** So many fields more; the first of them. Before any worker is forked. */
    int fields(int count) {
        cells += count;
        if (cells > MOST_CELLS) {
            throw new IllegalStateException("the board has " + MOST_CELLS + " cells, and " + cells + " are wanted");
        }
        return FIRST_CELL + cells - count;
    }

    /** Something is not as it must be. */
    void violation(String what) {
        increment(VIOLATIONS);
        System.err.println(what);
    }

    long steps() {
        long steps = 0;
        for (int worker = 0; worker < WORKERS; worker++) {
            steps += get(STEPS + worker);
        }
        return steps;
    }

    @Override
    public void close() {
        block.close();
    }
}
