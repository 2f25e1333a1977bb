package io.cleave.bench.fission;

import io.cleave.os.ProcFs;
import io.cleave.os.Unistd;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * About 1 GiB of live objects: two million records, each with texts, a list and a map of its own. It is read in slices,
 * and nothing is written in the course of that, not even a cached hash code.
 */
final class LiveGraph {
    /** Into how many slices the graph is cut. */
    static final int SLICES = 4096;
    /** Stands for no slice: asks for the memory that the asking process has for itself. */
    static final int PROBE = -1;

    private static final int ENTRIES = 2_000_000;
    private static final long LEAST_BYTES = 950L << 20;
    private static final long MOST_BYTES = 1200L << 20;

    private final Entry[] entries = new Entry[ENTRIES];

    /** A record as programs have them by the million. */
    private record Entry(int id, String name, double score, List<String> tags, Map<String, Integer> counts) {
        static Entry of(int id) {
            List<String> tags = new ArrayList<>(3);
            for (int i = 0; i < 3; i++) {
                tags.add("tag-" + (id * 3L + i));
            }
            Map<String, Integer> counts = new HashMap<>();
            counts.put("seen", id + 1000);
            counts.put("sold", id + 2000);
            return new Entry(id, "entry-" + id, id / 3.0, tags, counts);
        }

        long sum() {
            long sum = id + name.length() + name.charAt(name.length() - 1) + (long) score;
            for (int i = 0; i < tags.size(); i++) {
                sum += tags.get(i).charAt(4);
            }
            return sum + counts.getOrDefault("seen", 0) + counts.getOrDefault("sold", 0);
        }
    }

    /** Builds the graph and moves it to where old objects live. */
    LiveGraph() {
        for (int id = 0; id < ENTRIES; id++) {
            entries[id] = Entry.of(id);
        }
        System.gc();
        long live = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        if (live < LEAST_BYTES || live > MOST_BYTES) {
            throw new IllegalStateException("the graph should take about 1 GiB, but " + (live >> 20)
                    + " MiB of the heap are in use; this JVM lays objects out in another way");
        }
    }

    /** The sum over one slice; or, for {@link #PROBE}, the bytes of memory that only this process has. */
    long read(int slice) {
        if (slice == PROBE) {
            return ProcFs.smapsRollup(Unistd.getpid(), "Private_Dirty");
        }
        long sum = 0;
        int end = (int) ((slice + 1L) * ENTRIES / SLICES);
        for (int i = (int) ((long) slice * ENTRIES / SLICES); i < end; i++) {
            sum += entries[i].sum();
        }
        return sum;
    }
}
