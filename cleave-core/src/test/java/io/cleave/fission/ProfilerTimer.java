package io.cleave.fission;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The timer by which a sampling profiler interrupts a process: SIGPROF, again and again, while it uses the processor. A fork
 * does not inherit the timer, but the handler.
 *
 * <p>
 * The handler is {@code umask} of the C library, which a handler may call. It is called with the signal's number, so the
 * process's mask tells whether a signal has come.
 */
final class ProfilerTimer {
    private static final int SIGPROF = 27;
    private static final int ITIMER_PROF = 2;
    private static final int SA_RESTART = 0x10000000;
    private static final int NO_SIGNAL = 022;
    /** {@code struct sigaction}: handler, mask, flags, restorer. */
    private static final int ACTION_BYTES = 152;
    private static final int FLAGS_AT = 136;

    private static final MethodHandle SIGACTION = function("sigaction", FunctionDescriptor.of(ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
    private static final MethodHandle SETITIMER = function("setitimer", FunctionDescriptor.of(ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
    private static final MethodHandle UMASK = function("umask",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private ProfilerTimer() {
    }

    private static MethodHandle function(String name, FunctionDescriptor shape) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), shape);
    }

    /**
     * Sets this process's timer.
     *
     * @param micros of processor time between two signals; 0 for none any more
     */
    static void set(long micros) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment action = arena.allocate(ACTION_BYTES, 8);
            action.set(ValueLayout.ADDRESS, 0, Linker.nativeLinker().defaultLookup().findOrThrow("umask"));
            action.set(ValueLayout.JAVA_INT, FLAGS_AT, SA_RESTART);
            check((int) SIGACTION.invokeExact(SIGPROF, action, MemorySegment.NULL));
            MemorySegment interval = arena.allocateFrom(ValueLayout.JAVA_LONG, 0, micros, 0, micros);
            check((int) SETITIMER.invokeExact(ITIMER_PROF, interval, MemorySegment.NULL));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static void check(int result) {
        if (result != 0) {
            throw new IllegalStateException("the system refuses a profiler's timer");
        }
    }

    /** Whether a signal has come to this process since this was asked last. */
    static boolean hasFired() {
        try {
            return (int) UMASK.invokeExact(NO_SIGNAL) == SIGPROF;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
