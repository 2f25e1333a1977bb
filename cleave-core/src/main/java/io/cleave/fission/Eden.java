package io.cleave.fission;

import com.sun.management.ThreadMXBean;
import io.cleave.os.Cpus;
import io.cleave.os.ProcFs;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import org.jspecify.annotations.Nullable;

/**
 * The room that a child has for new objects. A child cannot collect garbage, for the threads that do are its parent's;
 * what is free of the young generation at the fork is all that it can ever allocate.
 */
final class Eden {
    private static final @Nullable MemoryPoolMXBean POOL = ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP && pool.getName().contains("Eden")).findFirst()
            .orElse(null);
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int LITTER_BYTES = 32 * 1024;
    private static final int MOST_TOGETHER = 64;

    /** Keeps the compiler from finding out that the litter is never used. */
    @SuppressWarnings("UnusedVariable") // written, so that the writes stay
    private static volatile byte @Nullable [] litter;

    private Eden() {
    }

    /** Whether this JVM's collector has an Eden space that can be asked for its size. */
    static boolean isKnown() {
        return POOL != null;
    }

    /** Bytes in all of the space, as the collector has it now. */
    static long size() {
        return POOL == null ? 0 : POOL.getUsage().getCommitted();
    }

    /** Bytes that are free. */
    static long free() {
        if (POOL == null) {
            return 0;
        }
        MemoryUsage usage = POOL.getUsage();
        return Math.max(0, usage.getCommitted() - usage.getUsed());
    }

    /**
     * What a child may allocate.
     *
     * @param soft beyond which it should leave after its item
     * @param hard which it cannot exceed
     */
    record Budget(long soft, long hard) {
        /** How many items, each as large as the largest so far, a child may begin together. */
        int items(long allocated, long largestItem) {
            long room = Math.max(0, soft - allocated) / 2;
            return Math.clamp(room / Math.max(1, largestItem), 1, MOST_TOGETHER);
        }

        /** Whether a child should leave rather than begin another item that may be as large as the largest so far. */
        boolean isSpent(long allocated, long largestItem) {
            return allocated > soft || allocated + largestItem + largestItem / 4 > hard;
        }
    }

    /**
     * What a child may allocate: most of what is free, and no more than its share of the machine's memory.
     *
     * @param free what is free of Eden
     * @param share from {@link #share}
     */
    static Budget budget(long free, long share) {
        return new Budget(Math.max(free / 8, Math.min(free - free / 6, share)), free - free / 16);
    }

    /**
     * A child's share of the memory that the machine or the control group has left: each page that it writes is its own.
     *
     * @param children how many there will be
     */
    static long share(int children) {
        return share(children, ProcFs.memoryField("/proc/meminfo", "MemAvailable"), Cpus.memoryLimit(),
                ProcFs.memoryField("/proc/self/status", "VmRSS"));
    }

    /**
     * The same for what is known.
     *
     * @param children how many there will be
     * @param available bytes that the machine has left, less than 0 where it does not tell
     * @param limit bytes that the control group may have, less than 0 where there is no limit
     * @param resident bytes that this process has of them, the heap's free part where that has been touched included
     */
    static long share(int children, long available, long limit, long resident) {
        long left = limit > 0 ? Math.max(0, limit - Math.max(0, resident)) : Long.MAX_VALUE;
        return Math.min(available < 0 ? Long.MAX_VALUE : available, left) / (2L * children);
    }

    /** Bytes that the calling thread has allocated in its life; exact, and in a child a measure of Eden's use. */
    static long allocatedByThread() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }

    /**
     * Sees to it that a good part of Eden is free, by filling it until the collector empties it. Nothing else makes a
     * young collection happen, and a full one would take time in proportion to the live heap.
     *
     * @param fraction how much should be free, as 1 in so many
     * @return whether so much was free already
     */
    static boolean makeRoom(int fraction) {
        long size = size();
        if (POOL == null || free() >= size / fraction) {
            return true;
        }
        long collections = collections();
        for (long littered = 0; littered < size && collections() == collections; littered += LITTER_BYTES) {
            litter = new byte[LITTER_BYTES];
        }
        litter = null;
        return false;
    }

    private static long collections() {
        long count = 0;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            count += collector.getCollectionCount();
        }
        return count;
    }
}
