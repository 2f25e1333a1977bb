package io.cleave.os;

import static io.cleave.os.Native.LONG;

import io.cleave.os.WholeForkPlan.Field;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where HotSpot's thread keeps what no table tells, found by trying: the calling thread does something and looks at its own
 * {@code JavaThread} meanwhile. For the machine code of a whole fork.
 *
 * <h2>Overview</h2>
 *
 * A thread that initializes a class has a pointer to it from before the initializer's first frame until after its last one
 * ({@code _class_being_initialized}). The stack does not tell as much, as a thread may be suspended between the moment at
 * which the class is marked as its own to initialize and that first frame. The place is found in a class's initializer: it
 * is the one word of the thread that points to something which says that it is being initialized, and by this thread.
 *
 * <p>
 * A thread counts the critical sections of JNI's that it is in ({@code _jni_active_critical}), and all collectors but G1
 * wait until nobody is in one. The machine code finds the place, as no Java may run in a critical section.
 */
final class TriedOffsets {
    private static final int NOT_FOUND = -1;

    private TriedOffsets() {
    }

    /**
     * Writes them into a plan, which knows what {@link HotSpotOffsets} and {@link JavaMethods} write.
     *
     * @param code where the machine code lies
     * @param collector what collects garbage; G1 does not wait for critical sections
     * @throws UnsupportedOperationException where they cannot be found
     */
    static void describe(WholeForkPlan plan, long code, WholeFork.Collector collector) throws Throwable {
        long thread = (long) Native.pointer(MemorySegment.ofAddress(code + WholeForkCode.OWN_THREAD),
                FunctionDescriptor.of(LONG, LONG, LONG, LONG))
                .invokeExact(plan.address(), VmStructs.symbol("JVM_CurrentCarrierThread"),
                        collector == WholeFork.Collector.G1 ? 0 : Jni.array(plan.get(Field.JNI)));
        if (thread == 0) {
            throw new UnsupportedOperationException("this JVM does not tell its own thread");
        }
        if (collector != WholeFork.Collector.G1 && plan.get(Field.CRITICAL_AT) <= 0) {
            throw new UnsupportedOperationException(
                    "this JVM does not tell which thread is in a critical section of JNI's");
        }
        Search.thread = thread;
        Search.writable = writableMemory();
        Search.threadWords = plan.get(Field.LOCK_STACK_AT) / Long.BYTES;
        VmStructs hotSpot = new VmStructs();
        Search.initThreadAt = hotSpot.place("InstanceKlass._init_thread");
        Search.initStateAt = hotSpot.place("InstanceKlass._init_state");
        Search.initializing = VmStructs.constant("InstanceKlass::being_initialized");
        long found = Probe.FOUND;
        if (found == NOT_FOUND || VmStructs.read(thread + found) == Probe.CLASS) {
            throw new UnsupportedOperationException("this JVM does not tell which class a thread initializes");
        }
        plan.set(Field.INITIALIZING_AT, found);
    }

    private static List<long[]> writableMemory() throws IOException {
        List<long[]> ranges = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
            if (line.contains(" rw-p ")) {
                int dash = line.indexOf('-');
                ranges.add(new long[] {Long.parseUnsignedLong(line, 0, dash, 16),
                        Long.parseUnsignedLong(line, dash + 1, line.indexOf(' '), 16)});
            }
        }
        return ranges;
    }

    /** Its initializer looks at the thread that runs it. */
    private static final class Probe {
        static final long FOUND = Search.find();
        static final long CLASS = FOUND == NOT_FOUND ? 0 : VmStructs.read(Search.thread + FOUND);

        private Probe() {
        }
    }

    /** What the initializer of {@link Probe} needs to know. One thread at a time, and once. */
    private static final class Search {
        static long thread;
        static List<long[]> writable = List.of();
        static long threadWords;
        static long initThreadAt;
        static long initStateAt;
        static int initializing;

        private Search() {
        }

        static long find() {
            long found = NOT_FOUND;
            for (long at = 0; at < threadWords * Long.BYTES; at += Long.BYTES) {
                long candidate = VmStructs.read(thread + at);
                if (isInitializedHere(candidate)) {
                    if (found != NOT_FOUND) {
                        return NOT_FOUND;
                    }
                    found = at;
                }
            }
            return found;
        }

        private static boolean isInitializedHere(long candidate) {
            long end = candidate + Math.max(initThreadAt, initStateAt) + Long.BYTES;
            return candidate % Long.BYTES == 0
                    && writable.stream().anyMatch(range -> candidate >= range[0] && end <= range[1])
                    && VmStructs.read(candidate + initThreadAt) == thread
                    && (VmStructs.read(candidate + initStateAt) & 0xff) == initializing;
        }
    }
}
