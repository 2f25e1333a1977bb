package io.cleave.spark;

import io.cleave.channel.FrameBuffer;
import io.cleave.channel.RingValues;

/** The kinds of frames between driver and executors, besides values. Numbers in them are longs. */
final class PortionFrames {
    /** To the executor: the first item's place and how many items follow as values. */
    static final int HEAD = 1;
    /** To the driver: an item failed, and the rest is not computed; an {@code io.cleave.work.Failure}. */
    static final int FAILURE = 2;
    /** To the driver: earlier attempts were lost, and there is to be no other; how many there were. */
    static final int EXHAUSTED = 3;
    /** To the driver, first of all: how many nanoseconds the items took, and how many attempts went before. */
    static final int COST = 4;

    private PortionFrames() {
    }

    static void writePair(FrameBuffer out, int kind, long first, long second) {
        byte[] pair = new byte[2 * Long.BYTES];
        RingValues.putLong(pair, 0, first);
        RingValues.putLong(pair, Long.BYTES, second);
        out.write(kind, pair, 0, pair.length);
    }
}
