package io.cleave.os;

import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * What a signal does, by the kernel's own interface on x86-64, as libc would put a restorer of its own, and libjsig a handler
 * of its own.
 *
 * @param handler the address of the code, 0 for the signal's default
 * @param flags such as {@link #SA_SIGINFO}
 * @param restorer what the handler returns to
 * @param mask the signals that wait meanwhile
 */
record Sigaction(long handler, long flags, long restorer, long mask) {
    /** The handler is told more than the signal's number. */
    static final long SA_SIGINFO = 4;
    /** There is a restorer. */
    static final long SA_RESTORER = 0x04000000;
    /** A system call that was interrupted goes on. */
    static final long SA_RESTART = 0x10000000;

    private static final int SYS_RT_SIGACTION = 13;
    private static final int BYTES = 32;
    private static final long MASK_BYTES = 8;

    /** Linked when it is first needed. */
    private static final class Call {
        static final MethodHandle HANDLE = Native.plain("syscall",
                FunctionDescriptor.of(LONG, LONG, LONG, POINTER, POINTER, LONG));
    }

    /**
     * What a signal does now.
     *
     * @throws UnsupportedOperationException where the kernel does not tell it
     */
    static Sigaction of(int signal) {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment action = local.allocate(BYTES, 8);
            if (call(signal, MemorySegment.NULL, action) != 0) {
                throw new UnsupportedOperationException("the kernel does not tell what signal " + signal + " does");
            }
            return new Sigaction(action.get(LONG, 0), action.get(LONG, 8), action.get(LONG, 16), action.get(LONG, 24));
        }
    }

    /** Lets a signal do this; false where the kernel refuses. */
    boolean install(int signal) {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment action = local.allocate(BYTES, 8);
            action.set(LONG, 0, handler);
            action.set(LONG, 8, flags);
            action.set(LONG, 16, restorer);
            action.set(LONG, 24, mask);
            return call(signal, action, MemorySegment.NULL) == 0;
        }
    }

    private static long call(int signal, MemorySegment action, MemorySegment before) {
        try {
            return (long) Call.HANDLE.invokeExact((long) SYS_RT_SIGACTION, (long) signal, action, before, MASK_BYTES);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
