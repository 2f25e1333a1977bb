package io.cleave.sync;

import java.util.concurrent.atomic.AtomicLongArray;

/** Words as {@link SharedWords}, but a compare-and-set is two steps, a look and a store, between which another may come. */
final class WeakWords implements Words {
    private static final int WORDS = 64;

    private final AtomicLongArray words = new AtomicLongArray(WORDS);

    private static int index(long at) {
        return Math.toIntExact(at / Long.BYTES);
    }

    @Override
    public long get(long at) {
        return words.getAcquire(index(at));
    }

    @Override
    public void set(long at, long value) {
        words.setRelease(index(at), value);
    }

    @Override
    public boolean cas(long at, long expected, long value) {
        if (get(at) != expected) {
            return false;
        }
        words.set(index(at), value);
        return true;
    }
}
