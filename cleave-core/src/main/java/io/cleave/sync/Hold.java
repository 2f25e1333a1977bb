package io.cleave.sync;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A lock that is held, until this is closed; for {@code try}. {@snippet :
 * try (Hold held = mutex.hold()) {
 *     if (held.ownerDied()) {
 *         // repair what the lock guards
 *         held.consistent();
 *     }
 *     // work
 * }
 * }
 *
 * <p>
 * A hold that an asynchronous call returned belongs to whoever has it: any thread of the process may use and close it,
 * and no thread owns the lock by it. One that a blocking call returned belongs to the thread that called, as any hold of
 * a {@link java.util.concurrent.locks.Lock} does, and only that thread may close it.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread, with the limits above. A hold is of use in the
 * process only that got it; when that ends, the lock goes to another with the news.
 *
 * <h2>Memory consistency effects</h2> What happens before the close happens before what a thread of whatever process
 * does after it has got the lock next.
 */
public final class Hold implements AutoCloseable {
    private final boolean ownerDied;
    private final Runnable repaired;
    private final Runnable release;
    private final AtomicBoolean isClosed = new AtomicBoolean();

    /**
     * @param repaired takes the news of an owner's death off the lock
     * @param release gives the lock up
     */
    Hold(Acquisition acquisition, Runnable repaired, Runnable release) {
        this.ownerDied = acquisition == Acquisition.OWNER_DIED;
        this.repaired = repaired;
        this.release = release;
    }

    /**
     * Whether the lock came with the news that an owner's process has died and that nobody has repaired what the lock
     * guards.
     *
     * @return the same for as long as this hold lives, {@link #consistent} or not
     */
    public boolean ownerDied() {
        return ownerDied;
    }

    /**
     * Says that what the lock guards is as it should be, so that the next to get the lock is told of no death. Where
     * this is not said before the close, the next is told. Where there is no news, nothing happens.
     *
     * @throws IllegalStateException where this hold, or the handle that it came from, is closed
     * @throws IllegalMonitorStateException where it belongs to another thread
     */
    public void consistent() {
        if (isClosed.get()) {
            throw new IllegalStateException("this hold is closed, so the lock may be another's by now");
        }
        repaired.run();
    }

    /**
     * Gives the lock up, once; the second and later calls do nothing.
     *
     * @throws IllegalStateException where the handle that it came from is closed; the lock stays held
     * @throws IllegalMonitorStateException where it belongs to another thread; the lock stays held
     */
    @Override
    public void close() {
        if (isClosed.compareAndSet(false, true)) {
            boolean done = false;
            try {
                release.run();
                done = true;
            } finally {
                isClosed.set(done);
            }
        }
    }

    /**
     * Says whether the lock is held by this.
     *
     * @return a text for people
     */
    @Override
    public String toString() {
        return "Hold[" + (isClosed.get() ? "closed" : "open") + (ownerDied ? ", an owner died" : "") + "]";
    }
}
