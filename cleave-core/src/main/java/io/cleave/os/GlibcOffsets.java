package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import io.cleave.os.WholeForkPlan.Field;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where glibc keeps what a thread of a child needs anew, and where its own code lies: for the machine code of a whole fork. */
final class GlibcOffsets {
    private static final int SYS_GET_ROBUST_LIST = 274;

    private GlibcOffsets() {
    }

    /**
     * Writes the offsets in a thread's block into a plan. They are found out in the calling thread's.
     *
     * @param block the calling thread's block, as {@code pthread_self} gives it
     * @param tid the kernel's number of the calling thread
     * @throws UnsupportedOperationException where they cannot be found
     */
    static void describeThreadBlock(WholeForkPlan plan, long block, int tid) throws Throwable {
        long found = 0;
        MemorySegment memory = VmStructs.memory(block, 1024);
        for (long at = 512; at < 1024; at += Integer.BYTES) {
            if (memory.get(INT, at) == tid) {
                if (found != 0) {
                    throw new UnsupportedOperationException("a thread's number stands twice in its block");
                }
                found = at;
            }
        }
        if (found == 0) {
            throw new UnsupportedOperationException("the C library is not glibc, or lays out threads differently");
        }
        plan.set(Field.TID_AT, found);
        try (Arena local = Arena.ofConfined()) {
            MemorySegment head = local.allocate(LONG);
            MemorySegment length = local.allocate(LONG);
            MethodHandle call = Native.plain("syscall", FunctionDescriptor.of(LONG, LONG, LONG, POINTER, POINTER));
            long result = (long) call.invokeExact((long) SYS_GET_ROBUST_LIST, 0L, head, length);
            if (result != 0 || length.get(LONG, 0) != 24) {
                throw new UnsupportedOperationException("the kernel does not tell the list of robust locks");
            }
            plan.set(Field.ROBUST_AT, head.get(LONG, 0) - block);
        }
        var offset = Native.findAnywhere("__rseq_offset");
        var size = Native.findAnywhere("__rseq_size");
        if (offset.isPresent() && size.isPresent() && size.get().reinterpret(4).get(INT, 0) > 0) {
            plan.set(Field.RSEQ_AT, offset.get().reinterpret(8).get(LONG, 0));
            plan.set(Field.RSEQ_BYTES, Math.max(32, size.get().reinterpret(4).get(INT, 0)));
        }
    }

    /**
     * Writes into a plan where the code of libc, of the dynamic linker and of what allocates memory is, in which a thread may
     * hold a lock of theirs; and where the JVM's is, in which one may hold a lock of the JVM's.
     *
     * @throws UnsupportedOperationException where the C library is another
     */
    static void describeLibraries(WholeForkPlan plan, Arena arena) throws IOException {
        long malloc = VmStructs.symbol("malloc");
        long machine = VmStructs.symbol("JNI_GetCreatedJavaVMs");
        List<long[]> ranges = new ArrayList<>();
        List<long[]> own = new ArrayList<>();
        boolean isGlibc = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
            if (!line.contains(" r-xp ")) {
                continue;
            }
            int dash = line.indexOf('-');
            long from = Long.parseUnsignedLong(line, 0, dash, 16);
            long to = Long.parseUnsignedLong(line, dash + 1, line.indexOf(' '), 16);
            boolean isC = line.contains("/libc.so") || line.contains("/libc-2.");
            isGlibc |= isC;
            if (isC || line.contains("/ld-linux") || line.contains("/ld-2.") || line.contains("/libpthread")
                    || (from <= malloc && malloc < to)) {
                ranges.add(new long[] {from, to - from});
            } else if (from <= machine && machine < to) {
                own.add(new long[] {from, to - from});
            }
        }
        if (!isGlibc) {
            throw new UnsupportedOperationException("the C library is not glibc");
        }
        plan.set(Field.CODE, write(ranges, arena));
        plan.set(Field.CODE_COUNT, ranges.size());
        plan.set(Field.JVM_CODE, write(own, arena));
        plan.set(Field.JVM_CODE_COUNT, own.size());
    }

    private static long write(List<long[]> ranges, Arena arena) {
        MemorySegment code = arena.allocate((long) ranges.size() * WholeForkPlan.RANGE_BYTES, 8);
        for (int i = 0; i < ranges.size(); i++) {
            code.setAtIndex(LONG, 2L * i, ranges.get(i)[0]);
            code.setAtIndex(LONG, 2L * i + 1, ranges.get(i)[1]);
        }
        return code.address();
    }
}
