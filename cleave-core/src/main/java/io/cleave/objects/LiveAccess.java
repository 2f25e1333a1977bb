package io.cleave.objects;

import io.cleave.objects.LiveAccessor.Verb;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the methods of live objects do, as method handles: each begins with the object's {@link LiveFields}. A
 * primitive is 64 bits to these: a whole number with its sign, a char without, 1 for true, the bits of a
 * floating-point number.
 */
final class LiveAccess {
    private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();
    private static final MethodHandle BITS = own("bits", long.class, int.class, FieldAccess.Mode.class);
    private static final MethodHandle SET_BITS = own("setBits", void.class, int.class, FieldAccess.Mode.class,
            long.class);
    private static final MethodHandle COMPARE = own("compareAndSet", boolean.class, int.class, long.class, long.class);
    private static final MethodHandle GET_AND_SET = own("getAndSet", long.class, int.class, long.class);
    private static final MethodHandle ADD = own("add", long.class, int.class, Width.class, boolean.class, long.class);
    private static final MethodHandle VALUE = own("value", Object.class, int.class);
    private static final MethodHandle SET_VALUE = own("setValue", void.class, int.class, Object.class);
    private static final MethodHandle EQUALS = own("isEqual", boolean.class, Object.class);
    private static final MethodHandle HASH = own("hash", int.class);
    private static final MethodHandle TEXT = own("text", String.class);
    private static final MethodHandle ABSENT = own("absentField", MethodType.methodType(
            UnsupportedOperationException.class, String.class));

    private static final Map<Class<?>, Width> WIDTHS = Map.of(byte.class, Width.BYTE, short.class, Width.SHORT,
            char.class, Width.CHAR, int.class, Width.INT, long.class, Width.LONG);

    private LiveAccess() {
    }

    /** What a sum is cut to. */
    enum Width {
        BYTE, SHORT, CHAR, INT, LONG;

        long cut(long bits) {
            return switch (this) {
                case BYTE -> (byte) bits;
                case SHORT -> (short) bits;
                case CHAR -> (char) bits;
                case INT -> (int) bits;
                case LONG -> bits;
            };
        }
    }

    private static MethodHandle own(String name, Class<?> result, Class<?>... parameters) {
        try {
            return LOOKUP.findStatic(LiveAccess.class, name,
                    MethodType.methodType(result, LiveFields.class).appendParameterTypes(parameters));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e); // it is below
        }
    }

    /** What a method does, with the type of the method after an object in the place of the fields. */
    static MethodHandle of(LiveAccessor accessor, LiveField field, int slot) {
        Class<?> type = field.type();
        if (slot == LiveLayout.ABSENT) {
            return absent(accessor, field);
        }
        MethodHandle handle = type.isPrimitive() ? ofPrimitive(accessor.verb(), type, slot, field.mode())
                : accessor.verb() == Verb.GET ? MethodHandles.insertArguments(VALUE, 1, slot)
                        : MethodHandles.insertArguments(SET_VALUE, 1, slot);
        return typed(handle, MethodType.methodType(accessor.method().getReturnType(),
                accessor.method().getParameterTypes()));
    }

    /** What a method does of a field that the object does not have, in a heap that is only read. */
    private static MethodHandle absent(LiveAccessor accessor, LiveField field) {
        MethodType type = MethodType.methodType(accessor.method().getReturnType(),
                accessor.method().getParameterTypes()).insertParameterTypes(0, Object.class);
        if (accessor.verb() == Verb.GET && !field.isMadeAtOnce()) {
            return MethodHandles.empty(type);
        }
        MethodHandle thrower = MethodHandles.throwException(type.returnType(), UnsupportedOperationException.class);
        MethodHandle refusing = MethodHandles.collectArguments(thrower, 0,
                MethodHandles.insertArguments(ABSENT, 0, field.name()));
        return MethodHandles.dropArguments(refusing, 0, type.parameterList());
    }

    /** Why a field that the object does not have cannot be made or set. */
    static UnsupportedOperationException absentField(String name) {
        return new UnsupportedOperationException("the object was made by another version of the program and does not "
                + "have the field " + name
                + " yet; as the heap was opened for reading only, it cannot be added: open it "
                + "without withReadOnly");
    }

    private static MethodHandle typed(MethodHandle handle, MethodType type) {
        return handle.asType(type.insertParameterTypes(0, Object.class));
    }

    private static MethodHandle ofPrimitive(Verb verb, Class<?> type, int slot, FieldAccess.Mode mode) {
        return switch (verb) {
            case GET -> result(MethodHandles.insertArguments(BITS, 1, slot, mode), type);
            case SET -> parameters(MethodHandles.insertArguments(SET_BITS, 1, slot, mode), type);
            case COMPARE_AND_SET -> parameters(MethodHandles.insertArguments(COMPARE, 1, slot), type);
            case GET_AND_SET -> result(parameters(MethodHandles.insertArguments(GET_AND_SET, 1, slot), type), type);
            case GET_AND_ADD, ADD_AND_GET -> result(parameters(adding(verb, type, slot), type), type);
            case GET_AND_INCREMENT, INCREMENT_AND_GET ->
                result(MethodHandles.insertArguments(adding(verb, type, slot), 1, 1L), type);
            case GET_AND_DECREMENT, DECREMENT_AND_GET ->
                result(MethodHandles.insertArguments(adding(verb, type, slot), 1, -1L), type);
        };
    }

    private static MethodHandle adding(Verb verb, Class<?> type, int slot) {
        return MethodHandles.insertArguments(ADD, 1, slot, WIDTHS.get(type), verb.returnsOld());
    }

    private static MethodHandle result(MethodHandle handle, Class<?> type) {
        return MethodHandles.filterReturnValue(handle, fromBits(type));
    }

    private static MethodHandle parameters(MethodHandle handle, Class<?> type) {
        MethodHandle[] filters = new MethodHandle[handle.type().parameterCount() - 1];
        java.util.Arrays.fill(filters, toBits(type));
        return MethodHandles.filterArguments(handle, 1, filters);
    }

    private static MethodHandle fromBits(Class<?> type) {
        if (type == float.class || type == double.class) {
            return own(type == float.class ? "toFloat" : "toDouble", MethodType.methodType(type, long.class));
        }
        return MethodHandles.explicitCastArguments(MethodHandles.identity(long.class),
                MethodType.methodType(type, long.class));
    }

    private static MethodHandle toBits(Class<?> type) {
        if (type == float.class || type == double.class) {
            return own("bitsOf", MethodType.methodType(long.class, type));
        }
        return MethodHandles.explicitCastArguments(MethodHandles.identity(long.class),
                MethodType.methodType(long.class, type));
    }

    private static MethodHandle own(String name, MethodType type) {
        try {
            return LOOKUP.findStatic(LiveAccess.class, name, type);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e); // it is below
        }
    }

    static float toFloat(long bits) {
        return Float.intBitsToFloat((int) bits);
    }

    static double toDouble(long bits) {
        return Double.longBitsToDouble(bits);
    }

    static long bitsOf(float value) {
        return Float.floatToRawIntBits(value);
    }

    static long bitsOf(double value) {
        return Double.doubleToRawLongBits(value);
    }

    static long bits(LiveFields fields, int slot, FieldAccess.Mode mode) {
        return fields instanceof HeapObject object ? object.bits(slot, mode) : fields.bits(slot, mode);
    }

    static void setBits(LiveFields fields, int slot, FieldAccess.Mode mode, long bits) {
        if (fields instanceof HeapObject object) {
            object.setBits(slot, bits, mode);
        } else {
            fields.setBits(slot, bits, mode);
        }
    }

    static boolean compareAndSet(LiveFields fields, int slot, long expected, long bits) {
        return fields.compareAndSetBits(slot, expected, bits);
    }

    static long getAndSet(LiveFields fields, int slot, long bits) {
        long old;
        do {
            old = fields.bits(slot, FieldAccess.Mode.VOLATILE);
        } while (!fields.compareAndSetBits(slot, old, bits));
        return old;
    }

    static long add(LiveFields fields, int slot, Width width, boolean isOld, long delta) {
        long old;
        long sum;
        do {
            old = fields.bits(slot, FieldAccess.Mode.VOLATILE);
            sum = width.cut(old + delta);
        } while (!fields.compareAndSetBits(slot, old, sum));
        return isOld ? old : sum;
    }

    static @Nullable Object value(LiveFields fields, int slot) {
        return fields.value(slot);
    }

    static void setValue(LiveFields fields, int slot, @Nullable Object value) {
        fields.setValue(slot, value);
    }

    static boolean isEqual(LiveFields fields, @Nullable Object other) {
        LiveFields others = other == null ? null : LiveClass.fieldsOrNull(other);
        return others != null && (fields instanceof HeapObject object
                ? others instanceof HeapObject another && object.isSame(another) : fields.equals(others));
    }

    static int hash(LiveFields fields) {
        return fields instanceof HeapObject object ? object.identity() : fields.hashCode();
    }

    /** All fields, as a record says them. */
    static String text(LiveFields fields) {
        StringBuilder text = new StringBuilder(fields.type().declared().type().getSimpleName()).append('[');
        for (int i = 0; i < fields.type().fields().size(); i++) {
            LiveField field = fields.type().fields().get(i);
            text.append(i == 0 ? "" : ", ").append(field.name()).append('=').append(fields.show(i));
        }
        return text.append(']').toString();
    }

    static MethodHandle equalsHandle() {
        return typed(EQUALS, MethodType.methodType(boolean.class, Object.class));
    }

    static MethodHandle hashHandle() {
        return typed(HASH, MethodType.methodType(int.class));
    }

    static MethodHandle textHandle() {
        return typed(TEXT, MethodType.methodType(String.class));
    }

    /** A primitive as an object. */
    static Object boxed(Class<?> type, long bits) {
        return switch (type.getName()) {
            case "boolean" -> bits != 0;
            case "byte" -> (byte) bits;
            case "short" -> (short) bits;
            case "char" -> (char) bits;
            case "int" -> (int) bits;
            case "float" -> toFloat(bits);
            case "double" -> toDouble(bits);
            default -> bits;
        };
    }

    /**
     * The bits of a primitive.
     *
     * @throws IllegalArgumentException where the object is no such primitive
     */
    static long unboxed(Class<?> type, Object value, String name) {
        if (MethodType.methodType(type).wrap().returnType() != value.getClass()) {
            throw new IllegalArgumentException("the field " + name + " is of the type " + type.getTypeName()
                    + ", and cannot be the " + value.getClass().getTypeName() + " " + value);
        }
        return switch (value) {
            case Boolean is -> is ? 1 : 0;
            case Character letter -> letter;
            case Float number -> bitsOf(number);
            case Double number -> bitsOf(number);
            default -> ((Number) value).longValue();
        };
    }
}
