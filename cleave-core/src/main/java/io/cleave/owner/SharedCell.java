package io.cleave.owner;

import io.cleave.os.CrashPoint;
import io.cleave.os.Errno;
import io.cleave.os.Futex;
import io.cleave.os.SigbusGuard;
import io.cleave.os.SystemCallException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** A word in shared memory, with the futex on its low half. Platform threads sleep there, virtual ones in {@link Room}. */
public final class SharedCell extends Cell {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final int SPINS = Runtime.getRuntime().availableProcessors() > 1 ? 40 : 0;

    private final MemorySegment word;
    private final MemorySegment low;
    /** Written by the handle that closes; read by its sleepers. */
    private volatile boolean isClosed;

    /** The word at an offset of a writable native segment, aligned to 8 bytes. */
    public SharedCell(MemorySegment segment, long at) {
        this.word = segment.asSlice(at, Long.BYTES);
        this.low = segment.asSlice(at, Integer.BYTES);
    }

    @Override
    public long get() {
        return (long) LONG.getAcquire(word, 0L);
    }

    @Override
    public boolean cas(long expected, long value) {
        boolean isDone = LONG.compareAndSet(word, 0L, expected, value);
        SigbusGuard.requireIntact(word); // afterwards, as it may have succeeded on zeroes of this process's own
        if (isDone) {
            CrashPoint.reached();
        }
        return isDone;
    }

    @Override
    public boolean sleep(long expected, Patience wait, Suspicion suspicion) throws InterruptedException {
        if (Thread.currentThread().isVirtual()) {
            return Room.current().sleep(this, expected, wait, suspicion);
        }
        while (true) {
            checkOpen();
            if (wait.isInterruptible() && Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (hasChanged(expected)) {
                return true;
            }
            if (wait.isOver()) {
                return false;
            }
            int result = Futex.wait_bitset(low, (int) expected, wait.endOfSlice(), false);
            switch (-result) {
                case 0, Errno.EAGAIN -> {
                    checkOpen();
                    return true;
                }
                case Errno.EINTR -> Thread.onSpinWait();
                case Errno.ETIMEDOUT -> {
                    if (suspicion.isRaised()) {
                        return true;
                    }
                }
                default -> throw new SystemCallException("futex(FUTEX_WAIT_BITSET)", -result, "");
            }
        }
    }

    boolean hasChanged(long expected) {
        return (int) get() != (int) expected;
    }

    @Override
    public void wake(int count) {
        int result = Futex.wake(low, count, false);
        SystemCallException.check(result, "futex(FUTEX_WAKE)", "");
    }

    @Override
    public void spin() {
        Thread.onSpinWait();
    }

    @Override
    public int spins() {
        return SPINS;
    }

    long address() {
        return low.address();
    }

    /** Lets everybody who sleeps through this handle leave with an exception. */
    void close() {
        isClosed = true;
        wake(ALL);
        Room.wakeAll(address());
    }

    /** Takes {@link #close} back: the handle stays. */
    void reopen() {
        isClosed = false;
    }

    void checkOpen() {
        if (isClosed) {
            throw new IllegalStateException("this handle was closed while the thread waited on it");
        }
    }
}
