package io.cleave.share;

import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.nio.Buffer;
import java.nio.charset.Charset;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.AbstractCollection;
import java.util.AbstractMap;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.fory.Fory;
import org.apache.fory.context.ReadContext;
import org.apache.fory.context.WriteContext;
import org.apache.fory.reflect.ObjectInstantiator;
import org.apache.fory.resolver.ClassResolver;
import org.apache.fory.serializer.ObjectSerializer;
import org.apache.fory.serializer.Serializer;
import org.apache.fory.util.record.RecordUtils;
import org.jspecify.annotations.Nullable;

/**
 * Which form objects of a class take within what Fory writes. Fory's own where that is exact: for classes without a serial
 * form of their own, and for those of the JDK that {@code JdkRoundTripTest} has found it to be right for. All other classes
 * of the JDK, and those that extend one, take the form that they define themselves ({@link SerialForm}).
 */
final class Forms {
    private static final List<Class<?>> ARRAYS = List.of(boolean[].class, byte[].class, char[].class, short[].class,
            int[].class, long[].class, float[].class, double[].class);
    /** Parents from the JDK that have no state of their own, or none that matters. */
    private static final Set<Class<?>> BARE_PARENTS = Set.of(Object.class, Record.class, Enum.class, Number.class);

    private final ForyEngine engine;
    private final ClassResolver resolver;

    Forms(ForyEngine engine, ClassResolver resolver) {
        this.engine = engine;
        this.resolver = resolver;
    }

    void install(Fory fory) {
        for (Class<?> array : ARRAYS) {
            replaceSerializer(fory, array);
        }
        CollectionForms.install(resolver);
        for (String inexact : INEXACT) {
            setSerialForm(inexact);
        }
        fory.registerSerializerFactory((_, type) -> formOf(type));
    }

    private <T> void replaceSerializer(Fory fory, Class<T> array) {
        fory.registerSerializer(array, new ArrayForm<>(array, fory.getSerializer(array)));
    }

    private void setSerialForm(String name) {
        try {
            setSerialForm(Class.forName(name));
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("this JDK has no class " + name, e);
        }
    }

    private <T> void setSerialForm(Class<T> type) {
        resolver.setSerializer(type, new SerialForm<>(type, engine));
    }

    /** The form of a class that Fory does not know by itself; null for that of Fory's choice. */
    private @Nullable Serializer<?> formOf(Class<?> type) {
        if (isView(type)) {
            return new ViewForm<>(type);
        }
        if (type.isHidden() && !Serializable.class.isAssignableFrom(type)) {
            throw new Unshareable(engine.last(), "a lambda that is not Serializable; use an interface that extends "
                    + "Serializable, or a cast such as (Runnable & Serializable)");
        }
        if (type.isArray() || Enum.class.isAssignableFrom(type) || type.isHidden()
                || java.lang.reflect.Proxy.isProxyClass(type) || type == Class.class) {
            return null;
        }
        if (isOfJdk(type)) {
            return jdkForm(type);
        }
        Class<?> parent = type.getSuperclass();
        while (parent != null && !isOfJdk(parent)) {
            parent = parent.getSuperclass();
        }
        if (parent != null && !BARE_PARENTS.contains(parent) && !AbstractCollection.class.equals(parent)
                && !isStateless(parent)) {
            if (!Serializable.class.isAssignableFrom(type)) {
                throw new Unshareable(engine.last(), "whose parent class " + parent.getName() + " is not Serializable; "
                        + "send what it holds as a record");
            }
            return new SerialForm<>(type, engine);
        }
        return type.isRecord() ? recordForm(type) : null;
    }

    /** Whether a class of the JDK is a mere frame for those that extend it. */
    private static boolean isStateless(Class<?> parent) {
        return !Serializable.class.isAssignableFrom(parent)
                && (AbstractCollection.class.isAssignableFrom(parent) || parent.equals(AbstractMap.class)
                        || Arrays.stream(parent.getDeclaredFields())
                                .allMatch(field -> java.lang.reflect.Modifier.isStatic(field.getModifiers())));
    }

    private static boolean isOfJdk(Class<?> type) {
        ClassLoader loader = type.getClassLoader();
        return loader == null || loader.equals(ClassLoader.getPlatformClassLoader());
    }

    private @Nullable Serializer<?> jdkForm(Class<?> type) {
        if (Path.class.isAssignableFrom(type)) {
            return new PathForm<>(type);
        }
        if (Charset.class.isAssignableFrom(type)) {
            return null;
        }
        if (!Serializable.class.isAssignableFrom(type)) {
            throw new Unshareable(engine.last(),
                    "which the JDK has not made Serializable; send what it holds, or a copy in "
                            + "a collection of your own such as new ArrayList<>(...)");
        }
        return new SerialForm<>(type, engine);
    }

    /** What is wrong with a class that has no form at all, and what to do. */
    static String refusalOf(Class<?> type) {
        if (!isOfJdk(type) || Serializable.class.isAssignableFrom(type)) {
            return "of a class that is known to be abused in attacks on deserialization, and never shared; send what it "
                    + "holds in a class of your own";
        }
        boolean isCollection = Collection.class.isAssignableFrom(type) || Map.class.isAssignableFrom(type);
        return "which the JDK has not made Serializable; "
                + (isCollection ? "send a copy, such as new ArrayList<>(...)"
                        : "send what it is made from, or make the "
                                + "field transient");
    }

    /** The constructor of a record takes its last component as it is, whether it is called with several or not. */
    private <T> @Nullable Serializer<T> recordForm(Class<T> type) {
        var constructor = RecordUtils.getRecordConstructor(type);
        if (!constructor.f0.isVarArgs()) {
            return null;
        }
        int count = constructor.f0.getParameterCount();
        var make = constructor.f1.asFixedArity().asSpreader(Object[].class, count);
        return new ObjectSerializer<>(resolver, type, true, new ObjectInstantiator<T>(type) {
            @Override
            public T newInstance() {
                throw new IllegalStateException("a record is made of its components");
            }

            @Override
            @SuppressWarnings("unchecked") // it is the constructor of that type
            public T newInstanceWithArguments(Object... arguments) {
                try {
                    return (T) make.invoke(arguments);
                } catch (RuntimeException | Error e) {
                    throw e;
                } catch (Throwable e) {
                    throw new IllegalArgumentException("the constructor of " + type.getName() + " has thrown " + e, e);
                }
            }
        });
    }

    private static boolean isView(Class<?> type) {
        return MemorySegment.class.isAssignableFrom(type) || Buffer.class.isAssignableFrom(type)
                || type == Tensor.class;
    }

    /** Arrays: large ones leave, small ones go Fory's own way. */
    private final class ArrayForm<T> extends Serializer<T> {
        private final Serializer<T> inner;

        ArrayForm(Class<T> type, Serializer<T> inner) {
            super(engine.config(), type);
            this.inner = inner;
        }

        @Override
        public void write(WriteContext context, T value) {
            int number = engine.offer(value);
            context.writeVarUInt32(number + 1);
            if (number < 0) {
                inner.write(context, value);
            }
        }

        @Override
        public T read(ReadContext context) {
            int number = context.readVarUInt32() - 1;
            return number < 0 ? inner.read(context) : engine.take(number, type);
        }
    }

    /** Segments, buffers and tensors, which always leave. */
    private final class ViewForm<T> extends Serializer<T> {
        ViewForm(Class<T> type) {
            super(engine.config(), type);
        }

        @Override
        public void write(WriteContext context, T value) {
            int number;
            try {
                number = engine.offer(value);
            } catch (IllegalArgumentException e) {
                throw new Unshareable(value, "which cannot be shared: " + e.getMessage(), e);
            }
            if (number < 0) {
                throw new Unshareable(value,
                        "which can be shared, but not encoded by a codec alone; use Share.write, or "
                                + "send an array");
            }
            context.writeVarUInt32(number);
        }

        @Override
        @SuppressWarnings("unchecked") // what comes back is a view, and of another class than what went away
        public T read(ReadContext context) {
            Class<?> expected = type == Tensor.class ? Tensor.class : Buffer.class.isAssignableFrom(type) ? Buffer.class
                    : MemorySegment.class;
            return (T) engine.take(context.readVarUInt32(), expected);
        }
    }

    /** Paths of the default file system, as text. */
    private final class PathForm<T> extends Serializer<T> {
        PathForm(Class<T> type) {
            super(engine.config(), type);
        }

        @Override
        public void write(WriteContext context, T value) {
            Path path = (Path) value;
            if (!path.getFileSystem().equals(FileSystems.getDefault())) {
                throw new Unshareable(value, "of a file system that other processes do not have; send its URI");
            }
            context.writeString(path.toString());
        }

        @Override
        @SuppressWarnings("unchecked") // the class that the default file system has
        public T read(ReadContext context) {
            return (T) Path.of(context.readString());
        }
    }

    /** Classes of the JDK that Fory has forms for which lose something. */
    private static final List<String> INEXACT = List.of("java.util.Locale", "java.time.ZonedDateTime",
            "java.util.GregorianCalendar", "java.util.concurrent.ArrayBlockingQueue",
            "java.util.concurrent.atomic.AtomicReference");
}
