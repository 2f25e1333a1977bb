package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * The table in which HotSpot tells debuggers where the fields of its own objects lie ({@code gHotSpotVMStructs}, exported
 * by libjvm since JDK 5; see {@code vmStructs.hpp} of OpenJDK). What it does not name is not there for us.
 */
final class VmStructs {
    private static final String TABLE = "gHotSpotVMStructs";
    private static final long MOST_ENTRIES = 20_000;

    /** {@code Type.field} to the offset, or to the address of a static field. */
    private final Map<String, Long> places = new HashMap<>();

    /**
     * Reads the table.
     *
     * @throws UnsupportedOperationException where this JVM has none
     */
    VmStructs() {
        long entry = read(symbol(TABLE));
        long typeAt = read(symbol("gHotSpotVMStructEntryTypeNameOffset"));
        long fieldAt = read(symbol("gHotSpotVMStructEntryFieldNameOffset"));
        long staticAt = read(symbol("gHotSpotVMStructEntryIsStaticOffset"));
        long offsetAt = read(symbol("gHotSpotVMStructEntryOffsetOffset"));
        long addressAt = read(symbol("gHotSpotVMStructEntryAddressOffset"));
        long stride = read(symbol("gHotSpotVMStructEntryArrayStride"));
        for (long n = 0; read(entry + typeAt) != 0; n++, entry += stride) {
            if (n > MOST_ENTRIES) {
                throw new UnsupportedOperationException("the JVM's table " + TABLE + " has no end");
            }
            long field = read(entry + fieldAt);
            if (field != 0) {
                boolean isStatic = memory(entry + staticAt, Integer.BYTES).get(INT, 0) != 0;
                places.put(text(read(entry + typeAt)) + "." + text(field),
                        read(entry + (isStatic ? addressAt : offsetAt)));
            }
        }
    }

    /** The address of a symbol that libjvm exports. */
    static long symbol(String name) {
        return Native.findAnywhere(name).orElseThrow(
                () -> new UnsupportedOperationException("this JVM exports no " + name)).address();
    }

    /**
     * The offset of a field in its object, or the address of a static one.
     *
     * @throws UnsupportedOperationException where the table does not have it
     */
    long place(String field) {
        Long place = places.get(field);
        if (place == null) {
            throw new UnsupportedOperationException("this JVM's table of structures has no " + field);
        }
        return place;
    }

    /**
     * A number that the JVM tells debuggers, such as one of an enum of its own.
     *
     * @throws UnsupportedOperationException where it does not tell it
     */
    static int constant(String name) {
        long entry = read(symbol("gHotSpotVMIntConstants"));
        long nameAt = read(symbol("gHotSpotVMIntConstantEntryNameOffset"));
        long valueAt = read(symbol("gHotSpotVMIntConstantEntryValueOffset"));
        long stride = read(symbol("gHotSpotVMIntConstantEntryArrayStride"));
        for (long n = 0; n < MOST_ENTRIES && read(entry + nameAt) != 0; n++, entry += stride) {
            if (text(read(entry + nameAt)).equals(name)) {
                return memory(entry + valueAt, Integer.BYTES).get(INT, 0);
            }
        }
        throw new UnsupportedOperationException("this JVM's table of constants has no " + name);
    }

    /**
     * How many bytes an object of a type takes.
     *
     * @throws UnsupportedOperationException where the JVM does not tell it
     */
    static long size(String type) {
        long entry = read(symbol("gHotSpotVMTypes"));
        long nameAt = read(symbol("gHotSpotVMTypeEntryTypeNameOffset"));
        long sizeAt = read(symbol("gHotSpotVMTypeEntrySizeOffset"));
        long stride = read(symbol("gHotSpotVMTypeEntryArrayStride"));
        for (long n = 0; n < MOST_ENTRIES && read(entry + nameAt) != 0; n++, entry += stride) {
            if (text(read(entry + nameAt)).equals(type)) {
                return read(entry + sizeAt);
            }
        }
        throw new UnsupportedOperationException("this JVM's table of types has no " + type);
    }

    /** A word of memory, at an address that is known to be one. */
    static long read(long address) {
        return memory(address, Long.BYTES).get(LONG, 0);
    }

    static MemorySegment memory(long address, long byteSize) {
        return Native.memory(address, byteSize);
    }

    static String text(long address) {
        return memory(address, 256).getString(0);
    }
}
