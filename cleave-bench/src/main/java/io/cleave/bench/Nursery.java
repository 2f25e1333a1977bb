package io.cleave.bench;

import io.cleave.os.Signals;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import java.io.IOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Forks the workers of a torture, kills and stops them. A fork takes a few milliseconds, so a worker that was killed is
 * replaced at once. The JVM that this happens in runs with an interpreter only and a young generation that a worker does not
 * fill in its life, because a forked child has neither compiler nor collector.
 */
public final class Nursery {
    private static final int LONGEST_BREAK_MS = 8;
    /** One of so many rounds stops somebody. */
    private static final int ROUNDS_TO_STOP = 4;
    private static final int LONGEST_STOP_ROUNDS = 8;
    /** So many steps each does before it is killed. One that dies by itself, by SIGKILL, must have done them, too. */
    public static final int STEPS_OF_A_LIFE = 20;
    private static final int LONGEST_LIFE = 50_000;
    private static final long STUCK_NANOS = 30_000_000_000L;
    private static final long LAST_WORDS_NANOS = 30_000_000_000L;

    private final Workers of;
    private final SplittableRandom random;
    private final int self = Unistd.getpid();
    private final int[] workers;
    private final long[] lastSteps;
    private final long[] lastMove;
    private final long[] stepsAtStart;
    private long killed;
    private boolean isAnyStuck;
    /** The worker that is stopped, -1 for none. */
    private int stopped = -1;
    /** For how many rounds more. */
    private int stoppedFor;

    /** What the workers do, and where it is noted what becomes of them. */
    public interface Workers {
        /**
         * How many there are.
         *
         * @return their number
         */
        int count();

        /**
         * The life of a worker, in a process of its own.
         *
         * @param worker its number
         * @param seed for its choices
         * @return the exit code
         */
        int live(int worker, long seed);

        /**
         * How many steps the workers of a number have done, one life after another.
         *
         * @param worker the number
         * @return a number that grows
         */
        long steps(int worker);

        /** All shall end by themselves. */
        void end();

        /**
         * Whether a worker may let SIGKILL end it, at a moment of its choice and after enough steps. It is replaced as
         * if it had been killed.
         *
         * @return false, if nothing else is said
         */
        default boolean mayDieByThemselves() {
            return false;
        }

        /**
         * Another one was killed.
         *
         * @param kills how many that makes
         * @param nanos how long that has taken
         */
        void killed(long kills, long nanos);

        /** One was stopped for a while. */
        void stopped();

        /** One does not get on. */
        void stuck();

        /** Something else is not as it should be, and was said on standard error. */
        void failed();
    }

    /**
     * A nursery without workers.
     *
     * @param of what they are to do
     * @param seed for what becomes of them
     */
    public Nursery(Workers of, long seed) {
        this.of = of;
        this.random = new SplittableRandom(seed);
        this.workers = new int[of.count()];
        this.lastSteps = new long[of.count()];
        this.lastMove = new long[of.count()];
        this.stepsAtStart = new long[of.count()];
        Arrays.fill(workers, -1);
    }

    /** Lets this JVM end with its standard input, which ends with who started it. */
    public static void endWithSupervisor() {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                while (System.in.read() >= 0) {
                    Thread.onSpinWait();
                }
            } catch (IOException e) {
                System.err.println("standard input: " + e);
            }
            Runtime.getRuntime().halt(1);
        });
    }

    /**
     * Does everything once, deaths among it: what a child needs has to be there before the fork.
     *
     * @param kills how many are to be killed
     * @param step a step in this process, before and after each
     */
    public void rehearse(int kills, Runnable step) {
        workers[1] = fork(1);
        for (int i = 0; i < kills; i++) {
            step.run();
            replace(1);
            step.run();
        }
        kill(1);
        workers[1] = -1;
        Unistd.rehearseExit();
    }

    /**
     * Lets all work, kills so many of them one after the other, and lets all end.
     *
     * @param kills how many
     * @param seconds the longest that it may take
     * @param between what to do now and then, such as to look at the whole
     * @throws InterruptedException where this thread is interrupted
     */
    public void run(long kills, long seconds, Runnable between) throws InterruptedException {
        for (int worker = 0; worker < workers.length; worker++) {
            workers[worker] = fork(worker);
        }
        long start = System.nanoTime();
        long deadline = start + TimeUnit.SECONDS.toNanos(seconds);
        killed = 0;
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
                of.killed(killed, System.nanoTime() - start);
                between.run();
            }
        }
        resume();
        of.end();
        awaitLastWords();
    }

    /** Stops a worker in the middle of whatever it does, for some rounds; it may be killed meanwhile. */
    private void stopAndContinue() {
        if (stopped < 0 && random.nextInt(ROUNDS_TO_STOP) == 0) {
            stopped = random.nextInt(workers.length);
            stoppedFor = random.nextInt(1, LONGEST_STOP_ROUNDS);
            Signals.kill(workers[stopped], Signals.SIGSTOP);
            of.stopped();
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
        return of.steps(worker) - stepsAtStart[worker];
    }

    /** Any, but one that has lived for very long first. */
    private int victim() {
        for (int worker = 0; worker < workers.length; worker++) {
            if (stepsOf(worker) > LONGEST_LIFE) {
                return worker;
            }
        }
        return random.nextInt(workers.length);
    }

    private int fork(int worker) {
        stepsAtStart[worker] = of.steps(worker);
        lastMove[worker] = System.nanoTime();
        long seed = random.nextLong();
        int pid = Unistd.fork();
        if (pid == 0) {
            Signals.prctl(Signals.PR_SET_PDEATHSIG, Signals.SIGKILL);
            boolean isOrphan = Unistd.getppid() != self;
            throw Unistd._exit(isOrphan ? 1 : of.live(worker, seed));
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
        for (int worker = 0; worker < workers.length; worker++) {
            long steps = of.steps(worker);
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
        of.stuck();
        System.err.println("worker " + workers[worker] + " is stuck");
    }

    private void awaitLastWords() throws InterruptedException {
        long deadline = System.nanoTime() + LAST_WORDS_NANOS;
        for (int worker = 0; worker < workers.length; worker++) {
            long ended = Signals.waitpid(workers[worker], Signals.WNOHANG);
            while (ended == 0 && System.nanoTime() - deadline < 0) {
                Thread.sleep(1);
                ended = Signals.waitpid(workers[worker], Signals.WNOHANG);
            }
            if (ended == 0) {
                stuck(worker);
                kill(worker);
            } else if (of.mayDieByThemselves() && Signals.signalOf((int) ended) == Signals.SIGKILL) {
                killed++;
            } else if (Signals.exitCodeOf((int) ended) != 0) {
                fail("worker " + workers[worker] + ": " + Signals.describe((int) ended));
            }
        }
    }

    private void fail(String what) {
        of.failed();
        System.err.println(what);
    }
}
