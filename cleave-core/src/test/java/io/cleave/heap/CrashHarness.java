package io.cleave.heap;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.CrashPoint;
import io.cleave.os.Signals;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.owner.Participants;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Plays scenarios in a JVM of its own: once for each store at which the victim can be cut off, and for each of those once
 * for each store of the next, or once for the n-th with the n-th. It forks those who may die, which takes milliseconds;
 * it is interpreted only, as a forked child has neither compiler nor collector.
 */
@SuppressWarnings("SystemOut")
public final class CrashHarness {
    private static final int NEVER = 0;
    private static final int PLAYS_PER_COLLECTION = 64;
    /** How many children of a scenario may be stuck, each at another step. */
    private static final int MOST_STUCK = 3;
    private static final long PAUSE_NANOS = 50_000;
    private static final List<String> JVM = List.of("-Dcleave.crashPoint=0", "-Xint", "-XX:+UseSerialGC", "-Xmx512m",
            "-Xmn400m",
            "-Dcleave.sliceNanos=2000000");

    private final CrashScenario scenario;
    private final boolean isEverySecond;
    private int deaths;
    private int plays;
    private int stuck;
    private int stuckAt;

    private CrashHarness(CrashScenario scenario, boolean isEverySecond) {
        this.scenario = scenario;
        this.isEverySecond = isEverySecond;
    }

    /** Where scenarios come from: a class with a constructor without parameters. */
    public interface Scenarios extends Supplier<List<CrashScenario>> {}

    /**
     * Plays one scenario, and fails where anything is not as it should be.
     *
     * @param scenarios makes it
     * @param name which
     * @param isEverySecond whether each death of the victim is followed by each of the next
     * @return the number of stores of the victim
     */
    public static int play(Class<? extends Scenarios> scenarios, String name, boolean isEverySecond)
            throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(JVM, CrashHarness.class, scenarios.getName(), name,
                Boolean.toString(isEverySecond))) {
            assertThat(jvm.awaitExit(Delays.PATIENCE.multipliedBy(6))).as(() -> String.join("\n", jvm.lines()))
                    .isZero();
            String result = jvm.awaitLine("stores ");
            return Integer.parseInt(result.substring(0, result.indexOf(',')));
        }
    }

    /** Arguments: the class of the scenarios, the name of one, whether every second death is played. */
    public static void main(String[] arguments) throws Exception {
        Scenarios scenarios = Class.forName(arguments[0]).asSubclass(Scenarios.class).getDeclaredConstructor()
                .newInstance();
        for (CrashScenario scenario : scenarios.get()) {
            if (scenario.name().equals(arguments[1])) {
                new CrashHarness(scenario, Boolean.parseBoolean(arguments[2])).run();
            }
        }
    }

    private void run() throws Exception {
        try (TestSpace space = new TestSpace(scenario.maximumBytes())) {
            rehearse(space);
            Delays.pause(Delays.SHORT); // no thread may be under way when a process is forked
            int first = 0;
            boolean hasDied = true;
            while (hasDied) {
                first++;
                hasDied = play(space, first, null);
                if (hasDied && !isEverySecond) {
                    boolean _ = play(space, first, first);
                } else {
                    for (int second = 1; hasDied && play(space, first, second); second++) {
                        Thread.onSpinWait();
                    }
                }
            }
            System.out.println(
                    "stores " + (first - 1) + ", deaths " + deaths + ", stuck " + stuck + ": " + scenario.name());
        }
    }

    /** Everything once in this process, so that forked children find loaded what they need. */
    private void rehearse(TestSpace space) throws Exception {
        Heap heap = fresh(space);
        scenario.victim(heap);
        scenario.next(heap);
        verify(heap);
        scenario.check(heap, false, false);
        verify(heap);
    }

    private Heap fresh(TestSpace space) throws Exception {
        space.clear();
        Heap.format(space, 42);
        Heap heap = Heap.attach(space);
        scenario.prepare(heap);
        return heap;
    }

    /**
     * Plays the scenario once, and once more where a child was stuck; whether the last that was to die did. A forked child
     * has one thread of the JVM's, and may need what another one held: that is rare, and does not come again at the same
     * step, as a fault of the heap's would.
     */
    private boolean play(TestSpace space, int first, @Nullable Integer second) throws Exception {
        while (true) {
            try {
                return playOnce(space, first, second);
            } catch (StuckException e) {
                stuck++;
                if (stuck > MOST_STUCK || stuckAt == first) {
                    throw new AssertionError(
                            scenario.name() + ", victim cut off at " + first + ", the next at " + second,
                            e);
                }
                stuckAt = first;
            }
        }
    }

    /** A child has not ended. */
    private static final class StuckException extends Exception {
        private static final long serialVersionUID = 1L;

        StuckException(int step) {
            super("a child that was to die at step " + step + " is stuck");
        }
    }

    private boolean playOnce(TestSpace space, int first, @Nullable Integer second) throws Exception {
        try {
            if (++plays % PLAYS_PER_COLLECTION == 0) {
                System.gc(); // a forked child has no collector: it stands still for ever where it needs one
                Delays.pause(Delays.SHORT); // nor may a thread be under way, such as that of references
            }
            fresh(space);
            boolean hasVictimDied = runChild(first, () -> scenario.victim(Heap.attach(space)));
            Boolean hasNextDied = second == null ? null : runChild(second, () -> scenario.next(Heap.attach(space)));
            deaths += (hasVictimDied ? 1 : 0) + (Boolean.TRUE.equals(hasNextDied) ? 1 : 0);
            Heap heap = Heap.attach(space);
            verify(heap);
            scenario.check(heap, hasVictimDied, hasNextDied);
            verify(heap);
            return hasNextDied == null ? hasVictimDied : hasNextDied;
        } catch (StuckException e) {
            throw e;
        } catch (Exception | Error e) {
            throw new AssertionError(scenario.name() + ", victim cut off at " + first + ", the next at " + second, e);
        }
    }

    private void verify(Heap heap) {
        HeapReport report = heap.verify(check -> scenario.walk(heap, check));
        if (!report.isSound()) {
            throw new AssertionError(report.toString());
        }
    }

    /** Something that may throw. */
    private interface Body {
        void run() throws Exception;
    }

    private static boolean runChild(int step, Body body) throws StuckException {
        int parent = Unistd.getpid();
        int pid = SystemCallException.check(Unistd.fork(), "fork", "the limit of processes is reached");
        if (pid == 0) {
            throw Unistd._exit(live(step, parent, body));
        }
        long deadline = System.nanoTime() + Delays.PATIENCE.toNanos();
        long status = 0;
        while (status == 0) {
            if (System.nanoTime() - deadline > 0) {
                Signals.kill(pid, Signals.SIGKILL);
                long _ = Signals.waitpid(pid, 0);
                throw new StuckException(step);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
            status = Signals.waitpid(pid, Signals.WNOHANG);
        }
        boolean wasKilled = Signals.signalOf((int) status) == Signals.SIGKILL;
        if (!wasKilled && Signals.exitCodeOf((int) status) != 0) {
            throw new AssertionError("a child that was to die at step " + step + ": "
                    + Signals.describe((int) status));
        }
        return wasKilled;
    }

    private static int live(int step, int parent, Body body) {
        try {
            Signals.prctl(Signals.PR_SET_PDEATHSIG, Signals.SIGKILL);
            long _ = Participants.process(); // the taking of a slot is cut off by other tests
            CrashPoint.dieAt(step == NEVER ? Integer.MAX_VALUE : step);
            if (Unistd.getppid() == parent) {
                body.run();
            }
            return 0;
        } catch (Throwable t) {
            t.printStackTrace();
            return 1;
        }
    }
}
