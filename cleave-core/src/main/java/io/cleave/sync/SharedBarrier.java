package io.cleave.sync;

import io.cleave.memory.BlockKind;
import io.cleave.memory.Lifetime;
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
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A point in the work of several threads, of one or many processes, that none passes before all have come to it, again
 * and again: the methods of {@link java.util.concurrent.CyclicBarrier} but the action. It lies on memory that the caller
 * has shared ({@link #at}) or in a block of its own ({@link #named}).
 *
 * <p>
 * <b>It breaks</b>, for those who wait and all who come after, until {@link #reset}: when a waiter is interrupted, its
 * time is over or its handle is closed; and when a process ends, in whatever way, that had attached and not closed its
 * handle. That is noticed within 100 ms while somebody waits. A forked child that dies before it first came to the
 * barrier is not noticed. Of those who wait together all pass or all find it broken, however often it is passed or reset
 * before they run: exactly, for a thread that does not sleep through a thousand times and more. A process that is stopped
 * or dies in the middle of any call keeps nobody up.
 *
 * <p>
 * At most 64 living processes can attach at once to a barrier on a caller's memory, 250 to one with a name.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread of any process at any time. Timed waits end at
 * a moment fixed by the call. A platform thread that waits notices an interrupt, or the closing of its handle, within
 * 50 ms, a virtual one at once; virtual threads that wait do not hold their carrier.
 *
 * <h2>Memory consistency effects</h2> What a thread does before it comes to the barrier happens before what any of the
 * others does after it has passed.
 *
 * <h2>Cost</h2> Three atomic operations, and a system call for each but the last, and for the last where others wait.
 */
public final class SharedBarrier implements AutoCloseable, Serializable {
    /** The size of a barrier: {@value} bytes, aligned to 8. */
    public static final long BYTES = BarrierLayout.BYTES;

    private static final long serialVersionUID = 1L;

    private final transient Named named;
    private final transient SharedCell cell;
    private final transient BarrierWord word;
    private final transient Members members;
    private final transient Membership membership;
    private final transient Spinner spinner;

    SharedBarrier(MemorySegment memory, Named named, int capacity, int parties) {
        SharedWords words = new SharedWords(memory);
        this.named = named;
        this.cell = new SharedCell(memory, BarrierLayout.WORD_AT);
        this.word = new BarrierWord(cell, words);
        this.members = new Members(words, BarrierLayout.MEMBERS_AT, Long.BYTES, capacity);
        this.membership = new Membership(members, this::bury);
        this.spinner = new Spinner(cell);
        Participants.join(memory, BarrierLayout.STAMP_AT, SharedBarrier.class);
        word.parties(parties);
        membership.attach();
    }

    private static int checkParties(int parties) {
        if (parties < 1) {
            throw new IllegalArgumentException("a barrier has at least 1 party, not " + parties);
        }
        return parties;
    }

    /** Breaks the barrier for a process that died as a member. After that its seat is free; until then, others do so too. */
    private boolean bury(int seat, long dead) {
        if (isMissed(seat, dead)) {
            word.breakWhile(() -> members.word(seat) == dead);
        }
        return members.cas(seat, dead, 0);
    }

    /** Whether a process's death matters: it has handles, or threads that wait. */
    private static boolean isMissed(int seat, long member) {
        return Members.payload(member) != 0;
    }

    /**
     * The barrier on a caller's memory, which somebody else has given its parties.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @return the barrier
     * @throws IllegalArgumentException where the memory is not like that
     * @throws IllegalStateException where nobody has said how many take part, or 64 living processes are attached
     * @throws io.cleave.IncompatibleBlockException where it is used by processes of another table of participants
     */
    public static SharedBarrier at(MemorySegment block) {
        MemorySegment memory = Segments.check(block, BYTES, Long.BYTES, SharedBarrier.class);
        int parties = (int) new SharedWords(memory).get(BarrierLayout.PARTIES_AT);
        if (parties == 0) {
            throw new IllegalStateException(
                    "this memory holds no barrier yet: say how many take part, by at(block, n)");
        }
        return new SharedBarrier(memory, Named.none(), BarrierLayout.MEMBERS, parties);
    }

    /**
     * The barrier on a caller's memory, with a number of parties where it is the first.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @param parties how many have to come, at least 1; of no meaning where the memory holds a barrier
     * @return the barrier
     * @throws IllegalArgumentException where the memory is not like that, or the number less than 1
     * @throws IllegalStateException where 64 living processes are attached
     * @throws io.cleave.IncompatibleBlockException where it is used by processes of another table of participants
     */
    public static SharedBarrier at(MemorySegment block, int parties) {
        MemorySegment memory = Segments.check(block, BYTES, Long.BYTES, SharedBarrier.class);
        return new SharedBarrier(memory, Named.none(), BarrierLayout.MEMBERS, checkParties(parties));
    }

    /**
     * The barrier of a name, made where there is none. The last handle that is closed removes it.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param parties how many have to come, at least 1; of no meaning where it exists
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException where something else bears the name, or it is used by processes of
     *         another table of participants
     * @throws IllegalArgumentException where it cannot be a name, or the number is less than 1
     * @throws IllegalStateException where 250 living processes are attached
     * @throws io.cleave.CleaveException where the system refuses
     */
    public static SharedBarrier named(String name, int parties) {
        return named(name, parties, Lifetime.ATTACHED);
    }

    /**
     * The barrier of a name, made where there is none, which lives as long as is said.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param parties as for {@link #named(String, int)}
     * @param lifetime how long it stays where it is made; of no meaning where it exists
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException as for {@link #named(String, int)}
     * @throws IllegalArgumentException as for {@link #named(String, int)}
     * @throws IllegalStateException as for {@link #named(String, int)}
     * @throws io.cleave.CleaveException where the system refuses
     */
    public static SharedBarrier named(String name, int parties, Lifetime lifetime) {
        int checked = checkParties(parties);
        return Named.open(name, BlockKind.BARRIER, BarrierLayout.NAMED_BYTES, lifetime,
                (memory, named) -> new SharedBarrier(memory, named, BarrierLayout.NAMED_MEMBERS, checked));
    }

    /**
     * Waits until all have come.
     *
     * @return how many were missing when the caller came, 0 for the last
     * @throws InterruptedException where the thread is interrupted, before or meanwhile, which breaks the barrier
     * @throws BrokenBarrierException where it is broken, before or meanwhile
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public int await() throws InterruptedException, BrokenBarrierException {
        try {
            return await(Patience.FOREVER);
        } catch (TimeoutException e) {
            throw new IllegalStateException(e); // this wait has no end
        }
    }

    /**
     * Waits until all have come, for a while.
     *
     * @param timeout how long
     * @param unit its unit
     * @return how many were missing when the caller came, 0 for the last
     * @throws InterruptedException where the thread is interrupted, before or meanwhile, which breaks the barrier
     * @throws BrokenBarrierException where it is broken, before or meanwhile
     * @throws TimeoutException where the time was over, which breaks the barrier
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public int await(long timeout, TimeUnit unit)
            throws InterruptedException, BrokenBarrierException, TimeoutException {
        return await(Patience.of(timeout, unit));
    }

    /**
     * Waits until all have come, for a while.
     *
     * @param timeout how long
     * @return how many were missing when the caller came, 0 for the last
     * @throws InterruptedException where the thread is interrupted, before or meanwhile, which breaks the barrier
     * @throws BrokenBarrierException where it is broken, before or meanwhile
     * @throws TimeoutException where the time was over, which breaks the barrier
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public int await(Duration timeout) throws InterruptedException, BrokenBarrierException, TimeoutException {
        return await(Patience.of(timeout));
    }

    private int await(Patience patience) throws InterruptedException, BrokenBarrierException, TimeoutException {
        named.enter();
        try {
            if (Thread.interrupted()) {
                boolean _ = word.breakIn(BarrierLayout.generation(word.get())); // or it is over, and so is its break
                throw new InterruptedException();
            }
            membership.attach();
            membership.add(1);
            try {
                boolean _ = members.reapNowAndThen(this::bury); // arriving finds out
                return pass(patience);
            } finally {
                membership.add(-1);
            }
        } finally {
            named.exit();
        }
    }

    /** Arrives and, where it is not the last, waits; whoever leaves before the generation is over breaks it. */
    private int pass(Patience patience) throws InterruptedException, BrokenBarrierException, TimeoutException {
        long seen = word.arrive();
        int missing = word.parties() - 1 - BarrierLayout.arrived(seen);
        int generation = BarrierLayout.generation(seen);
        if (missing == 0) {
            return 0;
        }
        try {
            if (!isOverInTime(generation, patience) && word.breakIn(generation)) {
                throw new TimeoutException("the time was over before all " + word.parties()
                        + " had come to the barrier");
            }
        } catch (InterruptedException e) {
            if (word.breakIn(generation)) {
                throw e;
            }
            Thread.currentThread().interrupt(); // all came, or it broke, before that
        } catch (RuntimeException | Error e) {
            if (word.breakIn(generation)) {
                throw e; // the handle is closed, or the system refuses
            }
        }
        if (word.hasBroken(generation)) {
            throw new BrokenBarrierException("a thread that waited here was interrupted or late or its handle closed, "
                    + "a process that takes part died, or the barrier was reset");
        }
        return missing;
    }

    private boolean isOverInTime(int generation, Patience patience) throws InterruptedException {
        boolean isOver = spinner.await(() -> word.isOver(generation), patience);
        while (!isOver && !patience.isOver()) {
            boolean _ = cell.sleep(generation, patience,
                    () -> word.isOver(generation) || members.hasDead(SharedBarrier::isMissed));
            boolean _ = members.reapNowAndThen(this::bury); // which ends the generation
            isOver = word.isOver(generation);
        }
        return isOver;
    }

    /**
     * How many have to come.
     *
     * @return at least 1
     * @throws IllegalStateException where the handle is closed
     */
    public int getParties() {
        return word.parties();
    }

    /**
     * How many are waiting now.
     *
     * @return 0 where nobody does
     * @throws IllegalStateException where the handle is closed
     */
    public int getNumberWaiting() {
        return BarrierLayout.arrived(word.get());
    }

    /**
     * Whether the barrier is broken.
     *
     * @return true until {@link #reset}
     * @throws IllegalStateException where the handle is closed
     */
    public boolean isBroken() {
        return BarrierLayout.isBroken(word.get());
    }

    /**
     * Makes the barrier as new, also after deaths, which count as over. Those who wait leave with a
     * {@link BrokenBarrierException}.
     *
     * @throws IllegalStateException where the handle is closed
     */
    public void reset() {
        named.enter();
        try {
            boolean _ = members.reap(this::bury); // deaths so far are over and done with
            word.reset();
        } finally {
            named.exit();
        }
    }

    /**
     * Removes the name at once: it is the way to end a {@link Lifetime#PERSISTENT} barrier. Those who have a handle keep it.
     * Where the name has been removed already, and for one {@link #at} a caller's memory, nothing happens.
     *
     * @throws IllegalStateException where this handle is closed, or was inherited through a fork
     * @throws io.cleave.CleaveException where the system refuses it
     */
    public void unlink() {
        named.unlink();
    }

    /**
     * Detaches; the end of the process does not break the barrier then. The last handle on a named barrier that is closed
     * removes it. Threads that wait through this handle leave with an {@link IllegalStateException}, which breaks the
     * barrier for the others. A barrier {@link #at} a caller's memory stays usable: those who wait wait on, and are missed
     * where the process ends; coming to it attaches again. Closing twice does nothing more.
     *
     * @throws IllegalStateException where waiters did not leave within 5 s; nothing is closed then
     */
    @Override
    public void close() {
        if (named.isBlock()) {
            membership.close(() -> named.close(List.of(cell)));
        } else {
            membership.detach();
        }
    }

    /**
     * Says how many are there.
     *
     * @return a text for people
     */
    @Override
    public String toString() {
        return named.describe("SharedBarrier",
                () -> getNumberWaiting() + " of " + getParties() + (isBroken() ? ", broken" : ""));
    }

    /** Another process opens the object by its name. */
    @Serial
    private Object writeReplace() throws NotSerializableException {
        return named.travelling(BlockKind.BARRIER, false);
    }

    @Serial
    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("it travels by its name only");
    }
}
