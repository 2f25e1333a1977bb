package io.cleave.bench.soundness;

import io.cleave.bench.Json;
import io.cleave.bench.Main;
import io.cleave.bench.SubjectProcess;
import io.cleave.os.Unistd;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Whether fission ever loses, doubles or spoils a result:
 * {@code ./bench fork-soundness --forks 10000 [--collector parallel] [--json]}.
 *
 * <p>
 * All the while other threads of this JVM allocate and so make it collect, load fresh classes and have them compiled,
 * fight over locks, start threads that end soon, and run executors. Children collect, run code that has never run before,
 * load classes, also such as invalidate compiled code, start threads, throw, return results larger than the ring that carries
 * them, and in some runs want a lock that is held: the deadlocks in those runs are counted as provoked. Every result of every
 * run is compared with what it must be, and every failure by its type, message and place; so is what the parent's own
 * threads compute, and none of them may ever run in a child.
 */
@Command(name = "fork-soundness",
        description = "Forks a JVM whose other threads allocate, compile and lock, and verifies every result.")
public final class ForkSoundness implements Callable<Integer> {
    private static final long REPORT_NANOS = 5_000_000_000L;
    private static final List<String> HEAP = List.of("-Xms768m", "-Xmx768m", "-Xmn256m");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything else
    private CommandSpec spec;

    @Option(names = "--forks", defaultValue = "10000", description = "How many forks to make (${DEFAULT-VALUE}).")
    private long forks;

    @Option(names = "--minutes", defaultValue = "60",
            description = "Stop after so many minutes even if there were fewer forks (${DEFAULT-VALUE}).")
    private double minutes;

    @Option(names = "--seed", description = "Makes the same runs as an earlier time; what the threads do in between "
            + "differs.")
    private long seed = System.nanoTime();

    @Option(names = "--collector", defaultValue = "g1",
            description = "What collects garbage: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // picocli sets it before anything else
    private Collector collector;

    /** What collects garbage in the JVM that forks. */
    enum Collector {
        g1("-XX:+UseG1GC"), parallel("-XX:+UseParallelGC"), serial("-XX:+UseSerialGC");

        private final String option;

        Collector(String option) {
            this.option = option;
        }
    }

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(names = "--here", description = "Check in this JVM, with the heap that it has.")
    private boolean here;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help and leave.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    /** Makes the command. */
    public ForkSoundness() {
    }

    @Override
    public Integer call() throws Exception {
        return here ? check() : checkInAnotherJvm();
    }

    /** A heap of a modest size: the children's page tables are copied from it, ten thousand times. */
    private int checkInAnotherJvm() throws IOException, InterruptedException {
        List<String> options = new ArrayList<>(HEAP);
        options.add(collector.option);
        List<String> command = new ArrayList<>(SubjectProcess.jvm(Main.class, options, spec.name(), "--here", "--forks",
                Long.toString(forks), "--minutes", Double.toString(minutes), "--seed", Long.toString(seed),
                "--collector", collector.name()));
        if (json) {
            command.add("--json");
        }
        Process process = new ProcessBuilder(command).inheritIO().start();
        try {
            return process.waitFor();
        } finally {
            process.destroyForcibly();
        }
    }

    private int check() throws ReflectiveOperationException {
        long start = System.nanoTime();
        long deadline = start + (long) (minutes * TimeUnit.MINUTES.toNanos(1));
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        Noise noise = new Noise(random.nextLong());
        boolean clean;
        result.put("collector", collector.name());
        try (noise; Campaign campaign = new Campaign(random.split(), noise)) {
            pursue(campaign, noise, deadline);
            put(result, campaign);
            result.put("forks_per_second", Json.rounded(campaign.totals().forks / ((System.nanoTime() - start) / 1e9)));
            clean = campaign.tally().isClean() && campaign.totals().stuck + campaign.totals().notWhole == 0;
        }
        clean &= noise.wrong() + noise.strays().count() == 0;
        result.put("parent_wrong", noise.wrong());
        for (Strays.Kind kind : Strays.Kind.values()) {
            result.put("strays_" + kind.name().toLowerCase(Locale.ROOT), noise.strays().count(kind));
        }
        result.put("collections", collections());
        result.put("classes_compiled", noise.classes());
        result.put("lock_turns", noise.turns());
        result.put("threads_started", noise.threadsStarted());
        result.put("tasks_of_executors", noise.tasks());
        Leftovers left = Leftovers.now();
        result.put("children_left", left.children());
        result.put("files_left", left.files());
        result.put("threads_left", left.threads());
        result.put("seconds", Json.rounded((System.nanoTime() - start) / 1e9));
        result.put("seed", seed);
        print(result);
        return clean && left.isNothing() ? 0 : 1;
    }

    private void pursue(Campaign campaign, Noise noise, long deadline) throws ReflectiveOperationException {
        PrintWriter err = spec.commandLine().getErr();
        long nextReport = System.nanoTime() + REPORT_NANOS;
        int caller = Unistd.getppid(); // another one later: whoever wanted to know has ended
        while (campaign.totals().forks < forks && System.nanoTime() - deadline < 0 && Unistd.getppid() == caller) {
            campaign.run();
            noise.check();
            campaign.tally().takeComplaints().forEach(err::println);
            if (System.nanoTime() - nextReport > 0) {
                nextReport = System.nanoTime() + REPORT_NANOS;
                Campaign.Totals totals = campaign.totals();
                err.printf(
                        "%,d of %,d forks, %,d results, %,d deadlocks proven, %d lost, %d duplicated, %d wrong, %d strays%n",
                        totals.forks, forks, campaign.tally().results(), totals.provenDeadlocks,
                        campaign.tally().lost(), campaign.tally().duplicated(), campaign.tally().wrong(),
                        noise.strays().count());
                err.flush();
            }
        }
    }

    private void put(Map<String, @Nullable Object> result, Campaign campaign) {
        Campaign.Totals totals = campaign.totals();
        List<Duration> detections = totals.detections.stream().sorted().toList();
        result.put("forks", totals.forks);
        result.put("complete", totals.forks >= forks);
        result.put("runs", totals.runs);
        result.put("items", totals.items);
        result.put("results", campaign.tally().results());
        result.put("failures_verified", totals.failuresVerified);
        result.put("lost", campaign.tally().lost());
        result.put("duplicated", campaign.tally().duplicated());
        result.put("wrong", campaign.tally().wrong());
        result.put("crashed", totals.crashed);
        result.put("stuck", totals.stuck);
        result.put("forks_not_whole", totals.notWhole);
        result.put("deadlocks_proven", totals.provenDeadlocks);
        result.put("deadlocks_provoked", totals.provokedDeadlocks);
        result.put("unproven_timeouts", totals.unprovenTimeouts);
        result.put("detection_ms_p50", percentile(detections, 50));
        result.put("detection_ms_p99", percentile(detections, 99));
        result.put("reforks", totals.reforks);
        result.put("items_in_parent", totals.itemsInParent);
    }

    /** The least duration that so many of a hundred do not exceed, in milliseconds; null where there is none at all. */
    static @Nullable Object percentile(List<Duration> sorted, int percent) {
        if (sorted.isEmpty()) {
            return null;
        }
        int index = Math.ceilDiv(sorted.size() * percent, 100) - 1;
        return Json.rounded(sorted.get(Math.max(0, index)).toNanos() / 1e6);
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount).sum();
    }

    private void print(Map<String, @Nullable Object> result) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.text(result));
        } else {
            result.forEach((name, value) -> out.printf("%-20s %s%n", name.replace('_', ' '), value));
        }
        out.flush();
    }
}
