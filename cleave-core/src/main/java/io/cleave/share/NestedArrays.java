package io.cleave.share;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Tensors from nested arrays, and back. */
final class NestedArrays {
    private NestedArrays() {
    }

    static Tensor read(Object nested) {
        List<Long> extents = new ArrayList<>();
        Object level = nested;
        while (level instanceof Object[] array) {
            extents.add((long) array.length);
            if (array.length == 0 || array[0] == null) {
                throw new IllegalArgumentException("an array of arrays needs at least one, and none that is null: "
                        + nested.getClass().getTypeName());
            }
            level = array[0];
        }
        ElementType type = ElementType.ofArray(level);
        if (type == null) {
            throw new IllegalArgumentException("nested arrays of a primitive type are needed, not "
                    + nested.getClass().getTypeName());
        }
        extents.add((long) Array.getLength(level));
        Tensor tensor = Tensor.allocate(type, extents.stream().mapToLong(Long::longValue).toArray());
        fill(tensor, nested);
        return tensor;
    }

    private static void fill(Tensor tensor, Object from) {
        long extent = tensor.shape()[0];
        if (tensor.rank() > 1) {
            Object[] parts = from instanceof Object[] array ? array : new Object[0];
            check(tensor, parts.length);
            for (int i = 0; i < extent; i++) {
                fill(tensor.select(0, i), parts[i]);
            }
            return;
        }
        Part part = from == null ? null : Part.of(from);
        if (part == null || part.kind() != Part.Kind.ARRAY || part.element() != tensor.type()) {
            throw new IllegalArgumentException("an array of " + tensor.type() + " is needed everywhere, not " + from);
        }
        check(tensor, part.length());
        tensor.data().copyFrom(part.bytes());
    }

    private static void check(Tensor tensor, long length) {
        if (length != tensor.shape()[0]) {
            throw new IllegalArgumentException("arrays of different lengths: " + length + " and " + tensor.shape()[0]);
        }
    }

    static Object write(Tensor tensor) {
        if (tensor.rank() == 0) {
            throw new IllegalStateException(tensor + " has no dimension, so no array can hold it; use getDouble()");
        }
        for (long extent : tensor.shape()) {
            if (extent > Integer.MAX_VALUE - 8) {
                throw new IllegalStateException("no array has " + extent + " elements; take slices");
            }
        }
        return array(tensor);
    }

    private static Object array(Tensor tensor) {
        int[] extents = Arrays.stream(tensor.shape()).mapToInt(extent -> (int) extent).toArray();
        if (extents.length == 1) {
            MemorySegment data = tensor.compact().data();
            return PartView.array(data, tensor.type().arrayType());
        }
        Class<?> part = tensor.type().arrayType();
        for (int i = 2; i < extents.length; i++) {
            part = part.arrayType();
        }
        Object[] parts = (Object[]) Array.newInstance(part, extents[0]);
        for (int i = 0; i < parts.length; i++) {
            parts[i] = array(tensor.select(0, i));
        }
        return parts;
    }
}
