package io.cleave.bench.objects;

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
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Shows that live structures survive those who use them: {@value TortureBoard#WORKERS} processes change and read one of
 * each sort, and every few milliseconds one is killed by SIGKILL and replaced, or stopped for a while. Half of those who die
 * do so right behind a store that others can see, as moments at random hardly ever hit what takes nanoseconds. Whatever is read must
 * be what was there at the time, nobody may be stuck, and in the end every byte of the heap is accounted for. Where values
 * are only replaced, the heap must not go on growing.
 *
 * <pre>
 * ./bench torture objects --kills 2000
 * ./bench torture objects --structures replacements --kills 20000
 * </pre>
 */
@Command(name = "objects", mixinStandardHelpOptions = true,
        description = "Live structures under processes that are killed.")
public final class ObjectsTorture implements Callable<Integer> {
    private static final long SECONDS_MORE = 120;
    /** How much more the heap may have committed in the end than after a third of the time. */
    private static final double MOST_GROWTH = 1.25;

    @Option(names = "--kills", defaultValue = "2000", description = "How many are killed (${DEFAULT-VALUE}).")
    private long kills;
    @Option(names = "--seconds", defaultValue = "900",
            description = "The longest that it may take (${DEFAULT-VALUE}).")
    private long seconds;
    @Option(names = "--structures", split = ",", defaultValue = "map,set,list,queue,stack,numbers",
            description = "Which, with commas between (${DEFAULT-VALUE}).")
    private List<String> structures = List.of();
    @Option(names = "--seed", description = "Makes the choices those of an earlier run.")
    private long seed = System.nanoTime();
    @Option(names = "--quick", description = "A tenth of the kills.")
    private boolean quick;
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private ObjectsTorture() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path directory = Directories.create();
        Map<String, Long> figures = new LinkedHashMap<>();
        figures.put("seed", seed);
        try {
            run(directory, quick ? Math.max(1, kills / 10) : kills, figures);
            figures.put("leaked_blocks", Directories.leftIn(directory));
        } finally {
            Directories.delete(directory);
        }
        if (json) {
            System.out.println(Json.text(figures));
        } else {
            figures.forEach((what, number) -> System.out.printf(Locale.ROOT, "%-24s %,d%n", what, number));
        }
        boolean hasGrown = structures.equals(List.of("replacements")) && figures.getOrDefault("committed_bytes",
                0L) > MOST_GROWTH * figures.getOrDefault("committed_bytes_after_a_third", 0L);
        boolean isBad = Stream.of("violations", "stuck", "leaked_bytes", "leaked_blocks", "errors")
                .anyMatch(what -> figures.getOrDefault(what, 1L) != 0);
        return isBad || hasGrown || figures.getOrDefault("steps", 0L) == 0 ? 1 : 0;
    }

    private void run(Path directory, long deaths, Map<String, Long> figures) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-Xint", "-XX:+UseSerialGC", "-Xmx512m", "-Xmn400m",
                "-XX:-UsePerfData", "-Dcleave.crashPoint=0", "-cp", System.getProperty("java.class.path"),
                ObjectsNursery.class.getName(),
                Long.toString(deaths), Long.toString(seconds), Long.toString(seed)));
        command.addAll(structures);
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("CLEAVE_DIR", directory.toString());
        Process nursery = builder.start();
        Thread watch = Thread.ofPlatform().daemon().start(() -> {
            try {
                if (!nursery.waitFor(seconds + SECONDS_MORE, TimeUnit.SECONDS)) {
                    System.err.println("the workers' parent is stuck");
                    nursery.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try (Stream<String> lines = nursery.inputReader(StandardCharsets.UTF_8).lines()) {
            lines.filter(line -> line.contains("=")).forEach(line -> figures.put(line.substring(0, line.indexOf('=')),
                    Long.parseLong(line.substring(line.indexOf('=') + 1))));
        }
        int exit = nursery.waitFor();
        watch.interrupt();
        if (exit != 0) {
            System.err.println("the workers' parent ended with code " + exit);
            figures.merge("errors", 1L, Long::sum);
        }
    }
}
