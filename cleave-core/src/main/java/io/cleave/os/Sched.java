package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** {@code sched.h} and {@code sys/random.h}: which processors a process may use, and randomness. */
public final class Sched {
    private static final int MASK_BYTES = 8192; // 65,536 processors

    private static final MethodHandle SCHED_GETAFFINITY = Native.capturing("sched_getaffinity",
            FunctionDescriptor.of(INT, INT, LONG, POINTER));
    private static final MethodHandle GETRANDOM = Native.capturing("getrandom",
            FunctionDescriptor.of(LONG, POINTER, LONG, INT));

    private Sched() {
    }

    /**
     * {@code sched_getaffinity(2)} of the calling thread.
     *
     * @return how many processors it may run on, or -errno
     */
    public static int sched_getaffinity() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, 8);
            int result = Native.result((int) SCHED_GETAFFINITY.invokeExact(Native.state(), 0, (long) MASK_BYTES, mask));
            if (result < 0) {
                return result;
            }
            int count = 0;
            for (long at = 0; at < MASK_BYTES; at += 8) {
                count += Long.bitCount(mask.get(LONG, at));
            }
            return count;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * {@code getrandom(2)}: 64 bits from the kernel, different in every process whatever it has inherited.
     *
     * @return a random number
     */
    public static long getrandom() {
        try {
            MemorySegment into = Native.scratch().asSlice(0, 8);
            long result = Native.result((long) GETRANDOM.invokeExact(Native.state(), into, 8L, 0));
            if (result != 8) {
                throw new SystemCallException("getrandom", (int) -result, "");
            }
            return into.get(LONG, 0);
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
