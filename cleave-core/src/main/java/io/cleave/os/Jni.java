package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The JVM's native interface, reached without native code of our own, for the one thing that no Java API offers: giving
 * the calling thread's {@link java.util.concurrent.ThreadLocalRandom} a new seed, which every forked child needs.
 *
 * <h2>Overview</h2>
 *
 * References that JNI hands out are local to a native method's frame, and here is none: the next native method that this
 * thread happens to call takes their place. So all that can be kept is looked up beforehand and kept as a global
 * reference or an id, every function is linked and called before it matters, and the one local reference that is needed,
 * the thread's, is used in the very next call after a check of its type, with no native method between. The lookup is
 * made several times and used only where two in a row agree; where they never do, there is no {@code Jni}.
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
    static final int GET_FIELD_ID = 94;
    private static final int SET_LONG_FIELD = 110;
    private static final int GET_STATIC_METHOD_ID = 113;
    private static final int CALL_STATIC_OBJECT_METHOD_A = 116;
    static final int JNI_VERSION_10 = 0x000a0000;
    private static final int ATTEMPTS = 8;

    private static final @Nullable Jni INSTANCE = load();

    private final long machine;
    private final MethodHandle getEnv;
    private final MethodHandle isInstanceOf;
    private final MethodHandle callStaticObjectMethod;
    private final MethodHandle setLongField;
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
        this.threadClass = findClass(env, names, "java/lang/Thread");
        FunctionDescriptor lookUp = FunctionDescriptor.of(LONG, LONG, LONG, POINTER, POINTER);
        this.currentThread = (long) function(env, GET_STATIC_METHOD_ID, lookUp).invokeExact(env, threadClass,
                names.allocateFrom("currentThread"), names.allocateFrom("()Ljava/lang/Thread;"));
        this.seedField = (long) function(env, GET_FIELD_ID, lookUp).invokeExact(env, threadClass,
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

    /** A global reference to a class of the JDK's, checked by finding the same one twice. */
    static long findClass(long env, Arena names, String binaryName) throws Throwable {
        MethodHandle find = function(env, FIND_CLASS, FunctionDescriptor.of(LONG, LONG, POINTER));
        MethodHandle keep = function(env, NEW_GLOBAL_REF, FunctionDescriptor.of(LONG, LONG, LONG));
        MethodHandle drop = function(env, DELETE_GLOBAL_REF, FunctionDescriptor.ofVoid(LONG, LONG));
        MethodHandle same = function(env, IS_SAME_OBJECT,
                FunctionDescriptor.of(ValueLayout.JAVA_BYTE, LONG, LONG, LONG));
        MemorySegment name = names.allocateFrom(binaryName);
        long last = 0;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            long local = (long) find.invokeExact(env, name);
            long global = (long) keep.invokeExact(env, local);
            boolean agree = last != 0 && (byte) same.invokeExact(env, last, global) != 0;
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
