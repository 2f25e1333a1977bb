package io.cleave.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Lets a subject live under limits of the system, which do not hold for root. */
public final class ProcessLimits {
    /** Processes and threads of a user. */
    public static final int RLIMIT_NPROC = 6;
    /** The address space of a process. */
    public static final int RLIMIT_AS = 9;

    /** Users that need not exist; each process becomes another, as the limits count all processes of one. */
    private static final int FIRST_USER = 20_000;
    private static final int USERS = 40_000;
    private static final int PR_SET_DUMPABLE = 4;

    private ProcessLimits() {
    }

    /**
     * Makes this process the only one of a user that nobody is. What it may not read any more has to be loaded before.
     *
     * @return whether it was root's
     */
    public static boolean becomeNobody() throws Throwable {
        if (Unistd.geteuid() != 0) {
            return false;
        }
        MethodHandle setuid = Native.plain("setuid", FunctionDescriptor.of(Native.INT, Native.INT));
        int result = (int) setuid.invokeExact(FIRST_USER + Unistd.getpid() % USERS);
        Signals.prctl(PR_SET_DUMPABLE, 1); // its own files in /proc belong to root otherwise
        return result == 0;
    }

    /** How many threads this process has. */
    public static int threads() {
        return ProcFs.threads(Unistd.getpid()).length;
    }

    /** Sets a soft limit, which can be raised again: to what is allowed where the value is negative. */
    public static void limit(int resource, long value) throws Throwable {
        FunctionDescriptor shape = FunctionDescriptor.of(Native.INT, Native.INT, Native.POINTER);
        MethodHandle getrlimit = Native.plain("getrlimit", shape);
        MethodHandle setrlimit = Native.plain("setrlimit", shape);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limit = arena.allocate(16, 8);
            int result = (int) getrlimit.invokeExact(resource, limit);
            limit.set(ValueLayout.JAVA_LONG, 0, value < 0 ? limit.get(ValueLayout.JAVA_LONG, 8) : value);
            if (result != 0 || (int) setrlimit.invokeExact(resource, limit) != 0) {
                throw new IllegalStateException("limit " + resource + " cannot be set to " + value);
            }
        }
    }
}
