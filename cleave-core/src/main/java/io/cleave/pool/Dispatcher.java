package io.cleave.pool;

import io.cleave.channel.FrameBuffer;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Hands queued batches to workers, and has workers started for them. All of it under the crew's lock. */
final class Dispatcher {
    private final Crew crew;
    private final Roster roster;
    private final Deque<Batch> queue;
    private final Ledger ledger;
    private final Casualties casualties;
    private final Recruiter recruiter;
    private final Collector collector;
    /** What each worker gets first. */
    private final @Nullable FrameBuffer greeting;

    Dispatcher(Crew crew, Roster roster, Deque<Batch> queue, Ledger ledger, Casualties casualties, Recruiter recruiter,
            Collector collector, @Nullable FrameBuffer greeting) {
        this.crew = crew;
        this.roster = roster;
        this.queue = queue;
        this.ledger = ledger;
        this.casualties = casualties;
        this.recruiter = recruiter;
        this.collector = collector;
        this.greeting = greeting;
    }

    /**
     * Hands out what is queued, as far as workers take it, and starts workers for the rest. What cannot be done now for want
     * of memory is left to the next look.
     */
    void pump() {
        try {
            while (!queue.isEmpty()) {
                CrewWorker worker = roster.choose();
                if ((worker == null || !worker.isIdle()) && roster.hasPlace() && casualties.mayStart()
                        && hasStarters()) {
                    worker = start(roster.place());
                }
                if (worker == null || queue.isEmpty() || !send(worker, queue.getFirst())) {
                    break;
                }
                queue.removeFirst();
            }
            if (queue.isEmpty()) {
                balance();
            }
        } catch (OutOfMemoryError e) {
            collector.wake();
        }
    }

    private boolean send(CrewWorker worker, Batch batch) {
        boolean isSent = worker.send(batch);
        if (isSent) {
            ledger.sent(batch);
        }
        return isSent;
    }

    /** Gives what lies before busy workers to idle ones. */
    private void balance() {
        for (CrewWorker idle : roster.all()) {
            if (idle.isIdle() && idle.isUp() && idle.accepts(crew.settings)) {
                Batch batch = roster.recallOne();
                if (batch == null) {
                    return;
                }
                ledger.again(batch);
                if (!send(idle, batch)) {
                    queue.addFirst(batch);
                    return;
                }
            }
        }
    }

    /** Queues the rest of a batch that its worker has ended early, in two parts where there is more than an item. */
    void share(Batch batch) {
        batch.isCut = false;
        ledger.again(batch);
        if (batch.left() > 1) {
            Batch rest = batch.splitOff(batch.left() / 2);
            batch.owner.split(batch, rest);
            ledger.accept(rest);
            queue.addFirst(rest);
        }
        queue.addFirst(batch);
    }

    /** Whether a worker has nothing to do, and nothing is there for it but what others have begun. */
    boolean isAnyoneWithoutWork() {
        return queue.isEmpty() && roster.hasIdle();
    }

    private CrewWorker start(int place) {
        CrewWorker worker = new CrewWorker(place, crew.connected().slot(place));
        if (greeting != null) {
            worker.send(greeting);
        }
        roster.add(worker);
        recruiter.start(worker);
        return worker;
    }

    /**
     * Has the threads that a worker needs here. Where the system refuses them the workers that there are do all, and without
     * any, what is queued fails.
     */
    private boolean hasStarters() {
        Throwable refusal = recruiter.ensureStarted();
        if (refusal == null) {
            refusal = collector.ensureStarted();
        }
        if (refusal != null) {
            casualties.notStarted(refusal, !roster.isEmpty());
        }
        return refusal == null;
    }

    /** Nobody wants a batch any more: it is taken back, or interrupted where a worker has begun it and that is wished. */
    void withdraw(Batch batch, boolean mayInterrupt) {
        CrewWorker worker = batch.worker;
        if (batch.state() == Batch.State.QUEUED) {
            queue.remove(batch);
            ledger.drop(batch);
        } else if (batch.state() == Batch.State.SENT && worker != null) {
            if (worker.recall(batch)) {
                ledger.drop(batch);
                pump();
            } else if (mayInterrupt) {
                ledger.unwanted(batch);
                batch.interruptedAt = System.nanoTime();
                worker.interrupt(batch);
                collector.wake(); // it sees to it that the task ends
            }
        }
    }

    /** Interrupts what workers have begun, and takes back all else: futures are given to the caller, calls that map fail. */
    void takeBack(List<PoolFuture<?>> waiting) {
        for (CrewWorker worker : roster.all()) {
            for (Batch batch : List.copyOf(worker.inFlight)) {
                if (worker.recall(batch)) {
                    ledger.again(batch);
                    queue.add(batch);
                } else if (batch.interruptedAt == 0) {
                    batch.interruptedAt = System.nanoTime();
                    worker.interrupt(batch);
                }
            }
        }
        for (Batch batch = queue.poll(); batch != null; batch = queue.poll()) {
            if (batch.owner instanceof PoolFuture<?> future) {
                waiting.add(future);
                ledger.drop(batch);
            } else {
                ledger.fail(batch, () -> new CancellationException(
                        "the pool was shut down before all items had been computed"));
            }
        }
    }
}
