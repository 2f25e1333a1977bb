package io.cleave.bench.share;

import io.cleave.bench.Directories;
import io.cleave.bench.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Shows that no token and no block, whatever is in it, does worse than a typed exception: a JVM with a small heap reads
 * what was changed at random, half of it with checksums that are right again, so that what lies behind them is met, too.
 *
 * <pre>
 * ./bench fuzz share --json
 * </pre>
 */
@Command(name = "share", mixinStandardHelpOptions = true,
        description = "Tokens and blocks of shared values, changed at random.")
public final class ShareFuzz implements Callable<Integer> {
    @Option(names = "--count", defaultValue = "200000",
            description = "Tokens and blocks together (${DEFAULT-VALUE}).")
    private int count;
    @Option(names = "--seconds", defaultValue = "600", description = "The longest that it may take (${DEFAULT-VALUE}).")
    private long seconds;
    @Option(names = "--seed", description = "Repeats an earlier run.")
    private long seed = System.nanoTime();
    @Option(names = "--quick", description = "A tenth of the count.")
    private boolean quick;
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private ShareFuzz() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path directory = Directories.create();
        Map<String, Long> figures = new LinkedHashMap<>();
        figures.put("seed", seed);
        try {
            run(directory, quick ? count / 10 : count, figures);
            figures.put("leaked_blocks", Directories.leftIn(directory));
        } finally {
            Directories.delete(directory);
        }
        if (json) {
            System.out.println(Json.text(figures));
        } else {
            figures.forEach((what, number) -> System.out.printf(Locale.ROOT, "%-18s %,d%n", what, number));
        }
        long bad = of(figures, "untyped") + of(figures, "crashes") + of(figures, "leaked_blocks");
        return bad == 0 && of(figures, "tokens") + of(figures, "blocks") > 0 ? 0 : 1;
    }

    private static long of(Map<String, Long> figures, String what) {
        return Objects.requireNonNull(figures.get(what), what);
    }

    private void run(Path directory, int rounds, Map<String, Long> figures) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED",
                "-Xmx" + FuzzWorker.HEAP_MIB + "m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
                FuzzWorker.class.getName(), Integer.toString(rounds), Long.toString(seed)));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("CLEAVE_DIR", directory.toString());
        Process worker = builder.start();
        Thread watch = Thread.ofPlatform().daemon().start(() -> {
            try {
                if (!worker.waitFor(seconds, TimeUnit.SECONDS)) {
                    worker.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try (Stream<String> lines = worker.inputReader(StandardCharsets.UTF_8).lines()) {
            lines.filter(line -> line.contains("=")).forEach(line -> figures.put(line.substring(0, line.indexOf('=')),
                    Long.parseLong(line.substring(line.indexOf('=') + 1))));
        }
        int exit = worker.waitFor();
        watch.interrupt();
        for (String what : List.of("tokens", "blocks", "untyped")) {
            figures.putIfAbsent(what, 0L);
        }
        figures.put("crashes", exit == 0 ? 0L : 1L);
        if (exit != 0) {
            System.err.println("the reading JVM ended with code " + exit);
        }
    }
}
