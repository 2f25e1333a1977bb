package io.cleave.sync;

import io.cleave.OwnerDiedException;
import io.cleave.memory.BlockKind;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
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
 * latch: where that can happen, wait with a time. A process that only looks closes its handle before it ends. At most 64
 * processes can attach at once.
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
public final class SharedCountDownLatch implements AutoCloseable {
    /** The size of a latch: {@value} bytes, aligned to 8; zeroes are a fresh one. */
    public static final long BYTES = GuardedLayout.BYTES;

    private final State state;

    /**
     * Facts: {@code count}, {@code broken}, and the members' counts: handles in the lower bits; {@code ACTIVE} where the
     * process has counted down or waited.
     */
    private static final class State extends Guarded {
        private static final int COUNT = 0;
        private static final int BROKEN = 1;
        private static final long ACTIVE = 1L << 32;

        State(MemorySegment memory, Named named) {
            super(memory, named);
        }

        @Override
        void repair() {
            // Nothing follows from the facts.
        }

        @Override
        boolean bury(int member) {
            boolean breaks = count() > 0 && (count(member) & ACTIVE) == 0;
            if (breaks) {
                field(BROKEN, 1);
            }
            count(member, 0);
            return breaks;
        }

        long count() {
            return field(COUNT);
        }

        void attach(long delta) {
            enter();
            try {
                int self = self();
                long count = count(self);
                boolean isLast = delta < 0 && (count & ~ACTIVE) <= 1;
                selfCount(self, isLast ? 0 : count + delta);
            } finally {
                exit();
            }
        }

        /** Notes that the process has done something. Called under the guard. */
        void noteActive() {
            int self = self();
            selfCount(self, Math.max(1, count(self)) | ACTIVE);
        }

        void countDown() {
            boolean isLast = false;
            enter();
            try {
                long count = count();
                if (count > 0) {
                    field(COUNT, count - 1);
                    noteActive();
                    isLast = count == 1;
                    if (isLast) {
                        raiseTurn();
                    }
                }
            } finally {
                exit();
            }
            wake(isLast && sleepers() > 0 ? Cell.ALL : 0);
        }

        boolean await(Patience patience) throws InterruptedException {
            return await(new Attempt<RuntimeException>() {
                @Override
                public boolean isDone() {
                    if (count() == 0) {
                        return true;
                    }
                    if (field(BROKEN) != 0) {
                        throw new OwnerDiedException("a process that used this latch died before it counted down; "
                                + count() + " count-downs are missing");
                    }
                    noteActive();
                    return false;
                }

                @Override
                public boolean isPromising() {
                    return count() == 0 || field(BROKEN) != 0;
                }
            }, patience);
        }
    }

    private SharedCountDownLatch(State state) {
        this.state = state;
        state.attach(1);
    }

    private SharedCountDownLatch withCount(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("a latch counts from at least 0, not " + count);
        }
        state.initialise(() -> state.field(State.COUNT, count));
        return this;
    }

    /**
     * The latch on a caller's memory, which somebody else has given a count. Attaching changes no count.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @return the latch; on fresh memory its count is 0
     * @throws IllegalArgumentException where the memory is not like that
     */
    public static SharedCountDownLatch at(MemorySegment block) {
        MemorySegment memory = Segments.check(block, BYTES, Long.BYTES, SharedCountDownLatch.class);
        return new SharedCountDownLatch(new State(memory, Named.none()));
    }

    /**
     * The latch on a caller's memory, with a count where it is the first.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 8
     * @param count the count of a fresh latch, at least 0; of no meaning where the memory has one
     * @return the latch
     * @throws IllegalArgumentException where the memory is not like that, or the count negative
     */
    public static SharedCountDownLatch at(MemorySegment block, int count) {
        return at(block).withCount(count);
    }

    /**
     * The latch of a name, made with a count where there is none. The last handle that is closed removes it.
     *
     * @param name 1 to 200 of the characters {@code A-Z a-z 0-9 . _ -}, not beginning with a dot
     * @param count the count of a fresh latch, at least 0; of no meaning where it exists
     * @return a handle on it
     * @throws io.cleave.IncompatibleBlockException where something else bears the name
     * @throws IllegalArgumentException where it cannot be a name, or the count is negative
     * @throws io.cleave.CleaveException where the system refuses
     */
    public static SharedCountDownLatch named(String name, int count) {
        return Named.open(name, BlockKind.LATCH, BYTES,
                (memory, named) -> new SharedCountDownLatch(new State(memory, named)).withCount(count));
    }

    /** Counts down, and lets all go that wait where that makes it zero. At zero nothing happens. */
    public void countDown() {
        state.countDown();
    }

    /**
     * The count now.
     *
     * @return how many count-downs are missing
     */
    public long getCount() {
        return state.count();
    }

    /**
     * Waits until the count is zero.
     *
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws OwnerDiedException where the latch is broken
     * @throws IllegalStateException where the handle is closed, before or meanwhile
     */
    public void await() throws InterruptedException {
        boolean _ = state.await(Patience.FOREVER);
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
        return state.await(Patience.of(timeout, unit));
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
        return state.await(Patience.of(timeout));
    }

    /**
     * Detaches; the end of the process does not break the latch then. The last handle on a named latch that is closed
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
     * Says the count.
     *
     * @return a text for people
     */
    @Override
    public String toString() {
        return "SharedCountDownLatch[count " + getCount() + "]";
    }
}
