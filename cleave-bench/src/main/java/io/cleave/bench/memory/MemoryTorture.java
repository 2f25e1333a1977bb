package io.cleave.bench.memory;

import io.cleave.bench.Directories;
import io.cleave.bench.Json;
import io.cleave.bench.memory.Board.Counter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
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
 * Shows that blocks survive their processes' deaths: in each of two directories {@value Board#WORKERS} JVMs create, open,
 * close and unlink blocks of the same {@value Board#NAMES} names, and every now and then one is stopped for a while and
 * goes on, or is killed by SIGKILL and replaced. There must be no block that was seen wrong, none that vanished under
 * somebody's hands, none that making others does not sweep in the end, and none left.
 *
 * <pre>
 * ./bench torture memory --steps 10000
 * </pre>
 */
@Command(name = "memory", mixinStandardHelpOptions = true,
        description = "Blocks of shared memory under processes that are stopped and killed.")
public final class MemoryTorture implements Callable<Integer> {
    private static final int SHORTEST_BREAK_MS = 20;
    private static final int LONGEST_BREAK_MS = 100;
    private static final int LONGEST_STOP_MS = 400;
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
        long each = Math.max(1, (quick ? steps / 10 : steps) / 2);
        String prefix = "torture-" + ProcessHandle.current().pid() + "-" + System.nanoTime() + "-";
        Path here = Directories.create();
        Path there = Directories.create();
        try (World one = new World(here, prefix, each); World other = new World(there, prefix, each)) {
            List<World> worlds = List.of(one, other);
            supervise(worlds, new SplittableRandom(seed));
            return report(worlds, each);
        } finally {
            Directories.delete(here);
            Directories.delete(there);
        }
    }

    private void supervise(List<World> worlds, SplittableRandom random) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (World world : worlds) {
            world.start(random);
        }
        while (!worlds.stream().allMatch(World::isDone) && worlds.stream().noneMatch(World::hasFailed)) {
            Thread.sleep(random.nextInt(SHORTEST_BREAK_MS, LONGEST_BREAK_MS));
            if (System.nanoTime() - deadline > 0) {
                worlds.getFirst().fail("not done after " + seconds + " s");
                break;
            }
            World world = worlds.get(random.nextInt(worlds.size()));
            if (random.nextInt(3) == 0) {
                world.stopOne(random, random.nextInt(SHORTEST_BREAK_MS, LONGEST_STOP_MS));
            } else {
                world.killOne(random);
            }
        }
        worlds.forEach(World::end);
        for (World world : worlds) {
            world.finish(LAST_WORDS.toMillis());
        }
    }

    private int report(List<World> worlds, long each) {
        Map<String, Long> figures = new LinkedHashMap<>();
        figures.put("steps", worlds.stream().mapToLong(world -> Math.min(world.count(Counter.STEPS), each)).sum());
        figures.put("kills", worlds.stream().mapToLong(World::kills).sum());
        figures.put("stops", worlds.stream().mapToLong(World::stops).sum());
        figures.put("creates", sum(worlds, Counter.CREATES));
        figures.put("opens", sum(worlds, Counter.OPENS));
        Map<String, Long> faults = new LinkedHashMap<>();
        faults.put("wrong_attaches", sum(worlds, Counter.WRONG_ATTACHES));
        faults.put("unswept_blocks", sum(worlds, Counter.UNSWEPT));
        faults.put("leaked_blocks", sum(worlds, Counter.LEAKED));
        faults.put("live_removed", sum(worlds, Counter.LIVE_REMOVED));
        faults.put("errors", sum(worlds, Counter.ERRORS));
        figures.putAll(faults);
        if (json) {
            System.out.println(Json.text(figures));
        } else {
            figures.forEach((what, count) -> System.out.printf(Locale.ROOT, "%-15s %,d%n", what, count));
        }
        return faults.values().stream().allMatch(count -> count == 0) ? 0 : 1;
    }

    private static long sum(List<World> worlds, Counter counter) {
        return worlds.stream().mapToLong(world -> world.count(counter)).sum();
    }
}
