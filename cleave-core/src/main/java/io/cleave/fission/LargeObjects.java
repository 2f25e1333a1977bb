package io.cleave.fission;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import org.jspecify.annotations.Nullable;

/**
 * The room for objects that G1 places outside Eden, which are those of half a heap region and more. Before G1 allocates
 * one it asks for a concurrent marking if what is outside the young generation exceeds a share of the heap as it is
 * sized now (InitiatingHeapOccupancyPercent). In a child nobody answers, so that it waits for ever. A heap that has just
 * been collected is often sized so that this happens with the first such object; only a larger heap helps.
 */
final class LargeObjects {
    private static final @Nullable MemoryPoolMXBean OLD = ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getName().equals("G1 Old Gen")).findFirst().orElse(null);
    private static final int MOST_FREE_PERCENT = 95;
    private static final int MOST_COLLECTIONS = 2;
    private static final String LEAST_FREE = "MinHeapFreeRatio";
    private static final String MOST_FREE = "MaxHeapFreeRatio";

    private LargeObjects() {
    }

    /**
     * Makes the heap larger by a full collection that leaves more of it free than this JVM's settings ask for, within its
     * limit (-Xmx); nothing where that would not help. The settings are as before afterwards, so a later full collection
     * may make the heap small again. One thread at a time does it, or one would take another's settings for this JVM's.
     *
     * @param wanted bytes of large objects for which there should be room
     */
    static synchronized void makeRoom(long wanted) {
        if (OLD == null) {
            return;
        }
        HotSpotDiagnosticMXBean options = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        int percent = Math.max(1, Integer.parseInt(options.getVMOption("InitiatingHeapOccupancyPercent").getValue()));
        for (int i = 0; i < MOST_COLLECTIONS && room(OLD, percent) < wanted; i++) {
            long used = OLD.getUsage().getUsed(); // the first collection shows how much of it is garbage
            long size = Math.min((used + wanted) / percent * 100, Runtime.getRuntime().maxMemory());
            if (size <= Runtime.getRuntime().totalMemory()) {
                return;
            }
            collect(options, 100 - (int) (100 * used / size));
        }
    }

    private static long room(MemoryPoolMXBean old, int percent) {
        return Math.max(0, Runtime.getRuntime().totalMemory() / 100 * percent - old.getUsage().getUsed());
    }

    private static void collect(HotSpotDiagnosticMXBean options, int freePercent) {
        String least = options.getVMOption(LEAST_FREE).getValue();
        String most = options.getVMOption(MOST_FREE).getValue();
        int free = Math.max(Math.min(MOST_FREE_PERCENT, freePercent), Integer.parseInt(least));
        options.setVMOption(MOST_FREE, "100"); // the other must not exceed it
        try {
            options.setVMOption(LEAST_FREE, Integer.toString(free));
            System.gc();
        } finally {
            options.setVMOption(LEAST_FREE, least);
            options.setVMOption(MOST_FREE, most);
        }
    }
}
