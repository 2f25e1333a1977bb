package io.cleave.fork;

import io.cleave.os.JvmOption;
import io.cleave.os.YoungCollection;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Has a child that is a whole JVM use a little memory for its new objects again and again. Left alone it would go through all
 * of the young generation before its first collection: memory of which it has to be given every page anew, by a page fault,
 * while the parent has touched it long ago. That may take longer than the computation, and a whole young generation for each
 * child may be more than the machine has.
 *
 * <p>
 * A collection copies what is alive, and looks at what the old generation refers to. So one is made only when as much was
 * allocated since the last one as remained then, and less and less often where they take a good part of the time.
 *
 * <p>
 * G1 takes collections that follow soon on each other for a sign of too small a heap, and would make it larger, which is new
 * memory again. It does not after those that are made here; all others tell it what they always do.
 */
public final class Nursery {
    /** A collection then takes a fraction of the time in which so many pages come from the kernel. */
    private static final long LEAST_BYTES = 64 << 20;
    /** Of what the young generation has at the fork so much is taken to be alive, as 1 in so many. */
    private static final int ALIVE = 8;
    /** Collections may take so much of the time, as 1 in so many. */
    private static final int MOST_TIME = 8;
    /** How much G1 adds to the heap then, in percent of what it may still add; at 0 a region. Null where there is none. */
    private static final @Nullable JvmOption EXPANSION = JvmOption.find("G1ExpandByPercentOfAvailable");
    /** What it is when nobody has changed it: a child may be forked while it is another value. */
    private static final int USUAL_EXPANSION = EXPANSION == null ? 0 : EXPANSION.get();
    private static final List<MemoryPoolMXBean> POOLS = ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .filter(pool -> pool.getName().contains("Eden") || pool.getName().contains("Survivor")).toList();

    private long before = used();
    private long least = LEAST_BYTES;
    private long room = Math.max(least, before / ALIVE);
    private long collected = System.nanoTime();

    /** Begins to look after the young generation as it is now. */
    public Nursery() {
    }

    /** Looks, and collects where there is enough to collect. One thread does so. */
    public void tidy() {
        if (used() - before > room && YoungCollection.isThere()) {
            long start = System.nanoTime();
            collect();
            long end = System.nanoTime();
            if ((end - start) * MOST_TIME > end - collected) {
                least *= 2;
            }
            collected = end;
            before = used();
            room = Math.max(least, before);
        }
    }

    private static void collect() {
        JvmOption expansion = EXPANSION;
        if (expansion == null) {
            YoungCollection.run();
            return;
        }
        expansion.set(0);
        try {
            YoungCollection.run();
        } finally {
            expansion.set(USUAL_EXPANSION);
        }
    }

    /** Bytes of the young generation that are not free. */
    private static long used() {
        long used = 0;
        for (MemoryPoolMXBean pool : POOLS) {
            used += pool.getUsage().getUsed();
        }
        return used;
    }
}
