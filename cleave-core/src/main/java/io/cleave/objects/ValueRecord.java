package io.cleave.objects;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A record, component by component: the fields are read as they are, and the canonical constructor makes the copy. The
 * bytes have neither names nor types of the components, so a fingerprint of the {@link ValueSchema} goes before them, or
 * stands in the structure that holds them.
 */
final class ValueRecord extends ValueForm<Object> {
    private static final int MOST_COMPONENTS = 200;
    private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();
    private static final Map<Class<?>, MethodHandle> READERS = Map.of(
            boolean.class, reader("readBoolean", boolean.class), byte.class, reader("readByte", byte.class),
            short.class, reader("readShort", short.class), char.class, reader("readChar", char.class),
            int.class, reader("readInt", int.class), long.class, reader("readLong", long.class),
            float.class, reader("readFloat", float.class), double.class, reader("readDouble", double.class));
    private static final MethodHandle READ_REFERENCE;

    static {
        try {
            READ_REFERENCE = LOOKUP.findVirtual(Reference.class, "read",
                    MethodType.methodType(Object.class, ValueInput.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final String name;
    private final Component[] components;
    /** From the bytes to the record. */
    private final MethodHandle maker;
    private volatile @Nullable KeyCheck keyCheck;
    private volatile @Nullable Long fingerprint;

    /** Whether it can be a key, found out once. */
    private record KeyCheck(@Nullable String flaw) {}

    /** Writes one component of a record. */
    private interface Component {
        void write(Object whole, ValueBuffer out) throws Throwable;
    }

    private ValueRecord(Class<Object> type, Component[] components, MethodHandle maker) {
        super(ValueTags.RECORD, type);
        this.name = type.getName();
        this.components = components;
        this.maker = maker;
    }

    /** The form of a record; null where its module does not let it be looked into, or it is too large. */
    @SuppressWarnings("unchecked") // its values are asked for their class before
    static @Nullable ValueRecord of(Class<?> type) {
        RecordComponent[] declared = type.getRecordComponents();
        if (declared.length > MOST_COMPONENTS) {
            return null;
        }
        try {
            ValueRecord.class.getModule().addReads(type.getModule());
            MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(type, LOOKUP);
            Class<?>[] types = Arrays.stream(declared).map(RecordComponent::getType).toArray(Class<?>[]::new);
            MethodHandle maker = lookup.findConstructor(type, MethodType.methodType(void.class, types)).asFixedArity();
            Component[] components = new Component[declared.length];
            for (int i = declared.length - 1; i >= 0; i--) { // so that the first is read first
                MethodHandle getter = lookup.findGetter(type, declared[i].getName(), types[i]);
                Reference reference = new Reference(types[i]);
                components[i] = component(getter, types[i], reference);
                maker = MethodHandles.collectArguments(maker, i, readerOf(types[i], reference));
            }
            MethodType fromInput = MethodType.methodType(type, ValueInput.class);
            maker = declared.length == 0 ? MethodHandles.dropArguments(maker, 0, ValueInput.class)
                    : MethodHandles.permuteArguments(maker, fromInput, new int[declared.length]);
            return new ValueRecord((Class<Object>) type, components,
                    maker.asType(MethodType.methodType(Object.class, ValueInput.class)));
        } catch (ReflectiveOperationException e) {
            return null;
        }
    }

    private static MethodHandle reader(String method, Class<?> type) {
        try {
            return LOOKUP.findVirtual(ValueInput.class, method, MethodType.methodType(type));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static MethodHandle readerOf(Class<?> type, Reference reference) {
        MethodHandle primitive = READERS.get(type);
        return primitive != null ? primitive
                : READ_REFERENCE.bindTo(reference).asType(MethodType.methodType(type, ValueInput.class));
    }

    private static Component component(MethodHandle field, Class<?> type, Reference reference) {
        Class<?> taken = type.isPrimitive() ? type : Object.class;
        MethodHandle get = field.asType(MethodType.methodType(taken, Object.class));
        return switch (type.getName()) {
            case "boolean" -> (whole, out) -> out.putByte((boolean) get.invokeExact(whole) ? 1 : 0);
            case "byte" -> (whole, out) -> out.putByte((byte) get.invokeExact(whole));
            case "short" -> (whole, out) -> out.putShort((short) get.invokeExact(whole));
            case "char" -> (whole, out) -> out.putShort((char) get.invokeExact(whole));
            case "int" -> (whole, out) -> out.putInt((int) get.invokeExact(whole));
            case "long" -> (whole, out) -> out.putLong((long) get.invokeExact(whole));
            case "float" -> (whole, out) -> out.putFloat((float) get.invokeExact(whole));
            case "double" -> (whole, out) -> out.putDouble((double) get.invokeExact(whole));
            default -> (whole, out) -> reference.write((Object) get.invokeExact(whole), out);
        };
    }

    /** A component that is no primitive. Records and enums are of the declared class nearly always, and need no name. */
    private static final class Reference {
        private final Class<?> type;
        /** Found at the first use, as records may contain themselves. */
        private @Nullable ValueForm<Object> form;

        Reference(Class<?> type) {
            this.type = type;
        }

        private ValueForm<Object> form() {
            ValueForm<Object> found = form;
            if (found == null) {
                found = ValueForms.of(type);
                form = found;
            }
            return found;
        }

        private boolean isDeclared() {
            return type.isRecord() || type.isEnum();
        }

        void write(@Nullable Object value, ValueBuffer out) {
            if (isDeclared()) {
                ValueForms.write(value, form(), out);
            } else {
                ValueForms.write(value, out);
            }
        }

        @SuppressWarnings("UnusedMethod") // by READ_REFERENCE
        @Nullable Object read(ValueInput in) {
            return isDeclared() ? ValueForms.read(form(), in) : ValueForms.read(in);
        }
    }

    @Override
    void write(Object value, ValueBuffer out) {
        out.enter();
        try {
            for (Component component : components) {
                component.write(value, out);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("a field of the record " + name + " cannot be read", e);
        }
        out.leave();
    }

    @Override
    Object read(ValueInput in) {
        in.enter();
        Object value;
        try {
            value = (Object) maker.invokeExact(in);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw ValueInput.damaged("the constructor of " + name + " has thrown " + e, e);
        }
        in.leave();
        return value;
    }

    @Override
    void writeTagged(Object value, ValueBuffer out) {
        ValueForms.requireTrust(type());
        out.putByte(tag());
        out.putText(name);
        out.putLong(fingerprint());
        write(value, out);
    }

    @Override
    Object readTagged(ValueInput in) {
        if (in.readLong() != fingerprint()) {
            throw in.damaged("the record was written by a version of the program that has other components, or other "
                    + "constants in an enum among them, than what is here: " + ValueSchema.of(type()));
        }
        return read(in);
    }

    private long fingerprint() {
        Long known = fingerprint;
        if (known == null) {
            known = ValueSchema.of(type()).fingerprint();
            fingerprint = known;
        }
        return known;
    }

    @Override
    boolean isTotal() {
        return false; // a value may have too many levels
    }

    @Override
    boolean isPlain() {
        return false;
    }

    @Override
    @Nullable String keyFlaw() {
        KeyCheck known = keyCheck;
        if (known == null) {
            known = new KeyCheck(keyFlaw(type(), new HashSet<>()));
            keyCheck = known;
        }
        return known.flaw;
    }

    /** What is known of the class alone; values of other components are looked at when they are written. */
    private static @Nullable String keyFlaw(Class<?> type, Set<Class<?>> seen) {
        if (!seen.add(type)) {
            return null;
        }
        String flaw = RecordEquality.flaw(type);
        for (RecordComponent component : flaw == null ? type.getRecordComponents() : new RecordComponent[0]) {
            Class<?> part = component.getType();
            flaw = part.isRecord() ? keyFlaw(part, seen)
                    : part.isPrimitive() || part.isInterface() ? null : ValueForms.keyFlaw(part);
            if (flaw != null) {
                return "its component " + component.getName() + ", a " + part.getTypeName() + ": " + flaw;
            }
        }
        return flaw;
    }
}
