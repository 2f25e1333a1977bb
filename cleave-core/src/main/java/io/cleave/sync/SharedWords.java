package io.cleave.sync;

import io.cleave.os.CrashPoint;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Words in shared memory. After each store a test can let the process die. */
final class SharedWords implements Words {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final MemorySegment memory;

    /** The words of a segment that {@link Segments} has checked. */
    SharedWords(MemorySegment memory) {
        this.memory = memory;
    }

    @Override
    public long get(long at) {
        return (long) LONG.getAcquire(memory, at);
    }

    @Override
    public void set(long at, long value) {
        LONG.setRelease(memory, at, value);
        CrashPoint.reached();
    }

    @Override
    public boolean cas(long at, long expected, long value) {
        if (LONG.compareAndSet(memory, at, expected, value)) {
            CrashPoint.reached();
            return true;
        }
        return false;
    }
}
