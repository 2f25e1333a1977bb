package io.cleave.bench.objects;

import io.cleave.bench.Requests;
import io.cleave.bench.Stand;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A JVM that only copies: an array into shared memory that was used before, from one place to the next as in a ring. The
 * request {@code copy COUNT BYTES} gives the GiB a second.
 */
final class CopySubject {
    private static final long RING_BYTES = 4 << 20;

    private CopySubject() {
    }

    /** Serves requests. */
    public static void main(String[] args) throws Exception {
        try (Stand stand = Stand.open("bench-copy-" + ProcessHandle.current().pid(), RING_BYTES)) {
            MemorySegment ring = stand.region(0);
            Requests.serve(request -> {
                String[] words = request.split(" ");
                return new double[] {copy(ring, Integer.parseInt(words[1]), Integer.parseInt(words[2]))};
            });
        }
    }

    private static double copy(MemorySegment ring, int count, int bytes) {
        byte[] message = new byte[bytes];
        long places = RING_BYTES / bytes;
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            message[0] = (byte) i;
            MemorySegment.copy(message, 0, ring, ValueLayout.JAVA_BYTE, i % places * bytes, bytes);
        }
        return Throughput.gibPerSecond((long) count * bytes, (double) (System.nanoTime() - start));
    }
}
