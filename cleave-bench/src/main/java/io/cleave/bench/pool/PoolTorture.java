package io.cleave.bench.pool;

import io.cleave.bench.Directories;
import io.cleave.bench.Json;
import io.cleave.bench.SubjectProcess;
import io.cleave.os.Signals;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Shows that a process pool survives its workers' deaths. A JVM of its own makes one pool after the other and uses it from
 * some threads, by single tasks, lists, streams and futures, with small and large arguments and results; tasks throw, end
 * their process and are cancelled; and workers are killed by SIGKILL at random. Each task must end once, in a right result
 * or an error of an allowed type, and may have begun no more often than the pool's retries allow. Nothing may be left.
 *
 * <pre>
 * ./bench torture pool --kills 500
 * </pre>
 */
@Command(name = "pool", mixinStandardHelpOptions = true, description = "Process pools whose workers are killed.")
public final class PoolTorture implements Callable<Integer> {
    private static final long SECONDS_MORE = 2 * Client.PATIENCE_SECONDS + 60;
    private static final int LAST_WORDS_SECONDS = 10;
    private static final int SIGQUIT = 3;
    private static final int DUMP_SECONDS = 5;
    private static final List<String> COUNTS = List.of("tasks", "results", "thrown", "died", "other_typed",
            "cancelled", "rejected", "kills", "stopped_before", "halts", "pools", "slow_lives");
    private static final List<String> FAULTS = List.of("wrong", "lost", "doubled", "in_caller", "stuck",
            "processes_left", "blocks_left", "files_left", "errors");

    @Option(names = "--kills", defaultValue = "500", description = "How many workers are killed (${DEFAULT-VALUE}).")
    private long kills;
    @Option(names = "--seconds", defaultValue = "1200",
            description = "The longest that it may take (${DEFAULT-VALUE}).")
    private long seconds;
    @Option(names = "--seed", description = "Makes the choices those of an earlier run.")
    private long seed = System.nanoTime();
    @Option(names = "--quick", description = "A tenth of the kills.")
    private boolean quick;
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private final Map<String, Long> told = new LinkedHashMap<>();

    private PoolTorture() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (quick) {
            kills = Math.max(1, kills / 10);
        }
        for (String name : COUNTS) {
            told.put(name, 0L);
        }
        for (String name : FAULTS) {
            told.put(name, 0L);
        }
        Path directory = Directories.create();
        try {
            Files.createDirectories(directory.resolve("blocks"));
            Files.createDirectories(directory.resolve("tmp"));
            run(directory);
        } finally {
            Directories.delete(directory);
        }
        return report();
    }

    private void add(String name, long number) {
        told.merge(name, number, Long::sum);
    }

    private void fault(String name, String what) {
        add(name, 1);
        System.err.println(what);
    }

    private Process start(Path directory, String... arguments) throws IOException {
        List<String> command = SubjectProcess.jvm(PoolTortureLoad.class,
                List.of("-Djava.io.tmpdir=" + directory.resolve("tmp"), "-Xmx512m"), arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT)
                .directory(directory.resolve("tmp").toFile());
        builder.environment().put("CLEAVE_DIR", directory.resolve("blocks").toString());
        return builder.start();
    }

    private void run(Path directory) throws IOException, InterruptedException {
        Family family = new Family(directory.resolve("blocks").toString());
        try {
            Process load = start(directory, Long.toString(kills), Long.toString(seconds), Long.toString(seed));
            Thread reader = Thread.ofPlatform().daemon().name("bench-reader").start(() -> read(load));
            if (!load.waitFor(seconds + SECONDS_MORE, TimeUnit.SECONDS)) {
                fault("stuck", "the pool's JVM does not end; these are its threads");
                Signals.kill((int) load.pid(), SIGQUIT);
                Thread.sleep(TimeUnit.SECONDS.toMillis(DUMP_SECONDS));
            } else if (load.exitValue() != 0) {
                fault("errors", "the pool's JVM ended with code " + load.exitValue());
            }
            load.destroyForcibly().waitFor();
            List<ProcessHandle> left = family.othersAfter(LAST_WORDS_SECONDS);
            add("processes_left", left.size());
            left.forEach(process -> System.err.println("process " + process.pid() + " is left: "
                    + process.info().commandLine().orElse("?")));
            left.forEach(ProcessHandle::destroyForcibly);
            reader.join(TimeUnit.SECONDS.toMillis(LAST_WORDS_SECONDS));
        } finally {
            family.others().forEach(ProcessHandle::destroyForcibly);
        }
        lookAround(directory);
    }

    /** Figures have a line each; all else that the JVM says is for people. */
    private void read(Process load) {
        try (BufferedReader in = load.inputReader(StandardCharsets.UTF_8)) {
            String line = in.readLine();
            while (line != null) {
                if (line.matches("[a-z_]+=\\d+")) {
                    add(line.substring(0, line.indexOf('=')), Long.parseLong(line.substring(line.indexOf('=') + 1)));
                } else {
                    System.err.println(line);
                }
                line = in.readLine();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is left of it on the machine, blocks after a clean-up. */
    private void lookAround(Path directory) throws IOException, InterruptedException {
        add("blocks_to_clean", Directories.leftIn(directory.resolve("blocks")));
        Process sweeper = start(directory);
        if (!sweeper.waitFor(LAST_WORDS_SECONDS, TimeUnit.SECONDS) || sweeper.exitValue() != 0) {
            sweeper.destroyForcibly();
            fault("errors", "the clean-up failed");
        }
        add("blocks_left", Directories.leftIn(directory.resolve("blocks")));
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.walk(directory.resolve("tmp"))) {
            all.filter(Files::isRegularFile).forEach(files::add);
        }
        add("files_left", files.size());
        files.forEach(file -> System.err.println("left: " + directory.relativize(file)));
    }

    private int report() {
        Map<String, Object> figures = new LinkedHashMap<>();
        told.forEach((name, number) -> {
            if (!name.equals("millis")) {
                figures.put(name, number);
            }
        });
        double time = told.getOrDefault("millis", 0L) / 1e3;
        long killed = told.getOrDefault("kills", 0L);
        figures.put("seconds", Math.round(time * 10) / 10.0);
        figures.put("kills_per_second", time == 0 ? 0.0 : Math.round(killed / time * 10) / 10.0);
        figures.put("seed", seed);
        if (json) {
            System.out.println(Json.text(figures));
        } else {
            figures.forEach((what, figure) -> System.out.printf(Locale.ROOT, "%-17s %s%n", what,
                    figure instanceof Long number && !what.equals("seed") ? String.format(Locale.ROOT, "%,d", number)
                            : figure));
        }
        boolean isWrong = FAULTS.stream().anyMatch(what -> told.getOrDefault(what, 1L) != 0);
        boolean isShort = Arrays.asList(killed < kills, told.getOrDefault("results", 0L) == 0).contains(true);
        return isWrong || isShort ? 1 : 0;
    }
}
