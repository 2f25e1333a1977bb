package io.cleave.fission;

import io.cleave.os.ProcFs;

/**
 * What a fork of this JVM takes, about, for who weighs it against what it saves. The page tables tell it, of the heap as it is
 * now; the last fork may have been one of another heap, or have waited for its turn.
 */
final class ForkCost {
    /** Of a small heap, with what a child takes to set itself up and to leave. */
    static final long LEAST_NANOS = 3_000_000;
    /** Copying page tables: 25 ms for each GiB in small pages, which takes 2 MiB of them. */
    private static final long NANOS_PER_TABLE_KIB = 12_000;

    private ForkCost() {
    }

    /** What the next fork will take. */
    static long nanos() {
        return nanos(ProcFs.memoryField("/proc/self/status", "VmPTE"));
    }

    /**
     * The same for what is known.
     *
     * @param tableBytes the page tables, less than 0 where the system does not tell
     */
    static long nanos(long tableBytes) {
        return LEAST_NANOS + Math.max(0, tableBytes) / 1024 * NANOS_PER_TABLE_KIB;
    }
}
