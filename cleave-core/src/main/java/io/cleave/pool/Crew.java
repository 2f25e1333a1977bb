package io.cleave.pool;

import io.cleave.WorkerDiedException;
import io.cleave.channel.Doorbell;
import io.cleave.channel.FrameBuffer;
import io.cleave.memory.Cleanup;
import io.cleave.os.Unistd;
import io.cleave.share.Share;
import io.cleave.work.PoolMemory;
import io.cleave.work.TaskFrames;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The workers of a pool: hands out batches, takes results, replaces workers that end.
 *
 * <p>
 * Who drives is said in {@link Leadership}, what is counted in {@link Ledger}, what follows from a worker's death in
 * {@link Casualties}. All state is guarded by one lock, under which nothing is computed, encoded, decoded or waited for, and
 * no code of the user's runs: what may run such code is left to {@link Afterwards}.
 */
final class Crew {
    private static final long NAP_NANOS = 100_000;
    private static final long TAIL_MILLIS = 200;

    /** How far a pool is on the way to its end; it never goes back. */
    private enum Life {
        OPEN,
        /** Nothing more is accepted. */
        SHUT,
        /** By force: nothing is begun any more. */
        STOPPED,
        /** Its threads and its memory are given back. */
        CLOSED
    }

    final PoolSettings settings;
    private final int process = Unistd.getpid();
    private final String name;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private final Roster roster;
    private final Deque<Batch> queue = new ArrayDeque<>();
    private final Afterwards afterwards;
    private final Ledger ledger;
    /** By which token the large part of what each worker gets first is shared. */
    private @Nullable String greetingToken;

    private final Intake intake;
    private final Housekeeping housekeeping;
    private final Casualties casualties;
    private final Dispatcher dispatcher;
    private final Recruiter recruiter = new Recruiter(this);
    private final Collector collector = new Collector(this);
    private final Leadership leadership = new Leadership(this, lock, collector);

    /** Made with the first worker, and given back with the last one. */
    private @Nullable CrewMemory memory;
    private @Nullable Doorbell bell;
    private Life life = Life.OPEN;
    /** Of tasks, where not every JVM finds them. */
    private final Set<Class<?>> ownClasses = Collections.newSetFromMap(new WeakHashMap<>());

    Crew(PoolSettings settings, String name) {
        this.settings = settings;
        this.name = name;
        this.roster = new Roster(settings);
        this.afterwards = new Afterwards(name);
        this.ledger = new Ledger(afterwards, this::emptied);
        this.casualties = new Casualties(settings, roster, queue, ledger);
        this.intake = new Intake(this, ledger, afterwards);
        this.housekeeping = new Housekeeping(this, intake, ledger);
        this.dispatcher = new Dispatcher(this, roster, queue, ledger, casualties, recruiter, collector, greeting());
    }

    /** What each worker gets first, or null. */
    private @Nullable FrameBuffer greeting() {
        Initializer initializer = settings.initializer();
        if (initializer == null) {
            return null;
        }
        FrameBuffer greeting = new FrameBuffer(512);
        TaskForm.writeLoader(greeting, initializer);
        greeting.write(TaskFrames.INITIALIZER, 0, 0);
        greetingToken = TaskForm.write(greeting, initializer, "the initializer");
        return greeting;
    }

    /** Whether its workers are this process's: a copy of a JVM has inherited crews that are none of its own. */
    boolean isOwn() {
        return process == Unistd.getpid();
    }

    ReentrantLock lock() {
        return lock;
    }

    /** Releases the lock, and does what is to be done without it. */
    void unlock() {
        boolean isLast = lock.getHoldCount() == 1;
        Afterwards.Work work = isLast ? afterwards.take() : null;
        lock.unlock();
        if (work != null) {
            afterwards.run(work);
        }
    }

    Afterwards afterwards() {
        return afterwards;
    }

    Condition newCondition() {
        return lock.newCondition();
    }

    String name() {
        return name;
    }

    // What is shared with workers

    /** What is shared with workers, made if it is not there. */
    CrewMemory connected() {
        CrewMemory shared = memory;
        if (shared == null) {
            shared = CrewMemory.create(settings.workers());
            PoolMemory.Head head = shared.head();
            if (settings.taskTimeoutNanos() > 0) {
                head.timed();
            }
            memory = shared;
            bell = shared.bell();
            ledger.publishTo(head);
        }
        return shared;
    }

    /** Gives back what is shared with workers where there are none and nobody sleeps at the bell. */
    void disconnect() {
        if (!roster.isEmpty() || hasWork() || leadership.isLed() || collector.isAlive()) {
            return;
        }
        CrewMemory shared = memory;
        if (shared != null) {
            memory = null;
            bell = null;
            ledger.publishTo(null);
            shared.close();
        }
        String token = greetingToken;
        if (token != null && life != Life.OPEN) {
            greetingToken = null;
            afterwards.add(() -> Share.free(token));
        }
    }

    /** Which file descriptor leads to what is shared; there is a worker. */
    int memoryDescriptor() {
        lock.lock();
        try {
            return Objects.requireNonNull(memory).fd();
        } finally {
            unlock();
        }
    }

    boolean isConnected() {
        return memory != null;
    }

    @Nullable Doorbell bell() {
        return bell;
    }

    // Work

    /**
     * Takes a batch over. What it throws it throws before that, and then what the batch has kept is given back.
     *
     * @throws RejectedExecutionException where the pool has been shut down
     */
    void submit(Batch batch) {
        lock.lock();
        try {
            boolean isAccepted = false;
            try {
                if (life != Life.OPEN) {
                    throw new RejectedExecutionException("this pool has been shut down");
                }
                var _ = connected();
                refresh(batch.task);
                queue.add(batch);
                isAccepted = true;
            } finally {
                if (!isAccepted) {
                    ledger.refuse(batch);
                }
            }
            ledger.accept(batch);
            dispatcher.pump();
            if (!leadership.isLed()) {
                collector.wakeForLater();
            }
        } finally {
            unlock();
        }
    }

    /**
     * Has forked workers replaced before a task whose class they may not have, as its loader may have got it since, as that
     * of a shell does with each line.
     */
    private void refresh(TaskForm task) {
        Class<?> type = task.ownClass;
        if (type != null && settings.startMethod() == StartMethod.FORK && ownClasses.add(type)) {
            stopAll();
        }
    }

    /** Whether a batch that is submitted now would begin at once. */
    boolean isHungry() {
        lock.lock();
        try {
            return queue.isEmpty() && (roster.hasPlace() || roster.hasIdle());
        } finally {
            unlock();
        }
    }

    /** Nobody wants a batch any more. */
    void cancel(Batch batch) {
        withdraw(batch, true);
    }

    /** Takes a batch back where no worker has begun it. */
    void recall(Batch batch) {
        withdraw(batch, false);
    }

    private void withdraw(Batch batch, boolean mayInterrupt) {
        lock.lock();
        try {
            dispatcher.withdraw(batch, mayInterrupt);
        } finally {
            unlock();
        }
    }

    /** Workers need not remember a task any more. */
    void forget(TaskForm task) {
        lock.lock();
        try {
            for (CrewWorker worker : roster.all()) {
                worker.forget(task);
            }
            afterwards.add(task::free);
        } finally {
            unlock();
        }
    }

    /** Queues the rest of a batch that its worker has ended early. */
    void share(Batch batch) {
        dispatcher.share(batch);
    }

    /** Whether a worker has nothing to do, and nothing is there for it but what others have begun. */
    boolean isAnyoneWithoutWork() {
        return dispatcher.isAnyoneWithoutWork();
    }

    // Workers

    /** Whether the next worker may start from the cache: not after one that did not come up. */
    boolean trustsCache() {
        lock.lock();
        try {
            return casualties.isUnhurt();
        } finally {
            unlock();
        }
    }

    /** A worker's process is there. */
    void started(CrewWorker worker, WorkerProcess process) {
        lock.lock();
        try {
            worker.process = process;
            if (worker.killed != null) {
                process.kill();
            }
        } finally {
            unlock();
        }
    }

    /** No process could be started for a worker. */
    void notStarted(CrewWorker worker, Throwable why) {
        lock.lock();
        try {
            roster.remove(worker);
            casualties.notStarted(worker, why);
            collector.wake();
            signalEnd();
        } finally {
            unlock();
        }
    }

    /** A worker's process has ended. */
    void exited(CrewWorker worker, int status) {
        WorkerEnd end = WorkerEnd.of(worker, status, TAIL_MILLIS);
        boolean orderly;
        lock.lock();
        try {
            intake.drain(worker);
            orderly = worker.killed == null && worker.leaving && status == 0;
            roster.remove(worker);
            if (orderly) {
                casualties.leftOver(worker);
            } else {
                casualties.died(worker, end, life.compareTo(Life.STOPPED) >= 0);
            }
            dispatcher.pump();
            signalEnd();
        } finally {
            unlock();
        }
        Debug.log(() -> name + ": " + worker + " ended: " + end.text());
        if (!orderly) {
            cleanUp();
        }
    }

    /** Removes what a worker had shared that could not do so itself. */
    private void cleanUp() {
        try {
            Cleanup.run();
        } catch (RuntimeException e) {
            Debug.log(() -> name + ": the clean-up failed: " + e);
        }
    }

    /** A worker has come up and done something. */
    void proved() {
        casualties.proved();
    }

    /** Takes what all workers have sent. */
    void drain() {
        for (CrewWorker worker : roster.all()) {
            intake.drain(worker);
        }
        dispatcher.pump();
    }

    // Waiting

    /** See {@link Leadership#await}. */
    boolean await(BooleanSupplier isReady, Condition changed, long deadlineNanos) throws InterruptedException {
        return leadership.await(isReady, changed, deadlineNanos);
    }

    /** See {@link Leadership#drive}. */
    void drive() {
        leadership.drive();
    }

    /** Lets whoever drives look again at what it waits for. */
    void nudge() {
        leadership.nudge();
    }

    // The end

    boolean isShut() {
        lock.lock();
        try {
            return isShutUnderLock();
        } finally {
            unlock();
        }
    }

    private void become(Life next) {
        if (life.compareTo(next) < 0) {
            life = next;
        }
    }

    void shutdown() {
        lock.lock();
        try {
            become(Life.SHUT);
            if (!hasWork()) {
                stopAll();
            }
            collector.wake();
            signalEnd();
        } finally {
            unlock();
        }
    }

    /**
     * Interrupts what workers have begun, and takes back all else: futures are given back as they are, and calls that map
     * fail.
     */
    List<PoolFuture<?>> shutdownNow() {
        List<PoolFuture<?>> waiting = new ArrayList<>();
        lock.lock();
        try {
            become(Life.STOPPED);
            dispatcher.takeBack(waiting);
            if (!hasWork()) {
                stopAll();
            }
            collector.wake();
            signalEnd();
        } finally {
            unlock();
        }
        return waiting;
    }

    private void emptied() {
        if (life != Life.OPEN) {
            stopAll();
        }
    }

    /** Has all workers leave as soon as they can. */
    private void stopAll() {
        for (CrewWorker worker : roster.all()) {
            worker.worn = true; // if it cannot leave at once, it does as soon as it can
            worker.leaveIfIdle();
        }
        collector.wake();
    }

    private boolean isOver() {
        return life != Life.OPEN && !hasWork() && roster.isEmpty();
    }

    void signalEnd() {
        if (isOver()) {
            disconnect();
            ended.signalAll();
        } else if (life != Life.OPEN && !hasWork()) {
            stopAll();
        }
    }

    boolean isTerminated() {
        lock.lock();
        try {
            return isOver();
        } finally {
            unlock();
        }
    }

    boolean awaitTermination(long nanos) throws InterruptedException {
        long left = nanos;
        lock.lockInterruptibly();
        try {
            while (!isOver()) {
                if (left <= 0) {
                    return false;
                }
                left = ended.awaitNanos(left);
            }
            return true;
        } finally {
            unlock();
        }
    }

    /** Ends the threads and gives the memory back, once all workers are gone. */
    void close() {
        lock.lock();
        try {
            if (life == Life.CLOSED) {
                return;
            }
            become(Life.CLOSED);
            collector.wake();
        } finally {
            unlock();
        }
        recruiter.end();
        collector.end();
        lock.lock();
        try {
            while (leadership.isLed()) { // it has nothing to wait for, and gives back what is shared
                leadership.nudge();
                lock.unlock();
                LockSupport.parkNanos(NAP_NANOS);
                lock.lock();
            }
            disconnect();
        } finally {
            unlock();
        }
    }

    // What its threads look at, under the lock

    Roster roster() {
        return roster;
    }

    void housekeep() {
        housekeeping.run();
    }

    boolean hasLeader() {
        return leadership.isLed();
    }

    boolean hasWork() {
        return ledger.outstanding() > 0;
    }

    boolean isShutUnderLock() {
        return life != Life.OPEN;
    }

    /** The processes of all workers that have one. */
    List<Long> pids() {
        lock.lock();
        try {
            return roster.pids();
        } finally {
            unlock();
        }
    }

    static WorkerDiedException notStarted(Throwable why) {
        return new WorkerDiedException("no worker can be started: " + why.getMessage(), why);
    }
}
