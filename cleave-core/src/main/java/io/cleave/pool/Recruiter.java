package io.cleave.pool;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Starts the processes of workers, all in one thread that lives as long as any of them: the kernel takes the end of that
 * thread for the end of their parent.
 */
final class Recruiter {
    private static final long LOOK_MILLIS = 1000;
    private static final long PAUSE_NANOS = 10_000_000;

    private final Crew crew;
    private final LinkedBlockingQueue<CrewWorker> waiting = new LinkedBlockingQueue<>();
    /** Guarded by the crew's lock. */
    private @Nullable Thread thread;

    Recruiter(Crew crew) {
        this.crew = crew;
    }

    /** Has a thread to start workers in, while there are any; returns why that cannot be, or null. Under the crew's lock. */
    @Nullable Throwable ensureStarted() {
        try {
            if (thread == null) {
                thread = Thread.ofPlatform().daemon().name("cleave-" + crew.name() + "-starter").start(this::run);
            }
            return null;
        } catch (Throwable t) { // an OutOfMemoryError is what HotSpot makes of a limit of threads, too
            return t;
        }
    }

    /** Starts a worker's process soon. To be called under the crew's lock, after {@link #ensureStarted}. */
    void start(CrewWorker worker) {
        waiting.add(worker);
    }

    private void run() {
        while (true) {
            try {
                CrewWorker worker = next();
                if (worker != null) {
                    launch(worker);
                } else if (isDone()) {
                    return;
                }
            } catch (Throwable t) { // it lacked memory, most likely: while there are workers, this thread must not end
                LockSupport.parkNanos(PAUSE_NANOS);
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
        WorkerProcess process = null;
        try {
            process = crew.settings.startMethod() == StartMethod.FORK
                    ? WorkerFork.start(crew.memoryDescriptor(), worker.place)
                    : new WorkerProcess.Spawned(WorkerStart.start(crew.settings, crew.memoryDescriptor(), worker.place,
                            crew.trustsCache()));
            lookAfter(worker, process);
        } catch (Throwable t) { // an Error, too: there may be no memory for a thread, and other workers are to come
            if (process != null) {
                end(process);
            }
            crew.notStarted(worker, t);
        }
    }

    private void lookAfter(CrewWorker worker, WorkerProcess process) {
        String name = "cleave-" + crew.name() + "-" + process.pid();
        WorkerOutput output = crew.settings.output();
        worker.output = new OutputPump(process.output(), output, false, name + "-out");
        worker.errors = new OutputPump(process.errors(), output, true, name + "-err");
        crew.started(worker, process);
        Debug.log(() -> crew.name() + ": started worker " + process.pid());
        Runnable wait = () -> crew.exited(worker, process.awaitEnd());
        if (crew.settings.startMethod() == StartMethod.FORK) {
            Thread.ofPlatform().daemon().name(name + "-exit").start(wait); // it waits in the kernel
        } else {
            Thread.ofVirtual().name(name + "-exit").start(wait);
        }
    }

    /** Ends a process that nobody will wait for. */
    private static void end(WorkerProcess process) {
        process.kill();
        process.awaitEnd();
        close(process.output());
        close(process.errors());
    }

    private static void close(InputStream stream) {
        try {
            stream.close();
        } catch (IOException e) {
            Debug.log(e::toString); // it is not wanted any more
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
