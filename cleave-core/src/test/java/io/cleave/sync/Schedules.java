package io.cleave.sync;

import io.cleave.owner.Cell;
import io.cleave.owner.Patience;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * An exhaustive scheduler: runs a small program of several threads again and again, one step at a time, until every order
 * of their steps has been tried, up to a number of preemptions. A step is one access to a {@link ModelCell}. A state in
 * which nobody can run and somebody sleeps is a lost wake-up.
 */
final class Schedules {
    /** One run: the threads' programs, and what must hold when all have ended. */
    record Program(List<Body> threads, Runnable check) {}

    /** What one thread does. */
    interface Body {
        void run() throws Exception;
    }

    private final int preemptions;
    /** The choices of the run under way: at each step with several candidates, which was taken. */
    private final List<int[]> choices = new ArrayList<>();
    private int depth;
    private int left;
    private int runs;

    private final List<Worker> workers = new ArrayList<>();
    private Worker running;

    private static final class Worker {
        Thread thread;
        volatile boolean isDone;
        /** The cell that it sleeps on, null while it can run. */
        ModelCell sleepsOn;
        volatile boolean mayRun;
        Throwable failure;
    }

    private static final class Abandoned extends Error {
        private static final long serialVersionUID = 1L;
    }

    private volatile boolean isAbandoned;

    private Schedules(int preemptions) {
        this.preemptions = preemptions;
    }

    /** Tries all orders with at most so many preemptions, and returns how many there were. */
    static int explore(int preemptions, int limit, Function<Schedules, Program> program) {
        Schedules schedules = new Schedules(preemptions);
        do {
            schedules.run(program.apply(schedules));
            if (++schedules.runs > limit) {
                throw new AssertionError("more than " + limit + " orders");
            }
        } while (schedules.next());
        return schedules.runs;
    }

    private boolean next() {
        while (!choices.isEmpty()) {
            int[] last = choices.getLast();
            if (++last[0] < last[1]) {
                return true;
            }
            choices.removeLast();
        }
        return false;
    }

    private void run(Program program) {
        workers.clear();
        depth = 0;
        left = preemptions;
        isAbandoned = false;
        for (Body body : program.threads()) {
            Worker worker = new Worker();
            worker.thread = Thread.ofVirtual().unstarted(() -> live(worker, body));
            workers.add(worker);
        }
        running = null;
        workers.forEach(worker -> worker.thread.start());
        Worker first = pick();
        resume(first);
        for (Worker worker : workers) {
            join(worker.thread);
        }
        for (Worker worker : workers) {
            if (worker.failure != null) {
                throw new AssertionError("in order " + order(), worker.failure);
            }
        }
        try {
            program.check().run();
        } catch (AssertionError e) {
            throw new AssertionError("in order " + order(), e);
        }
    }

    private String order() {
        return choices.stream().map(choice -> choice[0] + "/" + choice[1]).toList().toString();
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void live(Worker worker, Body body) {
        try {
            awaitTurn(worker);
            body.run();
        } catch (Abandoned e) {
            return;
        } catch (Throwable t) {
            worker.failure = t;
        }
        worker.isDone = true;
        handOver();
    }

    private void awaitTurn(Worker worker) {
        while (!worker.mayRun) {
            LockSupport.park();
            if (isAbandoned) {
                throw new Abandoned();
            }
        }
        worker.mayRun = false;
    }

    private void resume(Worker worker) {
        running = worker;
        worker.mayRun = true;
        LockSupport.unpark(worker.thread);
    }

    /** The next to run; null where all have ended. */
    private Worker pick() {
        List<Worker> ready = new ArrayList<>();
        boolean canGoOn = running != null && !running.isDone && running.sleepsOn == null;
        if (canGoOn) {
            ready.add(running); // first, so that choice 0 is not a preemption
        }
        if (!canGoOn || left > 0) {
            for (Worker worker : workers) {
                if (!worker.isDone && worker.sleepsOn == null && worker != running) {
                    ready.add(worker);
                }
            }
        }
        if (ready.isEmpty()) {
            return null;
        }
        int taken = choose(ready.size());
        if (canGoOn && taken > 0) {
            left--;
        }
        return ready.get(taken);
    }

    private int choose(int count) {
        if (count == 1) {
            return 0;
        }
        if (depth == choices.size()) {
            choices.add(new int[] {0, count});
        }
        int[] choice = choices.get(depth++);
        if (choice[1] != count) {
            throw new AssertionError("the program is not deterministic");
        }
        return choice[0];
    }

    private void handOver() {
        Worker next = pick();
        if (next != null) {
            resume(next);
            return;
        }
        for (Worker worker : workers) {
            if (!worker.isDone) {
                worker.failure = new AssertionError("sleeps for ever: a wake-up was lost");
            }
        }
        isAbandoned = true;
        workers.forEach(worker -> LockSupport.unpark(worker.thread));
    }

    /** One step: lets the scheduler decide who takes the next. */
    void step() {
        Worker self = running;
        if (self.isDone) {
            return; // it is the check after the run that looks
        }
        Worker next = pick();
        if (next != self) {
            resume(next);
            awaitTurn(self);
        }
    }

    void sleepOn(ModelCell cell) {
        Worker self = running;
        self.sleepsOn = cell;
        handOver();
        awaitTurn(self);
    }

    void wake(ModelCell cell, int count) {
        int woken = 0;
        for (Worker worker : workers) {
            if (woken < count && worker.sleepsOn == cell) {
                worker.sleepsOn = null;
                woken++;
            }
        }
    }

    /** A word whose every access is a step. */
    static final class ModelCell extends Cell {
        private final Schedules schedules;
        private long word;

        ModelCell(Schedules schedules) {
            this.schedules = schedules;
        }

        long peek() {
            return word;
        }

        void poke(long value) {
            word = value;
        }

        @Override
        public long get() {
            schedules.step();
            return word;
        }

        @Override
        public boolean cas(long expected, long value) {
            schedules.step();
            boolean isEqual = word == expected;
            if (isEqual) {
                word = value;
            }
            return isEqual;
        }

        @Override
        public boolean sleep(long expected, Patience wait, Suspicion suspicion) {
            schedules.step();
            if (wait.isOver()) {
                return false;
            }
            if ((int) word == (int) expected) {
                schedules.sleepOn(this);
            }
            return true;
        }

        @Override
        public void wake(int count) {
            schedules.step();
            schedules.wake(this, count);
        }

        @Override
        public void spin() {
            schedules.step();
        }

        @Override
        public int spins() {
            return 0;
        }
    }
}
