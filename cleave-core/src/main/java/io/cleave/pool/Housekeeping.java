package io.cleave.pool;

import io.cleave.work.PoolMemory;

/** Looks after workers that take too long, and sends those home that have nothing to do. All of it under the crew's lock. */
final class Housekeeping {
    private static final long LEAST_BETWEEN_NANOS = 5_000_000;
    /** What is asked to end and does not is killed after so long. */
    private static final long GRACE_NANOS = 1_000_000_000L;
    private static final long TIMEOUT_GRACE_NANOS = 300_000_000L;
    /** How long a worker that starts may be deaf to interrupts; on a busy machine it takes seconds. */
    private static final long DEAF_NANOS = 10_000_000_000L;

    /** How long a batch goes on before others that have nothing to do take a part of it. */
    private static final long LEAST_CUT_NANOS = 4_000_000;

    private final Crew crew;
    private final Intake intake;
    private final Ledger ledger;
    private long last;

    Housekeeping(Crew crew, Intake intake, Ledger ledger) {
        this.crew = crew;
        this.intake = intake;
        this.ledger = ledger;
    }

    /** Looks after what takes too long, and sends idle workers home. */
    void run() {
        long now = System.nanoTime();
        if (now - last < LEAST_BETWEEN_NANOS) {
            return;
        }
        last = now;
        boolean isCutting = crew.isAnyoneWithoutWork();
        for (CrewWorker worker : crew.roster().all()) {
            if (worker.leavingSince != 0 && now - worker.leavingSince > GRACE_NANOS) {
                worker.leavingSince = now;
                worker.kill("it did not leave when it was told to");
            } else if (!worker.isIdle()) {
                lookAfter(worker, now);
                if (isCutting && !worker.isIdle()) {
                    worker.cut(worker.inFlight.getFirst(), LEAST_CUT_NANOS);
                }
            } else if (worker.worn) {
                worker.leaveIfIdle();
            } else if (worker.isUp() && !worker.isBeingFetched()
                    && now - worker.lastActive > crew.settings.idleNanos() && !worker.leaving) {
                worker.stop();
            }
        }
    }

    private void lookAfter(CrewWorker worker, long now) {
        if (!worker.slot.isReady()) {
            worker.deafAt = now;
        }
        for (Batch batch : worker.inFlight) {
            if (batch.interruptedAt != 0 && isOver(batch, worker, now)) {
                worker.kill("its task did not heed an interrupt");
                return;
            }
        }
        long limit = crew.settings.taskTimeoutNanos();
        int phase = worker.slot.phase();
        boolean isAtWork = phase == PoolMemory.INITIALIZING || phase >= PoolMemory.DECODING;
        if (limit == 0 || !isAtWork || now - worker.slot.since() <= limit) {
            return;
        }
        if (phase == PoolMemory.INITIALIZING) {
            if (worker.unfit == null) {
                worker.unfit = WorkerEnd.lateInitializer(crew.settings, worker);
                worker.kill("its initializer took too long");
            }
            return;
        }
        intake.drain(worker);
        Batch batch = worker.current;
        if (batch == null || batch.state() != Batch.State.SENT || now - worker.slot.since() <= limit) {
            return;
        }
        batch.interruptedAt = now;
        ledger.giveUp(batch, WorkerEnd.timedOut(crew.settings, batch, worker));
        worker.interrupt(batch);
    }

    /** Whether a worker has had its time to end a batch, which begins when it can hear that it should. */
    private static boolean isOver(Batch batch, CrewWorker worker, long now) {
        long grace = batch.state() == Batch.State.GIVEN_UP ? TIMEOUT_GRACE_NANOS : GRACE_NANOS;
        long asked = now - batch.interruptedAt;
        boolean hasHeard = worker.deafAt == 0 || now - worker.deafAt > grace;
        return asked > grace && (hasHeard || asked > DEAF_NANOS);
    }
}
