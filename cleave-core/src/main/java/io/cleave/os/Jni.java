package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The JVM's native interface, reached without native code of our own, for the one thing that no Java API offers: giving
 * new seeds to the generators of random numbers that the JDK keeps for itself, which every forked child needs. They are
 * the calling thread's {@link java.util.concurrent.ThreadLocalRandom}, and what static fields of the JDK's refer to
 * ({@link Held}).
 *
 * <h2>Overview</h2>
 *
 * References that JNI hands out are local to a native method's frame, and here is none: the next native method that this
 * thread happens to call takes their place. So all that can be kept is looked up beforehand and kept as a global
 * reference or an id, every function is linked and called before it matters, and the one local reference that is needed
 * later, the thread's, is used in the very next call after a check of its type, with no native method between. A lookup
 * is made several times and used only where two in a row agree; where they never do, there is no {@code Jni}.
 *
 * <p>
 * A lookup that fails leaves an exception that nobody may find for long, so whether a field or method exists is asked by
 * reflection before.
 *
 * <p>
 * The function table's indices are part of the JNI specification and have never changed.
 */
public final class Jni {
    static final int GET_ENV = 6;
    private static final int FIND_CLASS = 6;
    private static final int NEW_GLOBAL_REF = 21;
    private static final int DELETE_GLOBAL_REF = 22;
    private static final int IS_SAME_OBJECT = 24;
    private static final int IS_INSTANCE_OF = 32;
    private static final int GET_METHOD_ID = 33;
    private static final int CALL_VOID_METHOD_A = 63;
    static final int GET_FIELD_ID = 94;
    private static final int GET_OBJECT_FIELD = 95;
    private static final int SET_OBJECT_FIELD = 104;
    private static final int SET_LONG_FIELD = 110;
    private static final int GET_STATIC_METHOD_ID = 113;
    private static final int CALL_STATIC_OBJECT_METHOD_A = 116;
    private static final int GET_STATIC_FIELD_ID = 144;
    private static final int GET_STATIC_OBJECT_FIELD = 145;
    private static final int SET_STATIC_OBJECT_FIELD = 154;
    private static final int GET_ARRAY_LENGTH = 171;
    private static final int NEW_BYTE_ARRAY = 176;
    private static final int SET_BYTE_ARRAY_REGION = 208;
    static final int JNI_VERSION_10 = 0x000a0000;
    private static final int ATTEMPTS = 8;
    private static final int SEED_BYTES = 8;
    /** Where in the scratch memory arguments lie; the environment is asked for at its beginning. */
    private static final long ARGUMENTS = 16;

    private static final FunctionDescriptor LOOK_UP = FunctionDescriptor.of(LONG, LONG, LONG, POINTER, POINTER);
    private static final FunctionDescriptor OF_OBJECT = FunctionDescriptor.of(LONG, LONG, LONG);
    private static final FunctionDescriptor OF_FIELD = FunctionDescriptor.of(LONG, LONG, LONG, LONG);

    private static final @Nullable Jni INSTANCE = load();

    private final long machine;
    private final MethodHandle getEnv;
    private final MethodHandle isInstanceOf;
    private final MethodHandle callStaticObjectMethod;
    private final MethodHandle setLongField;
    private final MethodHandle setObjectField;
    private final MethodHandle setStaticObjectField;
    private final MethodHandle setByteArrayRegion;
    private final MethodHandle callVoidMethod;
    private final long threadClass;
    private final long currentThread;
    private final long seedField;

    private Jni(long machine, Arena names) throws Throwable {
        this.machine = machine;
        this.getEnv = function(machine, GET_ENV, FunctionDescriptor.of(INT, LONG, POINTER, INT));
        long env = environment();
        this.isInstanceOf = function(env, IS_INSTANCE_OF,
                FunctionDescriptor.of(ValueLayout.JAVA_BYTE, LONG, LONG, LONG));
        this.callStaticObjectMethod = function(env, CALL_STATIC_OBJECT_METHOD_A,
                FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG));
        this.setLongField = function(env, SET_LONG_FIELD, FunctionDescriptor.ofVoid(LONG, LONG, LONG, LONG));
        this.setObjectField = function(env, SET_OBJECT_FIELD, FunctionDescriptor.ofVoid(LONG, LONG, LONG, LONG));
        this.setStaticObjectField = function(env, SET_STATIC_OBJECT_FIELD,
                FunctionDescriptor.ofVoid(LONG, LONG, LONG, LONG));
        this.setByteArrayRegion = function(env, SET_BYTE_ARRAY_REGION,
                FunctionDescriptor.ofVoid(LONG, LONG, INT, INT, POINTER));
        this.callVoidMethod = function(env, CALL_VOID_METHOD_A, FunctionDescriptor.ofVoid(LONG, LONG, LONG, POINTER));
        this.threadClass = classRef(env, names, Thread.class);
        this.currentThread = (long) function(env, GET_STATIC_METHOD_ID, LOOK_UP).invokeExact(env, threadClass,
                names.allocateFrom("currentThread"), names.allocateFrom("()Ljava/lang/Thread;"));
        this.seedField = (long) function(env, GET_FIELD_ID, LOOK_UP).invokeExact(env, threadClass,
                names.allocateFrom("threadLocalRandomSeed"), names.allocateFrom("J"));
    }

    private static @Nullable Jni load() {
        try (Arena arena = Arena.ofConfined()) {
            long machine = machine(arena);
            return machine == 0 ? null : new Jni(machine, arena);
        } catch (LinkageError | IllegalStateException e) {
            return null; // a JVM without this field, or one that hands out references differently
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * Gives the calling thread's {@link java.util.concurrent.ThreadLocalRandom} a new seed.
     *
     * @param seed the seed
     * @return false where this JVM does not allow it, and nothing was done
     */
    public static boolean reseedThread(long seed) {
        Jni jni = INSTANCE;
        return jni != null && jni.setSeed(seed);
    }

    private boolean setSeed(long seed) {
        try {
            long env = environment();
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                long thread = (long) callStaticObjectMethod.invokeExact(env, threadClass, currentThread, 0L);
                if ((byte) isInstanceOf.invokeExact(env, thread, threadClass) != 0) {
                    setLongField.invokeExact(env, thread, seedField, seed);
                    return true;
                }
            }
            return false;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** The calling thread's JNIEnv. */
    private long environment() throws Throwable {
        return environment(getEnv, machine, JNI_VERSION_10);
    }

    /** What the JVM's GetEnv gives for a version: an environment of JNI or of JVMTI. */
    static long environment(MethodHandle getEnv, long machine, int version) throws Throwable {
        MemorySegment env = Native.scratch().asSlice(0, 8);
        int result = (int) getEnv.invokeExact(machine, env, version);
        if (result != 0) {
            throw new IllegalStateException("GetEnv of version " + Integer.toHexString(version) + " gave " + result);
        }
        return env.get(LONG, 0);
    }

    /** A lookup that gives a local reference. */
    @FunctionalInterface
    private interface Lookup {
        long local() throws Throwable;
    }

    private static long classRef(long env, Arena names, Class<?> type) throws Throwable {
        return findClass(env, names, type.getName().replace('.', '/'));
    }

    /** A global reference to a class of the JDK's, by its name with slashes. */
    static long findClass(long env, Arena names, String className) throws Throwable {
        MethodHandle find = function(env, FIND_CLASS, FunctionDescriptor.of(LONG, LONG, POINTER));
        MemorySegment name = names.allocateFrom(className);
        return lasting(env, () -> (long) find.invokeExact(env, name));
    }

    /**
     * A global reference to a new array of {@value #SEED_BYTES} bytes. The first attempt links the calls, which loses the
     * local reference between them; of the others the result is looked at, too.
     */
    static long array(long env) throws Throwable {
        MethodHandle make = function(env, NEW_BYTE_ARRAY, FunctionDescriptor.of(LONG, LONG, INT));
        MethodHandle keep = function(env, NEW_GLOBAL_REF, OF_OBJECT);
        MethodHandle drop = function(env, DELETE_GLOBAL_REF, FunctionDescriptor.ofVoid(LONG, LONG));
        MethodHandle isA = function(env, IS_INSTANCE_OF,
                FunctionDescriptor.of(ValueLayout.JAVA_BYTE, LONG, LONG, LONG));
        MethodHandle length = function(env, GET_ARRAY_LENGTH, FunctionDescriptor.of(INT, LONG, LONG));
        try (Arena names = Arena.ofConfined()) {
            long type = findClass(env, names, "[B");
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                long kept = (long) keep.invokeExact(env, (long) make.invokeExact(env, SEED_BYTES));
                if (attempt > 0 && kept != 0 && (byte) isA.invokeExact(env, kept, type) != 0
                        && (int) length.invokeExact(env, kept) == SEED_BYTES) {
                    return kept;
                }
                if (kept != 0) {
                    drop.invokeExact(env, kept);
                }
            }
        }
        throw new IllegalStateException("this JVM hands out no references to arrays");
    }

    /** A global reference to what a lookup finds, checked by finding the same twice; 0 where that is null. */
    private static long lasting(long env, Lookup lookup) throws Throwable {
        MethodHandle keep = function(env, NEW_GLOBAL_REF, OF_OBJECT);
        MethodHandle drop = function(env, DELETE_GLOBAL_REF, FunctionDescriptor.ofVoid(LONG, LONG));
        MethodHandle same = function(env, IS_SAME_OBJECT,
                FunctionDescriptor.of(ValueLayout.JAVA_BYTE, LONG, LONG, LONG));
        long last = 0;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            long local = lookup.local();
            long global = local == 0 ? 0 : (long) keep.invokeExact(env, local);
            boolean agree = attempt > 0 && (byte) same.invokeExact(env, last, global) != 0;
            if (last != 0) {
                drop.invokeExact(env, last);
            }
            if (agree) {
                return global;
            }
            last = global;
        }
        throw new IllegalStateException("JNI's local references do not last from one call to the next");
    }

    /**
     * An object of the JDK's that a static field refers to, and that is held from here on. What it is given is its own in a
     * forked child.
     */
    public static final class Held {
        private final Jni jni;
        private final Class<?> type;
        /** A global reference. */
        private final long object;
        private long value;
        private long method;
        /** A global reference to the bytes that a method takes; 0 where it takes a number. */
        private long bytes;

        private Held(Jni jni, Class<?> type, long object) {
            this.jni = jni;
            this.type = type;
            this.object = object;
        }

        /** The global reference, for native code. */
        long reference() {
            return object;
        }

        /**
         * What a static field refers to.
         *
         * @param className a class of the JDK's own, which is initialized
         * @param field the name of its static field
         * @return the object, or null where this JVM has none there or does not allow it
         */
        public static @Nullable Held in(String className, String field) {
            Jni jni = INSTANCE;
            if (jni == null) {
                return null;
            }
            try (Arena names = Arena.ofConfined()) {
                Class<?> holder = Class.forName(className, true, null);
                Class<?> type = holder.getDeclaredField(field).getType();
                long env = jni.environment();
                long holderRef = classRef(env, names, holder);
                long id = (long) function(env, GET_STATIC_FIELD_ID, LOOK_UP).invokeExact(env, holderRef,
                        names.allocateFrom(field), names.allocateFrom(type.descriptorString()));
                MethodHandle get = function(env, GET_STATIC_OBJECT_FIELD, OF_FIELD);
                long object = lasting(env, () -> (long) get.invokeExact(env, holderRef, id));
                return object == 0 ? null : new Held(jni, type, object);
            } catch (ReflectiveOperationException | LinkageError | IllegalStateException e) {
                return null; // another JDK
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }

        /**
         * What a field of this object refers to.
         *
         * @param field the name of a field that its class declares
         * @return that object, or null where there is none
         */
        public @Nullable Held part(String field) {
            try (Arena names = Arena.ofConfined()) {
                Class<?> partType = type.getDeclaredField(field).getType();
                long env = jni.environment();
                long id = fieldId(env, names, type, field, partType);
                MethodHandle get = function(env, GET_OBJECT_FIELD, OF_FIELD);
                long part = lasting(env, () -> (long) get.invokeExact(env, object, id));
                return part == 0 ? null : new Held(jni, partType, part);
            } catch (ReflectiveOperationException | LinkageError | IllegalStateException e) {
                return null;
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }

        /**
         * The way to set this object, which is a {@link AtomicLong}.
         *
         * @return sets it
         */
        public LongConsumer setter() {
            try (Arena names = Arena.ofConfined()) {
                value = fieldId(jni.environment(), names, AtomicLong.class, "value", long.class);
                return this::setValue;
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }

        /**
         * The way to set a field of this object that is a number.
         *
         * @param field the name of a field of type long that its class declares
         * @return sets it; null where there is none
         */
        public @Nullable LongConsumer fieldSetter(String field) {
            try (Arena names = Arena.ofConfined()) {
                if (type.getDeclaredField(field).getType() != long.class) {
                    return null;
                }
                long id = fieldId(jni.environment(), names, type, field, long.class);
                return number -> setField(id, number);
            } catch (ReflectiveOperationException e) {
                return null;
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }

        private void setField(long id, long number) {
            try {
                jni.setLongField.invokeExact(jni.environment(), object, id, number);
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }

        private void setValue(long number) {
            try {
                jni.setLongField.invokeExact(jni.environment(), object, value, number);
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }

        /**
         * The way to set the first eight bytes of this object, which is an array of at least as many.
         *
         * @return sets them
         */
        public LongConsumer bytesSetter() {
            return this::setBytes;
        }

        private void setBytes(long number) {
            try {
                MemorySegment content = Native.scratch().asSlice(ARGUMENTS, SEED_BYTES);
                content.set(LONG, 0, number);
                jni.setByteArrayRegion.invokeExact(jni.environment(), object, 0, SEED_BYTES, content);
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }

        /**
         * The way to give this object a seed, by a method that takes a number or an array of bytes.
         *
         * @param name the method's name
         * @param parameter {@code long.class} or {@code byte[].class}
         * @return seeds it; null where its class declares no such method
         */
        public @Nullable LongConsumer seeder(String name, Class<?> parameter) {
            try (Arena names = Arena.ofConfined()) {
                if (type.getDeclaredMethod(name, parameter).getReturnType() != void.class) {
                    return null;
                }
                long env = jni.environment();
                method = (long) function(env, GET_METHOD_ID, LOOK_UP).invokeExact(env, classRef(env, names, type),
                        names.allocateFrom(name), names.allocateFrom("(" + parameter.descriptorString() + ")V"));
                if (parameter.isArray()) {
                    bytes = array(env);
                }
                return this::seed;
            } catch (NoSuchMethodException | IllegalStateException e) {
                return null;
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }

        /**
         * The way to have a field of this object refer to nothing.
         *
         * @param field the name of a field that its class declares, which is not final
         * @return forgets what it refers to; null where there is no such field
         */
        public @Nullable Runnable forgetter(String field) {
            try (Arena names = Arena.ofConfined()) {
                Class<?> fieldType = type.getDeclaredField(field).getType();
                long id = fieldId(jni.environment(), names, type, field, fieldType);
                return () -> forget(id);
            } catch (ReflectiveOperationException | LinkageError | IllegalStateException e) {
                return null;
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }

        private void forget(long field) {
            try {
                jni.setObjectField.invokeExact(jni.environment(), object, field, 0L);
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }

        private void seed(long number) {
            try {
                long env = jni.environment();
                MemorySegment argument = Native.scratch().asSlice(ARGUMENTS, SEED_BYTES);
                argument.set(LONG, 0, number);
                if (bytes != 0) {
                    jni.setByteArrayRegion.invokeExact(env, bytes, 0, SEED_BYTES, argument);
                    argument.set(LONG, 0, bytes);
                }
                jni.callVoidMethod.invokeExact(env, object, method, argument);
            } catch (Throwable t) {
                throw Native.unexpected(t);
            }
        }
    }

    /**
     * The way to have a static field refer to nothing.
     *
     * @param type a class of the JDK's own
     * @param field the name of its static field, which is not final
     * @return forgets what it refers to; null where this JVM does not allow it
     */
    public static @Nullable Runnable forgetter(Class<?> type, String field) {
        Jni jni = INSTANCE;
        if (jni == null) {
            return null;
        }
        try (Arena names = Arena.ofConfined()) {
            Class<?> fieldType = type.getDeclaredField(field).getType();
            long env = jni.environment();
            long holder = classRef(env, names, type);
            long id = (long) function(env, GET_STATIC_FIELD_ID, LOOK_UP).invokeExact(env, holder,
                    names.allocateFrom(field), names.allocateFrom(fieldType.descriptorString()));
            return () -> jni.forget(holder, id);
        } catch (ReflectiveOperationException | LinkageError | IllegalStateException e) {
            return null;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    private void forget(long holder, long field) {
        try {
            setStaticObjectField.invokeExact(environment(), holder, field, 0L);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    private static long fieldId(long env, Arena names, Class<?> type, String field, Class<?> fieldType)
            throws Throwable {
        return (long) function(env, GET_FIELD_ID, LOOK_UP).invokeExact(env, classRef(env, names, type),
                names.allocateFrom(field), names.allocateFrom(fieldType.descriptorString()));
    }

    /** The JavaVM, 0 where the library that has it cannot be found. */
    static long machine(Arena arena) throws Throwable {
        MemorySegment getVms = Native.findAnywhere("JNI_GetCreatedJavaVMs").orElse(MemorySegment.NULL);
        if (getVms.equals(MemorySegment.NULL)) {
            return 0;
        }
        MemorySegment vm = arena.allocate(POINTER);
        MemorySegment count = arena.allocate(INT);
        int result = (int) Native.pointer(getVms, FunctionDescriptor.of(INT, POINTER, INT, POINTER)).invokeExact(vm, 1,
                count);
        return result == 0 && count.get(INT, 0) == 1 ? vm.get(LONG, 0) : 0;
    }

    /** A function of a table that an object begins with. */
    static MethodHandle function(long object, int index, FunctionDescriptor shape) {
        long table = MemorySegment.ofAddress(object).reinterpret(8).get(LONG, 0);
        long address = MemorySegment.ofAddress(table).reinterpret((index + 1) * 8L).get(LONG, index * 8L);
        return Native.pointer(MemorySegment.ofAddress(address), shape);
    }
}
