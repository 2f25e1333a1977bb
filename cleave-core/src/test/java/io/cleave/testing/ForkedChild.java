package io.cleave.testing;

import io.cleave.fork.Forks;
import io.cleave.fork.WholeSupport;
import io.cleave.os.CrashPoint;
import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.owner.Participants;
import java.util.ArrayList;
import java.util.List;

/**
 * A forked copy of this JVM that does something, and may be killed at one of its shared stores. It ends by itself when
 * the thread that forked it does. One thread of a JVM forks them.
 *
 * <p>
 * It is a whole JVM where those can be had, which takes milliseconds. Elsewhere it is one thread that can neither collect
 * nor compile, so that the JVM which forks is interpreted only, has memory for all that a process makes, and calls
 * {@link #gather} now and then.
 */
public final class ForkedChild {
    /** A step that never comes. */
    public static final int NEVER = Integer.MAX_VALUE;

    private static final int SIGQUIT = 3;
    private static final String WHOLE = "cleave.fission.whole";

    private final int pid;
    /** What became of it; 0 while nobody has seen its end. */
    private long status;

    /** What a child does. */
    public interface Body {
        void run() throws Exception;
    }

    private ForkedChild(int pid) {
        this.pid = pid;
    }

    /** The options of a JVM that forks children, and others: {@code -Dcleave.crashPoint=0} where those are to be killed. */
    public static List<String> jvm(String... others) {
        List<String> options = new ArrayList<>(List.of("-XX:+UseSerialGC"));
        options.addAll(WholeSupport.isThere() ? List.of("-XX:TieredStopAtLevel=1", "-Xmx64m")
                : List.of("-D" + WHOLE + "=false", "-Xint", "-Xmx512m", "-Xmn400m"));
        options.addAll(List.of(others));
        return options;
    }

    /** Collects garbage where a child cannot, and lets threads come to rest that would not be in a child. */
    public static void gather() {
        if (!WholeSupport.isThere()) {
            System.gc();
            Delays.pause(Delays.SHORT);
        }
    }

    /**
     * Forks a child.
     *
     * @param step the shared store at which it is killed, from 1; {@link #NEVER} for none
     * @param body what it does
     */
    public static ForkedChild start(int step, Body body) {
        boolean isWhole = WholeSupport.isThere();
        if (!isWhole && !"false".equals(System.getProperty(WHOLE))) {
            throw new AssertionError("no whole fork in a JVM with these options: " + WholeSupport.refusal());
        }
        int pid = Forks.fork(isWhole, false);
        if (pid < 0) {
            throw Forks.refused(pid);
        }
        if (pid == 0) {
            throw Unistd._exit(live(step, body));
        }
        return new ForkedChild(pid);
    }

    private static int live(int step, Body body) {
        try {
            long _ = Participants.process(); // the taking of a slot is cut off by SlotCrashTest
            CrashPoint.dieAt(step);
            body.run();
            return 0;
        } catch (Throwable t) {
            t.printStackTrace();
            return 1;
        }
    }

    public int pid() {
        return pid;
    }

    /** Whether it has ended. */
    public boolean isOver() {
        if (status == 0) {
            status = Signals.waitpid(pid, Signals.WNOHANG);
        }
        return status != 0;
    }

    /**
     * Whether it was killed, rather than at the end of what it does; when it is over.
     *
     * @throws AssertionError where it ended otherwise
     */
    public boolean wasKilled() {
        boolean wasKilled = Signals.signalOf((int) status) == Signals.SIGKILL;
        if (!wasKilled && Signals.exitCodeOf((int) status) != 0) {
            throw new AssertionError("a child has failed: " + Signals.describe((int) status));
        }
        return wasKilled;
    }

    /** Has one that is stuck show what its threads do, if it is a whole JVM. */
    public void showThreads() {
        Signals.kill(pid, SIGQUIT);
        Delays.pause(Delays.GRACE);
    }

    /** Kills it, unless it has ended. */
    public void kill() {
        if (status == 0) {
            Signals.kill(pid, Signals.SIGKILL);
            status = Signals.waitpid(pid, 0);
        }
    }
}
