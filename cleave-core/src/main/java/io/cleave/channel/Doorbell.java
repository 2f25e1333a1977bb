package io.cleave.channel;

import io.cleave.os.Futex;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A word in shared memory at which one thread sleeps until others, in any process, have something for it.
 *
 * <h2>Overview</h2>
 *
 * <pre>
 *   0  ticket    int, the futex word: goes up with each ring that found a sleeper
 *   4  sleepers  int, 1 while the waiter sleeps or is about to
 * </pre>
 *
 * The waiter announces itself in {@code sleepers}, looks once more for what it waits for, and sleeps on the ticket that
 * it read before. The ringer publishes first and reads {@code sleepers} then. Both have a full fence between their
 * store and their load, so that at least one sees the other's store: either the waiter finds the work, or the ringer
 * finds the sleeper, raises the ticket and wakes it. A ring between the announcement and the sleep changes the ticket,
 * and the kernel refuses to let the waiter sleep. Nothing is lost, and ringing where nobody sleeps costs no system call.
 *
 * <p>
 * Death: a waiter that dies leaves {@code sleepers} at 1, which costs its peers a system call for each ring and nothing
 * else. A ringer that dies before it rings leaves the waiter to its deadline: waits are therefore always timed, and the
 * waiter looks after its peers in between.
 */
public final class Doorbell {
    /** Bytes that a doorbell takes, alone on its cache line. */
    public static final long BYTES = 64;

    private static final int TICKET = 0;
    private static final int SLEEPERS = 4;
    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

    private final ByteBuffer memory;
    /** Made when somebody sleeps or has to be woken, where it is not given. */
    private volatile @Nullable MemorySegment word;

    /**
     * The doorbell at a place; zeroes are a fresh one.
     *
     * @param memory at least {@link #BYTES} bytes of native memory, aligned to 4
     */
    public Doorbell(MemorySegment memory) {
        this.memory = memory.asSlice(0, BYTES).asByteBuffer();
        this.word = memory.asSlice(TICKET, 4);
    }

    /**
     * The doorbell at a place, for those who have not loaded what segments need.
     *
     * @param memory at least {@link #BYTES} bytes of native memory, aligned to 4
     */
    public Doorbell(ByteBuffer memory) {
        this.memory = memory;
    }

    private MemorySegment word() {
        MemorySegment made = word;
        if (made == null) {
            made = MemorySegment.ofBuffer(memory.slice(TICKET, Integer.BYTES));
            word = made;
        }
        return made;
    }

    /**
     * Announces that the caller is about to sleep. It must then look for work once more, and call {@link #sleep} or
     * {@link #cancel}.
     *
     * @return the ticket for {@link #sleep}
     */
    public int prepare() {
        int ticket = (int) INT.getAcquire(memory, TICKET);
        INT.setVolatile(memory, SLEEPERS, 1);
        VarHandle.fullFence(); // SYNC: doorbell. Orders the announcement before the last look for work.
        return ticket;
    }

    /**
     * Sleeps until a ring after {@link #prepare}, or the deadline. It may return early for no reason.
     *
     * @param ticket from {@link #prepare}
     * @param deadlineNanos a moment of {@link System#nanoTime()}
     */
    public void sleep(int ticket, long deadlineNanos) {
        Futex.wait_bitset(word(), ticket, deadlineNanos, false);
        cancel();
    }

    /**
     * Reads the ticket of those who {@link #announce} themselves.
     *
     * @return the ticket for {@link #sleepAnnounced}
     */
    public int ticket() {
        return (int) INT.getAcquire(memory, TICKET);
    }

    /**
     * Announces a sleeper more, where several threads of one process sleep at this bell, or one on behalf of another.
     * Such a bell is used by these methods alone, and a ring wakes all of them. After it, one looks for work once more.
     */
    public void announce() {
        INT.getAndAdd(memory, SLEEPERS, 1);
        VarHandle.fullFence(); // SYNC: doorbell. As in prepare().
    }

    /** Takes back what {@link #announce} said. */
    public void retract() {
        INT.getAndAdd(memory, SLEEPERS, -1);
    }

    /**
     * Sleeps until a ring after {@link #ticket}, or the deadline, and leaves the announcement as it is. It may return
     * early for no reason.
     *
     * @param ticket from {@link #ticket}
     * @param deadlineNanos a moment of {@link System#nanoTime()}
     */
    public void sleepAnnounced(int ticket, long deadlineNanos) {
        Futex.wait_bitset(word(), ticket, deadlineNanos, false);
    }

    /** Wakes all sleepers, announced or not. */
    public void ringAnyway() {
        INT.getAndAdd(memory, TICKET, 1);
        Futex.wake(word(), Integer.MAX_VALUE, false);
    }

    /** Takes the announcement back. */
    public void cancel() {
        INT.setRelease(memory, SLEEPERS, 0);
    }

    /** Wakes the sleepers, if there are any. What the caller stored before is visible to it then. */
    public void ring() {
        VarHandle.fullFence(); // SYNC: doorbell. Orders the publication before the look for a sleeper.
        if ((int) INT.getOpaque(memory, SLEEPERS) != 0) {
            ringAnyway();
        }
    }
}
