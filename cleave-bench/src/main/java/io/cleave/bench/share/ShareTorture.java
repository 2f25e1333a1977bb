package io.cleave.bench.share;

import io.cleave.bench.Directories;
import io.cleave.bench.Json;
import java.io.IOException;
import java.nio.file.Files;
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
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Shows that shared values survive the deaths of those who write, read and free them: {@value SlotTable#WORKERS} JVMs do
 * all three with each other's values, and are killed by SIGKILL at random and replaced. No value may be seen wrong, no view
 * may change or be pulled away, no value may be missing whose writer lives and that nobody freed, and after a clean-up
 * nothing may be left.
 *
 * <pre>
 * ./bench torture share --kills 2000
 * </pre>
 */
@Command(name = "share", mixinStandardHelpOptions = true,
        description = "Shared values under processes that are killed.")
public final class ShareTorture implements Callable<Integer> {
    private static final int LONGEST_BREAK_MS = 60;
    private static final int STEPS_OF_A_LIFE = 20;
    private static final int KILLED = 128 + 9;
    private static final Duration LAST_WORDS = Duration.ofSeconds(60);

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

    private final List<Process> workers = new ArrayList<>();
    private long killed;
    private long errors;

    private ShareTorture() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (quick) {
            kills = Math.max(1, kills / 10);
        }
        Path directory = Directories.create();
        Map<String, Long> figures = new LinkedHashMap<>();
        try {
            SlotTable table = SlotTable.open(directory);
            try {
                supervise(directory, table, new SplittableRandom(seed));
            } finally {
                workers.forEach(worker -> worker.destroyForcibly().onExit().join());
            }
            Process sweeper = start(directory, SlotTable.WORKERS, 0);
            if (sweeper.waitFor() != 0) {
                fail("the clean-up failed");
            }
            figures.put("kills", killed);
            figures.put("writes", table.count(SlotTable.WRITES));
            figures.put("reads", table.count(SlotTable.READS));
            figures.put("views_checked", table.count(SlotTable.CHECKS));
            figures.put("frees", table.count(SlotTable.FREES));
            figures.put("wrong", table.count(SlotTable.WRONG));
            figures.put("missing", table.count(SlotTable.MISSING));
            figures.put("leaked_blocks", Directories.leftIn(directory));
            figures.put("errors", errors + table.count(SlotTable.ERRORS));
        } finally {
            Directories.delete(directory);
        }
        if (json) {
            System.out.println(Json.text(figures));
        } else {
            figures.forEach((what, number) -> System.out.printf(Locale.ROOT, "%-15s %,d%n", what, number));
        }
        boolean isWrong = Stream.of("wrong", "missing", "leaked_blocks", "errors")
                .anyMatch(what -> figures.getOrDefault(what, 1L) != 0);
        return isWrong || figures.getOrDefault("reads", 0L) == 0 ? 1 : 0;
    }

    private void supervise(Path directory, SlotTable table, SplittableRandom random)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (int worker = 0; worker < SlotTable.WORKERS; worker++) {
            workers.add(start(directory, worker, random.nextLong()));
        }
        while (killed < kills && errors == 0) {
            Thread.sleep(random.nextInt(1, LONGEST_BREAK_MS));
            if (System.nanoTime() - deadline > 0) {
                fail("not done after " + seconds + " s");
            }
            for (Process worker : workers) {
                if (!worker.isAlive()) {
                    fail("worker " + worker.pid() + " ended by itself with code " + worker.exitValue());
                }
            }
            int victim = random.nextInt(SlotTable.WORKERS);
            if (errors == 0 && table.steps(victim) >= STEPS_OF_A_LIFE) {
                table.beginLife(victim); // before its death, so that nobody wonders where its values are
                int exit = workers.get(victim).destroyForcibly().waitFor();
                if (exit != KILLED) {
                    fail("a worker ended with code " + exit);
                }
                killed++;
                table.beginLife(victim);
                workers.set(victim, start(directory, victim, random.nextLong()));
            }
        }
        table.stop();
        for (Process worker : workers) {
            if (!worker.waitFor(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS)) {
                fail("worker " + worker.pid() + " does not end");
            } else if (worker.exitValue() != 0) {
                fail("worker " + worker.pid() + " ended with code " + worker.exitValue());
            }
        }
    }

    private static Process start(Path directory, int worker, long seed) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m", "-cp",
                System.getProperty("java.class.path"), ShareTortureWorker.class.getName(), directory.toString(),
                Integer.toString(worker), Long.toString(seed)).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("CLEAVE_DIR", directory.toString());
        return builder.start();
    }

    private void fail(String what) {
        errors++;
        System.err.println(what);
    }

    /** The table's file. */
    static Path tableIn(Path directory) throws IOException {
        Path file = directory.resolve("table");
        if (!Files.exists(file)) {
            Files.write(file, new byte[SlotTable.BYTES]);
        }
        return file;
    }
}
