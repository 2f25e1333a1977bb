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
    /** To the driver, first of all: how many nanoseconds the items took, how many attempts went before, and whether
     * there is a failure, not 0 then. */
    static final int COST = 4;

    private PortionFrames() {
    }

    static void write(FrameBuffer out, int kind, long... numbers) {
        byte[] bytes = new byte[numbers.length * Long.BYTES];
        for (int i = 0; i < numbers.length; i++) {
            RingValues.putLong(bytes, i * Long.BYTES, numbers[i]);
        }
        out.write(kind, bytes, 0, bytes.length);
    }
}
