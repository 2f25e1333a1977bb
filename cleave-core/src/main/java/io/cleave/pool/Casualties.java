package io.cleave.pool;

import io.cleave.work.PoolMemory;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What follows where workers end unasked or do not come up: which batches are done again, and which fail. As long as another
 * worker does its work nobody's tasks fail because one could not be started. All of it under the crew's lock.
 */
final class Casualties {
    /** So many workers in a row may fail to come up before what waits for them fails. */
    private static final int MOST_REFUSALS = 2;
    private static final int MOST_BOOT_KILLS = 20;
    private static final int MOST_INITIALIZER_DEATHS = 2;
    /** How long no worker is started after one could not be; twice as long after each further one. */
    private static final long FIRST_PAUSE_NANOS = 20_000_000;
    private static final int MOST_DOUBLINGS = 6;

    private final PoolSettings settings;
    private final Roster roster;
    private final Deque<Batch> queue;
    private final Ledger ledger;
    private int refusals;
    private int bootKills;
    private int initializerDeaths;
    /** Until when no worker is started, if there was a reason. */
    private long pausedUntil;
    private boolean isPaused;

    Casualties(PoolSettings settings, Roster roster, Deque<Batch> queue, Ledger ledger) {
        this.settings = settings;
        this.roster = roster;
        this.queue = queue;
        this.ledger = ledger;
    }

    /** Whether the last workers have come up. */
    boolean isUnhurt() {
        return refusals == 0;
    }

    /** A worker has come up and done something. */
    void proved() {
        refusals = 0;
    }

    /** Whether a worker may be started now. */
    boolean mayStart() {
        if (isPaused && System.nanoTime() - pausedUntil >= 0) {
            isPaused = false;
        }
        return !isPaused;
    }

    private void pause() {
        isPaused = true;
        pausedUntil = System.nanoTime() + (FIRST_PAUSE_NANOS << Math.min(refusals, MOST_DOUBLINGS));
    }

    /** There is no thread to start workers in. */
    void notStarted(Throwable why, boolean hasWorkers) {
        if (hasWorkers) {
            pause();
        } else {
            fail(() -> Crew.notStarted(why));
        }
    }

    /** No process could be started for a worker, which is not in the roster any more. */
    void notStarted(CrewWorker worker, Throwable why) {
        giveBack(worker);
        refused(() -> Crew.notStarted(why));
        pause();
    }

    /** A worker did not come up. What waits fails where that has been so too often and nobody else works. */
    private void refused(Batch.Reason why) {
        refusals++;
        if (refusals > MOST_REFUSALS && !roster.isAnyUp()) {
            fail(why);
        } else if (roster.isAnyUp()) {
            pause();
        }
    }

    /** A worker has left as it was told to: what came after that goes to others. */
    void leftOver(CrewWorker worker) {
        giveBack(worker);
    }

    /** Queues what a worker had that is gone, before all else; it has begun none of it. */
    private void giveBack(CrewWorker worker) {
        for (Batch batch : List.copyOf(worker.inFlight).reversed()) {
            worker.release(batch);
            if (batch.state() == Batch.State.SENT) {
                ledger.again(batch);
                queue.addFirst(batch);
            } else {
                ledger.left(batch);
            }
        }
    }

    /** What follows from the end of a worker that had not been told to leave. It is not in the roster any more. */
    void died(CrewWorker worker, WorkerEnd end, boolean isStopped) {
        Batch.Reason unfit = worker.unfit;
        if (unfit != null) {
            giveBack(worker);
            fail(unfit);
            return;
        }
        int phase = worker.slot.phase();
        boolean begun = handOver(worker, end, isStopped);
        if (begun || phase >= PoolMemory.IDLE) {
            refusals = 0;
            bootKills = 0;
            initializerDeaths = phase == PoolMemory.IDLE ? initializerDeaths : 0;
            return;
        }
        if (worker.killed != null) {
            return;
        }
        Batch.Reason why = end.before(worker, phase == PoolMemory.INITIALIZING);
        if (phase == PoolMemory.INITIALIZING) {
            if (++initializerDeaths > MOST_INITIALIZER_DEATHS) {
                initializerDeaths = 0;
                fail(why);
            }
        } else if (!end.isKill()) {
            refused(why);
        } else if (++bootKills > MOST_BOOT_KILLS) {
            bootKills = 0;
            refusals = MOST_REFUSALS;
            refused(why);
        }
    }

    /** Decides what becomes of each batch that a dead worker had; whether it had begun one. */
    private boolean handOver(CrewWorker worker, WorkerEnd end, boolean isStopped) {
        boolean begun = false;
        List<Batch> again = new ArrayList<>();
        for (Batch batch : List.copyOf(worker.inFlight)) {
            if (worker.recall(batch)) { // it was not begun
                ledger.again(batch);
                again.add(batch);
                continue;
            }
            begun = true;
            worker.release(batch);
            if (batch.state() != Batch.State.SENT || batch.failure != null || batch.left() == 0) {
                ledger.left(batch);
            } else if (batch.interruptedAt == 0 && !isStopped && batch.mayBeTriedAgain(settings.maxRetries())) {
                ledger.again(batch);
                again.add(batch);
            } else {
                ledger.fail(batch, end.at(batch, worker));
            }
        }
        again.reversed().forEach(queue::addFirst);
        return begun;
    }

    private void fail(Batch.Reason why) {
        for (Batch batch = queue.poll(); batch != null; batch = queue.poll()) {
            ledger.fail(batch, why);
        }
    }
}
