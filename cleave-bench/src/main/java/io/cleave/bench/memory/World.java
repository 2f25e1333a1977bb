package io.cleave.bench.memory;

import io.cleave.bench.memory.Board.Counter;
import io.cleave.os.Signals;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/** The workers of one directory: other directories' have blocks of the same names, and nothing to do with them. */
final class World implements AutoCloseable {
    /** What a worker does at least before it is killed, since a JVM's start takes longer than many steps. */
    private static final int STEPS_OF_A_LIFE = 30;
    private static final int SIGSTOP = 19;
    private static final int SIGCONT = 18;
    private static final int AUDITOR = -1;

    private final Path directory;
    private final String prefix;
    private final Path boardFile;
    private final Board board;
    private final List<Process> workers = new ArrayList<>();
    private long kills;
    private long stops;

    World(Path directory, String prefix, long steps) throws IOException {
        this.directory = directory;
        this.prefix = prefix;
        this.boardFile = directory.resolve("board");
        this.board = Board.in(boardFile);
        board.countVolatile(Counter.STEP_LIMIT, steps);
    }

    void start(SplittableRandom random) throws IOException {
        for (int worker = 0; worker < Board.WORKERS; worker++) {
            workers.add(start(worker, random.nextLong()));
        }
    }

    private Process start(int worker, long seed) throws IOException {
        List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m", "-cp",
                System.getProperty("java.class.path"), TortureWorker.class.getName(), prefix, boardFile.toString(),
                Integer.toString(worker), Long.toString(seed));
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("CLEAVE_DIR", directory.toString());
        return builder.start();
    }

    boolean isDone() {
        return board.countVolatile(Counter.STEPS) >= board.countVolatile(Counter.STEP_LIMIT);
    }

    /** Makes the workers end after the step that they are at. */
    void end() {
        board.countVolatile(Counter.STEP_LIMIT, 0);
    }

    boolean hasFailed() {
        return workers.stream().anyMatch(worker -> !worker.isAlive() && worker.exitValue() != 0);
    }

    /** Stops one of the workers for some time, wherever it is, and lets it go on, or kills it while it is stopped. */
    void stopOne(SplittableRandom random, int milliseconds) throws IOException, InterruptedException {
        int victim = random.nextInt(Board.WORKERS);
        Process process = workers.get(victim);
        if (process.isAlive() && Signals.kill((int) process.pid(), SIGSTOP) == 0) {
            stops++;
            Thread.sleep(milliseconds);
            if (random.nextInt(4) == 0) {
                replace(victim, random.nextLong());
            } else {
                Signals.kill((int) process.pid(), SIGCONT);
            }
        }
    }

    /** Kills one of the workers, if it has got to do something, and starts another. */
    void killOne(SplittableRandom random) throws IOException, InterruptedException {
        int victim = random.nextInt(Board.WORKERS);
        if (board.doneVolatile(victim) >= STEPS_OF_A_LIFE) {
            replace(victim, random.nextLong());
        }
    }

    private void replace(int victim, long newSeed) throws IOException, InterruptedException {
        Process process = workers.get(victim);
        if (process.isAlive()) {
            kills++;
        }
        int exit = process.destroyForcibly().waitFor();
        if (exit != 128 + 9 && exit != 0) {
            fail("worker " + process.pid() + " ended with code " + exit);
        }
        board.doneVolatile(victim, 0);
        board.idleVolatile(victim); // it is gone, and with it its handles
        workers.set(victim, start(victim, newSeed));
    }

    /** Waits for the workers' end, and has what they left counted. */
    void finish(long milliseconds) throws IOException, InterruptedException {
        for (Process worker : workers) {
            if (!worker.waitFor(milliseconds, TimeUnit.MILLISECONDS)) {
                fail("worker " + worker.pid() + " does not end");
            } else if (worker.exitValue() != 0) {
                fail("worker " + worker.pid() + " ended with code " + worker.exitValue());
            }
        }
        Process auditor = start(AUDITOR, 0);
        workers.add(auditor);
        if (!auditor.waitFor(2 * milliseconds, TimeUnit.MILLISECONDS) || auditor.exitValue() != 0) {
            fail("what is left could not be counted");
        }
    }

    void fail(String what) {
        board.incrementVolatile(Counter.ERRORS);
        System.err.println(directory + ": " + what);
    }

    long count(Counter counter) {
        return board.countVolatile(counter);
    }

    long kills() {
        return kills;
    }

    long stops() {
        return stops;
    }

    @Override
    public void close() {
        workers.forEach(worker -> worker.destroyForcibly().onExit().join());
        board.close();
    }
}
