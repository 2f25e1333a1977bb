package io.cleave.channel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

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
    static final int HEAD = 0;
    static final int TAIL = 64;
    static final int SPACE = 128;
    static final int DATA = 192;
    static final int FRAME_HEADER = 8;
    static final int KIND_MASK = 0xffff;
    static final int MORE = 0x10000;

    /** Of buffers rather than of segments, as those take a worker JVM milliseconds to load. */
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private RingLayout() {
    }

    static long headAcquire(ByteBuffer ring) {
        return (long) LONG.getAcquire(ring, HEAD);
    }

    static void headRelease(ByteBuffer ring, long position) {
        LONG.setRelease(ring, HEAD, position);
    }

    static long tailAcquire(ByteBuffer ring) {
        return (long) LONG.getAcquire(ring, TAIL);
    }

    static void tailRelease(ByteBuffer ring, long position) {
        LONG.setRelease(ring, TAIL, position);
    }

    /** A frame's bytes with header and padding. */
    static int padded(int payload) {
        return FRAME_HEADER + ((payload + 7) & ~7);
    }
}
