package io.cleave.share;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Elements of one primitive type in memory, arranged in any number of dimensions.
 *
 * <p>
 * A tensor is a view: it refers to memory (a segment, an array, a buffer, a shared block), and so do the tensors that
 * {@link #slice}, {@link #select}, {@link #transpose} and {@link #reshape} make of it, without a copy. What is stored
 * through one is seen through all. A tensor that {@link Share#read} returns is read-only and lies in shared memory.
 *
 * <pre>{@code
 * Tensor table = Tensor.of(values, 1000, 8);            // a double[] of 8000, row by row
 * double third = table.getDouble(17, 3);
 * Tensor column = table.select(1, 3);                   // 1000 elements, each 8 behind the other
 * }</pre>
 *
 * <p>
 * Elements are in the byte order of the machine. An index or extent counts elements, from 0. Getters convert: any type
 * can be read as {@code double}, all but the floating point types as {@code long}, {@link ElementType#BOOLEAN} as 0 or 1;
 * setters narrow as casts do.
 *
 * <p>
 * Tensors themselves never change and can be used by any thread; access to their elements is ordered no more than access
 * to the segment or array is. To go through very many elements, take {@link #data} or {@link #asBuffer}.
 */
public final class Tensor {
    private static final int MOST_DIMENSIONS = 64;

    private final ElementType type;
    /** All memory that may be referred to. */
    private final MemorySegment memory;
    /** Where the element with all indexes 0 is, counted in elements. */
    private final long origin;
    private final long[] shape;
    /** How far the next element in each dimension is, counted in elements. */
    private final long[] strides;

    private Tensor(ElementType type, MemorySegment memory, long origin, long[] shape, long[] strides) {
        this.type = type;
        this.memory = memory;
        this.origin = origin;
        this.shape = shape;
        this.strides = strides;
    }

    /**
     * The elements of a segment, row by row: the last index varies fastest.
     *
     * @param type what the segment holds
     * @param data the elements, exactly as many as the shape asks for
     * @param shape the extent of each dimension, at most 64 of them; none for a single element
     * @return a tensor over this segment, read-only if the segment is
     * @throws IllegalArgumentException where shape and size do not agree
     */
    public static Tensor of(ElementType type, MemorySegment data, long... shape) {
        long elements = elements(shape);
        if (elements < 0 || shape.length > MOST_DIMENSIONS
                || elements > Long.MAX_VALUE / type.byteSize() || elements * type.byteSize() != data.byteSize()) {
            throw new IllegalArgumentException("a tensor of shape " + Arrays.toString(shape) + " has "
                    + (elements < 0 ? "no possible number of" : Long.toString(elements)) + " elements of type " + type
                    + ", and the data has " + data.byteSize() + " bytes");
        }
        long[] extents = shape.clone();
        return new Tensor(type, data, 0, extents, rowMajor(extents));
    }

    /**
     * The elements of an array, row by row.
     *
     * @param array an array of a primitive type
     * @param shape the extent of each dimension; where there is none, the array's length is the only one
     * @return a tensor over this very array
     * @throws IllegalArgumentException where it is no array of primitives, or shape and length do not agree
     */
    public static Tensor of(Object array, long... shape) {
        Part part = Part.of(array);
        if (part == null || part.kind() != Part.Kind.ARRAY) {
            throw new IllegalArgumentException("an array of a primitive type is needed, not a "
                    + array.getClass().getName() + "; Tensor.copyOf() takes nested arrays");
        }
        return of(part.element(), part.bytes(), shape.length == 0 ? new long[] {part.length()} : shape);
    }

    /**
     * The remaining elements of a buffer, row by row.
     *
     * @param buffer a buffer in the machine's byte order
     * @param shape the extent of each dimension; where there is none, the number of remaining elements is the only one
     * @return a tensor over the buffer's memory, read-only if the buffer is
     * @throws IllegalArgumentException where shape and size do not agree, or the byte order is another
     */
    public static Tensor of(Buffer buffer, long... shape) {
        Part part = Objects.requireNonNull(Part.of(buffer));
        if (part.order() != ByteOrder.nativeOrder() && part.element().byteSize() > 1) {
            throw new IllegalArgumentException("the buffer is " + part.order() + ", this machine "
                    + ByteOrder.nativeOrder() + "; put its elements into another buffer");
        }
        return of(part.element(), part.bytes(), shape.length == 0 ? new long[] {part.length()} : shape);
    }

    /**
     * A tensor of zeroes in memory of its own, outside of the heap.
     *
     * @param type the elements' type
     * @param shape the extent of each dimension
     * @return a tensor that can be written to; its memory ends with it
     * @throws IllegalArgumentException where an extent is negative or there are too many elements
     */
    public static Tensor allocate(ElementType type, long... shape) {
        long elements = elements(shape);
        if (elements < 0 || elements > Long.MAX_VALUE / type.byteSize()) {
            throw new IllegalArgumentException("no tensor can have the shape " + Arrays.toString(shape));
        }
        long bytes = elements * type.byteSize();
        return of(type, Arena.ofAuto().allocate(Math.max(1, bytes), ImageLayout.ALIGNMENT).asSlice(0, bytes), shape);
    }

    /**
     * A copy of nested arrays, such as {@code float[][]}.
     *
     * @param nested an array of a primitive type, or of such arrays, to any depth, all of the same lengths
     * @return a tensor of as many dimensions, in memory of its own
     * @throws IllegalArgumentException where it is no such array, or its parts have different lengths
     */
    public static Tensor copyOf(Object nested) {
        return NestedArrays.read(nested);
    }

    /** How many elements a shape has; -1 where there cannot be so many. */
    static long elements(long[] shape) {
        long elements = 1;
        boolean isEmpty = false;
        for (long extent : shape) {
            if (extent < 0 || (extent > 0 && elements > Long.MAX_VALUE / extent)) {
                return -1;
            }
            isEmpty |= extent == 0;
            elements *= Math.max(1, extent);
        }
        return isEmpty ? 0 : elements;
    }

    private static long[] rowMajor(long[] shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= Math.max(1, shape[i]);
        }
        return strides;
    }

    /**
     * The elements' type.
     *
     * @return the type
     */
    public ElementType type() {
        return type;
    }

    /**
     * The extents.
     *
     * @return a new array, one number for each dimension
     */
    public long[] shape() {
        return shape.clone();
    }

    /**
     * How many dimensions there are.
     *
     * @return 0 for a single element
     */
    public int rank() {
        return shape.length;
    }

    /**
     * How many elements there are.
     *
     * @return the product of the extents
     */
    public long size() {
        return elements(shape);
    }

    /**
     * Whether the elements lie one behind the other, row by row.
     *
     * @return true for all but slices and the like
     */
    public boolean isContiguous() {
        long[] expected = rowMajor(shape);
        for (int i = 0; i < shape.length; i++) {
            if (shape[i] > 1 && strides[i] != expected[i]) {
                return size() == 0;
            }
        }
        return true;
    }

    /**
     * Whether elements can only be read.
     *
     * @return true for what was read from shared memory
     */
    public boolean isReadOnly() {
        return memory.isReadOnly();
    }

    /**
     * The elements' memory, row by row.
     *
     * @return the memory itself, not a copy
     * @throws IllegalStateException where they do not lie one behind the other; {@link #compact} puts them so
     */
    public MemorySegment data() {
        if (!isContiguous()) {
            throw new IllegalStateException("the elements of " + describe() + " do not lie one behind the other; take "
                    + "compact().data()");
        }
        long size = size();
        return memory.asSlice(size == 0 ? 0 : origin * type.byteSize(), size * type.byteSize());
    }

    /**
     * The elements' memory as a buffer of their type: {@code FloatBuffer} for {@link ElementType#FLOAT} and so on,
     * {@code ShortBuffer} for {@link ElementType#FLOAT16}, {@code ByteBuffer} for {@link ElementType#BOOLEAN}.
     *
     * @return the memory itself, read-only if the tensor is
     * @throws IllegalStateException where they do not lie one behind the other, or take more than 2^31 - 1 bytes
     */
    public Buffer asBuffer() {
        MemorySegment data = data();
        if (data.byteSize() > Integer.MAX_VALUE) {
            throw new IllegalStateException(describe() + " takes more than a buffer can hold; take slices");
        }
        ByteBuffer bytes = data.heapBase().isEmpty() || type.byteSize() == 1 ? data.asByteBuffer() : null;
        return bytes == null ? Elements.heapBuffer(data, type)
                : PartView.typed(bytes.order(ByteOrder.nativeOrder()), type);
    }

    /**
     * The same elements, one behind the other.
     *
     * @return this tensor where they are so already, else a copy
     */
    public Tensor compact() {
        if (isContiguous()) {
            return this;
        }
        Tensor copy = allocate(type, shape);
        Elements.copy(this, copy.memory);
        return copy;
    }

    /**
     * The part of a tensor with the indexes of a range in one dimension.
     *
     * @param dimension which, from 0
     * @param from the first index
     * @param to the one behind the last
     * @return a view with the extent {@code to - from} in this dimension
     * @throws IndexOutOfBoundsException where there is no such dimension or range
     */
    public Tensor slice(int dimension, long from, long to) {
        return slice(dimension, from, to, 1);
    }

    /**
     * Every so manieth index of a range in one dimension.
     *
     * @param dimension which, from 0
     * @param from the first index
     * @param to the one behind the last
     * @param step how far from one to the next, at least 1
     * @return a view
     * @throws IndexOutOfBoundsException where there is no such dimension or range
     * @throws IllegalArgumentException where the step is less than 1
     */
    public Tensor slice(int dimension, long from, long to, long step) {
        Objects.checkIndex(dimension, shape.length);
        Objects.checkFromToIndex(from, to, shape[dimension]);
        if (step < 1) {
            throw new IllegalArgumentException("a step is at least 1, not " + step);
        }
        long[] extents = shape.clone();
        long[] distances = strides.clone();
        extents[dimension] = (to - from) / step + ((to - from) % step == 0 ? 0 : 1);
        distances[dimension] = extents[dimension] > 1 ? strides[dimension] * step : strides[dimension];
        return new Tensor(type, memory, origin + (extents[dimension] == 0 ? 0 : from * strides[dimension]), extents,
                distances);
    }

    /**
     * The part with one index in one dimension, which it has not any more.
     *
     * @param dimension which, from 0
     * @param index the index
     * @return a view of one dimension less
     * @throws IndexOutOfBoundsException where there is no such dimension or index
     */
    public Tensor select(int dimension, long index) {
        Objects.checkIndex(dimension, shape.length);
        Objects.checkIndex(index, shape[dimension]);
        return new Tensor(type, memory, origin + index * strides[dimension], without(shape, dimension),
                without(strides, dimension));
    }

    private static long[] without(long[] values, int index) {
        long[] rest = new long[values.length - 1];
        System.arraycopy(values, 0, rest, 0, index);
        System.arraycopy(values, index + 1, rest, index, rest.length - index);
        return rest;
    }

    /**
     * The same elements with the dimensions in another order.
     *
     * @param order for each dimension of the result, which of this tensor it is; none to reverse them all
     * @return a view
     * @throws IllegalArgumentException where it is no permutation of the dimensions
     */
    public Tensor transpose(int... order) {
        int rank = shape.length;
        long[] extents = new long[rank];
        long[] distances = new long[rank];
        boolean[] seen = new boolean[rank];
        for (int i = 0; i < rank; i++) {
            int from = order.length == 0 ? rank - 1 - i : i < order.length ? order[i] : -1;
            if (from < 0 || from >= rank || seen[from] || (order.length != 0 && order.length != rank)) {
                throw new IllegalArgumentException(Arrays.toString(order) + " is no order of " + rank + " dimensions");
            }
            seen[from] = true;
            extents[i] = shape[from];
            distances[i] = strides[from];
        }
        return new Tensor(type, memory, origin, extents, distances);
    }

    /**
     * The same elements, row by row, in another shape.
     *
     * @param extents the new shape, of as many elements
     * @return a view
     * @throws IllegalArgumentException where the number of elements is another
     * @throws IllegalStateException where they do not lie one behind the other; take {@link #compact} first
     */
    public Tensor reshape(long... extents) {
        return of(type, data(), extents);
    }

    /**
     * An element as a number.
     *
     * @param index one number for each dimension
     * @return its value
     * @throws IndexOutOfBoundsException where there is no such element
     */
    public double getDouble(long... index) {
        return Elements.getDouble(memory, type, at(index));
    }

    /**
     * An element as a whole number.
     *
     * @param index one number for each dimension
     * @return its value
     * @throws IndexOutOfBoundsException where there is no such element
     * @throws IllegalStateException where the elements are of a floating point type
     */
    public long getLong(long... index) {
        return Elements.getLong(memory, type, at(index));
    }

    /**
     * Changes an element.
     *
     * @param value its new value, narrowed to the type
     * @param index one number for each dimension
     * @throws IndexOutOfBoundsException where there is no such element
     * @throws IllegalArgumentException where the tensor is read-only
     */
    public void setDouble(double value, long... index) {
        Elements.setDouble(memory, type, at(index), value);
    }

    /**
     * Changes an element.
     *
     * @param value its new value, narrowed to the type
     * @param index one number for each dimension
     * @throws IndexOutOfBoundsException where there is no such element
     * @throws IllegalArgumentException where the tensor is read-only
     */
    public void setLong(long value, long... index) {
        Elements.setLong(memory, type, at(index), value);
    }

    private long at(long[] index) {
        if (index.length != shape.length) {
            throw new IndexOutOfBoundsException(
                    index.length + " indexes for " + shape.length + " dimensions: " + Arrays.toString(index));
        }
        long at = origin;
        for (int i = 0; i < index.length; i++) {
            at += Objects.checkIndex(index[i], shape[i]) * strides[i];
        }
        return at;
    }

    /** Where the element of a number is in the memory, counted in elements; they are numbered row by row. */
    long position(long number) {
        long at = origin;
        long rest = number;
        for (int i = shape.length - 1; i >= 0; i--) {
            at += rest % shape[i] * strides[i];
            rest /= shape[i];
        }
        return at;
    }

    MemorySegment memory() {
        return memory;
    }

    /**
     * A copy of the elements as arrays: {@code float[][]} for two dimensions of {@link ElementType#FLOAT}, and so on.
     *
     * @return an array of as many dimensions as the tensor has
     * @throws IllegalStateException where it has none, or too many elements for arrays
     */
    public Object toArray() {
        return NestedArrays.write(this);
    }

    /** What kind of tensor it is, for messages. */
    private String describe() {
        StringBuilder text = new StringBuilder("Tensor[").append(type);
        for (int i = 0; i < shape.length; i++) {
            text.append(i == 0 ? " " : " x ").append(shape[i]);
        }
        return text.append(']').toString();
    }

    /**
     * Whether another object is a tensor of the same type and shape with the same elements, bit by bit: NaN equals itself,
     * and 0.0 is not -0.0.
     *
     * @param other any object
     * @return true where it is
     */
    @Override
    public boolean equals(@Nullable Object other) {
        return other == this || (other instanceof Tensor tensor && type == tensor.type
                && Arrays.equals(shape, tensor.shape) && Elements.isSame(this, tensor));
    }

    /**
     * A number that equal tensors have in common. It looks at few elements.
     *
     * @return the number
     */
    @Override
    public int hashCode() {
        return 31 * (31 * type.hashCode() + Arrays.hashCode(shape)) + Elements.hash(this);
    }

    /**
     * Type, shape and the first elements.
     *
     * @return such as {@code Tensor[float 2 x 2] [[1.0, 2.0], [3.0, 4.0]]}
     */
    @Override
    public String toString() {
        try {
            return describe() + " " + Elements.text(this);
        } catch (IllegalStateException e) {
            return describe() + " of a lease that is closed";
        }
    }
}
