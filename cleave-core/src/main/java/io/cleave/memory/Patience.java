package io.cleave.memory;

import io.cleave.CleaveException;
import java.util.concurrent.locks.LockSupport;

/**
 * Short naps while another process finishes a step that takes microseconds, until that has lasted too long. Time in which
 * this process was stopped itself, or got no processor, does not count: so many naps have to be over, too.
 */
final class Patience {
    private static final long LIMIT_NANOS = 10_000_000_000L;
    private static final int LEAST_NAPS = 2000;
    private static final long FIRST_NAP_NANOS = 20_000;
    private static final long LONGEST_NAP_NANOS = 1_000_000;

    private final String path;
    private final long start = System.nanoTime();
    private long nap = FIRST_NAP_NANOS;
    private int naps;

    Patience(String path) {
        this.path = path;
    }

    /**
     * Naps once.
     *
     * @throws CleaveException where it has been waited for long enough
     */
    void nap() {
        naps++;
        if (naps > LEAST_NAPS && System.nanoTime() - start > LIMIT_NANOS) {
            throw new CleaveException(path + " has been in the middle of a removal for " + LIMIT_NANOS / 1_000_000_000
                    + " s, or is removed and made anew again and again; look for a stopped process that holds a lock "
                    + "on it in /proc/locks, or for programs that use the same name");
        }
        LockSupport.parkNanos(nap);
        nap = Math.min(2 * nap, LONGEST_NAP_NANOS);
    }
}
