package io.cleave.channel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** How numbers are written into frames, in shared memory and in the arrays that frames are copied to. */
public final class RingValues {
    static final VarHandle ARRAY_INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final VarHandle ARRAY_LONG = MethodHandles.byteArrayViewVarHandle(long[].class,
            ByteOrder.nativeOrder());

    private RingValues() {
    }

    /**
     * Reads a long from a frame.
     *
     * @param bytes the frame's bytes
     * @param at where
     * @return the number
     */
    public static long getLong(byte[] bytes, int at) {
        return (long) ARRAY_LONG.get(bytes, at);
    }

    /**
     * Writes a long into a frame to be.
     *
     * @param bytes the frame's bytes
     * @param at where
     * @param value the number
     */
    public static void putLong(byte[] bytes, int at, long value) {
        ARRAY_LONG.set(bytes, at, value);
    }
}
