package io.cleave.bench.memory;

import io.cleave.bench.Json;
import io.cleave.bench.memory.Board.Counter;
import io.cleave.memory.BlockInfo;
import io.cleave.memory.Cleanup;
import io.cleave.memory.SharedMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Shows that blocks survive their processes' deaths: {@value Board#WORKERS} JVMs create, open, close and unlink blocks
 * of {@value Board#NAMES} names, and every now and then one is killed by SIGKILL and replaced. In the end there must be
 * no block left, none that was seen wrong, and none that vanished under somebody's hands.
 *
 * <pre>
 * ./bench torture memory --steps 10000
 * </pre>
 */
@Command(name = "memory", mixinStandardHelpOptions = true,
        description = "Blocks of shared memory under processes that are killed.")
public final class MemoryTorture implements Callable<Integer> {
    private static final int SHORTEST_BREAK_MS = 20;
    private static final int LONGEST_BREAK_MS = 100;
    /** What a worker does at least before it is killed, since a JVM's start takes longer than many steps. */
    private static final int STEPS_OF_A_LIFE = 30;
    private static final Duration LAST_WORDS = Duration.ofSeconds(30);

    @Option(names = "--steps", defaultValue = "10000",
            description = "Steps of all workers together (${DEFAULT-VALUE}).")
    private long steps;
    @Option(names = "--seconds", defaultValue = "600", description = "The longest that it may take (${DEFAULT-VALUE}).")
    private long seconds;
    @Option(names = "--seed", description = "Makes the workers' choices those of an earlier run.")
    private long seed = System.nanoTime();
    @Option(names = "--quick", description = "A tenth of the steps.")
    private boolean quick;
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private final String prefix = "torture-" + ProcessHandle.current().pid() + "-" + System.nanoTime() + "-";
    private final List<Process> workers = new ArrayList<>();
    private long kills;

    private MemoryTorture() {
    }

    /**
     * Runs the torture.
     *
     * @param args the options
     * @return 0 where nothing went wrong, 1 where something did, 2 where an option is wrong
     */
    public static int run(String[] args) {
        return new CommandLine(new MemoryTorture()).execute(args);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        long limit = quick ? Math.max(1, steps / 10) : steps;
        try (Board board = Board.create(prefix)) {
            board.countVolatile(Counter.STEP_LIMIT, limit);
            try {
                supervise(board, new SplittableRandom(seed));
            } finally {
                workers.forEach(worker -> worker.destroyForcibly().onExit().join());
            }
            return report(board, limit);
        }
    }

    private void supervise(Board board, SplittableRandom random) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (int worker = 0; worker < Board.WORKERS; worker++) {
            workers.add(start(worker, random.nextLong()));
        }
        while (board.countVolatile(Counter.STEPS) < board.countVolatile(Counter.STEP_LIMIT)) {
            Thread.sleep(random.nextInt(SHORTEST_BREAK_MS, LONGEST_BREAK_MS));
            if (System.nanoTime() - deadline > 0) {
                board.countVolatile(Counter.STEP_LIMIT, 0);
                fail(board, "not done after " + seconds + " s");
            }
            if (workers.stream().anyMatch(MemoryTorture::hasFailed)) {
                board.countVolatile(Counter.STEP_LIMIT, 0); // counted and told below
                break;
            }
            int victim = random.nextInt(Board.WORKERS);
            if (board.doneVolatile(victim) >= STEPS_OF_A_LIFE) {
                replace(board, victim, random.nextLong());
            }
        }
        for (Process worker : workers) {
            if (!worker.waitFor(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS)) {
                fail(board, "worker " + worker.pid() + " does not end");
            } else if (worker.exitValue() != 0) {
                fail(board, "worker " + worker.pid() + " ended with code " + worker.exitValue());
            }
        }
    }

    private void replace(Board board, int victim, long newSeed) throws IOException, InterruptedException {
        Process process = workers.get(victim);
        if (process.isAlive()) {
            kills++;
        }
        int exit = process.destroyForcibly().waitFor();
        if (exit != 128 + 9 && exit != 0) {
            fail(board, "worker " + process.pid() + " ended with code " + exit);
        }
        board.doneVolatile(victim, 0);
        board.idleVolatile(victim); // it is gone, and with it its handles
        workers.set(victim, start(victim, newSeed));
    }

    private Process start(int worker, long workerSeed) throws IOException {
        List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m", "-cp",
                System.getProperty("java.class.path"), TortureWorker.class.getName(), prefix, Integer.toString(worker),
                Long.toString(workerSeed));
        return new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private static boolean hasFailed(Process worker) {
        return !worker.isAlive() && worker.exitValue() != 0;
    }

    private static void fail(Board board, String what) {
        board.incrementVolatile(Counter.ERRORS);
        System.err.println(what);
    }

    private int report(Board board, long limit) {
        int failed = Cleanup.run().failed().size();
        long leaked = ownBlocks().size();
        if (failed > 0) {
            fail(board, "the clean-up failed for " + failed + " blocks");
        }
        long wrong = board.countVolatile(Counter.WRONG_ATTACHES);
        long removed = board.countVolatile(Counter.LIVE_REMOVED);
        long errors = board.countVolatile(Counter.ERRORS);
        long done = Math.min(board.countVolatile(Counter.STEPS), limit);
        Map<String, Long> figures = new LinkedHashMap<>();
        figures.put("steps", done);
        figures.put("kills", kills);
        figures.put("creates", board.countVolatile(Counter.CREATES));
        figures.put("opens", board.countVolatile(Counter.OPENS));
        figures.put("wrong_attaches", wrong);
        figures.put("leaked_blocks", leaked);
        figures.put("live_removed", removed);
        figures.put("errors", errors);
        if (json) {
            System.out.println(Json.text(figures));
        } else {
            figures.forEach((what, count) -> System.out.printf(Locale.ROOT, "%-15s %,d%n", what, count));
        }
        return wrong + leaked + removed + errors == 0 ? 0 : 1;
    }

    /** The blocks of this run, but for the board. */
    private List<BlockInfo> ownBlocks() {
        return SharedMemory.list().stream().filter(info -> info.name().startsWith(prefix))
                .filter(info -> !info.name().equals(prefix + "board")).toList();
    }
}
