package io.cleave.bench.fission;

import java.util.concurrent.Callable;

/** A thread that does nothing but look at the clock, and so sees for how long it stood still. */
final class PauseWatch {
    private static final long RUN_UP_NANOS = 5_000_000;

    private volatile boolean isOver;
    private volatile long looks;
    private long longest;

    private PauseWatch() {
    }

    /**
     * The longest time for which a busy thread stood still while another thread did something.
     *
     * @param work what it did
     * @return in milliseconds
     */
    static double around(Callable<?> work) throws Exception {
        PauseWatch watch = new PauseWatch();
        Thread thread = Thread.ofPlatform().daemon().name("bench-pause").start(watch::look);
        try {
            long start = System.nanoTime();
            while (watch.looks == 0 || System.nanoTime() - start < RUN_UP_NANOS) {
                Thread.onSpinWait();
            }
            Object _ = work.call();
        } finally {
            watch.isOver = true;
            thread.join();
        }
        return watch.longest / 1e6;
    }

    private void look() {
        long last = System.nanoTime();
        while (!isOver) {
            long now = System.nanoTime();
            longest = Math.max(longest, now - last);
            last = now;
            looks = now;
        }
    }
}
