package io.cleave.heap;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import io.cleave.testing.Exhaustive;
import io.cleave.testing.ForkedChild;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Plays scenarios in a JVM of its own: once for each store at which the victim can be cut off, where after each fourth of
 * those deaths the next is cut off, too, at as many stores; if the run is {@link Exhaustive}, for each death of the
 * victim once for each store of the next. It forks those who may die, which takes milliseconds.
 */
@SuppressWarnings("SystemOut")
public final class CrashHarness {
    /** For tests that play scenarios: more than they may take. */
    public static final int LIMIT_SECONDS = 900;

    private static final int PLAYS_PER_COLLECTION = 64;
    private static final long PAUSE_NANOS = 50_000;
    /** After which deaths of the victim the next dies as well. */
    private static final int EACH = 4;
    private static final Duration A_DAY = Duration.ofDays(1);
    private static final String STORES = "stores ";

    private final CrashScenario scenario;
    private boolean hasVictimDied;
    private int deaths;
    private int plays;

    private CrashHarness(CrashScenario scenario) {
        this.scenario = scenario;
    }

    /** Where scenarios come from: a class with a constructor without parameters. */
    public interface Scenarios extends Supplier<List<CrashScenario>> {}

    /**
     * What a run plays, by names with commas in between for each JVM that is to play some: a choice in one JVM, as its start
     * takes longer than many a scenario; if the run is exhaustive, all, each in its own.
     *
     * @param scenarios all
     * @param usual whether one is among the choice
     */
    public static Stream<String> names(Scenarios scenarios, Predicate<String> usual) {
        Stream<String> names = scenarios.get().stream().map(CrashScenario::name);
        return Exhaustive.IS_ON ? names : Stream.of(names.filter(usual).collect(Collectors.joining(",")));
    }

    /**
     * Plays scenarios one after the other, and fails where anything is not as it should be.
     *
     * @param scenarios makes them
     * @param names which, with commas in between
     * @return the number of stores of the victim, the least of all
     */
    public static int play(Class<? extends Scenarios> scenarios, String names) throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(ForkedChild.jvm("-Dcleave.crashPoint=0", "-Dcleave.sliceNanos=2000000",
                "-Dcleave.biasAfter=2", Exhaustive.OPTION), CrashHarness.class, scenarios.getName(), names)) {
            assertThat(jvm.awaitExit(Exhaustive.IS_ON ? A_DAY : Delays.PATIENCE.multipliedBy(6)))
                    .as(() -> String.join("\n", jvm.lines()))
                    .isZero();
            List<Integer> stores = jvm.lines().stream().filter(line -> line.startsWith(STORES))
                    .map(line -> Integer.valueOf(line.substring(STORES.length(), line.indexOf(',')))).toList();
            assertThat(stores).hasSameSizeAs(names.split(","));
            return Collections.min(stores);
        }
    }

    /** Arguments: the class of the scenarios, the names of some. */
    public static void main(String[] arguments) throws Exception {
        Scenarios scenarios = Class.forName(arguments[0]).asSubclass(Scenarios.class).getDeclaredConstructor()
                .newInstance();
        for (CrashScenario scenario : scenarios.get()) {
            if (List.of(arguments[1].split(",")).contains(scenario.name())) {
                new CrashHarness(scenario).run();
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
        if (!Exhaustive.IS_ON && first % EACH == 0) {
            boolean _ = play(space, first, first);
            return hasVictimDied;
        }
        boolean hasDied = play(space, first, null);
        for (int second = 1; hasDied && Exhaustive.IS_ON && play(space, first, second); second++) {
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
