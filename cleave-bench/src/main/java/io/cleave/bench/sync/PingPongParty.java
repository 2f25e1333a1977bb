package io.cleave.bench.sync;

import io.cleave.bench.sync.PingPong.Means;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/** One of the two JVMs of {@link PingPong}: the first begins and counts. */
final class PingPongParty {
    /** A pause comes once in so many rounds, so that the other goes to sleep or is about to. */
    private static final int ROUNDS_TO_PAUSE = 64;
    private static final int LONGEST_PAUSE_NANOS = 100_000;
    private static final int ROUNDS_TO_LOOK = 1024;

    private final Table table;
    private final Means means;
    private final SplittableRandom random = new SplittableRandom();

    private PingPongParty(Table table, Means means) {
        this.table = table;
        this.means = means;
    }

    /** Arguments: name of the table, number of the party, means, rounds, the most seconds. It ends with its parent. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        ProcessHandle parent = ProcessHandle.current().parent().orElseThrow();
        var _ = parent.onExit().thenRun(() -> Runtime.getRuntime().halt(1));
        boolean isFirst = arguments[1].equals("0");
        boolean isRight;
        try (Table table = Table.open(arguments[0])) {
            PingPongParty party = new PingPongParty(table, Means.valueOf(arguments[2]));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[4]));
            isRight = isFirst ? party.ping(Long.parseLong(arguments[3]), deadline) : party.pong();
        }
        System.out.println(sleeps());
        if (!isRight) {
            System.err.println((isFirst ? "ping" : "pong") + " was not woken");
            System.exit(1);
        }
    }

    private boolean ping(long rounds, long deadline) throws InterruptedException {
        long round = 0;
        boolean isRight = true;
        boolean isInTime = true;
        while (round < rounds && isRight && isInTime) {
            pause();
            table.wake(means, 1);
            isRight = table.await(means, 0);
            round++;
            isInTime = round % ROUNDS_TO_LOOK != 0 || System.nanoTime() - deadline < 0;
        }
        table.rounds(round);
        table.end();
        table.wake(means, 1);
        return isRight;
    }

    private boolean pong() throws InterruptedException {
        while (table.await(means, 1)) {
            if (table.isOver()) {
                return true;
            }
            pause();
            table.wake(means, 0);
        }
        return false;
    }

    private void pause() {
        if (random.nextInt(ROUNDS_TO_PAUSE) == 0) {
            long end = System.nanoTime() + random.nextInt(LONGEST_PAUSE_NANOS);
            while (System.nanoTime() - end < 0) {
                Thread.onSpinWait();
            }
        }
    }

    /** How often the calling thread has slept, as the kernel counts. */
    private static long sleeps() throws IOException {
        return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
                .filter(line -> line.startsWith("voluntary_ctxt_switches:"))
                .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip())).sum();
    }
}
