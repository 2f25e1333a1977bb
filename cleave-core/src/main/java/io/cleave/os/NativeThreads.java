package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;

import io.cleave.os.WholeForkPlan.Field;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whose the threads of this process are that are not Java's: the JVM's own go on in a child, and strangers, which a native
 * library has started, do not. They are known by their names. What is known is a table for the machine code of a whole fork,
 * {@code struct known} in {@code wholefork.c}.
 *
 * <p>
 * Used by one thread at a time, the one that forks.
 */
final class NativeThreads {
    /** How the names of the JVM's own native threads begin, as the kernel cuts them. */
    private static final List<String> INTERNAL_NAMES = List.of("VM Thread", "VM Periodic Tas", "GC Thread#",
            "G1 Main Marker",
            "G1 Conc#", "G1 Refine", "G1 Service", "ParGC", "AsyncLog Thread", "StringDedup");
    /** A thread that is neither Java's nor known as the JVM's is a stranger when it has been so for a while. */
    private static final long STRANGER_NANOS = 5_000_000;
    private static final long NAP_NANOS = 500_000;
    private static final int ENTRY_BYTES = 24;
    private static final int MOST_NAME_BYTES = 15;
    private static final int INTERNAL = 1;
    private static final int FOREIGN = 2;

    /** What is known, by the kernel's numbers of the threads. */
    private final Map<Integer, Known> known = new HashMap<>();
    /** When each thread that is not known yet was first seen. */
    private final Map<Integer, Long> firstSeen = new HashMap<>();
    private final WholeForkPlan plan;
    /** Keeps the table reachable, which the machine code reads. */
    @SuppressWarnings("UnusedVariable")
    private @Nullable MemorySegment table;

    private record Known(boolean isInternal, String name, long startTicks) {}

    NativeThreads(WholeForkPlan plan) {
        this.plan = plan;
    }

    /** Begins anew, in a process that has other threads than the one before. */
    void begin(int pid) {
        known.clear();
        firstSeen.clear();
        for (int thread : ProcFs.threads(pid)) {
            String name = nameOf(thread);
            if (name != null && isInternal(name)) {
                known.put(thread, new Known(true, name, 0));
            }
        }
        write();
    }

    /** The number of a stranger that has ended may have gone to another thread. */
    void forgetTheEnded() {
        boolean changed = known.entrySet().removeIf(entry -> !entry.getValue().isInternal
                && startTicks(entry.getKey()) != entry.getValue().startTicks);
        if (changed) {
            write();
        }
    }

    /**
     * Finds out whose the threads are that the last attempt has seen beside those of Java and those that are known, all at
     * once. A young one may be about to become one of Java's.
     */
    void learn() {
        Set<Integer> unknown = unknown();
        firstSeen.keySet().retainAll(unknown);
        int before = known.size();
        for (int thread : unknown) {
            learn(thread);
        }
        if (known.size() == before) {
            WholeFork.nap(NAP_NANOS);
        } else {
            write();
        }
    }

    private Set<Integer> unknown() {
        long count = plan.get(Field.THREAD_COUNT);
        MemorySegment slots = VmStructs.memory(plan.get(Field.SLOTS), count * WholeForkPlan.SLOT_BYTES);
        Set<Integer> unknown = new HashSet<>();
        for (long at = 0; at < slots.byteSize(); at += WholeForkPlan.SLOT_BYTES) {
            int thread = slots.get(INT, at + WholeForkPlan.SLOT_TID_AT);
            if (slots.get(LONG, at + WholeForkPlan.SLOT_JAVA_AT) == 0 && !known.containsKey(thread)) {
                unknown.add(thread);
            }
        }
        return unknown;
    }

    private void learn(int thread) {
        String name = nameOf(thread);
        long now = System.nanoTime();
        if (name == null) {
            firstSeen.remove(thread);
        } else if (isInternal(name)) {
            known.put(thread, new Known(true, name, 0));
        } else if (now - firstSeen.computeIfAbsent(thread, first -> now) > STRANGER_NANOS) {
            known.put(thread, new Known(false, name, startTicks(thread)));
        }
    }

    private void write() {
        MemorySegment entries = Arena.ofAuto().allocate((long) (known.size() + 1) * ENTRY_BYTES, 8);
        long at = 0;
        for (Map.Entry<Integer, Known> entry : known.entrySet()) {
            entries.set(INT, at, entry.getKey());
            entries.set(INT, at + 4, entry.getValue().isInternal ? INTERNAL : FOREIGN);
            byte[] name = entry.getValue().name.getBytes(StandardCharsets.ISO_8859_1);
            MemorySegment.copy(name, 0, entries, ValueLayout.JAVA_BYTE, at + 8, Math.min(name.length, MOST_NAME_BYTES));
            at += ENTRY_BYTES;
        }
        table = entries;
        plan.set(Field.KNOWN, entries.address());
        plan.set(Field.KNOWN_COUNT, known.size());
    }

    private static boolean isInternal(String name) {
        return INTERNAL_NAMES.stream().anyMatch(name::startsWith);
    }

    private static @Nullable String nameOf(int thread) {
        return ProcFs.line("/proc/self/task/" + thread + "/comm");
    }

    private static long startTicks(int thread) {
        ProcFs.ProcessStatus status = ProcFs.status("/proc/self/task/" + thread);
        return status == null ? -1 : status.startTicks();
    }
}
