package io.cleave.os;

import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The signal that parks the threads of this process for the moment of a whole fork. */
final class ParkSignal {
    private static final int SYS_RT_SIGACTION = 13;
    private static final int LAST = 57;
    private static final int FIRST = 40;
    private static final long SA_SIGINFO = 4;
    private static final long SA_RESTORER = 0x04000000;
    private static final long SA_RESTART = 0x10000000;
    /** The kernel's structure: handler, flags, restorer, mask. */
    private static final int ACTION_BYTES = 32;
    private static final long MASK_BYTES = 8;

    private ParkSignal() {
    }

    /**
     * Takes a signal that nobody uses; by the kernel's own interface, as libc would put a restorer of its own.
     *
     * @param code where the machine code of a whole fork lies
     * @return the signal
     * @throws UnsupportedOperationException where all are in use
     */
    static int install(long code) throws Throwable {
        MethodHandle sigaction = Native.plain("syscall",
                FunctionDescriptor.of(LONG, LONG, LONG, POINTER, POINTER, LONG));
        try (Arena local = Arena.ofConfined()) {
            MemorySegment before = local.allocate(ACTION_BYTES, 8);
            MemorySegment action = local.allocate(ACTION_BYTES, 8);
            action.set(LONG, 0, code + WholeForkCode.PARKED);
            action.set(LONG, 8, SA_SIGINFO | SA_RESTART | SA_RESTORER);
            action.set(LONG, 16, code + WholeForkCode.RESTORER);
            action.set(LONG, 24, -1);
            for (int signal = LAST; signal >= FIRST; signal--) {
                long result = (long) sigaction.invokeExact((long) SYS_RT_SIGACTION, (long) signal, MemorySegment.NULL,
                        before, MASK_BYTES);
                if (result == 0 && before.get(LONG, 0) == 0) {
                    result = (long) sigaction.invokeExact((long) SYS_RT_SIGACTION, (long) signal, action,
                            MemorySegment.NULL, MASK_BYTES);
                    if (result == 0) {
                        return signal;
                    }
                }
            }
        }
        throw new UnsupportedOperationException("all signals from " + FIRST + " to " + LAST + " are in use");
    }
}
