package io.cleave.share;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;

/** What {@link Tensor} does with single elements. */
final class Elements {
    private static final ValueLayout.OfChar CHAR = ValueLayout.JAVA_CHAR_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    private static final int HASHED = 64;
    /** What is compared before it is asked whether there was a difference. */
    private static final int COMPARED_BYTES = 4096;
    private static final int SHOWN = 8;
    /** Many dimensions have very many first elements. */
    private static final int MOST_TEXT = 2000;

    private Elements() {
    }

    static double getDouble(MemorySegment memory, ElementType type, long at) {
        return switch (type) {
            case FLOAT -> memory.get(FLOAT, 4 * at);
            case DOUBLE -> memory.get(DOUBLE, 8 * at);
            case FLOAT16 -> Float.float16ToFloat(memory.get(SHORT, 2 * at));
            case BOOLEAN, BYTE, CHAR, SHORT, INT, LONG -> (double) getLong(memory, type, at);
        };
    }

    static long getLong(MemorySegment memory, ElementType type, long at) {
        return switch (type) {
            case BOOLEAN -> memory.get(ValueLayout.JAVA_BYTE, at) == 0 ? 0 : 1;
            case BYTE -> memory.get(ValueLayout.JAVA_BYTE, at);
            case CHAR -> memory.get(CHAR, 2 * at);
            case SHORT -> memory.get(SHORT, 2 * at);
            case INT -> memory.get(INT, 4 * at);
            case LONG -> memory.get(LONG, 8 * at);
            case FLOAT, DOUBLE, FLOAT16 -> throw new IllegalStateException(
                    "elements of type " + type + " are no whole numbers; use getDouble()");
        };
    }

    static void setDouble(MemorySegment memory, ElementType type, long at, double value) {
        switch (type) {
            case FLOAT -> memory.set(FLOAT, 4 * at, (float) value);
            case DOUBLE -> memory.set(DOUBLE, 8 * at, value);
            case FLOAT16 -> memory.set(SHORT, 2 * at, Float.floatToFloat16((float) value));
            case BOOLEAN, BYTE, CHAR, SHORT, INT, LONG -> setLong(memory, type, at, (long) value);
        }
    }

    static void setLong(MemorySegment memory, ElementType type, long at, long value) {
        switch (type) {
            case BOOLEAN -> memory.set(ValueLayout.JAVA_BYTE, at, (byte) (value == 0 ? 0 : 1));
            case BYTE -> memory.set(ValueLayout.JAVA_BYTE, at, (byte) value);
            case CHAR -> memory.set(CHAR, 2 * at, (char) value);
            case SHORT -> memory.set(SHORT, 2 * at, (short) value);
            case INT -> memory.set(INT, 4 * at, (int) value);
            case LONG -> memory.set(LONG, 8 * at, value);
            case FLOAT, DOUBLE, FLOAT16 -> setDouble(memory, type, at, (double) value);
        }
    }

    /** Copies all elements of a tensor, row by row. */
    static void copy(Tensor from, MemorySegment to) {
        long size = from.size();
        MemorySegment memory = from.memory();
        switch (from.type().byteSize()) {
            case 1 -> {
                for (long i = 0; i < size; i++) {
                    to.set(ValueLayout.JAVA_BYTE, i, memory.get(ValueLayout.JAVA_BYTE, from.position(i)));
                }
            }
            case 2 -> {
                for (long i = 0; i < size; i++) {
                    to.set(SHORT, 2 * i, memory.get(SHORT, 2 * from.position(i)));
                }
            }
            case 4 -> {
                for (long i = 0; i < size; i++) {
                    to.set(INT, 4 * i, memory.get(INT, 4 * from.position(i)));
                }
            }
            default -> {
                for (long i = 0; i < size; i++) {
                    to.set(LONG, 8 * i, memory.get(LONG, 8 * from.position(i)));
                }
            }
        }
    }

    /** Whether two tensors of one type and shape have the same elements. */
    static boolean isSame(Tensor one, Tensor other) {
        if (one.isContiguous() && other.isContiguous()) {
            return isSame(one.data(), other.data());
        }
        long size = one.size();
        for (long i = 0; i < size; i++) {
            if (bits(one, i) != bits(other, i)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether two memories of one size hold the same. Other than {@code mismatch}, which may compare zeroes then, this is an
     * {@link InternalError} where somebody has truncated the file of one.
     */
    private static boolean isSame(MemorySegment one, MemorySegment other) {
        long size = one.byteSize();
        long at = 0;
        for (; at <= size - COMPARED_BYTES; at += COMPARED_BYTES) {
            long difference = 0;
            for (int i = 0; i < COMPARED_BYTES; i += Long.BYTES) {
                difference |= one.get(LONG, at + i)
                        ^ other.get(LONG, at + i);
            }
            if (difference != 0) {
                return false;
            }
        }
        for (; at < size; at++) {
            if (one.get(ValueLayout.JAVA_BYTE, at) != other.get(ValueLayout.JAVA_BYTE, at)) {
                return false;
            }
        }
        return true;
    }

    static int hash(Tensor tensor) {
        long size = Math.min(HASHED, tensor.size());
        int hash = 0;
        for (long i = 0; i < size; i++) {
            hash = 31 * hash + Long.hashCode(bits(tensor, i));
        }
        return hash;
    }

    private static long bits(Tensor tensor, long number) {
        MemorySegment memory = tensor.memory();
        long at = tensor.position(number);
        return switch (tensor.type().byteSize()) {
            case 1 -> memory.get(ValueLayout.JAVA_BYTE, at);
            case 2 -> memory.get(SHORT, 2 * at);
            case 4 -> memory.get(INT, 4 * at);
            default -> memory.get(LONG, 8 * at);
        };
    }

    /** The first elements in nested brackets. */
    static String text(Tensor tensor) {
        StringBuilder text = new StringBuilder();
        append(text, tensor);
        return text.toString();
    }

    private static void append(StringBuilder text, Tensor tensor) {
        if (tensor.rank() == 0) {
            append(text, tensor, tensor.position(0));
            return;
        }
        long extent = tensor.shape()[0];
        text.append('[');
        long shown = 0;
        while (shown < Math.min(SHOWN, extent) && text.length() < MOST_TEXT) {
            text.append(shown == 0 ? "" : ", ");
            append(text, tensor.select(0, shown));
            shown++;
        }
        text.append(shown < extent ? ", ...]" : "]");
    }

    private static void append(StringBuilder text, Tensor tensor, long at) {
        switch (tensor.type()) {
            case BOOLEAN -> text.append(getLong(tensor.memory(), tensor.type(), at) != 0);
            case CHAR -> text.append('\'').append((char) getLong(tensor.memory(), tensor.type(), at)).append('\'');
            case FLOAT, FLOAT16 -> text.append((float) getDouble(tensor.memory(), tensor.type(), at));
            case DOUBLE -> text.append(getDouble(tensor.memory(), tensor.type(), at));
            case BYTE, SHORT, INT, LONG -> text.append(getLong(tensor.memory(), tensor.type(), at));
        }
    }

    /** A buffer over an array, which a segment of anything but bytes does not give. */
    static Buffer heapBuffer(MemorySegment data, ElementType type) {
        Object array = data.heapBase().orElseThrow();
        int from = (int) (data.address() / type.byteSize());
        int length = (int) (data.byteSize() / type.byteSize());
        Buffer buffer = switch (array) {
            case char[] a -> CharBuffer.wrap(a, from, length).slice();
            case short[] a -> ShortBuffer.wrap(a, from, length).slice();
            case int[] a -> IntBuffer.wrap(a, from, length).slice();
            case long[] a -> LongBuffer.wrap(a, from, length).slice();
            case float[] a -> FloatBuffer.wrap(a, from, length).slice();
            case double[] a -> DoubleBuffer.wrap(a, from, length).slice();
            default -> PartView.typed(ByteBuffer.wrap((byte[]) array, (int) data.address(), (int) data.byteSize())
                    .slice().order(java.nio.ByteOrder.nativeOrder()), type);
        };
        return buffer;
    }
}
