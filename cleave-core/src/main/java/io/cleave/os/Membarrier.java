package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/**
 * {@code membarrier(2)}: a full fence in all running threads at once, which some thread asks for. Where of two threads that
 * both store and then look at what the other has stored one comes a million times as often, it does without a fence, and the
 * other has this made: to whoever has not looked by then the store can be seen.
 *
 * <p>
 * A thread that relies on it keeps the compiler from changing the order of its store and its look by
 * {@link java.lang.invoke.VarHandle#releaseFence}: in HotSpot no access to memory passes any fence, and on x86-64 that one
 * is no instruction.
 */
public final class Membarrier {
    private static final int GLOBAL_EXPEDITED = 1 << 1;
    private static final int REGISTER_GLOBAL_EXPEDITED = 1 << 2;
    private static final int PRIVATE_EXPEDITED = 1 << 3;
    private static final int REGISTER_PRIVATE_EXPEDITED = 1 << 4;

    private static final long SYS_MEMBARRIER = Native.isAarch64() ? 283 : 324;
    private static final MethodHandle SYSCALL = Native.capturingVariadic("syscall", 1,
            FunctionDescriptor.of(LONG, LONG, INT, INT, INT));

    private Membarrier() {
    }

    private static int call(int command) {
        try {
            return (int) Native.result((long) SYSCALL.invokeExact(Native.state(), SYS_MEMBARRIER, command, 0, 0));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * Lets {@link #amongThreads} reach the threads of this process.
     *
     * @return false where the kernel has no such call, or a filter of system calls forbids it
     */
    public static boolean registerThreads() {
        return call(REGISTER_PRIVATE_EXPEDITED) == 0;
    }

    /**
     * Makes a full fence in all running threads of this process. Some microseconds.
     *
     * @throws SystemCallException where {@link #registerThreads} has not succeeded in this process
     */
    public static void amongThreads() {
        SystemCallException.check(call(PRIVATE_EXPEDITED), "membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)", "");
    }

    /**
     * Lets {@link #amongProcesses} of whatever process reach the threads of this one. Needed anew in a forked child; where it
     * was done before it costs a system call that does nothing.
     *
     * @return false where the kernel has no such call, or a filter of system calls forbids it
     */
    public static boolean registerProcess() {
        return call(REGISTER_GLOBAL_EXPEDITED) == 0;
    }

    /**
     * Makes a full fence in all running threads of all processes that have called {@link #registerProcess}. Some microseconds.
     *
     * @return false where the kernel has no such call, or a filter of system calls forbids it
     */
    public static boolean amongProcesses() {
        return call(GLOBAL_EXPEDITED) == 0;
    }
}
