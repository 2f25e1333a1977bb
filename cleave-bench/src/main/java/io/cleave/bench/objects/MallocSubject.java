package io.cleave.bench.objects;

import io.cleave.bench.Requests;
import io.cleave.objects.HeapBlock;
import io.cleave.objects.SharedHeap;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A JVM that allocates and frees blocks. The request {@code pairs COUNT AT_ONCE BYTES} allocates so many blocks, frees
 * them, and begins anew until there were enough; it gives the nanoseconds of a pair.
 */
final class MallocSubject {
    private static final int MOST = 1000;
    private static final long HEAP_BYTES = 256L << 20;

    private MallocSubject() {
    }

    @FunctionalInterface
    private interface Round {
        void run(int atOnce, long bytes);
    }

    /** Serves requests; the argument is the way. */
    public static void main(String[] args) throws Exception {
        if (args[0].equals("cleave")) {
            try (SharedHeap heap = SharedHeap.create("bench-malloc-" + ProcessHandle.current().pid(), HEAP_BYTES)) {
                HeapBlock[] blocks = new HeapBlock[MOST];
                serve((atOnce, bytes) -> cleave(heap, blocks, atOnce, bytes));
            }
        } else {
            MemorySegment[] blocks = new MemorySegment[MOST];
            serve((atOnce, bytes) -> glibc(blocks, atOnce, bytes));
        }
    }

    private static void serve(Round round) throws Exception {
        Requests.serve(request -> {
            String[] words = request.split(" ");
            int count = Integer.parseInt(words[1]);
            int atOnce = Integer.parseInt(words[2]);
            long bytes = Long.parseLong(words[3]);
            long start = System.nanoTime();
            for (int done = 0; done < count; done += atOnce) {
                round.run(atOnce, bytes);
            }
            return new double[] {(System.nanoTime() - start) / (double) count};
        });
    }

    private static void cleave(SharedHeap heap, HeapBlock[] blocks, int atOnce, long bytes) {
        for (int i = 0; i < atOnce; i++) {
            blocks[i] = heap.allocate(bytes);
        }
        for (int i = 0; i < atOnce; i++) {
            blocks[i].free();
        }
    }

    private static void glibc(MemorySegment[] blocks, int atOnce, long bytes) {
        try {
            for (int i = 0; i < atOnce; i++) {
                blocks[i] = (MemorySegment) MALLOC.invokeExact(bytes);
            }
            for (int i = 0; i < atOnce; i++) {
                FREE.invokeExact(blocks[i]);
            }
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    private static final MethodHandle MALLOC = handle("malloc",
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    private static final MethodHandle FREE = handle("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

    @SuppressWarnings("restricted") // the C library itself is measured
    private static MethodHandle handle(String name, FunctionDescriptor shape) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), shape, Linker.Option.critical(false));
    }
}
