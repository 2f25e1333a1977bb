package io.cleave.bench.sync;

import io.cleave.bench.Directories;
import io.cleave.bench.Json;
import io.cleave.memory.SharedMemory;
import io.cleave.sync.Acquisition;
import io.cleave.sync.SharedBarrier;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Shows that locks survive their owners: {@value Ground#WORKERS} processes lock, wait and post on one object of each sort,
 * and every few milliseconds one is killed by SIGKILL and replaced, or stopped for a while. Meanwhile handles are closed
 * under those who wait through them, and a process of another {@code CLEAVE_DIR} tries to get in. In the end nobody may
 * have been stuck, no update of the guarded sum be lost, no permit and no count-down be lost or invented, and the barrier
 * be passed again once it is reset.
 *
 * <pre>
 * ./bench torture sync --kills 2000
 * </pre>
 */
@Command(name = "sync", mixinStandardHelpOptions = true,
        description = "Locks, semaphores and events under processes that are killed.")
public final class SyncTorture implements Callable<Integer> {
    private static final long SECONDS_MORE = 120;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @Option(names = "--kills", defaultValue = "2000", description = "How many are killed (${DEFAULT-VALUE}).")
    private long kills;
    @Option(names = "--seconds", defaultValue = "600",
            description = "The longest that it may take (${DEFAULT-VALUE}).")
    private long seconds;
    @Option(names = "--seed", description = "Makes the choices those of an earlier run.")
    private long seed = System.nanoTime();
    @Option(names = "--quick", description = "A tenth of the kills.")
    private boolean quick;
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private final String name = "torture-sync-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    private long stuck;
    private long errors;
    private long intrusions;

    private SyncTorture() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (quick) {
            kills = Math.max(1, kills / 10);
        }
        try (Ground ground = Ground.open(name)) {
            List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED", "-Xint", "-XX:+UseSerialGC", "-Xmx320m", "-Xmn256m",
                    "-XX:-UsePerfData", "-cp", System.getProperty("java.class.path"), SyncNursery.class.getName(), name,
                    Long.toString(kills), Long.toString(seconds), Long.toString(seed));
            Process nursery = new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start();
            Closer closer = new Closer(ground, name, seed);
            Thread closing = Thread.ofPlatform().name("closer").start(closer);
            try {
                intrusions = intrusions();
                if (!nursery.waitFor(seconds + SECONDS_MORE, TimeUnit.SECONDS)) {
                    stuck++;
                    System.err.println("the workers' parent is stuck");
                } else if (nursery.exitValue() != 0) {
                    errors++;
                    System.err.println("the workers' parent ended with code " + nursery.exitValue());
                }
            } finally {
                closer.end();
                nursery.destroyForcibly().waitFor();
                if (!closing.join(Duration.ofSeconds(SECONDS_MORE))) {
                    stuck++;
                    System.err.println("the thread that closes handles is stuck");
                }
            }
            return report(ground, closer);
        }
    }

    private static long intrusions() throws IOException, InterruptedException {
        Path directory = Directories.create();
        try {
            return Stranger.intrusions(directory);
        } finally {
            Directories.delete(directory);
        }
    }

    private int report(Ground ground, Closer closer) throws InterruptedException {
        long lost = lostUpdates(ground);
        int permitsLost = 0;
        while (permitsLost < Ground.PERMITS
                && !ground.objects.semaphore().tryAcquire(Ground.PERMITS - permitsLost, Duration.ofSeconds(2))) {
            permitsLost++;
        }
        int invented = Math.max(0, ground.objects.semaphore().drainPermits());
        Map<String, Long> faults = new LinkedHashMap<>();
        faults.put("stuck", stuck + ground.getVolatile(Ground.STUCK));
        faults.put("lost_updates", lost);
        faults.put("permits_lost", (long) permitsLost);
        faults.put("permits_invented", (long) invented);
        faults.put("count_downs_lost", countDownsLost(ground));
        faults.put("barrier_stuck", isBarrierPassed(ground.objects.barrier()) ? 0L : 1L);
        faults.put("intrusions", intrusions);
        faults.put("leaked_blocks", SharedMemory.list().stream().filter(info -> info.name().startsWith(name)).count()
                - Ground.BLOCKS);
        faults.put("errors", errors + ground.getVolatile(Ground.ERRORS));
        double time = ground.getVolatile(Ground.KILLING_NANOS) / 1e9;
        long killed = ground.getVolatile(Ground.KILLS);
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("kills", killed);
        figures.put("seconds", String.format(Locale.ROOT, "%.1f", time));
        figures.put("kills_per_second", String.format(Locale.ROOT, "%.1f", killed / time));
        figures.put("stops", ground.getVolatile(Ground.STOPS));
        figures.put("closings", closer.rounds());
        figures.put("sent_away", closer.sentAway());
        figures.put("steps", ground.sum(Ground.STEPS));
        figures.put("count_downs", ground.sum(Ground.DONE));
        figures.put("updates", ground.getVolatile(Ground.SUM));
        figures.putAll(faults);
        if (json) {
            figures.put("seconds", Math.round(time * 10) / 10.0);
            figures.put("kills_per_second", Math.round(killed / time * 10) / 10.0);
            System.out.println(Json.text(figures));
        } else {
            figures.forEach((what, figure) -> System.out.printf(Locale.ROOT, "%-16s %s%n", what, figure));
        }
        return faults.values().stream().allMatch(count -> count == 0) ? 0 : 1;
    }

    private long lostUpdates(Ground ground) throws InterruptedException {
        Optional<Acquisition> acquisition = ground.objects.mutex().tryAcquire(Duration.ofSeconds(10));
        if (acquisition.isEmpty()) {
            stuck++;
            return 0;
        }
        try {
            ground.repair(acquisition.get() == Acquisition.OWNER_DIED); // the last one killed may have been inside
            return Math.abs(ground.sum(Ground.COUNTS) - ground.getVolatile(Ground.SUM));
        } finally {
            ground.objects.mutex().unlock();
        }
    }

    /** How far the latch's count is from what can be: those killed in the middle have counted down or not. */
    private static long countDownsLost(Ground ground) {
        long counted = Ground.COUNT - ground.objects.latch().getCount();
        long lost = ground.sum(Ground.DONE) - counted;
        long invented = counted - ground.sum(Ground.BEGUN);
        return Math.max(0, Math.max(lost, invented));
    }

    private static boolean isBarrierPassed(SharedBarrier barrier) throws InterruptedException {
        barrier.reset();
        for (int i = 1; i < Ground.PARTIES; i++) {
            Thread.ofVirtual().start(() -> {
                try {
                    int _ = barrier.await(PATIENCE);
                } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                    System.err.println("at the barrier, after its reset: " + e);
                }
            });
        }
        try {
            int _ = barrier.await(PATIENCE);
            return true;
        } catch (BrokenBarrierException | TimeoutException e) {
            return false;
        }
    }
}
