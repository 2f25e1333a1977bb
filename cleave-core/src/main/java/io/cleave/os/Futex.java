package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * {@code futex(2)}: sleeping until another thread or process changes a 32-bit word. Words are shared between processes
 * unless a method says otherwise. Deadlines are on CLOCK_MONOTONIC, which is {@link System#nanoTime()} on Linux.
 */
public final class Futex {
    /** {@code FUTEX_WAIT}. */
    public static final int FUTEX_WAIT = 0;
    /** {@code FUTEX_WAKE}. */
    public static final int FUTEX_WAKE = 1;
    /** {@code FUTEX_LOCK_PI}. */
    public static final int FUTEX_LOCK_PI = 6;
    /** {@code FUTEX_WAIT_BITSET}. */
    public static final int FUTEX_WAIT_BITSET = 9;
    /** Flag: nobody outside this process waits or wakes. */
    public static final int FUTEX_PRIVATE_FLAG = 128;
    /** Flag: the deadline is on CLOCK_REALTIME. */
    public static final int FUTEX_CLOCK_REALTIME = 256;
    /** The most words that {@link #waitv} takes. */
    public static final int WAITV_MAX = 128;
    /** A deadline that never comes. */
    public static final long NEVER = Long.MAX_VALUE;

    private static final long SYS_FUTEX = number();
    private static final long SYS_FUTEX_WAITV = 449;
    private static final int FUTEX_32 = 2;
    private static final int CLOCK_MONOTONIC = 1;
    private static final int MATCH_ANY = -1;
    private static final long NANOS = 1_000_000_000L;

    private static final MethodHandle FUTEX = Native.capturingVariadic("syscall", 1,
            FunctionDescriptor.of(LONG, LONG, POINTER, INT, INT, POINTER, LONG, INT));
    private static final MethodHandle WAITV = Native.capturingVariadic("syscall", 1,
            FunctionDescriptor.of(LONG, LONG, POINTER, INT, INT, POINTER, INT));

    // struct futex_waitv: val 0 (u64), uaddr 8 (u64), flags 16 (u32), reserved 20 (u32)
    /** Bytes of one entry in the vector that {@link #waitv} takes. */
    public static final int WAITV_ENTRY_BYTES = 24;

    private Futex() {
    }

    /**
     * The number of the futex system call on this processor, as {@code /proc/PID/syscall} shows it.
     *
     * @return 202 on x86-64, 98 on AArch64
     */
    public static long number() {
        return Native.isAarch64() ? 98 : 202;
    }

    /**
     * The number of the system call {@code clock_nanosleep} on this processor, as {@code /proc/PID/syscall} shows it.
     *
     * @return 230 on x86-64, 115 on AArch64
     */
    public static long clockNanosleepNumber() {
        return Native.isAarch64() ? 115 : 230;
    }

    /**
     * Sleeps while the word holds a value, until it is woken or the deadline has passed. It may return for no reason;
     * the caller looks at the word again and, where it still has to wait, calls again with the same deadline.
     *
     * @param word 4 bytes, aligned to 4, in memory outside the heap
     * @param expected the value at which to sleep
     * @param deadlineNanos a moment of {@link System#nanoTime()}, or {@link #NEVER}
     * @param isPrivate whether only threads of this process wake it
     * @return 0 where it was woken; -EAGAIN where the word held another value; -ETIMEDOUT; -EINTR
     */
    public static int wait_bitset(MemorySegment word, int expected, long deadlineNanos, boolean isPrivate) {
        try {
            int op = isPrivate ? FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG : FUTEX_WAIT_BITSET;
            MemorySegment deadline = timespec(deadlineNanos);
            return (int) Native.result(
                    (long) FUTEX.invokeExact(Native.state(), SYS_FUTEX, word, op, expected, deadline, 0L, MATCH_ANY));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * Wakes threads that sleep on a word.
     *
     * @param word 4 bytes, aligned to 4, in memory outside the heap
     * @param count the most to wake
     * @param isPrivate whether only threads of this process wait
     * @return how many were woken, or -errno
     */
    public static int wake(MemorySegment word, int count, boolean isPrivate) {
        try {
            int op = isPrivate ? FUTEX_WAKE | FUTEX_PRIVATE_FLAG : FUTEX_WAKE;
            return (int) Native.result((long) FUTEX.invokeExact(Native.state(), SYS_FUTEX, word, op, count,
                    MemorySegment.NULL, 0L, 0));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * Writes one entry of the vector that {@link #waitv} takes.
     *
     * @param vector the vector, {@link #WAITV_ENTRY_BYTES} an entry
     * @param index which entry
     * @param address the word's address
     * @param expected the value at which to sleep
     */
    public static void setEntry(MemorySegment vector, int index, long address, int expected) {
        long at = (long) index * WAITV_ENTRY_BYTES;
        vector.set(LONG, at, expected & 0xffff_ffffL);
        vector.set(LONG, at + 8, address);
        vector.set(INT, at + 16, FUTEX_32);
        vector.set(INT, at + 20, 0);
    }

    /**
     * {@code futex_waitv(2)}, Linux 5.16 and later: sleeps until one of several words is woken.
     *
     * @param vector entries written by {@link #setEntry}
     * @param count how many, 1 to {@link #WAITV_MAX}
     * @param deadlineNanos a moment of {@link System#nanoTime()}, or {@link #NEVER}
     * @return the index of a word that was woken; -EAGAIN where one held another value; -ETIMEDOUT; -EINTR; -ENOSYS
     */
    public static int waitv(MemorySegment vector, int count, long deadlineNanos) {
        try {
            MemorySegment deadline = timespec(deadlineNanos);
            return (int) Native.result((long) WAITV.invokeExact(Native.state(), SYS_FUTEX_WAITV, vector, count, 0,
                    deadline, CLOCK_MONOTONIC));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    private static MemorySegment timespec(long deadlineNanos) {
        if (deadlineNanos == NEVER) {
            return MemorySegment.NULL;
        }
        long deadline = Math.max(0, deadlineNanos);
        MemorySegment timespec = Native.scratch();
        timespec.set(LONG, 0, deadline / NANOS);
        timespec.set(LONG, 8, deadline % NANOS);
        return timespec;
    }
}
