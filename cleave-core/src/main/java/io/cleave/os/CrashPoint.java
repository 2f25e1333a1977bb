package io.cleave.os;

/**
 * A place after a step that other processes can see, where a test can let this process die. Each operation that
 * promises to survive {@code kill -9} names its steps by calling {@link #reached}; a test starts a process with
 * {@code -Dcleave.crashPoint=N} and it is killed at the Nth step. Without that property the call costs nothing.
 */
public final class CrashPoint {
    private static final int TARGET = Integer.getInteger("cleave.crashPoint", 0);
    private static int count;

    private CrashPoint() {
    }

    /** Dies here by SIGKILL where this is the step that the property names. */
    public static void reached() {
        if (TARGET > 0) {
            count();
        }
    }

    private static synchronized void count() {
        count++;
        if (count == TARGET) {
            Signals.kill(Unistd.getpid(), Signals.SIGKILL);
        }
    }
}
