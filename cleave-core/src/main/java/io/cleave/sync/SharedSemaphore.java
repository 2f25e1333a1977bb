package io.cleave.sync;

import io.cleave.memory.BlockKind;
import io.cleave.memory.Lifetime;
import io.cleave.owner.Patience;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.Serial;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A counting semaphore in shared memory, between the threads of one or many processes: the methods of
 * {@link java.util.concurrent.Semaphore}. It lies on memory that the caller has shared ({@link #at}) or in a block of
 * its own ({@link #named}).
 *
 * <p>
 * <b>Permits of the dead come back.</b> The permits that a process has acquired are its own until it releases them. When
 * a process ends, in whatever way and at whatever moment, waiters notice within 100 ms, and what it held becomes
 * available. A release gives back the process's own permits first; what it releases beyond those are new ones, as with
 * any semaphore that is used to signal. Where permits stand for events and not for things that are held, use it
 * {@link #asSignal}: then nobody owns any, and no death brings any back. {@link #disown} says so of some permits afterwards.
 *
 * <p>
 * The semaphore is not fair: who comes may overtake who waits. A release of k permits wakes k that wait for one each.
 * At most 56 processes that live can have acquired permits of one semaphore {@link #at} a caller's memory, 248 of one
 * that has a name. A process that is stopped in the middle of whatever call keeps nobody else from permits that are
 * there; only where more than 32,767 are available, or a process holds more than 1,023, do the calls that move between
 * the word and its reserve wait for each other.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread of any process at any time. Timed waits end at
 * a moment fixed by the call; 0 and negative times mean to try once. A platform thread that waits notices an interrupt,
 * or the closing of its handle, within 50 ms, a virtual one at once; virtual threads that wait do not hold their carrier.
 *
 * <h2>Memory consistency effects</h2> What a thread does before it releases happens before what a thread of whatever
 * process does after it has acquired next.
 *
 * <h2>Cost</h2> Uncontended, each operation is one atomic operation and no system call, and two where another process has
 * acquired or given back last. Waiting, and releasing where
 * somebody waits, cost a system call. Before a waiter sleeps it looks for 1 to 40 microseconds, the longer the more often
 * a permit has come meanwhile; not where there is one processor.
 */
public final class SharedSemaphore implements AutoCloseable, Serializable {
    /** The size of a semaphore: {@value} bytes, aligned to 8; zeroes are a fresh one without permits. */
    public static final long BYTES = TallyLayout.BYTES;

    private static final long serialVersionUID = 1L;

    private final transient SemaphoreState state;
    private final boolean owns;

    SharedSemaphore(SemaphoreState state, boolean owns) {
        this.state = state;
        this.owns = owns;
    }

    /**
     * The semaphore on a caller's memory. Attaching changes nothing, but for a mark in a fresh one that says which
     * processes can share it.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @return the semaphore
     * @throws IllegalArgumentException where the memory is not like that
     * @throws io.cleave.IncompatibleBlockException where those who share it run as another user or with another
     *         {@code CLEAVE_DIR}
     */
    public static SharedSemaphore at(MemorySegment block) {
        MemorySegment memory = Segments.check(block, BYTES, Long.BYTES, SharedSemaphore.class);
        return new SharedSemaphore(new SemaphoreState(memory, TallyLayout.SEATS, Named.none()), true);
    }

    /**
     * The semaphore on a caller's memory, with permits where it is the first.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @param permits what the memory gets in addition where no call of this method has given it any; may be negative
     * @return the semaphore
     * @throws IllegalArgumentException where the memory is not like that
     */
    public static SharedSemaphore at(MemorySegment block, int permits) {
        return at(block).withPermits(permits);
    }

    /**
     * The semaphore of a name, made with permits where there is none. The last handle that is closed removes it.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param permits how many it is made with; of no meaning where it exists; may be negative
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException where something else bears the name
     * @throws IllegalArgumentException where it cannot be a name
     * @throws io.cleave.CleaveException where the system refuses
     */
    public static SharedSemaphore named(String name, int permits) {
        return named(name, permits, Lifetime.ATTACHED);
    }

    /**
     * The semaphore of a name, made with permits where there is none, of a lifetime. What the dead held becomes available
     * in a persistent one, too.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param permits how many it is made with; of no meaning where it exists; may be negative
     * @param lifetime how long it stays when nobody has a handle; of no meaning where it exists
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException where something else bears the name
     * @throws IllegalArgumentException where it cannot be a name
     * @throws io.cleave.CleaveException where the system refuses
     */
    public static SharedSemaphore named(String name, int permits, Lifetime lifetime) {
        return Named.open(name, BlockKind.SEMAPHORE, TallyLayout.NAMED_BYTES, lifetime,
                (memory, named) -> new SharedSemaphore(
                        new SemaphoreState(memory, TallyLayout.NAMED_SEATS, named), true).withPermits(permits));
    }

    private SharedSemaphore withPermits(int permits) {
        state.initialise(permits);
        return this;
    }

    /**
     * Waits for a permit.
     *
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public void acquire() throws InterruptedException {
        acquire(1);
    }

    /**
     * Waits for permits, and takes them at once.
     *
     * @param permits how many, at least 0
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws IllegalArgumentException where the number is negative
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public void acquire(int permits) throws InterruptedException {
        await(permits, Patience.FOREVER);
    }

    /** Waits for a permit. An interrupt does not end the wait. */
    public void acquireUninterruptibly() {
        acquireUninterruptibly(1);
    }

    /**
     * Waits for permits. An interrupt does not end the wait.
     *
     * @param permits how many, at least 0
     * @throws IllegalArgumentException where the number is negative
     */
    public void acquireUninterruptibly(int permits) {
        awaitUninterruptibly(permits, Patience.UNINTERRUPTIBLY);
    }

    /**
     * Takes a permit where there is one.
     *
     * @return whether it was taken
     */
    public boolean tryAcquire() {
        return tryAcquire(1);
    }

    /**
     * Takes permits where there are as many.
     *
     * @param permits how many, at least 0
     * @return whether they were taken
     * @throws IllegalArgumentException where the number is negative
     */
    public boolean tryAcquire(int permits) {
        return awaitUninterruptibly(permits, Patience.TRY);
    }

    /**
     * Waits for a permit for a while.
     *
     * @param timeout how long; 0 or negative to try once
     * @param unit its unit
     * @return whether it was taken
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     */
    public boolean tryAcquire(long timeout, TimeUnit unit) throws InterruptedException {
        return tryAcquire(1, timeout, unit);
    }

    /**
     * Waits for permits for a while.
     *
     * @param permits how many, at least 0
     * @param timeout how long; 0 or negative to try once
     * @param unit its unit
     * @return whether they were taken
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws IllegalArgumentException where the number is negative
     */
    public boolean tryAcquire(int permits, long timeout, TimeUnit unit) throws InterruptedException {
        return await(permits, Patience.of(timeout, unit));
    }

    /**
     * Waits for permits for a while.
     *
     * @param permits how many, at least 0
     * @param timeout how long; 0 or negative to try once
     * @return whether they were taken
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws IllegalArgumentException where the number is negative
     */
    public boolean tryAcquire(int permits, Duration timeout) throws InterruptedException {
        return await(permits, Patience.of(timeout));
    }

    /**
     * Waits for a permit without keeping a thread.
     *
     * @return completes when it was taken, for the calling process; cancelling it ends the wait, and a permit that
     *         arrives after that is released, or has arrived and nobody has asked; see {@link SharedMutex#acquireAsync}
     */
    public CompletableFuture<Void> acquireAsync() {
        return acquireAsync(1);
    }

    /**
     * Waits for permits without keeping a thread.
     *
     * @param permits how many, at least 0
     * @return completes when they were taken, for the calling process; cancelling it ends the wait, and permits that
     *         arrive after that are released, or have arrived and nobody has asked; see {@link SharedMutex#acquireAsync}
     * @throws IllegalArgumentException where the number is negative
     */
    public CompletableFuture<Void> acquireAsync(int permits) {
        checkNotNegative(permits);
        // No handle closes between the permits' arrival and their being given back.
        return Async.start(state::enter, state::exit, () -> {
            acquire(permits);
            return null;
        }, _ -> state.giveBack(permits, owns));
    }

    private boolean awaitUninterruptibly(int permits, Patience patience) {
        try {
            return await(permits, patience);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // this wait was not to be interruptible
        }
    }

    private boolean await(int permits, Patience patience) throws InterruptedException {
        checkNotNegative(permits);
        return state.acquire(permits, owns, patience);
    }

    private static void checkNotNegative(int permits) {
        if (permits < 0) {
            throw new IllegalArgumentException("a number of permits is at least 0, not " + permits);
        }
    }

    /**
     * The same semaphore for use as a signal: what is acquired through it belongs to nobody, so it does not come back
     * when the process ends, and what is released through it is new. The handle is the same, too: closing either closes
     * both.
     *
     * @return the semaphore, whose permits stand for events and not for things that are held
     */
    public SharedSemaphore asSignal() {
        return new SharedSemaphore(state, false);
    }

    /** Releases a permit, whether this process holds one or not. */
    public void release() {
        release(1);
    }

    /**
     * Releases permits: those that the process holds, and new ones beyond.
     *
     * @param permits how many, at least 0
     * @throws IllegalArgumentException where the number is negative
     * @throws Error where more than 2<sup>31</sup>-1 would be available
     */
    public void release(int permits) {
        checkNotNegative(permits);
        if (permits > 0) {
            state.release(permits, owns);
        }
    }

    /**
     * Gives up permits that this process holds without making them available: they are used up, and do not come back
     * when the process ends.
     *
     * @param permits how many, at least 0
     * @throws IllegalArgumentException where the number is negative, or more than the process holds
     */
    public void disown(int permits) {
        checkNotNegative(permits);
        state.disown(permits);
    }

    /**
     * Takes all permits that are available.
     *
     * @return how many; a negative number where there was a debt, which is cancelled
     */
    public int drainPermits() {
        return state.drain(owns);
    }

    /**
     * Makes fewer permits available, without waiting; there may be a debt afterwards.
     *
     * @param reduction how many fewer, at least 0
     * @throws IllegalArgumentException where the number is negative
     */
    public void reducePermits(int reduction) {
        checkNotNegative(reduction);
        state.reduce(reduction);
    }

    /**
     * The permits that are available now. What the dead held is among them once somebody has noticed.
     *
     * @return their number, negative where there is a debt
     */
    public int availablePermits() {
        return Math.clamp(state.available(), Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    /**
     * Removes the name at once: it is the way to end a {@link Lifetime#PERSISTENT} semaphore. Those who have a handle keep it.
     * Where the name has been removed already, and for one {@link #at} a caller's memory, nothing happens.
     *
     * @throws IllegalStateException where this handle is closed, or was inherited through a fork
     * @throws io.cleave.CleaveException where the system refuses it
     */
    public void unlink() {
        state.named().unlink();
    }

    /**
     * Gives up this handle on a named semaphore; the last one out removes it. Permits that the process holds stay its
     * own until it ends. Threads that wait through the handle leave with an {@link IllegalStateException}. The second
     * and later calls, and calls on a semaphore {@link #at} a caller's memory, do nothing.
     *
     * @throws IllegalStateException where waiters did not leave within 5 s; nothing was closed then
     */
    @Override
    public void close() {
        state.close();
    }

    /**
     * Says how many permits are available.
     *
     * @return a text for people
     */
    @Override
    public String toString() {
        return state.describe("SharedSemaphore", () -> "permits " + availablePermits());
    }

    /** Another process opens the object by its name. */
    @Serial
    private Object writeReplace() throws NotSerializableException {
        return state.named().travelling(BlockKind.SEMAPHORE, !owns);
    }

    @Serial
    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("it travels by its name only");
    }
}
