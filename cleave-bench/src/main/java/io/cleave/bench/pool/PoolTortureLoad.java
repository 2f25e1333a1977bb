package io.cleave.bench.pool;

import io.cleave.bench.pool.Ledger.Entry;
import io.cleave.memory.Cleanup;
import io.cleave.os.Signals;
import io.cleave.pool.ProcessPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The JVM whose pools are tortured: it makes one after the other, keeps it busy from some threads, and kills its workers.
 * Without arguments it cleans up what others have left.
 */
final class PoolTortureLoad {
    private static final int WORKERS = 3;
    private static final int CLIENTS = 4;
    private static final int KILLS_OF_A_POOL = 25;
    /** Kills for each task that is allowed to end its process itself. */
    private static final int KILLS_PER_HALT = 4;
    private static final int SIGSTOP = 19;
    private static final int SHORTEST_BREAK_MS = 20;
    private static final int LONGEST_BREAK_MS = 250;
    private static final int LONGEST_STOP_MS = 50;
    /** What the workers give together at least between two deaths, so that they do not die of starting only. */
    private static final int RESULTS_OF_A_LIFE = 50;
    private static final long LONGEST_LIFE_SECONDS = 5;
    private static final long WITHOUT_WORKERS_SECONDS = 10;
    private static final int LAST_WORDS_SECONDS = 10;

    private final long kills;
    private final long deadline;
    private final SplittableRandom random;
    private final Ledger ledger = new Ledger(Beginnings.shared(), System.err::println);
    private final Family family = new Family(System.getenv("CLEAVE_DIR"));
    private final AtomicLong halts = new AtomicLong();
    private final AtomicLong killed = new AtomicLong();
    private long stopped;
    private long pools;
    private long slowLives;
    private long processesLeft;
    private long stuck;
    private long errors;

    private PoolTortureLoad(long kills, long seconds, long seed) {
        this.kills = kills;
        this.deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        this.random = new SplittableRandom(seed);
    }

    /** Runs; arguments: kills, seconds, seed. */
    public static void main(String[] args) throws InterruptedException {
        if (args.length == 0) {
            System.exit(Cleanup.run().failed().isEmpty() ? 0 : 1);
        }
        PoolTortureLoad load = new PoolTortureLoad(Long.parseLong(args[0]), Long.parseLong(args[1]),
                Long.parseLong(args[2]));
        long start = System.nanoTime();
        while (load.killed.get() < load.kills && load.stuck + load.errors == 0) {
            load.round();
        }
        load.report(System.nanoTime() - start);
        Runtime.getRuntime().halt(0); // a client that is stuck must not keep it
    }

    private void report(long nanos) {
        if (stuck == 0) {
            ledger.checkAll();
        }
        ledger.print();
        System.out.println("kills=" + killed.get());
        System.out.println("stopped_before=" + stopped);
        System.out.println("halts=" + halts.get());
        System.out.println("slow_lives=" + slowLives);
        System.out.println("pools=" + pools);
        System.out.println("stuck=" + stuck);
        System.out.println("processes_left=" + processesLeft);
        System.out.println("errors=" + errors);
        System.out.println("millis=" + TimeUnit.NANOSECONDS.toMillis(nanos));
        System.out.flush();
    }

    private void fail(String what) {
        errors++;
        System.err.println(what);
    }

    /** One pool's life. */
    private void round() throws InterruptedException {
        int retries = random.nextInt(3) == 0 ? 2 : 0;
        ProcessPool.Builder builder = ProcessPool.builder().workers(WORKERS).maxRetries(retries);
        if (random.nextInt(2) == 0) {
            builder.chunkSize(random.nextInt(1, 9));
        }
        if (random.nextInt(4) == 0) {
            builder.maxTasksPerWorker(random.nextInt(20, 500));
        }
        pools++;
        ProcessPool pool = builder.build();
        List<Client> clients = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            Client client = new Client(pool, ledger, random.split(), retries, this::mayHalt);
            clients.add(client);
            threads.add(Thread.ofPlatform().daemon().name("bench-client-" + i).start(client));
        }
        killSome(pool, clients, Math.min(kills, killed.get() + KILLS_OF_A_POOL));
        boolean byForce = random.nextInt(3) == 0;
        clients.forEach(client -> client.end(byForce));
        Thread closer = Thread.ofPlatform().daemon().name("bench-closer").start(() -> {
            if (!byForce) {
                joinAll(threads);
            }
            pool.close();
            joinAll(threads);
        });
        while (closer.isAlive() && stuck == 0) {
            closer.join(100);
            lookForStuck(clients);
            if (System.nanoTime() - deadline > TimeUnit.SECONDS.toNanos(Client.PATIENCE_SECONDS)) {
                stuck++;
                System.err.println("the pool does not end");
            }
        }
        if (stuck == 0) {
            List<ProcessHandle> left = family.othersAfter(LAST_WORDS_SECONDS);
            processesLeft += left.size();
            left.forEach(process -> System.err.println("process " + process.pid() + " outlives its pool: "
                    + process.info().commandLine().orElse("?")));
            left.forEach(ProcessHandle::destroyForcibly);
        }
    }

    private static void joinAll(List<Thread> threads) {
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean mayHalt() {
        long most = killed.get() / KILLS_PER_HALT + 1;
        return halts.getAndUpdate(number -> Math.min(most, number + 1)) < most;
    }

    private void lookForStuck(List<Client> clients) {
        for (Client client : clients) {
            int tasks = client.stuckTasks();
            if (tasks > 0) {
                stuck++;
                ledger.lost(tasks, "a call with " + tasks + " tasks does not return");
            }
        }
    }

    private void killSome(ProcessPool pool, List<Client> clients, long until) throws InterruptedException {
        while (killed.get() < until && stuck + errors == 0) {
            Thread.sleep(random.nextInt(SHORTEST_BREAK_MS, LONGEST_BREAK_MS));
            waitForResults(ledger.count(Entry.RESULTS) + RESULTS_OF_A_LIFE);
            lookForStuck(clients);
            long victim = victim(pool);
            if (victim < 0) {
                fail("for " + WITHOUT_WORKERS_SECONDS + " s there was no worker to kill");
            } else if (System.nanoTime() - deadline > 0) {
                fail("not done in time");
            } else {
                kill((int) victim);
            }
        }
    }

    private void waitForResults(long wanted) throws InterruptedException {
        long start = System.nanoTime();
        while (ledger.count(Entry.RESULTS) < wanted) {
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(LONGEST_LIFE_SECONDS)) {
                slowLives++;
                return;
            }
            Thread.sleep(1);
        }
    }

    /** Some live worker; -1 where there is none for long. */
    private long victim(ProcessPool pool) throws InterruptedException {
        long start = System.nanoTime();
        while (System.nanoTime() - start < TimeUnit.SECONDS.toNanos(WITHOUT_WORKERS_SECONDS)) {
            List<Long> pids = pool.workerPids();
            long victim = pids.isEmpty() ? -1 : pids.get(random.nextInt(pids.size()));
            if (victim > 0 && victim != ProcessHandle.current().pid() && family.has(victim)) {
                return victim;
            }
            Thread.sleep(1);
        }
        return -1;
    }

    /** Sometimes it is stopped first, so that what is on its way to it comes to rest. */
    private void kill(int pid) throws InterruptedException {
        if (random.nextInt(4) == 0 && Signals.kill(pid, SIGSTOP) == 0) {
            stopped++;
            Thread.sleep(random.nextInt(1, LONGEST_STOP_MS));
        }
        if (Signals.kill(pid, Signals.SIGKILL) == 0 && killed.incrementAndGet() % KILLS_OF_A_POOL == 0) {
            System.err.println(String.format(Locale.ROOT, "%,d of %,d killed, %,d results", killed.get(), kills,
                    ledger.count(Entry.RESULTS)));
        }
    }
}
