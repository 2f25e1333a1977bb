package io.cleave.share;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.List;
import java.util.function.UnaryOperator;

/** A part as what a reader wants to have: an array of its own, or a view of the part's memory. */
final class PartView {
    private PartView() {
    }

    /**
     * Makes an object of a part.
     *
     * @param part the part
     * @param type what is wanted; {@code Object} for what it was when it was written
     * @param view makes of the part's memory what may be kept
     * @throws IllegalArgumentException where the part cannot be had as that type
     */
    static Object of(Part part, Class<?> type, UnaryOperator<MemorySegment> view) {
        if (type.isAssignableFrom(ownType(part)) && type != Buffer.class) {
            return own(part, view);
        }
        boolean plain = part.order() == ByteOrder.nativeOrder();
        boolean untyped = part.kind() == Part.Kind.SEGMENT;
        if (type == MemorySegment.class) {
            return view.apply(part.bytes());
        }
        if (Buffer.class.isAssignableFrom(type)) {
            ElementType element = untyped || type == ByteBuffer.class || type == Buffer.class ? elementOf(type, part)
                    : part.element();
            Buffer buffer = buffer(view.apply(part.bytes()), element, part.order());
            if (type.isInstance(buffer)) {
                return buffer;
            }
        }
        if (type == Tensor.class && plain) {
            return Tensor.of(part.element(), view.apply(part.bytes()), part.length());
        }
        if (type.isArray() && plain && (untyped ? type.getComponentType().isPrimitive() : isArrayOf(part, type))) {
            return array(part.bytes(), type);
        }
        throw new IllegalArgumentException("the value is a " + ownType(part).getSimpleName() + " of "
                + part.length() + " x " + part.element() + ", which cannot be had as " + type.getTypeName());
    }

    /** What a reader gets of parts that are still the writer's own: nobody can change those by it. */
    static Codec.Source copies(List<Object> parts) {
        Object[] made = new Object[parts.size()];
        return number -> {
            if (made[number] == null) {
                Part part = Part.of(parts.get(number));
                made[number] = part == null ? parts.get(number)
                        : of(part, Object.class, bytes -> readOnly(part, bytes));
            }
            return made[number];
        };
    }

    /** Buffers can be had of native memory and of arrays of bytes only. */
    private static MemorySegment readOnly(Part part, MemorySegment bytes) {
        boolean isCopied = part.kind() == Part.Kind.BUFFER && !bytes.isNative();
        return (isCopied ? MemorySegment.ofArray(bytes.toArray(ValueLayout.JAVA_BYTE)) : bytes).asReadOnly();
    }

    private static boolean isArrayOf(Part part, Class<?> type) {
        return type == part.element().arrayType();
    }

    private static ElementType elementOf(Class<?> type, Part part) {
        if (type == Buffer.class) {
            return part.element();
        }
        return type == ByteBuffer.class ? ElementType.BYTE
                : type == CharBuffer.class ? ElementType.CHAR
                        : type == ShortBuffer.class ? ElementType.SHORT
                                : type == IntBuffer.class ? ElementType.INT
                                        : type == LongBuffer.class ? ElementType.LONG
                                                : type == FloatBuffer.class ? ElementType.FLOAT : ElementType.DOUBLE;
    }

    private static Class<?> ownType(Part part) {
        return switch (part.kind()) {
            case ARRAY -> part.element().arrayType();
            case SEGMENT -> MemorySegment.class;
            case TENSOR -> Tensor.class;
            case BUFFER -> switch (part.element()) {
                case BYTE, BOOLEAN -> ByteBuffer.class;
                case CHAR -> CharBuffer.class;
                case SHORT, FLOAT16 -> ShortBuffer.class;
                case INT -> IntBuffer.class;
                case LONG -> LongBuffer.class;
                case FLOAT -> FloatBuffer.class;
                case DOUBLE -> DoubleBuffer.class;
            };
        };
    }

    private static Object own(Part part, UnaryOperator<MemorySegment> view) {
        return switch (part.kind()) {
            case ARRAY -> array(part.bytes(), part.element().arrayType());
            case SEGMENT -> view.apply(part.bytes());
            case TENSOR -> Tensor.of(part.element(), view.apply(part.bytes()), part.shape());
            case BUFFER -> buffer(view.apply(part.bytes()), part.element(), part.order());
        };
    }

    /** A copy of some memory as an array of a type. */
    static Object array(MemorySegment bytes, Class<?> type) {
        if (type == boolean[].class) {
            boolean[] values = new boolean[Math.toIntExact(bytes.byteSize())];
            for (int i = 0; i < values.length; i++) {
                values[i] = bytes.get(ValueLayout.JAVA_BYTE, i) != 0;
            }
            return values;
        }
        return type == byte[].class ? bytes.toArray(ValueLayout.JAVA_BYTE)
                : type == float[].class ? bytes.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)
                        : type == double[].class ? bytes.toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED)
                                : type == int[].class ? bytes.toArray(ValueLayout.JAVA_INT_UNALIGNED)
                                        : type == long[].class ? bytes.toArray(ValueLayout.JAVA_LONG_UNALIGNED)
                                                : type == short[].class ? bytes.toArray(
                                                        ValueLayout.JAVA_SHORT_UNALIGNED)
                                                        : bytes.toArray(ValueLayout.JAVA_CHAR_UNALIGNED);
    }

    private static Buffer buffer(MemorySegment bytes, ElementType element, ByteOrder order) {
        if (bytes.byteSize() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "the value has " + bytes.byteSize() + " bytes, and a buffer of this kind "
                            + "holds 2^31 - 1 at most; read it as a MemorySegment or a Tensor");
        }
        return typed(bytes.asByteBuffer().order(order), element);
    }

    /** The bytes of a buffer as elements. */
    static Buffer typed(ByteBuffer buffer, ElementType element) {
        return switch (element) {
            case BYTE, BOOLEAN -> buffer;
            case CHAR -> buffer.asCharBuffer();
            case SHORT, FLOAT16 -> buffer.asShortBuffer();
            case INT -> buffer.asIntBuffer();
            case LONG -> buffer.asLongBuffer();
            case FLOAT -> buffer.asFloatBuffer();
            case DOUBLE -> buffer.asDoubleBuffer();
        };
    }
}
