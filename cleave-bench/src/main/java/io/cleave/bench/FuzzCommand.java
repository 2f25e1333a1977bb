package io.cleave.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Option;

/**
 * Lets a {@link FuzzReader} read, and starts another where it has crashed or does not get on, which goes on behind the item
 * that did it.
 */
public abstract class FuzzCommand implements Callable<Integer> {
    private static final String OUTPUT = "output";
    private static final long LOOK_MS = 50;
    private static final long STUCK_NANOS = 30_000_000_000L;
    private static final long LAST_WORDS_MS = 1000;
    private static final int MOST_READERS = 50;

    private final Class<? extends FuzzReader> reader;
    private final List<String> sorts;

    @Option(names = "--count", description = "How many items (${DEFAULT-VALUE}).")
    private long count;
    @Option(names = "--seconds", defaultValue = "1800",
            description = "The longest that it may take (${DEFAULT-VALUE}).")
    private long seconds;
    @Option(names = "--seed", description = "Repeats an earlier run.")
    private long seed = System.nanoTime();
    @Option(names = "--first", defaultValue = "0", description = "Leaves out the items before this one.")
    private long first;
    @Option(names = "--quick", description = "A tenth of the count.")
    private boolean quick;
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    private long crashes;
    private long stuck;
    /** Whether a reader was ended in the middle of an item, whose block is then left. */
    private boolean hasInterrupted;

    /**
     * A command.
     *
     * @param reader the class with the main method
     * @param sorts what the items are, in turn
     * @param count how many, where nothing is said
     */
    protected FuzzCommand(Class<? extends FuzzReader> reader, List<String> sorts, long count) {
        this.reader = reader;
        this.sorts = List.copyOf(sorts);
        this.count = count;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path directory = Directories.create();
        Map<String, Long> figures = new LinkedHashMap<>();
        try {
            FuzzBoard board = FuzzBoard.open(directory);
            long end = first + (quick ? count / 10 : count);
            board.set(FuzzBoard.NEXT, first);
            supervise(directory, board, end);
            figures.put("seed", seed);
            long done = board.get(FuzzBoard.NEXT) - first;
            for (int i = 0; i < sorts.size(); i++) {
                figures.put(sorts.get(i), (done + sorts.size() - 1 - i) / sorts.size());
            }
            figures.put("readable", board.get(FuzzBoard.READABLE));
            figures.put("typed", board.get(FuzzBoard.TYPED));
            figures.put("untyped", board.get(FuzzBoard.UNTYPED));
            figures.put("crashes", crashes);
            figures.put("stuck", stuck);
            figures.put("missed", end - board.get(FuzzBoard.NEXT));
            figures.put("leaked_blocks", hasInterrupted ? 0 : Directories.leftIn(directory));
        } finally {
            Directories.delete(directory);
        }
        if (json) {
            System.out.println(Json.text(figures));
        } else {
            figures.forEach((what, number) -> System.out.printf(Locale.ROOT, "%-18s %,d%n", what, number));
        }
        boolean isBad = List.of("untyped", "crashes", "stuck", "missed", "leaked_blocks").stream()
                .anyMatch(what -> figures.getOrDefault(what, 1L) != 0);
        return isBad || figures.getOrDefault("typed", 0L) == 0 ? 1 : 0;
    }

    private void supervise(Path directory, FuzzBoard board, long end) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        int readers = 0;
        while (board.get(FuzzBoard.NEXT) < end && System.nanoTime() - deadline < 0 && readers++ < MOST_READERS) {
            Process process = start(directory, end);
            try {
                boolean isStuck = watch(process, board, deadline);
                long item = board.get(FuzzBoard.NEXT);
                hasInterrupted |= process.isAlive() || process.exitValue() != 0;
                if (!process.isAlive() && process.exitValue() == FuzzReader.NOT_BEGUN) {
                    throw new IllegalStateException("the items cannot be made");
                } else if (isStuck) {
                    System.err.println("item " + item + ": stuck");
                    System.err.println(Files.readString(directory.resolve(OUTPUT)));
                    stuck++;
                } else if (!process.isAlive() && process.exitValue() != 0) {
                    System.err.println("item " + item + ": the reading JVM ended with code " + process.exitValue());
                    crashes++;
                }
                if (item < end && System.nanoTime() - deadline < 0) {
                    board.set(FuzzBoard.NEXT, item + 1);
                }
            } finally {
                process.destroyForcibly().waitFor();
            }
        }
    }

    /** Waits for the end of a reader, or of the time; whether it did not get on. */
    private static boolean watch(Process process, FuzzBoard board, long deadline)
            throws IOException, InterruptedException {
        long item = -1;
        long since = System.nanoTime();
        while (!process.waitFor(LOOK_MS, TimeUnit.MILLISECONDS)) {
            long now = System.nanoTime();
            if (board.get(FuzzBoard.NEXT) != item) {
                item = board.get(FuzzBoard.NEXT);
                since = now;
            } else if (now - since > STUCK_NANOS) {
                new ProcessBuilder("kill", "-QUIT", Long.toString(process.pid())).inheritIO().start().waitFor();
                Thread.sleep(LAST_WORDS_MS); // its threads' stacks
                return true;
            }
            if (now - deadline > 0) {
                return false;
            }
        }
        return false;
    }

    private Process start(Path directory, long end) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED",
                "-Xmx" + FuzzReader.HEAP_MIB + "m", "-XX:+UseSerialGC", "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + Path.of(System.getProperty("java.io.tmpdir"), "cleave-fuzz-%p.log"), "-cp",
                System.getProperty("java.class.path"), reader.getName(), Long.toString(seed), Long.toString(end))
                .redirectOutput(ProcessBuilder.Redirect.to(directory.resolve(OUTPUT).toFile()))
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("CLEAVE_DIR", directory.toString());
        return builder.start();
    }
}
