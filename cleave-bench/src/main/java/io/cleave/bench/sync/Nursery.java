package io.cleave.bench.sync;

import io.cleave.memory.SharedMemory;
import io.cleave.os.Signals;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.sync.SharedMutex;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * The JVM that the workers of the torture are forked from, which kills and stops them, too. A fork takes a few milliseconds, so a
 * worker that was killed is replaced at once. It runs with an interpreter only and a young generation that a worker does
 * not fill in its life, because a forked child has neither compiler nor collector.
 */
final class Nursery {
    private static final int LONGEST_BREAK_MS = 8;
    /** One of so many rounds stops somebody. */
    private static final int ROUNDS_TO_STOP = 4;
    private static final int LONGEST_STOP_ROUNDS = 8;
    private static final int STEPS_OF_A_LIFE = 20;
    private static final int LONGEST_LIFE = 50_000;
    private static final int REHEARSED_KILLS = 60;
    private static final int REHEARSED_STEPS = 300;
    private static final long STUCK_NANOS = 30_000_000_000L;
    private static final long LAST_WORDS_NANOS = 30_000_000_000L;

    private final Ground ground;
    private final SplittableRandom random;
    private final int self = Unistd.getpid();
    private final int[] workers = new int[Ground.WORKERS];
    private final long[] lastSteps = new long[Ground.WORKERS];
    private final long[] lastMove = new long[Ground.WORKERS];
    private final long[] stepsAtStart = new long[Ground.WORKERS];
    private long killed;
    private boolean isAnyStuck;
    /** The worker that is stopped, -1 for none. */
    private int stopped = -1;
    /** For how many rounds more. */
    private int stoppedFor;

    private Nursery(Ground ground, long seed) {
        this.ground = ground;
        this.random = new SplittableRandom(seed);
    }

    /** Arguments: name of the ground, kills, the most seconds, seed. It ends with its standard input, too. */
    public static void main(String[] arguments) throws InterruptedException {
        long seed = Long.parseLong(arguments[3]);
        Classes.loadPackages(Nursery.class, SharedMutex.class, SharedMemory.class, Signals.class);
        rehearse(seed);
        Thread.ofPlatform().daemon().start(Nursery::endWithSupervisor);
        Ground ground = Ground.open(arguments[0]);
        new Nursery(ground, seed).run(Long.parseLong(arguments[1]), Long.parseLong(arguments[2]));
    }

    /** Does everything once, deaths among it, on a ground of its own: what a child needs has to be there. */
    private static void rehearse(long seed) throws InterruptedException {
        Ground own = Ground.own();
        SyncTortureWorker worker = new SyncTortureWorker(own, 0, seed);
        for (int i = 0; i < REHEARSED_STEPS; i++) {
            worker.step();
        }
        Nursery nursery = new Nursery(own, seed);
        nursery.workers[1] = nursery.fork(1);
        for (int i = 0; i < REHEARSED_KILLS; i++) {
            worker.step();
            nursery.replace(1);
            worker.step();
        }
        nursery.kill(1);
        Unistd.rehearseExit();
    }

    private static void endWithSupervisor() {
        try {
            while (System.in.read() >= 0) {
                Thread.onSpinWait();
            }
        } catch (IOException e) {
            System.err.println("standard input: " + e);
        }
        Runtime.getRuntime().halt(1);
    }

    private void run(long kills, long seconds) throws InterruptedException {
        for (int worker = 0; worker < Ground.WORKERS; worker++) {
            workers[worker] = fork(worker);
        }
        long start = System.nanoTime();
        long deadline = start + TimeUnit.SECONDS.toNanos(seconds);
        while (killed < kills && !isAnyStuck) {
            Thread.sleep(random.nextInt(1, LONGEST_BREAK_MS));
            if (System.nanoTime() - deadline > 0) {
                fail("not done after " + seconds + " s");
                break;
            }
            lookForStuck();
            stopAndContinue();
            int victim = victim();
            if (stepsOf(victim) >= STEPS_OF_A_LIFE) {
                replace(victim);
                ground.setVolatile(Ground.KILLS, killed);
                ground.setVolatile(Ground.KILLING_NANOS, System.nanoTime() - start);
            }
        }
        resume();
        ground.setVolatile(Ground.STOP, 1);
        awaitLastWords();
    }

    /** Stops a worker in the middle of whatever it does, for some rounds; it may be killed meanwhile. */
    private void stopAndContinue() {
        if (stopped < 0 && random.nextInt(ROUNDS_TO_STOP) == 0) {
            stopped = random.nextInt(Ground.WORKERS);
            stoppedFor = random.nextInt(1, LONGEST_STOP_ROUNDS);
            Signals.kill(workers[stopped], Signals.SIGSTOP);
            ground.addVolatile(Ground.STOPS);
        } else if (stopped >= 0 && --stoppedFor <= 0) {
            resume();
        }
    }

    private void resume() {
        if (stopped >= 0) {
            Signals.kill(workers[stopped], Signals.SIGCONT);
            stopped = -1;
        }
    }

    private long stepsOf(int worker) {
        return ground.getVolatile(Ground.STEPS + worker) - stepsAtStart[worker];
    }

    /** Any, but one that has lived for very long first. */
    private int victim() {
        for (int worker = 0; worker < Ground.WORKERS; worker++) {
            if (stepsOf(worker) > LONGEST_LIFE) {
                return worker;
            }
        }
        return random.nextInt(Ground.WORKERS);
    }

    private int fork(int worker) {
        stepsAtStart[worker] = ground.getVolatile(Ground.STEPS + worker);
        lastMove[worker] = System.nanoTime();
        long seed = random.nextLong();
        int pid = Unistd.fork();
        if (pid == 0) {
            Signals.prctl(Signals.PR_SET_PDEATHSIG, Signals.SIGKILL);
            boolean isOrphan = Unistd.getppid() != self;
            throw Unistd._exit(isOrphan ? 1 : SyncTortureWorker.live(ground, worker, seed));
        }
        return SystemCallException.check(pid, "fork", "the limit of processes or of memory is reached");
    }

    private void replace(int victim) {
        kill(victim);
        workers[victim] = fork(victim);
    }

    private void kill(int victim) {
        Signals.kill(workers[victim], Signals.SIGKILL);
        int status = (int) Signals.waitpid(workers[victim], 0);
        if (Signals.signalOf(status) == Signals.SIGKILL) {
            killed++;
        } else {
            fail("worker " + workers[victim] + ": " + Signals.describe(status));
        }
    }

    private void lookForStuck() {
        long now = System.nanoTime();
        for (int worker = 0; worker < Ground.WORKERS; worker++) {
            long steps = ground.getVolatile(Ground.STEPS + worker);
            if (steps != lastSteps[worker]) {
                lastSteps[worker] = steps;
                lastMove[worker] = now;
            } else if (now - lastMove[worker] > STUCK_NANOS) {
                stuck(worker);
            }
        }
    }

    private void stuck(int worker) {
        isAnyStuck = true;
        ground.addVolatile(Ground.STUCK);
        System.err.println("worker " + workers[worker] + " is stuck");
    }

    private void awaitLastWords() throws InterruptedException {
        long deadline = System.nanoTime() + LAST_WORDS_NANOS;
        for (int worker = 0; worker < Ground.WORKERS; worker++) {
            long ended = Signals.waitpid(workers[worker], Signals.WNOHANG);
            while (ended == 0 && System.nanoTime() - deadline < 0) {
                Thread.sleep(1);
                ended = Signals.waitpid(workers[worker], Signals.WNOHANG);
            }
            if (ended == 0) {
                stuck(worker);
                kill(worker);
            } else if (Signals.exitCodeOf((int) ended) != 0) {
                fail("worker " + workers[worker] + ": " + Signals.describe((int) ended));
            }
        }
    }

    private void fail(String what) {
        ground.addVolatile(Ground.ERRORS);
        System.err.println(what);
    }
}
