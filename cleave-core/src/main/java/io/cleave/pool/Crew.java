package io.cleave.pool;

import io.cleave.WorkerDiedException;
import io.cleave.channel.Doorbell;
import io.cleave.channel.FrameBuffer;
import io.cleave.memory.Cleanup;
import io.cleave.os.Cpus;
import io.cleave.os.Unistd;
import io.cleave.share.Share;
import io.cleave.work.Failure;
import io.cleave.work.PoolMemory;
import io.cleave.work.TaskFrames;
import java.io.IOException;
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
 * Whoever waits for a result drives: the first platform thread that waits becomes the leader, takes what all workers
 * send and hands out what is queued, until it has what it wants. So a call and its result cross no other thread. Where
 * nobody waits, or a virtual thread does, the pool's collector drives. All state is guarded by one lock, under which
 * nothing is computed, encoded, decoded or waited for.
 *
 * <p>
 * Both sleep at the pool's bell. The collector's announcement there is taken back while there is a leader, and made
 * again when the leader leaves work behind, by the leader: so that the two wake each other only when one takes over.
 */
final class Crew {
    private static final long SPIN_NANOS = 30_000;
    /** While a worker boots it cannot wake anybody. */
    private static final long BOOT_NAP_NANOS = 100_000;
    /** Results that lie behind a long item of their batch are found at the latest after so long. */
    private static final long LOOK_NANOS = 10_000_000;
    private static final long LONG_LOOK_NANOS = 1_000_000_000L;
    private static final long TAIL_MILLIS = 200;
    /** So many workers in a row may fail to come up before what waits for them fails. */
    private static final int MOST_REFUSALS = 2;
    private static final int MOST_BOOT_KILLS = 20;
    private static final int MOST_INITIALIZER_DEATHS = 2;

    final PoolSettings settings;
    private final int process = Unistd.getpid();
    private final String name;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private final Roster roster;
    private final Deque<Batch> queue = new ArrayDeque<>();
    /** What is to be done once the lock is released. */
    private final List<Runnable> afterwards = new ArrayList<>();
    private final int cpus = Cpus.usable();
    /** What each worker gets first, and by which token the large part of it is shared. */
    private final @Nullable FrameBuffer greeting;
    private final @Nullable String greetingToken;

    private final Intake intake = new Intake(this);
    private final Housekeeping housekeeping = new Housekeeping(this, intake);
    private final Recruiter recruiter = new Recruiter(this);
    private final Collector collector = new Collector(this);

    /** Made with the first worker. */
    private @Nullable CrewMemory memory;
    private PoolMemory.@Nullable Head head;
    private @Nullable Doorbell bell;

    private @Nullable Thread leader;
    /** Batches that were submitted and are not done with. */
    private int outstanding;
    private int urgent;
    private boolean shut;
    /** By force: nothing is begun any more. */
    private boolean stopped;
    private boolean closed;
    private int refusals;
    private int bootKills;
    private int initializerDeaths;
    /** Of tasks, where not every JVM finds them. */
    private final Set<Class<?>> ownClasses = Collections.newSetFromMap(new WeakHashMap<>());

    Crew(PoolSettings settings, String name) {
        this.settings = settings;
        this.name = name;
        this.roster = new Roster(settings);
        Initializer initializer = settings.initializer();
        if (initializer == null) {
            greeting = null;
            greetingToken = null;
        } else {
            greeting = new FrameBuffer(512);
            TaskForm.writeLoader(greeting, initializer);
            greeting.write(TaskFrames.INITIALIZER, 0, 0);
            greetingToken = TaskForm.write(greeting, initializer, "the initializer");
        }
    }

    /** Whether its workers are this process's: a copy of a JVM has inherited crews that are none of its own. */
    boolean isOwn() {
        return process == Unistd.getpid();
    }

    ReentrantLock lock() {
        return lock;
    }

    Condition newCondition() {
        return lock.newCondition();
    }

    String name() {
        return name;
    }

    /** Makes what is shared with workers, if it is not there. */
    private void connect() {
        if (memory == null) {
            CrewMemory made = CrewMemory.create(settings.workers());
            memory = made;
            PoolMemory.Head shared = made.head();
            if (settings.taskTimeoutNanos() > 0) {
                shared.timed();
            }
            head = shared;
            bell = made.bell();
        }
    }

    // Work

    /**
     * Takes a batch over.
     *
     * @throws RejectedExecutionException where the pool has been shut down
     */
    void submit(Batch batch) {
        lock.lock();
        try {
            if (shut) {
                throw new RejectedExecutionException("this pool has been shut down");
            }
            connect(); // where that fails nothing has been taken over
            refresh(batch.task);
            outstanding++;
            batch.urgent = batch.owner.isUrgent();
            if (batch.urgent) {
                urgent++;
            }
            queue.add(batch);
            pump();
            if (leader == null) {
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
            lock.unlock();
        }
    }

    /** Nobody wants a batch any more. */
    void cancel(Batch batch) {
        lock.lock();
        try {
            if (batch.cancelled || batch.done) {
                return;
            }
            batch.cancelled = true;
            CrewWorker worker = batch.worker;
            if (worker == null) {
                if (queue.remove(batch)) {
                    settle(batch);
                }
            } else if (worker.recall(batch)) {
                settle(batch);
                pump();
            } else {
                batch.interruptedAt = System.nanoTime();
                worker.interrupt(batch);
                collector.wake(); // it sees to it that the task ends
            }
        } finally {
            unlock();
        }
    }

    /** Takes a batch back where no worker has begun it. */
    void recall(Batch batch) {
        lock.lock();
        try {
            CrewWorker worker = batch.worker;
            if (!batch.done && (worker == null ? queue.remove(batch) : worker.recall(batch))) {
                batch.cancelled = true;
                settle(batch);
                pump();
            }
        } finally {
            unlock();
        }
    }

    /** Lets whoever drives look again at what it waits for. */
    void nudge() {
        lock.lock();
        try {
            if (leader != null && bell != null) {
                bell.ringAnyway();
            }
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

    /** A batch is done with, one way or the other. */
    private void settle(Batch batch) {
        batch.done = true;
        outstanding--;
        if (batch.urgent) {
            urgent--;
        }
        PoolMemory.Head shared = head;
        if (shared != null) {
            shared.urgent(urgent > 0);
        }
        release(batch);
        if (batch.cancelled) {
            afterwards.add(batch::discardResults);
        } else {
            batch.owner.changed(batch);
        }
        if (outstanding == 0 && shut) {
            stopAll();
        }
    }

    /** What a batch kept for sending is not needed any more. */
    private void release(Batch batch) {
        batch.recycle();
        if (batch.isShared()) {
            afterwards.add(batch::free);
        }
    }

    private void fail(Batch batch, Throwable why) {
        batch.failure = why;
        settle(batch);
    }

    /** Hands out what is queued, as far as workers take it, and starts workers for the rest. */
    private void pump() {
        PoolMemory.Head shared = head;
        if (shared != null) {
            shared.urgent(urgent > 0);
        }
        while (!queue.isEmpty()) {
            CrewWorker worker = roster.choose();
            if ((worker == null || !worker.isIdle()) && roster.hasPlace() && hasStarters()) {
                worker = start(roster.place());
            }
            if (worker == null || !worker.send(queue.getFirst())) {
                break;
            }
            queue.removeFirst();
        }
        if (queue.isEmpty()) {
            balance();
        }
    }

    /** Gives what lies before busy workers to idle ones. */
    private void balance() {
        for (CrewWorker idle : roster.all()) {
            if (idle.isIdle() && idle.isUp() && idle.accepts(settings)) {
                Batch batch = roster.recallOne();
                if (batch == null) {
                    return;
                }
                if (!idle.send(batch)) {
                    queue.addFirst(batch);
                    return;
                }
            }
        }
    }

    // Workers

    private CrewWorker start(int place) {
        connect();
        CrewWorker worker = new CrewWorker(place, Objects.requireNonNull(memory).slot(place));
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
        try {
            recruiter.start();
            collector.start();
            return true;
        } catch (OutOfMemoryError e) { // which is what HotSpot makes of a limit of threads, too
            if (roster.isEmpty()) {
                failQueued(notStarted(e));
            }
            return false;
        }
    }

    private static WorkerDiedException notStarted(Throwable why) {
        return new WorkerDiedException("no worker can be started: " + why.getMessage(), why);
    }

    /** Which file descriptor leads to what is shared. */
    int memoryDescriptor() {
        return Objects.requireNonNull(memory).fd();
    }

    /** Whether the next worker may start from the cache: not after one that did not come up. */
    boolean trustsCache() {
        return refusals == 0;
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
            failQueued(worker, notStarted(why));
            signalEnd();
        } finally {
            unlock();
        }
    }

    /** A worker's process has ended. */
    void exited(CrewWorker worker, int status) {
        WorkerEnd end = WorkerEnd.of(worker, status, TAIL_MILLIS);
        boolean orderly = worker.killed == null && worker.leaving && status == 0;
        lock.lock();
        try {
            intake.drain(worker);
            roster.remove(worker);
            if (!orderly) {
                died(worker, end);
            }
            for (Batch batch : worker.inFlight.reversed()) { // of an orderly one: what came after it had been told to leave
                queue.addFirst(batch);
                batch.worker = null;
            }
            Debug.log(() -> name + ": " + worker + " ended: " + end.text());
            pump();
            signalEnd();
        } finally {
            unlock();
        }
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

    /** What follows from the end of a worker that had not been told to leave. */
    private void died(CrewWorker worker, WorkerEnd end) {
        int phase = worker.slot.phase();
        Object unfit = worker.unfit;
        if (unfit != null) {
            failQueued(worker, failureOf(unfit));
            return;
        }
        boolean begun = false;
        List<Batch> again = new ArrayList<>();
        for (Batch batch : List.copyOf(worker.inFlight)) {
            if (worker.recall(batch)) { // it was not begun
                again.add(batch);
                continue;
            }
            begun = true;
            worker.release(batch);
            if (batch.done || batch.cancelled) {
                settleEnded(batch);
            } else if (batch.interruptedAt == 0 && batch.mayBeTriedAgain(settings.maxRetries())) {
                retry(batch, end.at(batch, worker));
            } else {
                fail(batch, end.at(batch, worker));
            }
        }
        again.reversed().forEach(queue::addFirst);
        if (begun || phase >= PoolMemory.IDLE) {
            refusals = 0;
            bootKills = 0;
            initializerDeaths = phase == PoolMemory.IDLE ? initializerDeaths : 0;
            return;
        }
        if (worker.killed != null) {
            return;
        }
        boolean tooOften = phase == PoolMemory.INITIALIZING ? ++initializerDeaths > MOST_INITIALIZER_DEATHS
                : end.isKill() ? ++bootKills > MOST_BOOT_KILLS : ++refusals > MOST_REFUSALS;
        if (tooOften) {
            initializerDeaths = 0;
            bootKills = 0;
            failQueued(end.before(worker, phase == PoolMemory.INITIALIZING));
        }
    }

    /** A batch has left its worker. */
    void ended(Batch batch) {
        if (batch.done || batch.cancelled) {
            settleEnded(batch);
        } else {
            settle(batch);
        }
    }

    /** Ends a batch whose worker is still busy with it. */
    void giveUp(Batch batch, Throwable why) {
        batch.failure = why;
        batch.done = true;
        if (batch.urgent) {
            urgent--;
        }
        batch.owner.changed(batch);
    }

    /** A worker has come up and done something. */
    void proved() {
        refusals = 0;
    }

    /** A batch that had been given up has left its worker. */
    private void settleEnded(Batch batch) {
        if (batch.done) {
            release(batch);
            outstanding--;
            if (outstanding == 0 && shut) {
                stopAll();
            }
        } else {
            settle(batch);
        }
    }

    /** Has a batch computed once more, unless the pool is being ended by force: then it fails for the reason given. */
    private void retry(Batch batch, Throwable why) {
        afterwards.add(() -> {
            Throwable refused = null;
            try {
                batch.encodeRest();
            } catch (RuntimeException | Error e) {
                refused = e;
            }
            lock.lock();
            try {
                if (batch.cancelled) {
                    settle(batch);
                } else if (refused != null || stopped) {
                    fail(batch, refused != null ? refused : why);
                } else {
                    queue.addFirst(batch);
                    pump();
                }
            } finally {
                unlock();
            }
        });
    }

    private void failQueued(CrewWorker worker, Throwable why) {
        for (Batch batch : List.copyOf(worker.inFlight)) {
            worker.release(batch);
            queue.addFirst(batch);
        }
        failQueued(why);
    }

    private void failQueued(Throwable why) {
        for (Batch batch = queue.poll(); batch != null; batch = queue.poll()) {
            fail(batch, why);
        }
    }

    /** Takes what all workers have sent. */
    void drain() {
        for (CrewWorker worker : roster.all()) {
            intake.drain(worker);
        }
        pump();
    }

    // Waiting

    /**
     * Waits, and meanwhile drives the crew if nobody else does.
     *
     * @param isReady what to wait for; asked under the lock
     * @param changed signalled when it may have become so
     * @param deadlineNanos a moment of {@link System#nanoTime()}, or Long.MAX_VALUE for no limit
     * @return false where the deadline has passed
     */
    boolean await(BooleanSupplier isReady, Condition changed, long deadlineNanos) throws InterruptedException {
        boolean leads = false;
        lock.lock();
        try {
            while (!isReady.getAsBoolean()) {
                long now = System.nanoTime();
                long left = deadlineNanos == Long.MAX_VALUE ? Long.MAX_VALUE : deadlineNanos - now;
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (left <= 0) {
                    return false;
                }
                if (!leads && leader == null && memory != null && !Thread.currentThread().isVirtual()) {
                    leads = true;
                    leader = Thread.currentThread();
                    collector.silence();
                }
                if (leads) {
                    drain();
                    housekeeping.run();
                    if (!isReady.getAsBoolean()) {
                        leadOn(now + Math.min(left, LOOK_NANOS));
                    }
                } else {
                    if (leader == null && !collector.isLookingOften()) {
                        collector.wake();
                    }
                    var _ = changed.awaitNanos(Math.min(left, LONG_LOOK_NANOS));
                }
            }
            return true;
        } finally {
            if (leads) {
                leader = null;
                if (outstanding > 0) {
                    collector.expectLeader();
                }
            }
            unlock();
        }
    }

    /** What a thread that takes many results does in passing, so that it need not share the lock with the collector. */
    void drive() {
        if (Thread.currentThread().isVirtual()) {
            return;
        }
        lock.lock();
        try {
            if (leader == null && memory != null && outstanding > 0) {
                drain();
                collector.expectLeader();
            }
        } finally {
            unlock();
        }
    }

    /** Lets others in, and waits for a worker to ring. The lock is held before and after. */
    private void leadOn(long deadlineNanos) {
        Doorbell sleepingPlace = Objects.requireNonNull(bell);
        boolean booting = roster.isBooting();
        int busy = roster.busy();
        int ticket = sleepingPlace.ticket();
        List<Runnable> work = takeAfterwards();
        lock.unlock();
        try {
            runAll(work);
            if (busy < cpus && spin()) {
                return;
            }
            if (booting) {
                LockSupport.parkNanos(BOOT_NAP_NANOS);
                return;
            }
            sleepingPlace.announce();
            try {
                if (!roster.isReadable()) {
                    sleepingPlace.sleepAnnounced(ticket, deadlineNanos);
                }
            } finally {
                sleepingPlace.retract();
            }
        } finally {
            lock.lock();
        }
    }

    private boolean spin() {
        long end = System.nanoTime() + SPIN_NANOS;
        do {
            for (int i = 0; i < 32; i++) {
                if (roster.isReadable()) {
                    return true;
                }
                Thread.onSpinWait();
            }
        } while (System.nanoTime() - end < 0);
        return false;
    }

    // The end

    List<Runnable> takeAfterwards() {
        if (afterwards.isEmpty()) {
            return List.of();
        }
        List<Runnable> work = List.copyOf(afterwards);
        afterwards.clear();
        return work;
    }

    /** Releases the lock, and does what is to be done without it. */
    void unlock() {
        List<Runnable> work = lock.getHoldCount() == 1 ? takeAfterwards() : List.of();
        lock.unlock();
        runAll(work);
    }

    /** Runs all, whatever becomes of each. */
    private void runAll(List<Runnable> work) {
        for (Runnable next : work) {
            run(next, name);
        }
    }

    /** Does what a user may have hung something on, in a thread of its own where there is one. */
    static void runApart(Runnable work, String name, String what) {
        try {
            Thread.ofVirtual().name("cleave-" + name + "-" + what).start(work);
        } catch (Error e) { // there is no thread for it, or, once that of the JDK's could not start, none of its kind ever
            run(work, name);
        }
    }

    static void run(Runnable work, String name) {
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            Debug.log(() -> name + ": " + e);
        }
    }

    /** To be done once the lock is released; to be called under it. */
    void later(Runnable work) {
        afterwards.add(work);
    }

    boolean isShut() {
        lock.lock();
        try {
            return shut;
        } finally {
            lock.unlock();
        }
    }

    void shutdown() {
        lock.lock();
        try {
            shut = true;
            if (outstanding == 0) {
                stopAll();
            }
            collector.wake();
        } finally {
            unlock();
        }
    }

    /** Gives back all batches that no worker has begun, and interrupts the others. */
    List<Batch> shutdownNow() {
        List<Batch> waiting = new ArrayList<>();
        lock.lock();
        try {
            shut = true;
            stopped = true;
            for (CrewWorker worker : roster.all()) {
                for (Batch batch : List.copyOf(worker.inFlight)) {
                    if (worker.recall(batch)) {
                        queue.add(batch);
                    } else if (batch.interruptedAt == 0) {
                        batch.interruptedAt = System.nanoTime();
                        worker.interrupt(batch);
                    }
                }
            }
            waiting.addAll(queue);
            queue.clear();
            for (Batch batch : waiting) {
                batch.cancelled = true;
                settle(batch);
            }
            if (outstanding == 0) {
                stopAll();
            }
            collector.wake();
        } finally {
            unlock();
        }
        return waiting;
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
        return shut && outstanding == 0 && roster.isEmpty();
    }

    void signalEnd() {
        if (isOver()) {
            ended.signalAll();
        } else if (shut && outstanding == 0) {
            stopAll();
        }
    }

    boolean isTerminated() {
        lock.lock();
        try {
            return isOver();
        } finally {
            lock.unlock();
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
            if (closed) {
                return;
            }
            closed = true;
            collector.wake();
        } finally {
            unlock();
        }
        recruiter.end();
        collector.end();
        lock.lock();
        try {
            while (leader != null && bell != null) {
                bell.ringAnyway(); // it has nothing to wait for
                lock.unlock();
                LockSupport.parkNanos(BOOT_NAP_NANOS);
                lock.lock();
            }
            CrewMemory shared = memory;
            if (shared != null) {
                memory = null;
                head = null;
                bell = null;
                shared.close();
            }
        } finally {
            unlock();
        }
        if (greetingToken != null) {
            Share.free(greetingToken);
        }
    }

    // What the collector looks at, under the lock

    Roster roster() {
        return roster;
    }

    void housekeep() {
        housekeeping.run();
    }

    boolean hasLeader() {
        return leader != null;
    }

    boolean hasWork() {
        return outstanding > 0;
    }

    boolean isShutUnderLock() {
        return shut;
    }

    @Nullable Doorbell bell() {
        return bell;
    }

    /** The processes of all workers that have one. */
    List<Long> pids() {
        lock.lock();
        try {
            return roster.pids();
        } finally {
            lock.unlock();
        }
    }

    /** The exception that a batch's owner throws for what was left in {@link Batch#failure}. */
    static Throwable failureOf(Object failure) {
        if (failure instanceof Throwable thrown) {
            return thrown;
        }
        try {
            byte[] bytes = (byte[]) failure;
            return Failure.decode(bytes, 0, bytes.length).toThrowable();
        } catch (IOException | RuntimeException e) {
            return new WorkerDiedException("what a worker said of a failure cannot be read: " + e, e);
        }
    }
}
