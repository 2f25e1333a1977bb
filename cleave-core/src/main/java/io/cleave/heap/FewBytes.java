package io.cleave.heap;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Copies between arrays and memory that are mostly short: word by word, where {@link MemorySegment#copy} would leave the
 * compiled code for a stub that takes longer than the copy.
 */
public final class FewBytes {
    /** What is longer goes by {@link MemorySegment#copy}. */
    private static final int MOST = 64;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final VarHandle LONG_OF_BYTES = MethodHandles.byteArrayViewVarHandle(long[].class,
            ByteOrder.nativeOrder());
    private static final VarHandle INT_OF_BYTES = MethodHandles.byteArrayViewVarHandle(int[].class,
            ByteOrder.nativeOrder());

    private FewBytes() {
    }

    /**
     * Copies bytes into memory.
     *
     * @param from the bytes
     * @param index the first of them
     * @param to where to
     * @param at where the first goes
     * @param count how many
     */
    public static void copy(byte[] from, int index, MemorySegment to, long at, int count) {
        if (count > MOST) {
            MemorySegment.copy(from, index, to, BYTE, at, count);
        } else if (count >= Long.BYTES) {
            int last = count - Long.BYTES;
            for (int i = 0; i < last; i += Long.BYTES) {
                to.set(LONG, at + i, (long) LONG_OF_BYTES.get(from, index + i));
            }
            to.set(LONG, at + last, (long) LONG_OF_BYTES.get(from, index + last)); // may lie over the one before
        } else if (count >= Integer.BYTES) {
            int last = count - Integer.BYTES;
            to.set(INT, at, (int) INT_OF_BYTES.get(from, index));
            to.set(INT, at + last, (int) INT_OF_BYTES.get(from, index + last));
        } else {
            for (int i = 0; i < count; i++) {
                to.set(BYTE, at + i, from[index + i]);
            }
        }
    }

    /**
     * Copies bytes out of memory.
     *
     * @param from the memory
     * @param at where the first is
     * @param to where to
     * @param index where the first goes
     * @param count how many
     */
    public static void copy(MemorySegment from, long at, byte[] to, int index, int count) {
        if (count > MOST) {
            MemorySegment.copy(from, BYTE, at, to, index, count);
        } else if (count >= Long.BYTES) {
            int last = count - Long.BYTES;
            for (int i = 0; i < last; i += Long.BYTES) {
                LONG_OF_BYTES.set(to, index + i, from.get(LONG, at + i));
            }
            LONG_OF_BYTES.set(to, index + last, from.get(LONG, at + last));
        } else if (count >= Integer.BYTES) {
            int last = count - Integer.BYTES;
            INT_OF_BYTES.set(to, index, from.get(INT, at));
            INT_OF_BYTES.set(to, index + last, from.get(INT, at + last));
        } else {
            for (int i = 0; i < count; i++) {
                to[index + i] = from.get(BYTE, at + i);
            }
        }
    }
}
