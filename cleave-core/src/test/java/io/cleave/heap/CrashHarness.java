package io.cleave.heap;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import io.cleave.testing.ForkedChild;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Plays scenarios in a JVM of its own: once for each store at which the victim can be cut off, and for each of those once
 * for each store of the next, or once for the n-th with the n-th. It forks those who may die, which takes milliseconds.
 */
@SuppressWarnings("SystemOut")
public final class CrashHarness {
    private static final int PLAYS_PER_COLLECTION = 64;
    private static final long PAUSE_NANOS = 50_000;
    private static final int EACH = 4;
    private static final String STORES = "stores ";

    private final CrashScenario scenario;
    private final Seconds seconds;
    private boolean hasVictimDied;
    private int deaths;
    private int plays;

    private CrashHarness(CrashScenario scenario, Seconds seconds) {
        this.scenario = scenario;
        this.seconds = seconds;
    }

    /** Which deaths of the next are played, after that of the victim. */
    public enum Seconds {
        /** Each after each. */
        ALL,
        /** None, and then the n-th after the n-th. */
        NONE_AND_NTH,
        /** The n-th after each fourth, else none: few plays, with a victim's death at each store still. */
        NONE_OR_NTH
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
        return play(scenarios, name, isEverySecond ? Seconds.ALL : Seconds.NONE_AND_NTH);
    }

    /**
     * Plays scenarios one after the other, and fails where anything is not as it should be.
     *
     * @param scenarios makes them
     * @param names which, with commas in between
     * @param seconds which deaths of the next are played
     * @return the number of stores of the victim, the least of all
     */
    public static int play(Class<? extends Scenarios> scenarios, String names, Seconds seconds)
            throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(ForkedChild.jvm("-Dcleave.crashPoint=0", "-Dcleave.sliceNanos=2000000",
                "-Dcleave.biasAfter=2"),
                CrashHarness.class,
                scenarios.getName(), names, seconds.name())) {
            assertThat(jvm.awaitExit(Delays.PATIENCE.multipliedBy(6))).as(() -> String.join("\n", jvm.lines()))
                    .isZero();
            List<Integer> stores = jvm.lines().stream().filter(line -> line.startsWith(STORES))
                    .map(line -> Integer.valueOf(line.substring(STORES.length(), line.indexOf(',')))).toList();
            assertThat(stores).hasSameSizeAs(names.split(","));
            return Collections.min(stores);
        }
    }

    /** Arguments: the class of the scenarios, the names of some, which second deaths are played. */
    public static void main(String[] arguments) throws Exception {
        Scenarios scenarios = Class.forName(arguments[0]).asSubclass(Scenarios.class).getDeclaredConstructor()
                .newInstance();
        for (CrashScenario scenario : scenarios.get()) {
            if (List.of(arguments[1].split(",")).contains(scenario.name())) {
                new CrashHarness(scenario, Seconds.valueOf(arguments[2])).run();
            }
        }
    }

    private void run() throws Exception {
        try (TestSpace space = new TestSpace(scenario.maximumBytes())) {
            rehearse(space);
            ForkedChild.gather();
            int first = 0;
            boolean hasDied = true;
            while (hasDied) {
                first++;
                hasDied = playFirst(space, first);
            }
            System.out.println(STORES + (first - 1) + ", deaths " + deaths + ": " + scenario.name());
        }
    }

    /** Lets the victim die at a step, with and without others after it; whether it did. */
    private boolean playFirst(TestSpace space, int first) throws Exception {
        if (seconds == Seconds.NONE_OR_NTH && first % EACH == 0) {
            boolean _ = play(space, first, first);
            return hasVictimDied;
        }
        boolean hasDied = play(space, first, null);
        if (hasDied && seconds == Seconds.NONE_AND_NTH) {
            boolean _ = play(space, first, first);
        }
        for (int second = 1; hasDied && seconds == Seconds.ALL && play(space, first, second); second++) {
            Thread.onSpinWait();
        }
        return hasDied;
    }

    /** Everything once in this process, so that forked children find loaded what they need. */
    private void rehearse(TestSpace space) throws Exception {
        Heap heap = fresh(space);
        scenario.look(heap, false);
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

    /** Plays the scenario once; whether the last that was to die did. */
    private boolean play(TestSpace space, int first, @Nullable Integer second) throws Exception {
        try {
            if (++plays % PLAYS_PER_COLLECTION == 0) {
                ForkedChild.gather();
            }
            fresh(space);
            hasVictimDied = runChild(first, () -> scenario.victim(Heap.attach(space)));
            if (hasVictimDied) {
                scenario.look(Heap.attach(space), false);
            }
            Boolean hasNextDied = second == null ? null : runChild(second, () -> scenario.next(Heap.attach(space)));
            if (Boolean.TRUE.equals(hasNextDied)) {
                scenario.look(Heap.attach(space), true);
            }
            deaths += (hasVictimDied ? 1 : 0) + (Boolean.TRUE.equals(hasNextDied) ? 1 : 0);
            Heap heap = Heap.attach(space);
            verify(heap);
            scenario.check(heap, hasVictimDied, hasNextDied);
            verify(heap);
            return hasNextDied == null ? hasVictimDied : hasNextDied;
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

    /** Whether it died. */
    private static boolean runChild(int step, ForkedChild.Body body) {
        ForkedChild child = ForkedChild.start(step, body);
        long deadline = System.nanoTime() + Delays.PATIENCE.toNanos();
        while (!child.isOver()) {
            if (System.nanoTime() - deadline > 0) {
                child.showThreads();
                child.kill();
                throw new AssertionError("a child that was to die at step " + step + " is stuck");
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return child.wasKilled();
    }
}
