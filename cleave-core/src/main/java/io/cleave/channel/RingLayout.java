package io.cleave.channel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Where a ring's parts lie.
 *
 * <pre>
 *     0  head   long, bytes ever published; written by the producer
 *    64  tail   long, bytes ever taken; written by the consumer
 *   128  space  doorbell at which the producer waits for room
 *   192  data   capacity bytes, a power of two; position p lies at p mod capacity
 *
 *   a frame, at a multiple of 8:
 *   0  length  int, bytes of payload in this piece
 *   4  kind    int, bits 0 to 15 the kind, bit 16 set where more pieces of the same frame follow
 *   8  payload, then up to 7 bytes of padding
 * </pre>
 */
final class RingLayout {
    static final long HEAD = 0;
    static final long TAIL = 64;
    static final long SPACE = 128;
    static final long DATA = 192;
    static final int FRAME_HEADER = 8;
    static final int KIND_MASK = 0xffff;
    static final int MORE = 0x10000;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private RingLayout() {
    }

    static long headAcquire(MemorySegment ring) {
        return (long) LONG.getAcquire(ring, HEAD);
    }

    static void headRelease(MemorySegment ring, long position) {
        LONG.setRelease(ring, HEAD, position);
    }

    static long tailAcquire(MemorySegment ring) {
        return (long) LONG.getAcquire(ring, TAIL);
    }

    static void tailRelease(MemorySegment ring, long position) {
        LONG.setRelease(ring, TAIL, position);
    }

    /** A frame's bytes with header and padding. */
    static int padded(int payload) {
        return FRAME_HEADER + ((payload + 7) & ~7);
    }
}
