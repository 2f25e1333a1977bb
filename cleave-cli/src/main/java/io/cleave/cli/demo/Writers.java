package io.cleave.cli.demo;

import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Threads that move money about in a ledger all the time, and note how long they had to stand still. */
final class Writers implements AutoCloseable {
    private static final long NOTED_NANOS = 1_000;

    private final Ledger ledger;
    private final AtomicLong transfers = new AtomicLong();
    private final AtomicLong longest = new AtomicLong();
    private volatile boolean stopped;

    Writers(Ledger ledger, int count) {
        this.ledger = ledger;
        for (int i = 0; i < count; i++) {
            SplittableRandom random = new SplittableRandom(i);
            Thread.ofPlatform().daemon().name("cleave-writer-" + i).start(() -> write(random));
        }
    }

    private void write(SplittableRandom random) {
        long last = System.nanoTime();
        while (!stopped) {
            ledger.transfer(random.nextInt(ledger.size()), random.nextInt(ledger.size()), random.nextLong(1, 100));
            transfers.incrementAndGet();
            long now = System.nanoTime();
            if (now - last > NOTED_NANOS) {
                longest.accumulateAndGet(now - last, Math::max);
            }
            last = now;
        }
    }

    /** Forgets what was noted so far. */
    void begin() {
        transfers.set(0);
        longest.set(0);
    }

    /** How many transfers there were since {@link #begin}. */
    long transfers() {
        return transfers.get();
    }

    /** The longest time between two transfers of one thread since {@link #begin}. */
    Duration longestPause() {
        return Duration.ofNanos(longest.get());
    }

    @Override
    public void close() {
        stopped = true; // they end within a transfer
    }
}
