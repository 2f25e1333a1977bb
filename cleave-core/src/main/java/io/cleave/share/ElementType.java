package io.cleave.share;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a {@link Tensor} or an array consists of. Numbers lie in memory in the byte order of the machine. */
public enum ElementType {
    /** One byte each, 0 or 1. */
    BOOLEAN(1, 1, boolean[].class),
    /** Whole numbers of 8 bits. */
    BYTE(2, 1, byte[].class),
    /** UTF-16 code units of 16 bits. */
    CHAR(3, 2, char[].class),
    /** Whole numbers of 16 bits. */
    SHORT(4, 2, short[].class),
    /** Whole numbers of 32 bits. */
    INT(5, 4, int[].class),
    /** Whole numbers of 64 bits. */
    LONG(6, 8, long[].class),
    /** Binary floating point numbers of 32 bits. */
    FLOAT(7, 4, float[].class),
    /** Binary floating point numbers of 64 bits. */
    DOUBLE(8, 8, double[].class),
    /** Binary floating point numbers of 16 bits (IEEE 754 binary16), which Java carries as the bits of a short. */
    FLOAT16(9, 2, short[].class);

    private static final ElementType[] ALL = values();

    private final int number;
    private final int byteSize;
    private final Class<?> arrayType;

    ElementType(int number, int byteSize, Class<?> arrayType) {
        this.number = number;
        this.byteSize = byteSize;
        this.arrayType = arrayType;
    }

    /**
     * What one element takes.
     *
     * @return 1, 2, 4 or 8 bytes
     */
    public int byteSize() {
        return byteSize;
    }

    /** The number in a block's table. */
    int number() {
        return number;
    }

    /** The array in which Java keeps such elements. */
    Class<?> arrayType() {
        return arrayType;
    }

    /** The type of a number in a block's table, or null. */
    static @Nullable ElementType of(int number) {
        return number < 1 || number > ALL.length ? null : ALL[number - 1];
    }

    /** The type whose elements an array has, or null where it is no array of primitives. */
    static @Nullable ElementType ofArray(Object value) {
        return switch (value) {
            case byte[] _ -> BYTE;
            case float[] _ -> FLOAT;
            case double[] _ -> DOUBLE;
            case int[] _ -> INT;
            case long[] _ -> LONG;
            case short[] _ -> SHORT;
            case char[] _ -> CHAR;
            case boolean[] _ -> BOOLEAN;
            default -> null;
        };
    }

    /**
     * The type's name.
     *
     * @return such as {@code float}
     */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
