package io.cleave.pool;

import java.io.IOException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Starts the processes of workers, all in one thread that lives as long as any of them: the kernel takes the end of that
 * thread for the end of their parent.
 */
final class Recruiter {
    private static final long LOOK_MILLIS = 1000;

    private final Crew crew;
    private final LinkedBlockingQueue<CrewWorker> waiting = new LinkedBlockingQueue<>();
    /** Guarded by the crew's lock. */
    private @Nullable Thread thread;

    Recruiter(Crew crew) {
        this.crew = crew;
    }

    /** Starts a worker's process soon. To be called under the crew's lock. */
    void start(CrewWorker worker) {
        waiting.add(worker);
        if (thread == null) {
            thread = Thread.ofPlatform().daemon().name("cleave-" + crew.name() + "-starter").start(this::run);
        }
    }

    private void run() {
        while (true) {
            CrewWorker worker = next();
            if (worker != null) {
                launch(worker);
            } else if (isDone()) {
                return;
            }
        }
    }

    private boolean isDone() {
        crew.lock().lock();
        try {
            if (waiting.isEmpty() && crew.roster().isEmpty()) {
                thread = null;
                return true;
            }
            return false;
        } finally {
            crew.lock().unlock();
        }
    }

    private @Nullable CrewWorker next() {
        try {
            return waiting.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return null; // the pool is being closed
        }
    }

    private void launch(CrewWorker worker) {
        worker.startedMillis = System.currentTimeMillis();
        try {
            boolean isForked = crew.settings.startMethod() == StartMethod.FORK;
            WorkerProcess process = isForked ? WorkerFork.start(crew.memoryDescriptor(), worker.place)
                    : new WorkerProcess.Spawned(WorkerStart.start(crew.settings, crew.memoryDescriptor(), worker.place,
                            crew.trustsCache()));
            String name = "cleave-" + crew.name() + "-" + process.pid();
            WorkerOutput output = crew.settings.output();
            worker.output = new OutputPump(process.output(), output, false, name + "-out");
            worker.errors = new OutputPump(process.errors(), output, true, name + "-err");
            crew.started(worker, process);
            Debug.log(() -> crew.name() + ": started worker " + process.pid());
            Runnable wait = () -> crew.exited(worker, process.awaitEnd());
            if (isForked) {
                Thread.ofPlatform().daemon().name(name + "-exit").start(wait); // it waits in the kernel
            } else {
                Thread.ofVirtual().name(name + "-exit").start(wait);
            }
        } catch (IOException | RuntimeException e) {
            crew.notStarted(worker, e);
        }
    }

    /** Waits for the end of the thread; there are no workers any more. */
    void end() {
        Thread ending;
        crew.lock().lock();
        try {
            ending = thread;
        } finally {
            crew.lock().unlock();
        }
        if (ending != null) {
            ending.interrupt();
            Collector.join(ending);
        }
    }
}
