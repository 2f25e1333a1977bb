package io.cleave.bench.sync;

import io.cleave.bench.Json;
import io.cleave.memory.SharedMemory;
import io.cleave.sync.Acquisition;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Shows that locks survive their owners: {@value Ground#WORKERS} JVMs lock, wait and post on one lock of each sort, and
 * again and again one is killed by SIGKILL and replaced. In the end nobody may have been stuck, no update of the guarded
 * sum be lost, and no permit be lost or invented.
 *
 * <pre>
 * ./bench torture sync --kills 2000
 * </pre>
 */
@Command(name = "sync", mixinStandardHelpOptions = true,
        description = "Locks, semaphores and events under processes that are killed.")
public final class SyncTorture implements Callable<Integer> {
    private static final int LONGEST_BREAK_MS = 8;
    private static final int STEPS_OF_A_LIFE = 20;
    private static final long STUCK_NANOS = 30_000_000_000L;
    private static final Duration LAST_WORDS = Duration.ofSeconds(30);

    @Option(names = "--kills", defaultValue = "2000", description = "How many are killed (${DEFAULT-VALUE}).")
    private long kills;
    @Option(names = "--seconds", defaultValue = "1800",
            description = "The longest that it may take (${DEFAULT-VALUE}).")
    private long seconds;
    @Option(names = "--seed", description = "Makes the choices those of an earlier run.")
    private long seed = System.nanoTime();
    @Option(names = "--quick", description = "A tenth of the kills.")
    private boolean quick;
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private final String name = "torture-sync-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    private final List<Process> workers = new ArrayList<>();
    private final long[] lastSteps = new long[Ground.WORKERS];
    private final long[] lastMove = new long[Ground.WORKERS];
    private final long[] stepsAtStart = new long[Ground.WORKERS];
    private long killed;
    private long stuck;
    private long errors;

    private SyncTorture() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (quick) {
            kills = Math.max(1, kills / 10);
        }
        try (Ground ground = Ground.open(name)) {
            try {
                supervise(ground, new SplittableRandom(seed));
            } finally {
                workers.forEach(worker -> worker.destroyForcibly().onExit().join());
            }
            return report(ground);
        }
    }

    private void supervise(Ground ground, SplittableRandom random) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (int worker = 0; worker < Ground.WORKERS; worker++) {
            workers.add(start(ground, worker, random.nextLong()));
        }
        while (killed < kills && stuck == 0) {
            Thread.sleep(random.nextInt(1, LONGEST_BREAK_MS));
            if (System.nanoTime() - deadline > 0) {
                fail("not done after " + seconds + " s");
                break;
            }
            lookForStuck(ground);
            int victim = random.nextInt(Ground.WORKERS);
            if (ground.getVolatile(Ground.STEPS + victim) - stepsAtStart[victim] >= STEPS_OF_A_LIFE) {
                kill(ground, victim, random.nextLong());
            }
        }
        ground.setVolatile(Ground.STOP, 1);
        for (Process worker : workers) {
            if (!worker.waitFor(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS)) {
                stuck++;
            } else if (worker.exitValue() != 0) {
                fail("worker " + worker.pid() + " ended with code " + worker.exitValue());
            }
        }
    }

    private void lookForStuck(Ground ground) {
        long now = System.nanoTime();
        for (int worker = 0; worker < Ground.WORKERS; worker++) {
            long steps = ground.getVolatile(Ground.STEPS + worker);
            if (steps != lastSteps[worker]) {
                lastSteps[worker] = steps;
                lastMove[worker] = now;
            } else if (now - lastMove[worker] > STUCK_NANOS) {
                stuck++;
                lastMove[worker] = now;
                System.err.println("worker " + workers.get(worker).pid() + " is stuck");
            }
        }
    }

    private void kill(Ground ground, int victim, long newSeed) throws IOException, InterruptedException {
        Process process = workers.get(victim);
        int exit = process.destroyForcibly().waitFor();
        if (exit == 128 + 9) {
            killed++;
        } else {
            fail("worker " + process.pid() + " ended with code " + exit);
        }
        workers.set(victim, start(ground, victim, newSeed));
    }

    private Process start(Ground ground, int worker, long workerSeed) throws IOException {
        stepsAtStart[worker] = ground.getVolatile(Ground.STEPS + worker);
        lastMove[worker] = System.nanoTime();
        List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m", "-cp",
                System.getProperty("java.class.path"), SyncTortureWorker.class.getName(), name,
                Integer.toString(worker), Long.toString(workerSeed));
        return new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private void fail(String what) {
        errors++;
        System.err.println(what);
    }

    private int report(Ground ground) throws InterruptedException {
        long lost = lostUpdates(ground);
        int permitsLost = 0;
        while (permitsLost < Ground.PERMITS
                && !ground.semaphore.tryAcquire(Ground.PERMITS - permitsLost, Duration.ofSeconds(2))) {
            permitsLost++;
        }
        int invented = Math.max(0, ground.semaphore.drainPermits());
        long steps = 0;
        for (int worker = 0; worker < Ground.WORKERS; worker++) {
            steps += ground.getVolatile(Ground.STEPS + worker);
        }
        Map<String, Long> figures = new LinkedHashMap<>();
        figures.put("kills", killed);
        figures.put("steps", steps);
        figures.put("updates", ground.getVolatile(Ground.SUM));
        figures.put("stuck", stuck);
        figures.put("lost_updates", lost);
        figures.put("permits_lost", (long) permitsLost);
        figures.put("permits_invented", (long) invented);
        figures.put("leaked_blocks",
                SharedMemory.list().stream().filter(info -> info.name().startsWith(name)).count() - 1);
        figures.put("errors", errors + ground.getVolatile(Ground.ERRORS));
        if (json) {
            System.out.println(Json.text(figures));
        } else {
            figures.forEach((what, count) -> System.out.printf(Locale.ROOT, "%-16s %,d%n", what, count));
        }
        return figures.entrySet().stream().skip(3).mapToLong(Map.Entry::getValue).sum() == 0 ? 0 : 1;
    }

    private long lostUpdates(Ground ground) throws InterruptedException {
        Optional<Acquisition> acquisition = ground.mutex.tryAcquire(Duration.ofSeconds(10));
        if (acquisition.isEmpty()) {
            stuck++;
            return 0;
        }
        try {
            ground.replay(); // the last one killed may have been inside
            long made = 0;
            for (int worker = 0; worker < Ground.WORKERS; worker++) {
                made += ground.getVolatile(Ground.COUNTS + worker);
            }
            return Math.abs(made - ground.getVolatile(Ground.SUM));
        } finally {
            ground.mutex.unlock();
        }
    }
}
