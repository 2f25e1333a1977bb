package io.cleave.sync;

import io.cleave.os.Errno;
import io.cleave.os.Futex;
import io.cleave.os.SystemCallException;
import io.cleave.owner.Patience;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.time.Duration;

/**
 * A number of 32 bits in shared memory at which threads of any process can sleep until it changes: the system's futex,
 * for those who build something of their own. It remembers nothing but the number, knows no owner and notices no death.
 *
 * <p>
 * A waiter names the value at which it is to sleep, so that a change between its last look and its sleep is not missed.
 * A wake-up without a change of the number may be missed: change it first. Waits look up every 40 ms for interrupts;
 * they are for platform threads, and a virtual thread that waits here holds its carrier.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread of any process at any time. The caller keeps the
 * memory open while anybody waits.
 *
 * <h2>Memory consistency effects</h2> What a thread does before it changes the number by a volatile or release method
 * happens before what another does after it has seen that value by a volatile or acquire method, or after
 * {@link #await(int)} has returned {@link Wait#CHANGED} for it.
 *
 * <h2>Cost</h2> Waiting and waking are a system call each.
 */
public final class FutexWord {
    /** The size of a word: {@value} bytes, aligned to 4. */
    public static final long BYTES = Integer.BYTES;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment word;

    /** How a wait ended. */
    public enum Wait {
        /** Somebody woke the waiter, or it woke up for no reason. */
        WOKEN,
        /** The number was not, or is no longer, the expected one. */
        CHANGED,
        /** The time was over. */
        TIMED_OUT
    }

    private FutexWord(MemorySegment word) {
        this.word = word;
    }

    /**
     * The word on a caller's memory. Attaching changes nothing.
     *
     * @param block at least {@link #BYTES} of native memory, writable, aligned to 4
     * @return the word
     * @throws IllegalArgumentException where the memory is not like that
     */
    public static FutexWord at(MemorySegment block) {
        return new FutexWord(Segments.check(block, BYTES, Integer.BYTES, FutexWord.class));
    }

    /**
     * Sleeps while the number is the expected one.
     *
     * @param expected the value at which to sleep
     * @return woken or changed
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws IllegalStateException where the memory is closed
     */
    public Wait await(int expected) throws InterruptedException {
        return await(expected, Patience.FOREVER);
    }

    /**
     * Sleeps while the number is the expected one, for a while.
     *
     * @param expected the value at which to sleep
     * @param timeout how long; 0 or negative only to look
     * @return woken, changed or timed out
     * @throws InterruptedException where the thread is interrupted, before or meanwhile
     * @throws IllegalStateException where the memory is closed
     */
    public Wait await(int expected, Duration timeout) throws InterruptedException {
        return await(expected, Patience.of(timeout));
    }

    private Wait await(int expected, Patience wait) throws InterruptedException {
        while (true) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (get() != expected) {
                return Wait.CHANGED;
            }
            if (wait.isOver()) {
                return Wait.TIMED_OUT;
            }
            int result = Futex.wait_bitset(word, expected, wait.endOfSlice(), false);
            switch (-result) {
                case 0 -> {
                    return Wait.WOKEN;
                }
                case Errno.EAGAIN, Errno.EINTR, Errno.ETIMEDOUT -> Thread.onSpinWait(); // the next round tells which
                default -> throw new SystemCallException("futex(FUTEX_WAIT_BITSET)", -result, "");
            }
        }
    }

    /**
     * Wakes threads that sleep on the word, those that have slept longest first.
     *
     * @param n the most to wake, at least 0
     * @return how many were woken
     * @throws IllegalArgumentException where n is negative
     */
    public int wake(int n) {
        if (n < 0) {
            throw new IllegalArgumentException("cannot wake " + n + " threads");
        }
        if (n == 0) {
            return 0; // the system takes it for 1
        }
        return SystemCallException.check(Futex.wake(word, n, false), "futex(FUTEX_WAKE)", "");
    }

    /**
     * The number, by a volatile read.
     *
     * @return its value
     */
    public int get() {
        return (int) INT.getVolatile(word, 0L);
    }

    /**
     * The number, by a read with acquire semantics.
     *
     * @return its value
     */
    public int getAcquire() {
        return (int) INT.getAcquire(word, 0L);
    }

    /**
     * Sets the number by a volatile write, and wakes nobody.
     *
     * @param value the new value
     */
    public void set(int value) {
        INT.setVolatile(word, 0L, value);
    }

    /**
     * Sets the number by a write with release semantics, and wakes nobody.
     *
     * @param value the new value
     */
    public void setRelease(int value) {
        INT.setRelease(word, 0L, value);
    }

    /**
     * Sets the number where it is the expected one, and wakes nobody.
     *
     * @param expected the value that it must have
     * @param value the new value
     * @return whether it was set
     */
    public boolean compareAndSet(int expected, int value) {
        return INT.compareAndSet(word, 0L, expected, value);
    }

    /**
     * Sets the number, and wakes nobody.
     *
     * @param value the new value
     * @return the value before
     */
    public int getAndSet(int value) {
        return (int) INT.getAndSet(word, 0L, value);
    }

    /**
     * Adds to the number, and wakes nobody.
     *
     * @param delta what to add
     * @return the value before
     */
    public int getAndAdd(int delta) {
        return (int) INT.getAndAdd(word, 0L, delta);
    }

    /**
     * Says the number.
     *
     * @return a text for people
     */
    @Override
    public String toString() {
        return "FutexWord[" + get() + "]";
    }
}
