package io.cleave.objects;

import io.cleave.share.ElementType;
import io.cleave.share.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Arrays of primitives and strings, and tensors. The elements lie as in a Java array, at a multiple of their size from the
 * beginning of the value (of 8 for a tensor), so that they can be looked at where they are.
 */
final class ValueArrays {
    private static final String IDENTITY = "arrays are equal only to themselves; use a List.of, a String, or a record";
    private static final int TENSOR_ALIGNMENT = 8;
    private static final int MOST_DIMENSIONS = 64;
    /** In the order of their numbers in the bytes. */
    private static final List<ElementType> TYPES = List.of(ElementType.BOOLEAN, ElementType.BYTE, ElementType.CHAR,
            ElementType.SHORT, ElementType.INT, ElementType.LONG, ElementType.FLOAT, ElementType.DOUBLE,
            ElementType.FLOAT16);

    private ValueArrays() {
    }

    static List<ValueForm<?>> forms() {
        return List.of(
                ValueForm.ofNoKey(ValueTags.BOOLEANS, boolean[].class, (value, out) -> {
                    out.putCount(value.length);
                    out.putBooleans(value);
                }, ValueArrays::readBooleans, IDENTITY),
                ValueForm.ofNoKey(ValueTags.BYTES, byte[].class, (value, out) -> {
                    out.putCount(value.length);
                    out.putBytes(value);
                }, in -> in.readBytes(in.readCount(1)), IDENTITY),
                array(ValueTags.SHORTS, short[].class, Short.BYTES, MemorySegment::ofArray,
                        elements -> elements.toArray(ValueInput.SHORT)),
                array(ValueTags.CHARACTERS, char[].class, Character.BYTES, MemorySegment::ofArray,
                        elements -> elements.toArray(ValueInput.CHAR)),
                array(ValueTags.INTEGERS, int[].class, Integer.BYTES, MemorySegment::ofArray,
                        elements -> elements.toArray(ValueInput.INT)),
                array(ValueTags.LONGS, long[].class, Long.BYTES, MemorySegment::ofArray,
                        elements -> elements.toArray(ValueInput.LONG)),
                array(ValueTags.FLOATS, float[].class, Float.BYTES, MemorySegment::ofArray,
                        elements -> elements.toArray(ValueInput.FLOAT)),
                array(ValueTags.DOUBLES, double[].class, Double.BYTES, MemorySegment::ofArray,
                        elements -> elements.toArray(ValueInput.DOUBLE)),
                ValueForm.ofNoKey(ValueTags.TEXTS, String[].class, ValueArrays::writeTexts, ValueArrays::readTexts,
                        IDENTITY),
                ValueForm.of(ValueTags.TENSOR, Tensor.class, ValueArrays::writeTensor, ValueArrays::readTensor));
    }

    private static <A> ValueForm<A> array(int tag, Class<A> type, int size, Function<A, MemorySegment> segment,
            Function<MemorySegment, A> copy) {
        return ValueForm.ofNoKey(tag, type, (value, out) -> {
            MemorySegment elements = segment.apply(value);
            out.putCount(elements.byteSize() / size);
            out.align(size);
            out.putSegment(elements);
        }, in -> copy.apply(elements(in, size)), IDENTITY);
    }

    private static MemorySegment elements(ValueInput in, int size) {
        int count = in.readCount(size);
        in.align(size);
        return in.readSegment((long) size * count);
    }

    private static boolean[] readBooleans(ValueInput in) {
        boolean[] flags = new boolean[in.readCount(1)];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = in.readBoolean();
        }
        return flags;
    }

    private static void writeTexts(String[] value, ValueBuffer out) {
        out.putCount(value.length);
        for (String text : value) {
            ValueForms.write(text, out);
        }
    }

    @SuppressWarnings("NullAway") // there may be nulls in it, as in the array that was written
    private static String[] readTexts(ValueInput in) {
        String[] texts = new String[in.readCount(1)];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = (String) ValueForms.read(in);
        }
        return texts;
    }

    private static void writeTensor(Tensor value, ValueBuffer out) {
        long[] shape = value.shape();
        out.putByte(TYPES.indexOf(value.type()));
        out.putByte(shape.length);
        for (long extent : shape) {
            out.putCount(extent);
        }
        out.align(TENSOR_ALIGNMENT);
        out.putSegment(value.compact().data());
    }

    private static Tensor readTensor(ValueInput in) {
        Tensor view = viewTensor(in);
        Tensor copy = Tensor.allocate(view.type(), view.shape());
        copy.data().copyFrom(view.data());
        return copy;
    }

    private static Tensor viewTensor(ValueInput in) {
        int number = in.readByte();
        int rank = in.readByte();
        if (number < 0 || number >= TYPES.size() || rank < 0 || rank > MOST_DIMENSIONS) {
            throw in.damaged("a tensor has the type " + number + " and " + rank + " dimensions");
        }
        long[] shape = new long[rank];
        long bytes = TYPES.get(number).byteSize();
        boolean isEmpty = false;
        for (int i = 0; i < rank; i++) {
            shape[i] = in.readCount();
            isEmpty |= shape[i] == 0;
            bytes = shape[i] != 0 && bytes > Long.MAX_VALUE / shape[i] ? -1 : bytes * Math.max(1, shape[i]);
            if (bytes < 0) {
                throw in.damaged("a tensor has more elements than any memory");
            }
        }
        in.align(TENSOR_ALIGNMENT);
        return Tensor.of(TYPES.get(number), in.readSegment(isEmpty ? 0 : bytes).asReadOnly(), shape);
    }

    /** The elements of an array where they are; null where the bytes are another value. */
    static @Nullable MemorySegment view(ValueInput in, int tag) {
        return switch (tag) {
            case ValueTags.BOOLEANS, ValueTags.BYTES -> elements(in, 1).asReadOnly();
            case ValueTags.SHORTS, ValueTags.CHARACTERS -> elements(in, Short.BYTES).asReadOnly();
            case ValueTags.INTEGERS, ValueTags.FLOATS -> elements(in, Integer.BYTES).asReadOnly();
            case ValueTags.LONGS, ValueTags.DOUBLES -> elements(in, Long.BYTES).asReadOnly();
            case ValueTags.TENSOR -> viewTensor(in).data();
            default -> null;
        };
    }

    /** A tensor over the bytes themselves; null where they are another value. */
    static @Nullable Tensor viewTensor(ValueInput in, int tag) {
        return tag == ValueTags.TENSOR ? viewTensor(in) : null;
    }
}
