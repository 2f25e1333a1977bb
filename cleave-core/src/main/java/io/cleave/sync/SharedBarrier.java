package io.cleave.sync;

import io.cleave.memory.BlockKind;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A point in the work of several threads, of one or many processes, that none passes before all have come to it, again
 * and again: the methods of {@link java.util.concurrent.CyclicBarrier} but the action. It lies on memory that the caller
 * has shared ({@link #at}) or in a block of its own ({@link #named}).
 *
 * <p>
 * <b>It breaks</b>, for those who wait and all who come after, until {@link #reset}: when a waiter is interrupted or its
 * time is over; and when a process ends, in whatever way, that had attached and not closed its handle. That is noticed
 * within 100 ms while somebody waits. A forked child that dies before it first came to the barrier is not noticed. At
 * most 64 processes can attach at once.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread of any process at any time. Timed waits end at
 * a moment fixed by the call. A platform thread that waits notices an interrupt, or the closing of its handle, within
 * 50 ms, a virtual one at once; virtual threads that wait do not hold their carrier.
 *
 * <h2>Memory consistency effects</h2> What a thread does before it comes to the barrier happens before what any of the
 * others does after it has passed.
 *
 * <h2>Cost</h2> Two atomic operations, and a system call for each but the last.
 */
public final class SharedBarrier implements AutoCloseable {
    /** The size of a barrier: {@value} bytes, aligned to 8. */
    public static final long BYTES = GuardedLayout.BYTES;

    private final State state;

    /**
     * Facts: {@code parties}; {@code generation}, how often the barrier was passed, broken or reset; {@code arrived}, how
     * many have come in this generation; {@code broken}; {@code lastBroken}, the last generation that did not end well,
     * plus 1; and the members' counts, their handles. A dead owner of the guard may leave {@code arrived} unfinished: the
     * barrier is broken then, as by any death.
     */
    private static final class State extends Guarded {
        private static final int PARTIES = 0;
        private static final int GENERATION = 1;
        private static final int ARRIVED = 2;
        private static final int BROKEN = 3;
        private static final int LAST_BROKEN = 4;

        State(MemorySegment memory, Named named) {
            super(memory, named);
        }

        @Override
        void repair() {
            breakIt();
            raiseTurn();
            wake(Cell.ALL);
        }

        @Override
        boolean bury(int member) {
            count(member, 0);
            breakIt();
            return true;
        }

        private void breakIt() {
            if (!isBroken()) {
                field(LAST_BROKEN, generation() + 1);
                field(BROKEN, 1);
                field(ARRIVED, 0);
                field(GENERATION, generation() + 1);
            }
        }

        boolean isBroken() {
            return field(BROKEN) != 0;
        }

        long generation() {
            return field(GENERATION);
        }

        long parties() {
            return field(PARTIES);
        }

        long arrived() {
            return field(ARRIVED);
        }

        void attach(long delta) {
            enter();
            try {
                int self = self();
                selfCount(self, Math.max(0, count(self) + delta));
            } finally {
                exit();
            }
        }

        void reset() {
            enter();
            try {
                sweep(true); // deaths so far are over and done with
                breakIt();
                field(BROKEN, 0);
                raiseTurn();
            } finally {
                exit();
            }
            wake(Cell.ALL);
        }

        /** Breaks the barrier unless a generation is over already, and returns whether it did. */
        private boolean breakIn(long generation) {
            boolean isNow;
            enter();
            try {
                isNow = generation() == generation;
                if (isNow) {
                    breakIt();
                    raiseTurn();
                }
            } finally {
                exit();
            }
            wake(isNow ? Cell.ALL : 0);
            return isNow;
        }

        /** Comes to the barrier: the index of arrival, and the generation in which that was. */
        private long[] arrive() throws BrokenBarrierException {
            enter();
            long[] arrival;
            try {
                sweep(false);
                if (isBroken()) {
                    throw new BrokenBarrierException("the barrier is broken; reset() mends it");
                }
                int self = self();
                selfCount(self, Math.max(1, count(self)));
                arrival = new long[] {parties() - 1 - arrived(), generation()};
                if (arrival[0] == 0) {
                    field(ARRIVED, 0);
                    field(GENERATION, generation() + 1);
                    raiseTurn();
                } else {
                    field(ARRIVED, arrived() + 1);
                }
            } finally {
                exit();
            }
            wake(arrival[0] == 0 ? Cell.ALL : 0);
            return arrival;
        }

        int await(Patience patience) throws InterruptedException, BrokenBarrierException, TimeoutException {
            if (Thread.interrupted()) {
                breakIn(generation());
                throw new InterruptedException();
            }
            long[] arrival = arrive();
            if (arrival[0] == 0) {
                return 0;
            }
            Passing passing = new Passing(arrival[1]);
            boolean hasPassed;
            try {
                hasPassed = await(passing, patience);
            } catch (InterruptedException e) {
                if (breakIn(arrival[1])) {
                    throw e;
                }
                Thread.currentThread().interrupt();
                hasPassed = passing.isDone(); // all came, or it broke, before the interrupt
            }
            if (!hasPassed && breakIn(arrival[1])) {
                throw new TimeoutException("the time was over before all " + parties() + " had come to the barrier");
            }
            boolean _ = passing.isDone(); // says so where it broke
            return (int) arrival[0];
        }

        private final class Passing implements Attempt<BrokenBarrierException> {
            private final long generation;

            Passing(long generation) {
                this.generation = generation;
            }

            @Override
            public boolean isDone() throws BrokenBarrierException {
                if (generation() == generation) {
                    return false;
                }
                if (field(LAST_BROKEN) == generation + 1) {
                    throw new BrokenBarrierException(
                            "a thread that waited here was interrupted or late, a process that "
                                    + "takes part died, or the barrier was reset");
                }
                return true;
            }

            @Override
            public boolean isPromising() {
                return generation() != generation;
            }
        }
    }

    private SharedBarrier(State state) {
        this.state = state;
        state.attach(1);
    }

    private SharedBarrier withParties(int parties) {
        if (parties < 1) {
            throw new IllegalArgumentException("a barrier has at least 1 party, not " + parties);
        }
        state.initialise(() -> state.field(State.PARTIES, parties));
        return this;
    }

    /**
     * The barrier on a caller's memory, which somebody else has given its parties.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @return the barrier
     * @throws IllegalArgumentException where the memory is not like that
     * @throws IllegalStateException where nobody has said how many take part
     */
    public static SharedBarrier at(MemorySegment block) {
        MemorySegment memory = Segments.check(block, BYTES, Long.BYTES, SharedBarrier.class);
        State state = new State(memory, Named.none());
        if (state.parties() == 0) {
            throw new IllegalStateException("this memory holds no barrier yet: say how many take part");
        }
        return new SharedBarrier(state);
    }

    /**
     * The barrier on a caller's memory, with a number of parties where it is the first.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @param parties how many have to come, at least 1; of no meaning where the memory holds a barrier
     * @return the barrier
     * @throws IllegalArgumentException where the memory is not like that, or the number less than 1
     */
    public static SharedBarrier at(MemorySegment block, int parties) {
        MemorySegment memory = Segments.check(block, BYTES, Long.BYTES, SharedBarrier.class);
        return new SharedBarrier(new State(memory, Named.none())).withParties(parties);
    }

    /**
     * The barrier of a name, made where there is none. The last handle that is closed removes it.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param parties how many have to come, at least 1; of no meaning where it exists
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException where something else bears the name
     * @throws IllegalArgumentException where it cannot be a name, or the number is less than 1
     * @throws io.cleave.CleaveException where the system refuses
     */
    public static SharedBarrier named(String name, int parties) {
        return Named.open(name, BlockKind.BARRIER, BYTES,
                (memory, named) -> new SharedBarrier(new State(memory, named)).withParties(parties));
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
            return state.await(Patience.FOREVER);
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
     */
    public int await(long timeout, TimeUnit unit)
            throws InterruptedException, BrokenBarrierException, TimeoutException {
        return state.await(Patience.of(timeout, unit));
    }

    /**
     * Waits until all have come, for a while.
     *
     * @param timeout how long
     * @return how many were missing when the caller came, 0 for the last
     * @throws InterruptedException where the thread is interrupted, before or meanwhile, which breaks the barrier
     * @throws BrokenBarrierException where it is broken, before or meanwhile
     * @throws TimeoutException where the time was over, which breaks the barrier
     */
    public int await(Duration timeout) throws InterruptedException, BrokenBarrierException, TimeoutException {
        return state.await(Patience.of(timeout));
    }

    /**
     * How many have to come.
     *
     * @return at least 1
     */
    public int getParties() {
        return (int) state.parties();
    }

    /**
     * How many are waiting now.
     *
     * @return 0 where nobody does
     */
    public int getNumberWaiting() {
        return (int) state.arrived();
    }

    /**
     * Whether the barrier is broken.
     *
     * @return true until {@link #reset}
     */
    public boolean isBroken() {
        return state.isBroken();
    }

    /** Makes the barrier as new. Those who wait leave with a {@link BrokenBarrierException}. */
    public void reset() {
        state.reset();
    }

    /**
     * Detaches; the end of the process does not break the barrier then. The last handle on a named barrier that is closed
     * removes it. Threads that wait through this handle leave with an {@link IllegalStateException}. The second and later
     * calls do nothing.
     *
     * @throws IllegalStateException where waiters did not leave within 5 s
     */
    @Override
    public void close() {
        if (state.isFirstClose()) {
            state.attach(-1);
        }
        state.closeHandle();
    }

    /**
     * Says how many are there.
     *
     * @return a text for people
     */
    @Override
    public String toString() {
        return "SharedBarrier[" + getNumberWaiting() + " of " + getParties() + (isBroken() ? ", broken" : "") + "]";
    }
}
