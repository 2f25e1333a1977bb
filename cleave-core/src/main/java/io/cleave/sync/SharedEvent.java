package io.cleave.sync;

import io.cleave.memory.BlockKind;
import io.cleave.memory.Lifetime;
import io.cleave.owner.Cell;
import io.cleave.owner.Patience;
import io.cleave.owner.SharedCell;
import io.cleave.owner.Spinner;
import java.io.InvalidObjectException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.Serial;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A flag in shared memory that threads of any process set, clear and wait for. It lies on memory that the caller has
 * shared ({@link #at}) or in a block of its own ({@link #named}). It has no owner: a process that dies leaves it set or
 * cleared, and its waiters are gone without a trace.
 *
 * <h2>Overview</h2>
 *
 * <pre>
 * word        meaning                              leaves it
 * 0           cleared, nobody sleeps               set; a waiter that is to sleep
 * WAITERS     cleared, somebody may sleep          set, which wakes all
 * SET + 4 n   set for the nth time                 clear
 * 4 n         cleared again, as 0
 * </pre>
 *
 * A waiter sleeps on a word in which it has seen or put WAITERS; a setter removes WAITERS and wakes all in one go. The
 * count of settings makes the word another one each time, so that a waiter that sleeps through set and clear is woken by
 * the first and sees that it was: it leaves, as with a condition that was signalled.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread of any process at any time. Timed waits end at
 * a moment fixed by the call; 0 and negative times mean to look once. A platform thread that waits notices an interrupt
 * within 50 ms, a virtual one at once; virtual threads that wait do not hold their carrier.
 *
 * <h2>Memory consistency effects</h2> What a thread does before it sets the event happens before what a thread of
 * whatever process does after it has seen it set, by waiting or by {@link #isSet}.
 *
 * <h2>Cost</h2> Setting, clearing and looking are one atomic operation; setting with waiters, and waiting, cost a system
 * call. Before a waiter sleeps it looks for 1 to 40 microseconds, the longer the more often the event has come meanwhile;
 * not where there is one processor.
 */
public final class SharedEvent implements AutoCloseable, Serializable {
    /** The size of an event: {@value} bytes, aligned to 8; zeroes are a fresh one, cleared. */
    public static final long BYTES = 64;

    private static final long serialVersionUID = 1L;

    private static final long SET = 1;
    private static final long WAITERS = 2;
    private static final long ONE_SETTING = 4;

    private final transient Cell word;
    private final transient List<SharedCell> cells;
    private final transient Named named;
    private final transient Spinner spinner;

    SharedEvent(MemorySegment memory, Named named) {
        SharedCell cell = new SharedCell(memory, 0);
        this.word = cell;
        this.cells = List.of(cell);
        this.named = named;
        this.spinner = new Spinner(cell);
    }

    /** For tests: an event on whatever cell. */
    SharedEvent(Cell word) {
        this.word = word;
        this.cells = List.of();
        this.named = Named.none();
        this.spinner = new Spinner(word);
    }

    /**
     * The event on a caller's memory. Attaching changes nothing.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @return the event
     * @throws IllegalArgumentException where the memory is not like that
     */
    public static SharedEvent at(MemorySegment block) {
        return new SharedEvent(Segments.check(block, BYTES, Long.BYTES, SharedEvent.class), Named.none());
    }

    /**
     * The event of a name, made cleared where there is none. The last handle that is closed removes it.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException where something else bears the name
     * @throws IllegalArgumentException where it cannot be a name
     * @throws io.cleave.CleaveException where the system refuses
     */
    public static SharedEvent named(String name) {
        return named(name, Lifetime.ATTACHED);
    }

    /**
     * As {@link #named(String)}, with a lifetime.
     *
     * @param name as there
     * @param lifetime how long an event that is made here lives; one that exists keeps its own
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException as there
     * @throws IllegalArgumentException as there
     * @throws io.cleave.CleaveException as there
     */
    public static SharedEvent named(String name, Lifetime lifetime) {
        return Named.open(name, BlockKind.EVENT, BYTES, lifetime, SharedEvent::new);
    }

    /** Sets the event and wakes all that wait. Where it is set already, nothing happens. */
    public void set() {
        while (true) {
            long seen = word.get();
            boolean isDone;
            if ((seen & SET) != 0) {
                isDone = word.cas(seen, seen); // SYNC: event; the write is for the memory effects
            } else if ((seen & WAITERS) == 0) {
                isDone = word.cas(seen, seen + SET + ONE_SETTING); // SYNC: event
            } else {
                isDone = setAndWake(seen);
            }
            if (isDone) {
                return;
            }
        }
    }

    /** Inside the gate, as the memory must not go before the wake-up. */
    private boolean setAndWake(long seen) {
        named.enter();
        try {
            boolean isDone = word.cas(seen, (seen & ~WAITERS) + SET + ONE_SETTING); // SYNC: event
            if (isDone) {
                word.wake(Cell.ALL);
            }
            return isDone;
        } finally {
            named.exit();
        }
    }

    /** Clears the event, so that those who come wait. Where it is cleared already, nothing happens. */
    public void clear() {
        while (true) {
            long seen = word.get();
            if ((seen & SET) == 0 || word.cas(seen, seen & ~SET)) {
                return;
            }
        }
    }

    /**
     * Whether the event is set.
     *
     * @return true where it is
     */
    public boolean isSet() {
        return (word.get() & SET) != 0; // SYNC: event
    }

    /**
     * Waits until the event is set.
     *
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public void await() throws InterruptedException {
        await(Patience.FOREVER);
    }

    /**
     * Waits until the event is set, for a while.
     *
     * @param timeout how long; 0 or negative to look once
     * @return whether it was set
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public boolean await(Duration timeout) throws InterruptedException {
        return await(Patience.of(timeout));
    }

    boolean await(Patience patience) throws InterruptedException {
        named.enter();
        try {
            return awaitInside(patience);
        } finally {
            named.exit();
        }
    }

    private boolean awaitInside(Patience patience) throws InterruptedException {
        if (patience.isInterruptible() && Thread.interrupted()) {
            throw new InterruptedException();
        }
        long first = word.get();
        if ((first & SET) != 0 || spinner.await(() -> hasCome(first, word.get()), patience)) {
            return true;
        }
        long seen = word.get();
        while (!hasCome(first, seen)) {
            if (patience.isOver()) {
                return false;
            }
            if ((seen & WAITERS) != 0 || word.cas(seen, seen | WAITERS)) {
                boolean _ = word.sleep(seen | WAITERS, patience, () -> false); // a late setting counts all the same
            }
            seen = word.get(); // SYNC: event
        }
        return true;
    }

    /** Whether the event is set, or was since a waiter's first look. */
    private static boolean hasCome(long first, long seen) {
        return (seen & SET) != 0 || seen >>> 2 != first >>> 2;
    }

    /**
     * Waits until the event is set, without keeping a thread.
     *
     * @return completes when the event is set; cancelling it ends the wait
     */
    public CompletableFuture<Void> whenSet() {
        return Async.start(() -> {
            await();
            return null;
        }, _ -> {});
    }

    /**
     * Removes the name at once: it is the way to end a {@link Lifetime#PERSISTENT} event. Those who have a handle keep it.
     * Where the name has been removed already, and for one {@link #at} a caller's memory, nothing happens.
     *
     * @throws IllegalStateException where this handle is closed, or was inherited through a fork
     * @throws io.cleave.CleaveException where the system refuses it
     */
    public void unlink() {
        named.unlink();
    }

    /**
     * Gives up this handle on a named event; the last one out removes it. Threads that wait through it leave with an
     * {@link IllegalStateException}. The second and later calls, and calls on an event {@link #at} a caller's memory, do
     * nothing.
     *
     * @throws IllegalStateException where waiters did not leave within 5 s; nothing was closed then
     */
    @Override
    public void close() {
        named.close(cells);
    }

    /**
     * Says whether the event is set.
     *
     * @return a text for people; of a closed handle, that it is closed
     */
    @Override
    public String toString() {
        return named.describe("SharedEvent", () -> isSet() ? "set" : "cleared");
    }

    /** Another process opens the object by its name. */
    @Serial
    private Object writeReplace() throws NotSerializableException {
        return named.travelling(BlockKind.EVENT, false);
    }

    @Serial
    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("it travels by its name only");
    }
}
