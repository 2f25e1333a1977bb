package io.cleave.os;

/**
 * A place after a step that other processes can see, where a test can let this process die. Each operation that
 * promises to survive {@code kill -9} names its steps by calling {@link #reached}; a test starts a process with
 * {@code -Dcleave.crashPoint=N} and it is killed at the Nth step, or starts it with 0 and lets its forked children choose
 * by {@link #dieAt}. Without that property the call costs nothing.
 */
public final class CrashPoint {
    /** Whether steps are counted at all: for those to whom even a call that does nothing matters. */
    public static final boolean IS_COUNTING = Integer.getInteger("cleave.crashPoint") != null;
    /** The step to die at, 0 for none. Guarded by the class. */
    private static int target = Integer.getInteger("cleave.crashPoint", 0);
    private static int count;

    private CrashPoint() {
    }

    /** Dies here by SIGKILL where this is the step that was named. */
    public static void reached() {
        if (IS_COUNTING) {
            count();
        }
    }

    /** Dies at a step from now on, the first of which is 1; 0 for none. It takes the property to be of effect. */
    public static synchronized void dieAt(int step) {
        count = 0;
        target = step;
    }

    private static synchronized void count() {
        count++;
        if (count == target) {
            Signals.kill(Unistd.getpid(), Signals.SIGKILL);
        }
    }
}
