package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;
import static io.cleave.os.Native.POINTER;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** {@code sys/resource.h}: what a process may use. */
public final class Resource {
    /** Open files. */
    public static final int RLIMIT_NOFILE = 7;

    // struct rlimit: rlim_cur 0, rlim_max 8; 16 bytes
    private static final int RLIMIT_BYTES = 16;

    private static final MethodHandle GETRLIMIT = Native.capturing("getrlimit",
            FunctionDescriptor.of(INT, INT, POINTER));

    private Resource() {
    }

    /**
     * {@code getrlimit(2)}: the limit that is in force, the soft one.
     *
     * @param resource such as {@link #RLIMIT_NOFILE}
     * @return the limit, {@link Long#MAX_VALUE} for none, or -errno
     */
    public static long getrlimit(int resource) {
        MemorySegment limit = Native.scratch().asSlice(0, RLIMIT_BYTES);
        try {
            int result = Native.result((int) GETRLIMIT.invokeExact(Native.state(), resource, limit));
            long soft = limit.get(LONG, 0);
            return result < 0 ? result : soft < 0 ? Long.MAX_VALUE : soft;
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }
}
