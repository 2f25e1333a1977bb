package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The table in which HotSpot tells debuggers where the fields of its own objects lie ({@code gHotSpotVMStructs}, exported
 * by libjvm since JDK 5; see {@code vmStructs.hpp} of OpenJDK). What it does not name is not there for us.
 */
final class VmStructs {
    private static final String TABLE = "gHotSpotVMStructs";
    private static final long MOST_ENTRIES = 20_000;
    private static final long FLAG = word("JVMFlag");
    /** A segment for each word that is read would take several times as long. */
    private static final MemorySegment ALL = memory(0, Long.MAX_VALUE);

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
     * One of the JVM's options that is true or false. It looks at no more of the tables than it needs, by comparing words: the
     * whole table takes 50 ms in a JVM that has just been started.
     *
     * @param option its name, of at least eight characters
     * @throws UnsupportedOperationException where the JVM does not tell it
     */
    static boolean isSet(String option) {
        long wanted = word(option);
        Map<String, Long> places = placesOfFlags();
        long flag = read(placeOfFlags(places, "flags"));
        long stride = sizeOfFlag();
        long nameAt = placeOfFlags(places, "_name");
        for (long n = Math.min(read(placeOfFlags(places, "numFlags")), MOST_ENTRIES); n > 0; n--, flag += stride) {
            long name = read(flag + nameAt);
            if (name != 0 && head(name) == wanted && text(name).equals(option)) {
                return memory(read(flag + placeOfFlags(places, "_addr")), 1).get(ValueLayout.JAVA_BYTE, 0) != 0;
            }
        }
        throw new UnsupportedOperationException("this JVM has no option " + option);
    }

    private static Map<String, Long> placesOfFlags() {
        long entry = read(symbol(TABLE));
        long typeAt = read(symbol("gHotSpotVMStructEntryTypeNameOffset"));
        long fieldAt = read(symbol("gHotSpotVMStructEntryFieldNameOffset"));
        long offsetAt = read(symbol("gHotSpotVMStructEntryOffsetOffset"));
        long addressAt = read(symbol("gHotSpotVMStructEntryAddressOffset"));
        long stride = read(symbol("gHotSpotVMStructEntryArrayStride"));
        Map<String, Long> places = new HashMap<>();
        long type = 0;
        boolean isFlag = false;
        for (long n = 0; n < MOST_ENTRIES && read(entry + typeAt) != 0; n++, entry += stride) {
            if (read(entry + typeAt) != type) {
                type = read(entry + typeAt);
                isFlag = head(type) == FLAG;
            }
            if (isFlag) {
                long address = read(entry + addressAt);
                places.put(text(read(entry + fieldAt)), address != 0 ? address : read(entry + offsetAt));
            }
        }
        return places;
    }

    private static long placeOfFlags(Map<String, Long> places, String field) {
        Long place = places.get(field);
        if (place == null) {
            throw new UnsupportedOperationException("this JVM's table of structures has no JVMFlag." + field);
        }
        return place;
    }

    private static long sizeOfFlag() {
        long entry = read(symbol("gHotSpotVMTypes"));
        long nameAt = read(symbol("gHotSpotVMTypeEntryTypeNameOffset"));
        long sizeAt = read(symbol("gHotSpotVMTypeEntrySizeOffset"));
        long stride = read(symbol("gHotSpotVMTypeEntryArrayStride"));
        for (long n = 0; n < MOST_ENTRIES && read(entry + nameAt) != 0; n++, entry += stride) {
            if (head(read(entry + nameAt)) == FLAG) {
                return read(entry + sizeAt);
            }
        }
        throw new UnsupportedOperationException("this JVM's table of types has no JVMFlag");
    }

    /** The first eight bytes of a text and of the zero behind it, as a word of memory has them. */
    private static long word(String text) {
        byte[] bytes = Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), Long.BYTES);
        return MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    }

    /** The first eight bytes of a text, at any address. */
    private static long head(long address) {
        return ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
    }

    /** A word of memory, at an address that is known to be one. */
    static long read(long address) {
        return ALL.get(LONG, address);
    }

    static MemorySegment memory(long address, long byteSize) {
        return MemorySegment.ofAddress(address).reinterpret(byteSize);
    }

    private static String text(long address) {
        return memory(address, 256).getString(0);
    }
}
