package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * What a signal does: {@code sigaction(2)} of libc itself, not of a library that stands before it such as libjsig, on x86-64.
 *
 * @param handler the address of the code, 0 for the signal's default
 * @param flags such as {@link #SA_SIGINFO}
 * @param mask the signals 1 to 64 that wait meanwhile
 */
record Sigaction(long handler, int flags, long mask) {
    /** The handler is told more than the signal's number. */
    static final int SA_SIGINFO = 4;
    /** A system call that was interrupted goes on. */
    static final int SA_RESTART = 0x10000000;

    // struct sigaction: sa_handler 0, sa_mask 8 (128 bytes), sa_flags 136 (int, and 4 bytes of nothing), sa_restorer 144, which
    // is libc's affair. The flags are accessed as a long, as each type of access has classes of its own to be made.
    private static final int BYTES = 152;
    private static final long HANDLER_AT = 0;
    private static final long MASK_AT = 8;
    private static final long FLAGS_AT = 136;

    /** Of the shape of read(2), which has been linked before: a shape of its own takes several ms. */
    private static final MethodHandle SIGACTION = Native.capturing("sigaction",
            FunctionDescriptor.of(LONG, INT, POINTER, LONG));

    /**
     * What a signal does now.
     *
     * @throws UnsupportedOperationException where the system does not tell it
     */
    static Sigaction of(int signal) {
        MemorySegment action = Native.scratch();
        if (call(signal, MemorySegment.NULL, action.address()) != 0) {
            throw new UnsupportedOperationException("the system does not tell what signal " + signal + " does");
        }
        return new Sigaction(action.get(LONG, HANDLER_AT), (int) action.get(LONG, FLAGS_AT), action.get(LONG, MASK_AT));
    }

    /** Lets a signal do this; false where the system refuses. */
    boolean install(int signal) {
        MemorySegment action = Native.scratch();
        action.asSlice(0, BYTES).fill((byte) 0);
        action.set(LONG, HANDLER_AT, handler);
        action.set(LONG, MASK_AT, mask);
        action.set(LONG, FLAGS_AT, flags);
        return call(signal, action, 0) == 0;
    }

    private static int call(int signal, MemorySegment action, long before) {
        try {
            return (int) (long) SIGACTION.invokeExact(Native.state(), signal, action, before);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
