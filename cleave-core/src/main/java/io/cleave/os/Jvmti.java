package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * The JVM's tool interface, reached through its table of functions without native code of our own, for what a whole fork
 * needs of it: an environment that may suspend threads. The table's indices are part of the JVMTI specification.
 *
 * <p>
 * The capability to suspend may be had while the JVM runs, but by one environment only: a debugger that has it keeps it.
 */
final class Jvmti {
    private static final int VERSION = 0x30010200;
    private static final int RESUME_THREAD = 6;
    private static final int DEALLOCATE = 47;
    private static final int GET_CLASS_METHODS = 52;
    private static final int GET_METHOD_NAME = 64;
    private static final int ADD_CAPABILITIES = 142;
    private static final int CAPABILITIES_BYTES = 16;
    private static final int CAN_SUSPEND = 20;
    private static final int CAN_SUPPORT_VIRTUAL_THREADS = 44;

    private final long machine;
    private final MethodHandle getEnv;
    final long environment;

    /**
     * Asks the JVM for an environment that may suspend threads.
     *
     * @throws UnsupportedOperationException where it does not give one
     */
    Jvmti() {
        try (Arena arena = Arena.ofConfined()) {
            machine = Jni.machine(arena);
            if (machine == 0) {
                throw new UnsupportedOperationException("this process has no JVM that can be found, or several");
            }
            getEnv = Jni.function(machine, Jni.GET_ENV, FunctionDescriptor.of(INT, LONG, POINTER, INT));
            environment = Jni.environment(getEnv, machine, VERSION);
            if (!has(CAN_SUSPEND)) {
                throw new UnsupportedOperationException("another agent has JVMTI's capability to suspend threads (a "
                        + "debugger has been loaded); start the JVM without it");
            }
        } catch (IllegalStateException e) {
            throw new UnsupportedOperationException("this JVM gives no JVMTI environment: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** The calling thread's environment of JNI. */
    long jni() throws Throwable {
        return Jni.environment(getEnv, machine, Jni.JNI_VERSION_10);
    }

    /** Asks for what suspends virtual threads; from then on the JVM takes notes of them, which costs a little. */
    boolean acquireVirtualThreads() {
        try {
            return has(CAN_SUPPORT_VIRTUAL_THREADS);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Resumes a thread, given by a global reference. */
    void resume(long thread) {
        try {
            int ignored = (int) function(RESUME_THREAD, FunctionDescriptor.of(INT, LONG, LONG)).invokeExact(environment,
                    thread);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    private boolean has(int capability) throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment wanted = arena.allocate(CAPABILITIES_BYTES, Long.BYTES);
            wanted.set(INT, capability / 32 * 4L, 1 << capability % 32);
            return (int) function(ADD_CAPABILITIES, FunctionDescriptor.of(INT, LONG, POINTER)).invokeExact(environment,
                    wanted) == 0;
        }
    }

    private MethodHandle function(int number, FunctionDescriptor shape) {
        return Jni.function(environment, number - 1, shape);
    }

    /** The ids of all methods of a name in a class, whatever their parameters. */
    List<Long> methods(long type, String name) throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle nameOf = function(GET_METHOD_NAME,
                    FunctionDescriptor.of(INT, LONG, LONG, POINTER, LONG, LONG));
            MethodHandle free = function(DEALLOCATE, FunctionDescriptor.of(INT, LONG, LONG));
            MemorySegment count = arena.allocate(INT);
            MemorySegment into = arena.allocate(LONG);
            int error = (int) function(GET_CLASS_METHODS, FunctionDescriptor.of(INT, LONG, LONG, POINTER, POINTER))
                    .invokeExact(environment, type, count, into);
            List<Long> found = new ArrayList<>();
            if (error != 0) {
                return found;
            }
            long ids = into.get(LONG, 0);
            for (int i = 0; i < count.get(INT, 0); i++) {
                long id = VmStructs.read(ids + i * 8L);
                if ((int) nameOf.invokeExact(environment, id, into, 0L, 0L) == 0) {
                    long text = into.get(LONG, 0);
                    if (VmStructs.memory(text, 1 << 10).getString(0).equals(name)) {
                        found.add(id);
                    }
                    int ignored = (int) free.invokeExact(environment, text);
                }
            }
            int ignored = (int) free.invokeExact(environment, ids);
            return found;
        }
    }
}
