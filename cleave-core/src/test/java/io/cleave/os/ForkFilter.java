package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Has the kernel refuse each fork of the calling thread, for good; threads can still be started. */
public final class ForkFilter {
    private static final int PR_SET_SECCOMP = 22;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final long SECCOMP_MODE_FILTER = 2;
    private static final int CLONE = Native.isAarch64() ? 220 : 56;
    private static final int CLONE_VM = 0x100;
    private static final int LOAD = 0x20;
    private static final int JUMP_IF_EQUAL = 0x15;
    private static final int JUMP_IF_SET = 0x45;
    private static final int RETURN = 0x06;
    private static final int ALLOW = 0x7fff_0000;
    private static final int REFUSE = 0x0005_0000;
    /** Where in what a filter looks at the call's number and its first argument are. */
    private static final int NUMBER = 0;
    private static final int FIRST_ARGUMENT = 16;

    private ForkFilter() {
    }

    /**
     * Installs the filter.
     *
     * @param errno what a fork fails with
     */
    public static void install(int errno) {
        int[][] program = {{LOAD, 0, 0, NUMBER}, {JUMP_IF_EQUAL, 0, 2, CLONE}, {LOAD, 0, 0, FIRST_ARGUMENT},
                {JUMP_IF_SET, 0, 1, CLONE_VM}, {RETURN, 0, 0, ALLOW}, {RETURN, 0, 0, REFUSE | errno}};
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment code = arena.allocate(8L * program.length, 8);
            for (int i = 0; i < program.length; i++) {
                code.set(ValueLayout.JAVA_SHORT, 8L * i, (short) program[i][0]);
                code.set(ValueLayout.JAVA_BYTE, 8L * i + 2, (byte) program[i][1]);
                code.set(ValueLayout.JAVA_BYTE, 8L * i + 3, (byte) program[i][2]);
                code.set(INT, 8L * i + 4, program[i][3]);
            }
            MemorySegment filter = arena.allocate(16, 8);
            filter.set(ValueLayout.JAVA_SHORT, 0, (short) program.length);
            filter.set(POINTER, 8, code);
            SystemCallException.check(Signals.prctl(PR_SET_NO_NEW_PRIVS, 1), "prctl(PR_SET_NO_NEW_PRIVS)", "");
            MethodHandle prctl = Native.capturing("prctl", FunctionDescriptor.of(INT, INT, LONG, POINTER));
            SystemCallException.check(
                    Native.result((int) prctl.invokeExact(Native.state(), PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter)),
                    "prctl(PR_SET_SECCOMP)", "");
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
