package io.cleave.sync;

import io.cleave.OwnerDiedException;
import io.cleave.memory.BlockKind;
import io.cleave.memory.Lifetime;
import io.cleave.owner.Cell;
import io.cleave.owner.Participants;
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
import java.util.concurrent.TimeUnit;

/**
 * A count in shared memory that goes down to zero once, and lets go all that wait for that: the methods of
 * {@link java.util.concurrent.CountDownLatch}, between processes. It lies on memory that the caller has shared
 * ({@link #at}) or in a block of its own ({@link #named}).
 *
 * <p>
 * <b>It breaks</b> where it presumably can no longer complete: when a process ends, in whatever way, that had attached to
 * the latch, has neither counted down nor waited nor closed its handle, while the count is above zero. Waiters notice
 * within 100 ms and get an {@link OwnerDiedException}; so does everybody who waits later. A process that counts down more
 * than once and dies after the first time is not noticed, and neither is a forked child that dies before it has used the
 * latch: where that can happen, wait with a time. That a process has counted down is forgotten when it closes its last
 * handle: one that opens the latch again and dies breaks it. A process that only looks closes its handle before it ends. A
 * process that is stopped or dies in the middle of any call keeps nobody up but by its missing count-downs.
 *
 * <p>
 * At most 64 living processes can attach at once to a latch on a caller's memory, 250 to one with a name.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread of any process at any time. Timed waits end at
 * a moment fixed by the call; 0 and negative times mean to look once. A platform thread that waits notices an interrupt,
 * or the closing of its handle, within 50 ms, a virtual one at once; virtual threads that wait do not hold their carrier.
 *
 * <h2>Memory consistency effects</h2> What a thread does before it counts down happens before what a thread of whatever
 * process does after it has seen the count at zero.
 *
 * <h2>Cost</h2> Attaching and counting down are two atomic operations; waiting, and the last count-down, cost a system
 * call where somebody waits.
 */
public final class SharedCountDownLatch implements AutoCloseable, Serializable {
    /** The size of a latch: {@value} bytes, aligned to 8; zeroes are a fresh one. */
    public static final long BYTES = LatchLayout.BYTES;

    private static final long serialVersionUID = 1L;

    private final transient Named named;
    private final transient SharedCell word;
    private final transient Members members;
    private final transient Membership membership;
    private final transient Spinner spinner;

    /** A handle that gives the latch its count, where nobody has; with a count of -1 it does not. */
    SharedCountDownLatch(MemorySegment memory, Named named, int capacity, int count) {
        this.named = named;
        this.word = new SharedCell(memory, LatchLayout.WORD_AT);
        this.members = new Members(new SharedWords(memory), LatchLayout.MEMBERS_AT, Long.BYTES, capacity);
        this.membership = new Membership(members, this::bury);
        this.spinner = new Spinner(word);
        Participants.join(memory, LatchLayout.STAMP_AT, SharedCountDownLatch.class);
        if (count >= 0) {
            begin(count);
        }
        membership.attach();
    }

    private static int checkCount(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("a latch counts from at least 0, not " + count);
        }
        return count;
    }

    private void begin(int count) {
        long seen = word.get();
        while ((seen & LatchLayout.MADE) == 0 && !word.cas(seen, seen | LatchLayout.MADE | count)) {
            seen = word.get(); // somebody waits, or has made it
        }
    }

    /** Breaks the latch for a process that died before it did anything. Its seat is free after that, not before. */
    private boolean bury(int seat, long dead) {
        // A process that did its part and left may have ended after its seat was read; a dead one's seat does not change.
        boolean breaks = isMissed(seat, dead) && members.word(seat) == dead && doBreak();
        boolean _ = members.cas(seat, dead, 0); // or somebody else has buried it
        return breaks;
    }

    /** Whether a process's death matters: it has handles, and has neither counted down nor waited. */
    private static boolean isMissed(int seat, long member) {
        return Members.payload(member) != 0 && (member & LatchLayout.ACTIVE) == 0;
    }

    /** Breaks the latch where it is not open; false where it is. */
    private boolean doBreak() {
        long seen = word.get();
        while (LatchLayout.count(seen) > 0 && !LatchLayout.isBroken(seen)) {
            if (word.cas(seen, seen | LatchLayout.BROKEN)) {
                word.wake(Cell.ALL);
            }
            seen = word.get();
        }
        return LatchLayout.count(seen) > 0;
    }

    /**
     * The latch on a caller's memory, which somebody else has given a count. Attaching changes no count.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @return the latch; on fresh memory its count is 0
     * @throws IllegalArgumentException where the memory is not like that
     * @throws IllegalStateException where 64 living processes are attached
     * @throws io.cleave.IncompatibleBlockException where it is used by processes of another table of participants
     */
    public static SharedCountDownLatch at(MemorySegment block) {
        MemorySegment memory = Segments.check(block, BYTES, Long.BYTES, SharedCountDownLatch.class);
        return new SharedCountDownLatch(memory, Named.none(), LatchLayout.MEMBERS, -1);
    }

    /**
     * The latch on a caller's memory, with a count where it is the first.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @param count the count of a fresh latch, at least 0; of no meaning where the memory has one
     * @return the latch
     * @throws IllegalArgumentException where the memory is not like that, or the count negative; nothing has changed then
     * @throws IllegalStateException where 64 living processes are attached
     * @throws io.cleave.IncompatibleBlockException where it is used by processes of another table of participants
     */
    public static SharedCountDownLatch at(MemorySegment block, int count) {
        int checked = checkCount(count);
        MemorySegment memory = Segments.check(block, BYTES, Long.BYTES, SharedCountDownLatch.class);
        return new SharedCountDownLatch(memory, Named.none(), LatchLayout.MEMBERS, checked);
    }

    /**
     * The latch of a name, made with a count where there is none. The last handle that is closed removes it.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param count the count of a fresh latch, at least 0; of no meaning where it exists
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException where something else bears the name, or it is used by processes of
     *         another table of participants
     * @throws IllegalArgumentException where it cannot be a name, or the count is negative
     * @throws IllegalStateException where 250 living processes are attached
     * @throws io.cleave.CleaveException where the system refuses
     */
    public static SharedCountDownLatch named(String name, int count) {
        return named(name, count, Lifetime.ATTACHED);
    }

    /**
     * The latch of a name, made where there is none, which lives as long as is said.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param count as for {@link #named(String, int)}
     * @param lifetime how long it stays where it is made; of no meaning where it exists
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException as for {@link #named(String, int)}
     * @throws IllegalArgumentException as for {@link #named(String, int)}
     * @throws IllegalStateException as for {@link #named(String, int)}
     * @throws io.cleave.CleaveException where the system refuses
     */
    public static SharedCountDownLatch named(String name, int count, Lifetime lifetime) {
        int checked = checkCount(count);
        return Named.open(name, BlockKind.LATCH, LatchLayout.NAMED_BYTES, lifetime,
                (memory, named) -> new SharedCountDownLatch(memory, named, LatchLayout.NAMED_MEMBERS, checked));
    }

    /**
     * Counts down, and lets all go that wait where that makes it zero. At zero nothing happens.
     *
     * @throws IllegalStateException where the handle is closed
     */
    public void countDown() {
        named.enter();
        try {
            membership.attach();
            long seen = word.get();
            while (LatchLayout.count(seen) > 0 && !word.cas(seen, seen - 1)) {
                seen = word.get();
            }
            if (LatchLayout.count(seen) > 0) {
                membership.mark(LatchLayout.ACTIVE); // after it: who dies in between is missed
            }
            if (LatchLayout.count(seen) == 1 && (seen & LatchLayout.WAITED) != 0) {
                word.wake(Cell.ALL);
            }
        } finally {
            named.exit();
        }
    }

    /**
     * The count now.
     *
     * @return how many count-downs are missing
     * @throws IllegalStateException where the handle is closed
     */
    public long getCount() {
        return LatchLayout.count(word.get());
    }

    /**
     * Waits until the count is zero.
     *
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws OwnerDiedException where the latch is broken
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public void await() throws InterruptedException {
        boolean _ = await(Patience.FOREVER);
    }

    /**
     * Waits until the count is zero, for a while.
     *
     * @param timeout how long; 0 or negative to look once
     * @param unit its unit
     * @return whether it was zero
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws OwnerDiedException where the latch is broken
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public boolean await(long timeout, TimeUnit unit) throws InterruptedException {
        return await(Patience.of(timeout, unit));
    }

    /**
     * Waits until the count is zero, for a while.
     *
     * @param timeout how long; 0 or negative to look once
     * @return whether it was zero
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws OwnerDiedException where the latch is broken
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public boolean await(Duration timeout) throws InterruptedException {
        return await(Patience.of(timeout));
    }

    private boolean await(Patience patience) throws InterruptedException {
        named.enter();
        try {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            membership.attach();
            boolean _ = spinner.await(() -> isDecided(word.get()), patience); // or it is slept for below
            while (true) {
                boolean _ = members.reapNowAndThen(this::bury); // what matters is on the word
                long seen = word.get();
                if (LatchLayout.count(seen) == 0) {
                    return true;
                }
                if (LatchLayout.isBroken(seen)) {
                    throw new OwnerDiedException("a process that used this latch died before it counted down; "
                            + LatchLayout.count(seen) + " count-downs are missing");
                }
                if (patience.isOver()) {
                    return false;
                }
                sleep(seen, patience);
            }
        } finally {
            named.exit();
        }
    }

    private void sleep(long seen, Patience patience) throws InterruptedException {
        membership.mark(LatchLayout.ACTIVE);
        long marked = seen | LatchLayout.WAITED;
        if (seen == marked || word.cas(seen, marked)) {
            boolean _ = word.sleep(marked, patience,
                    () -> isDecided(word.get()) || members.hasDead(SharedCountDownLatch::isMissed));
        }
    }

    private static boolean isDecided(long word) {
        return LatchLayout.count(word) == 0 || LatchLayout.isBroken(word);
    }

    /**
     * Removes the name at once: it is the way to end a {@link Lifetime#PERSISTENT} latch. Those who have a handle keep it.
     * Where the name has been removed already, and for one {@link #at} a caller's memory, nothing happens.
     *
     * @throws IllegalStateException where this handle is closed, or was inherited through a fork
     * @throws io.cleave.CleaveException where the system refuses it
     */
    public void unlink() {
        named.unlink();
    }

    /**
     * Detaches; the end of the process does not break the latch then. The last handle on a named latch that is closed
     * removes it. Threads that wait through this handle leave with an {@link IllegalStateException}. A latch {@link #at} a
     * caller's memory stays usable: those who wait wait on, and using it attaches again. Closing twice does nothing more.
     *
     * @throws IllegalStateException where waiters did not leave within 5 s; nothing is closed then
     */
    @Override
    public void close() {
        if (named.isBlock()) {
            membership.close(() -> named.close(List.of(word)));
        } else {
            membership.detach();
        }
    }

    /**
     * Says the count.
     *
     * @return a text for people
     */
    @Override
    public String toString() {
        return named.describe("SharedCountDownLatch", () -> "count " + getCount());
    }

    /** Another process opens the object by its name. */
    @Serial
    private Object writeReplace() throws NotSerializableException {
        return named.travelling(BlockKind.LATCH, false);
    }

    @Serial
    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("it travels by its name only");
    }
}
