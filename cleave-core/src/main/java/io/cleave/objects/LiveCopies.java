package io.cleave.objects;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Copies of live objects from and to records and beans. */
final class LiveCopies {
    private LiveCopies() {
    }

    /** A record that has the fields of its components' names. */
    static <R extends Record> R toRecord(LiveFields fields, Class<R> record) {
        List<Class<?>> types = new ArrayList<>();
        List<@Nullable Object> values = new ArrayList<>();
        for (RecordComponent component : record.getRecordComponents()) {
            types.add(component.getType());
            values.add(component(fields, component));
        }
        try {
            LiveCopies.class.getModule().addReads(record.getModule());
            MethodHandle constructor = MethodHandles.privateLookupIn(record, MethodHandles.lookup())
                    .findConstructor(record, MethodType.methodType(void.class, types));
            return record.cast(constructor.invokeWithArguments(values));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (IllegalAccessException e) {
            throw new IllegalArgumentException("a " + record.getTypeName()
                    + " cannot be made here; open its package to io.cleave", e);
        } catch (Throwable e) {
            throw new IllegalArgumentException("the constructor of " + record.getTypeName() + " has thrown " + e, e);
        }
    }

    private static @Nullable Object component(LiveFields fields, RecordComponent component) {
        LiveInterface<?> declared = fields.type().declared();
        int field = declared.indexOf(component.getName());
        if (field < 0) {
            throw new IllegalArgumentException("a " + declared.type().getTypeName() + " has no field "
                    + component.getName() + ", which the record wants");
        }
        Object value = fields.show(field);
        Class<?> wanted = MethodType.methodType(component.getType()).wrap().returnType();
        LiveField there = fields.type().fields().get(field);
        if (value != null && there.structure() != null) {
            value = wanted.isRecord() ? Live.snapshot(value, wanted.asSubclass(Record.class))
                    : fields.type().codec(fields.type().slot(field)).encoding().detached(value);
        }
        if (value != null && !wanted.isInstance(value)) {
            throw new IllegalArgumentException("the component " + component.getName() + " is a "
                    + component.getType().getTypeName() + ", and the field is a " + there.description());
        }
        return value;
    }

    /** Sets the fields of a live object that a source has. */
    static void copy(Object source, Object object) {
        LiveFields target = LiveClass.fields(object);
        LiveFields from = LiveClass.fieldsOrNull(source);
        List<@Nullable Method> getters = from == null ? getters(source, target.type()) : List.of();
        Live.update(object, draft -> {
            LiveFields fields = LiveClass.fields(draft);
            if (from == null) {
                set(fields, source, getters);
            } else {
                setAll(fields, source);
            }
        });
    }

    /** Lets fields have what those of a live object have at one moment. */
    private static void setAll(LiveFields target, Object source) {
        boolean isAny = Live.read(source, view -> {
            LiveFields from = LiveClass.fields(view);
            boolean isOne = false;
            for (int i = 0; i < target.type().fields().size(); i++) {
                int other = from.type().declared().indexOf(target.type().fields().get(i).name());
                if (other >= 0) {
                    setOne(target, i, from.get(other));
                    isOne = true;
                }
            }
            return isOne;
        });
        if (!isAny) {
            throw noneOf(LiveClass.fields(source).type().declared().type(), target.type());
        }
    }

    private static IllegalArgumentException noneOf(Class<?> source, LiveObjects<?> target) {
        return new IllegalArgumentException("a " + source.getTypeName() + " has none of the fields of "
                + target.declared().type().getTypeName());
    }

    /** By the fields, what reads them in a record or bean; null where it has none such. */
    private static List<@Nullable Method> getters(Object source, LiveObjects<?> target) {
        List<@Nullable Method> getters = new ArrayList<>();
        boolean isAny = false;
        for (LiveField field : target.fields()) {
            Method getter = getter(source.getClass(), field.name());
            getters.add(getter);
            isAny |= getter != null;
        }
        if (!isAny) {
            throw noneOf(source.getClass(), target);
        }
        return getters;
    }

    private static @Nullable Method getter(Class<?> type, String field) {
        String upper = Character.toUpperCase(field.charAt(0)) + field.substring(1);
        for (String name : List.of(field, "get" + upper, "is" + upper)) {
            for (Method method : type.getMethods()) {
                if (method.getName().equals(name) && method.getParameterCount() == 0
                        && method.getReturnType() != void.class && !Modifier.isStatic(method.getModifiers())) {
                    return method;
                }
            }
        }
        return null;
    }

    private static void set(LiveFields target, Object source, List<@Nullable Method> getters) {
        for (int i = 0; i < getters.size(); i++) {
            Method getter = getters.get(i);
            if (getter != null) {
                setOne(target, i, read(source, getter));
            }
        }
    }

    private static @Nullable Object read(Object source, Method getter) {
        try {
            boolean _ = getter.trySetAccessible();
            return getter.invoke(source);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(
                    "the method " + getter + " of what is to be copied cannot be called; open "
                            + "its package to io.cleave, or mend it",
                    e);
        }
    }

    private static void setOne(LiveFields target, int field, @Nullable Object value) {
        LiveField declared = target.type().fields().get(field);
        if (value != null && LiveTypes.isLive(declared.type()) && !declared.type().isInstance(value)) {
            target.set(field, object(target, field, value));
            return;
        }
        try {
            target.set(field, value);
        } catch (ClassCastException e) {
            throw new IllegalArgumentException("the field " + declared.name() + " is of the type "
                    + declared.description() + ", and cannot be what is to be copied: " + e.getMessage(), e);
        }
    }

    /** What an object in the object is to be copied from. */
    private static Object object(LiveFields target, int field, Object source) {
        return ((LiveEncoding<?>) target.type().codec(target.type().slot(field)).encoding()).copyOf(source);
    }

    /** Lets an ordinary object have what a record, a bean or another live object has. */
    static void fill(LiveFields copy, Object source) {
        if (LiveClass.fieldsOrNull(source) == null) {
            set(copy, source, getters(source, copy.type()));
        } else {
            setAll(copy, source);
        }
    }
}
