package io.cleave.fork;

import io.cleave.os.Jni;
import io.cleave.os.Unistd;
import java.time.Instant;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** {@link ProcessHandle#current}, which the JDK makes once, and which in a child would be its parent's. */
final class OwnHandle {
    private static final @Nullable LongConsumer PID = setter("pid");
    private static final @Nullable LongConsumer START = setter("startTime");

    private OwnHandle() {
    }

    private static @Nullable LongConsumer setter(String field) {
        Jni.Held current = Jni.Held.in("java.lang.ProcessHandleImpl", "current");
        return current == null ? null : current.fieldSetter(field);
    }

    /** Makes it that of the calling process; it stays as it is where this JVM does not allow that. */
    static void renew() {
        if (PID == null || START == null) {
            return;
        }
        int pid = Unistd.getpid();
        long start = ProcessHandle.of(pid).flatMap(handle -> handle.info().startInstant()).map(Instant::toEpochMilli)
                .orElse(0L);
        PID.accept(pid);
        START.accept(start);
    }
}
