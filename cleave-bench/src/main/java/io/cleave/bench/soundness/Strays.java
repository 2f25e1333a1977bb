package io.cleave.bench.soundness;

import io.cleave.os.Mman;
import io.cleave.os.Unistd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Threads of the parent's that run in a child, where nobody may: each says time and again in which process it is, and memory
 * that all processes share counts those that are in the wrong one.
 */
final class Strays {
    private static final VarHandle COUNT = ValueLayout.JAVA_LONG.varHandle();
    private static final int PAGE = 4096;

    private final int parent = Unistd.getpid();
    private final MemorySegment shared = Mman.map(Arena.global(), PAGE, Mman.PROT_READ | Mman.PROT_WRITE,
            Mman.MAP_SHARED | Mman.MAP_ANONYMOUS, -1, 0);

    /** What a thread is there for. */
    enum Kind {
        /** It goes on for as long as the noise does. */
        LASTING,
        /** It ends soon. */
        BRIEF,
        /** It runs tasks for an executor. */
        WORKER,
        /** It runs tasks for a fork-join pool. */
        FORK_JOIN
    }

    /** Called by a thread of the parent's. */
    @SuppressWarnings("EnumOrdinal")
    void here(Kind kind) {
        if (Unistd.getpid() != parent) {
            long ignored = (long) COUNT.getAndAdd(shared, 8L * kind.ordinal(), 1L);
        }
    }

    /** How often a thread of the parent's has found itself in a child. */
    @SuppressWarnings("EnumOrdinal")
    long count(Kind kind) {
        return (long) COUNT.getVolatile(shared, 8L * kind.ordinal());
    }

    /** The same for all kinds. */
    long count() {
        return Arrays.stream(Kind.values()).mapToLong(this::count).sum();
    }
}
