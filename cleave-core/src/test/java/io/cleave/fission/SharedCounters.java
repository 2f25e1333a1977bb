package io.cleave.fission;

import io.cleave.os.Mman;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Counters that a test has in common with all forked children, who have all else for themselves. */
final class SharedCounters {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final MemorySegment memory;

    SharedCounters(int count) {
        memory = Mman.map(Arena.ofAuto(), 8L * count, Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_SHARED | Mman.MAP_ANONYMOUS, -1, 0);
    }

    /** Counts, and says what the count was before. */
    long count(int which) {
        return (long) LONG.getAndAdd(memory, 8L * which, 1L);
    }

    void add(int which, long more) {
        var _ = (long) LONG.getAndAdd(memory, 8L * which, more);
    }

    boolean isFirst(int which) {
        return count(which) == 0;
    }

    long get(int which) {
        return (long) LONG.getVolatile(memory, 8L * which);
    }

    void set(int which, long value) {
        LONG.setVolatile(memory, 8L * which, value);
    }
}
