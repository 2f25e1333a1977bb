package io.cleave.share;

import java.lang.foreign.MemorySegment;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import org.jspecify.annotations.Nullable;

/** Something that travels as it lies in memory, beside what a codec encodes. */
final class Part {
    /** What can be a part. */
    enum Kind {
        ARRAY(1), SEGMENT(2), BUFFER(3), TENSOR(4);

        private static final Kind[] ALL = values();

        private final int number;

        Kind(int number) {
            this.number = number;
        }

        /** The number in a block's table. */
        int number() {
            return number;
        }

        /** The kind of a number in a block's table, or null. */
        static @Nullable Kind of(int number) {
            return number < 1 || number > ALL.length ? null : ALL[number - 1];
        }
    }

    private static final long[] NO_SHAPE = {};

    private final Kind kind;
    private final ElementType element;
    private final ByteOrder order;
    private final long[] shape;
    private final MemorySegment bytes;

    /** A part of which everything is known already. The shape, empty for all but tensors, is not copied. */
    Part(Kind kind, ElementType element, ByteOrder order, long[] shape, MemorySegment bytes) {
        this.kind = kind;
        this.element = element;
        this.order = order;
        this.shape = shape;
        this.bytes = bytes;
    }

    /** What it was. */
    Kind kind() {
        return kind;
    }

    /** What it consists of; bytes where it is a segment. */
    ElementType element() {
        return element;
    }

    /** The byte order of its elements. */
    ByteOrder order() {
        return order;
    }

    /** A tensor's extents, empty for all else. */
    long[] shape() {
        return shape;
    }

    /** Its memory. */
    MemorySegment bytes() {
        return bytes;
    }

    /** The part that an object is, without a copy as far as possible; null where it has to be encoded. */
    static @Nullable Part of(Object value) {
        ElementType element = ElementType.ofArray(value);
        if (element != null) {
            return new Part(Kind.ARRAY, element, ByteOrder.nativeOrder(), NO_SHAPE, arrayBytes(value));
        }
        return switch (value) {
            case MemorySegment segment -> new Part(Kind.SEGMENT, ElementType.BYTE, ByteOrder.nativeOrder(), NO_SHAPE,
                    segment);
            case Tensor tensor -> {
                Tensor compact = tensor.compact();
                yield new Part(Kind.TENSOR, tensor.type(), ByteOrder.nativeOrder(), tensor.shape(), compact.data());
            }
            case Buffer buffer -> ofBuffer(buffer);
            default -> null;
        };
    }

    /** What an array's elements take; 0 where it is no array of primitives. */
    static long arrayByteSize(Object value) {
        ElementType element = ElementType.ofArray(value);
        return element == null ? 0 : (long) java.lang.reflect.Array.getLength(value) * element.byteSize();
    }

    private static MemorySegment arrayBytes(Object array) {
        return switch (array) {
            case byte[] a -> MemorySegment.ofArray(a);
            case float[] a -> MemorySegment.ofArray(a);
            case double[] a -> MemorySegment.ofArray(a);
            case int[] a -> MemorySegment.ofArray(a);
            case long[] a -> MemorySegment.ofArray(a);
            case short[] a -> MemorySegment.ofArray(a);
            case char[] a -> MemorySegment.ofArray(a);
            case boolean[] a -> MemorySegment.ofArray(bytes(a));
            default -> throw new IllegalArgumentException(array.getClass().getName());
        };
    }

    /** Segments know no arrays of booleans. */
    private static byte[] bytes(boolean[] values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) (values[i] ? 1 : 0);
        }
        return bytes;
    }

    private static Part ofBuffer(Buffer buffer) {
        ElementType element;
        ByteOrder order;
        switch (buffer) {
            case ByteBuffer b -> {
                element = ElementType.BYTE;
                order = b.order();
            }
            case CharBuffer b -> {
                element = ElementType.CHAR;
                order = b.order();
            }
            case ShortBuffer b -> {
                element = ElementType.SHORT;
                order = b.order();
            }
            case IntBuffer b -> {
                element = ElementType.INT;
                order = b.order();
            }
            case LongBuffer b -> {
                element = ElementType.LONG;
                order = b.order();
            }
            case FloatBuffer b -> {
                element = ElementType.FLOAT;
                order = b.order();
            }
            case DoubleBuffer b -> {
                element = ElementType.DOUBLE;
                order = b.order();
            }
            default -> throw new IllegalArgumentException("no such buffer can be shared: " + buffer.getClass());
        }
        return new Part(Kind.BUFFER, element, order, NO_SHAPE, bufferBytes(buffer));
    }

    private static MemorySegment bufferBytes(Buffer buffer) {
        boolean isOverText = buffer instanceof CharBuffer chars && !chars.isDirect() && !chars.hasArray();
        try {
            return MemorySegment.ofBuffer(buffer);
        } catch (IllegalArgumentException e) {
            if (!isOverText) {
                throw e;
            }
            return MemorySegment.ofArray(buffer.toString().toCharArray());
        }
    }

    /** The elements. */
    long length() {
        return bytes.byteSize() / element.byteSize();
    }

    @Override
    public String toString() {
        return kind + " of " + element + ", " + bytes.byteSize() + " bytes";
    }
}
