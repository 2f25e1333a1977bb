package io.cleave.sync;

import io.cleave.owner.Cell;
import io.cleave.owner.Patience;
import io.cleave.owner.SharedCell;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A word as {@link SharedCell}, but weaker in one respect, so that the same algorithms on it must fail. Nobody sleeps on
 * it: those who would look again at once.
 */
final class WeakCell extends Cell {
    private static final VarHandle WORD = word();

    /** In what respect it is weaker. */
    enum Weakness {
        /** Zero is replaced in two steps: a look and a store, between which another may come. */
        TWO_STEPS,
        /** Looks are plain, so the compiler may take one for many. */
        PLAIN_LOOK
    }

    private long word;
    private final Weakness weakness;

    WeakCell(Weakness weakness) {
        this.weakness = weakness;
    }

    private static VarHandle word() {
        try {
            return MethodHandles.lookup().findVarHandle(WeakCell.class, "word", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @Override
    public long get() {
        return weakness == Weakness.PLAIN_LOOK ? word : (long) WORD.getAcquire(this);
    }

    @Override
    public boolean cas(long expected, long value) {
        if (weakness != Weakness.TWO_STEPS || expected != 0) {
            return WORD.compareAndSet(this, expected, value);
        }
        if (get() != expected) {
            return false;
        }
        WORD.setVolatile(this, value);
        return true;
    }

    @Override
    public boolean sleep(long expected, Patience wait, Suspicion suspicion) {
        Thread.onSpinWait();
        return true;
    }

    @Override
    public void wake(int count) {
        // Nobody sleeps.
    }

    @Override
    public void spin() {
        Thread.onSpinWait();
    }

    @Override
    public int spins() {
        return 0;
    }
}
