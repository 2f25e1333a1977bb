package io.cleave.objects;

import io.cleave.IncompatibleBlockException;
import io.cleave.share.trust.Trust;
import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Which form each class has, and each tag. */
final class ValueForms {
    private static final @Nullable ValueForm<?>[] BY_TAG = new ValueForm<?>[ValueTags.END];
    private static final Map<Class<?>, ValueForm<?>> BY_CLASS = new HashMap<>();

    static {
        List<ValueForm<?>> forms = new ArrayList<>(simple());
        forms.addAll(ValueArrays.forms());
        forms.addAll(ValueTimes.forms());
        forms.add(new ValueCodec());
        forms.addAll(ValueCollections.forms());
        for (ValueForm<?> form : forms) {
            BY_TAG[form.tag()] = form;
            if (form.tag() != ValueTags.CODEC) {
                BY_CLASS.putIfAbsent(form.type(), form);
            }
        }
        BY_CLASS.putAll(ValueCollections.others());
    }

    private static final ClassValue<ValueForm<Object>> OF = new ClassValue<>() {
        @Override
        protected ValueForm<Object> computeValue(Class<?> type) {
            return find(type);
        }
    };

    private ValueForms() {
    }

    private static List<ValueForm<?>> simple() {
        return List.of(
                ValueForm.of(ValueTags.BOOLEAN, Boolean.class, (value, out) -> out.putByte(value ? 1 : 0),
                        ValueInput::readBoolean),
                ValueForm.of(ValueTags.BYTE, Byte.class, (value, out) -> out.putByte(value), ValueInput::readByte),
                ValueForm.of(ValueTags.SHORT, Short.class, (value, out) -> out.putShort(value), ValueInput::readShort),
                ValueForm.of(ValueTags.CHARACTER, Character.class, (value, out) -> out.putShort(value),
                        ValueInput::readChar),
                ValueForm.of(ValueTags.INTEGER, Integer.class, (value, out) -> out.putInt(value), ValueInput::readInt),
                ValueForm.of(ValueTags.LONG, Long.class, (value, out) -> out.putLong(value), ValueInput::readLong),
                ValueForm.of(ValueTags.FLOAT, Float.class, (value, out) -> out.putFloat(value), ValueInput::readFloat),
                ValueForm.of(ValueTags.DOUBLE, Double.class, (value, out) -> out.putDouble(value),
                        ValueInput::readDouble),
                ValueForm.of(ValueTags.TEXT, String.class, (value, out) -> out.putText(value), ValueInput::readText),
                ValueForm.of(ValueTags.BIG_INTEGER, BigInteger.class, ValueForms::writeBig, ValueForms::readBig),
                ValueForm.of(ValueTags.BIG_DECIMAL, BigDecimal.class, (value, out) -> {
                    out.putInt(value.scale());
                    writeBig(value.unscaledValue(), out);
                }, ValueForms::readDecimal),
                ValueForm.of(ValueTags.UUID, UUID.class, (value, out) -> {
                    out.putLong(value.getMostSignificantBits());
                    out.putLong(value.getLeastSignificantBits());
                }, in -> new UUID(in.readLong(), in.readLong())));
    }

    private static void writeBig(BigInteger value, ValueBuffer out) {
        byte[] bytes = value.toByteArray();
        out.putCount(bytes.length);
        out.putBytes(bytes);
    }

    private static BigInteger readBig(ValueInput in) {
        int length = in.readCount(1);
        if (length == 0) {
            throw in.damaged("a number has no digits");
        }
        return new BigInteger(in.readBytes(length));
    }

    private static BigDecimal readDecimal(ValueInput in) {
        int scale = in.readInt();
        return new BigDecimal(readBig(in), scale);
    }

    @SuppressWarnings("unchecked") // values are asked for their class before
    private static ValueForm<Object> find(Class<?> type) {
        ValueForm<?> form = BY_CLASS.get(type);
        if (form == null && Enum.class.isAssignableFrom(type) && type != Enum.class) {
            Class<?> parent = Objects.requireNonNull(type.getSuperclass());
            form = new ValueEnum(type.isEnum() ? type : parent);
        }
        if (form == null && type.isRecord() && !type.isHidden()) {
            form = ValueRecord.of(type);
        }
        return (ValueForm<Object>) (form == null ? codec() : form);
    }

    /** The form of all other classes. */
    static ValueForm<Object> codec() {
        return Objects.requireNonNull(byTag(ValueTags.CODEC));
    }

    /** The form of the values of just this class. */
    static ValueForm<Object> of(Class<?> type) {
        return OF.get(type);
    }

    @SuppressWarnings("unchecked") // they are read only
    private static @Nullable ValueForm<Object> byTag(int tag) {
        return tag < 0 || tag >= BY_TAG.length ? null : (ValueForm<Object>) BY_TAG[tag];
    }

    /** Writes any value, with its class. */
    static void write(@Nullable Object value, ValueBuffer out) {
        if (value == null) {
            out.putByte(ValueTags.NULL);
        } else {
            formOf(value, out).writeTagged(value, out);
        }
    }

    /** Writes a value, without its class where that has the declared form. */
    static void write(@Nullable Object value, ValueForm<Object> declared, ValueBuffer out) {
        if (value != null && of(value.getClass()).equals(declared) && declared.fits(value)) {
            checkKey(value, declared, out);
            out.putByte(ValueTags.DECLARED);
            declared.write(value, out);
        } else {
            write(value, out);
        }
    }

    private static ValueForm<Object> formOf(Object value, ValueBuffer out) {
        ValueForm<Object> form = of(value.getClass());
        ValueForm<Object> taken = form.fits(value) ? form : codec();
        checkKey(value, taken, out);
        return taken;
    }

    private static void checkKey(Object value, ValueForm<Object> form, ValueBuffer out) {
        if (out.isKey()) {
            String flaw = form.keyFlaw();
            if (flaw != null) {
                throw noKey(value.getClass(), flaw);
            }
        }
    }

    /** The refusal of a key. */
    static IllegalArgumentException noKey(Class<?> type, String flaw) {
        return new IllegalArgumentException("a " + type.getTypeName() + " cannot be a key, or a part of one: " + flaw);
    }

    /** Reads what {@link #write(Object, ValueBuffer)} has written. */
    static @Nullable Object read(ValueInput in) {
        return read(in.readByte(), in);
    }

    /** Reads what {@link #write(Object, ValueForm, ValueBuffer)} has written. */
    static @Nullable Object read(ValueForm<Object> declared, ValueInput in) {
        int tag = in.readByte();
        return tag == ValueTags.DECLARED ? declared.read(in) : read(tag, in);
    }

    private static @Nullable Object read(int tag, ValueInput in) {
        if (tag == ValueTags.NULL) {
            return null;
        }
        ValueForm<Object> form = tag == ValueTags.ENUM || tag == ValueTags.RECORD ? named(tag, in) : byTag(tag);
        if (form == null) {
            throw in.damaged("there is no kind of value with the number " + tag);
        }
        return form.readTagged(in);
    }

    /** The form of an enum or record whose name follows. No code of the class has run before the filters admit it. */
    private static ValueForm<Object> named(int tag, ValueInput in) {
        String name = in.readText();
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        ClassLoader loader = in.loader() != null ? in.loader()
                : context != null ? context : ValueForms.class.getClassLoader();
        Class<?> type = Trust.find(name, loader);
        if (type == null) {
            throw in.damaged("there is no class " + name + " here, which must be on the class path");
        }
        if (tag == ValueTags.ENUM ? !type.isEnum() : !type.isRecord()) {
            throw in.damaged("the class " + name + " is no " + (tag == ValueTags.ENUM ? "enum" : "record") + " here");
        }
        try {
            requireAll(type);
        } catch (Trust.Untrusted e) {
            throw new IncompatibleBlockException("a value in shared memory is not read: " + e.getMessage(), e);
        }
        ValueForm<Object> form = of(type);
        if (form.tag() != tag) {
            throw in.damaged("the class " + name + " cannot be looked into here; open its package to io.cleave");
        }
        return form;
    }

    /** Insists, before a value is written, that readers with the same filters admit its class and those of its parts. */
    static void requireTrust(Class<?> type) {
        try {
            requireAll(type);
        } catch (Trust.Untrusted e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static void requireAll(Class<?> type) {
        Trust trust = Trust.current();
        if (trust.isLimited()) {
            ValueSchema.partsOf(type).forEach(trust::require);
        } else {
            trust.require(type);
        }
    }

    /** Why no value of a declared class can be a key; null where that is for the values to say. */
    static @Nullable String keyFlaw(Class<?> declared) {
        boolean isOpen = declared.isInterface()
                || (Modifier.isAbstract(declared.getModifiers()) && !declared.isArray() && !declared.isEnum())
                || declared == Object.class;
        return isOpen ? null : of(declared).keyFlaw();
    }
}
