package io.cleave.fission;

import io.cleave.fork.GoneThreads;
import io.cleave.fork.Nursery;
import io.cleave.os.ProcFs;
import io.cleave.os.Unistd;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Watches, from inside a child that is a whole JVM, over the thread that computes: whether what it waits for can still
 * come. A child has all of the JVM's own threads, but none of the program's other ones.
 *
 * <p>
 * It is <i>proven</i> that the wait cannot end where the thread waits without a limit, at two looks between which it has
 * not moved, and either the lock that it waits for is held by a thread that is not here, or such a thread is queued for it;
 * or every other thread of the program that is here waits without a limit, too, or is an idle worker, and the JVM's own threads
 * that tell the program of references have slept all the while: nobody is left who could wake anybody.
 *
 * <p>
 * Where it waits with a limit, again and again or for long, there is no proof. A child in which for {@link #PATIENCE_NANOS}
 * every thread of the program has been waiting at most looks, and not for the time to pass ({@link Thread#sleep} in a platform
 * thread: one that is virtual is not seen, and what wakes it is not told from what ends a wait with a limit),
 * is given up without one.
 */
final class ChildWatch implements Runnable {
    /** How long a child may do nothing but wait. */
    static final long PATIENCE_NANOS = 10_000_000_000L;

    /** How many looks running the JVM may make an item wait, where nobody will bring some class's initializer to its end. */
    private static final int CLASS_LOOKS = 10;

    /** Queues that keep a task until its time. */
    private static final List<String> DELAYING = List.of(
            "java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue", "java.util.concurrent.DelayQueue");
    private static final long LOOK_NANOS = 20_000_000;
    /** What parks for a moment again and again is met outside its naps now and then. */
    private static final double MOSTLY = 0.6;
    /** Native code that naps at so many looks does nothing else: what it does in between takes long in an interpreter. */
    private static final double NAPPING = 0.25;
    private static final int FRAMES = 16;
    private static final ThreadMXBean BEAN = ManagementFactory.getThreadMXBean();

    private final RunMemory.Slot slot;
    private final Thread worker = Thread.currentThread();
    private final String workerTask = "/proc/self/task/" + Unistd.getpid();
    /** Threads that are not here, by their ids. */
    private final GoneThreads gone;
    /** The kernel's numbers of the JVM's own Java threads, such as the one that enqueues references. */
    private final int[] ownNumbers;
    /** Whether such a thread was inside a class's initializer, so that whoever needs that class waits for ever. */
    private final boolean halfMadeClasses;
    /** Threads of the JVM's own, which do not count. */
    private final Set<Long> own = new HashSet<>();

    private long itemsSeen = -1;
    private @Nullable String seen;
    private long waitingSince;
    private int looks;
    private int waits;
    private int naps;
    /** How many looks running have met the worker waiting inside the JVM or native code. */
    private int inside;

    private ChildWatch(RunMemory.Slot slot, long[] gone, int[] ownNumbers, boolean halfMadeClasses) {
        this.slot = slot;
        this.halfMadeClasses = halfMadeClasses;
        this.ownNumbers = ownNumbers;
        this.gone = new GoneThreads(gone);
    }

    /**
     * Begins to watch over the calling thread.
     *
     * @param slot is told what comes of it
     * @param gone the ids of the threads that the child does not have
     * @param ownNumbers the kernel's numbers of the JVM's own threads
     * @param halfMadeClasses whether such a thread was inside a class's initializer
     * @return false where the system refuses to give the watch a thread
     */
    static boolean begin(RunMemory.Slot slot, long[] gone, int[] ownNumbers, boolean halfMadeClasses) {
        ChildWatch watch = new ChildWatch(slot, gone, ownNumbers, halfMadeClasses);
        Thread thread = new Thread(watch, "cleave-watch"); // without a builder, which a child would have to load
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError e) { // which is what HotSpot makes of a limit of threads, too
            return false;
        }
        return true;
    }

    /** Looks once, in the parent, so that children find done what that needs. */
    static void rehearse() {
        try (RunMemory memory = new RunMemory(1)) {
            ChildWatch watch = new ChildWatch(memory.slot(0), new long[0], new int[] {Unistd.getpid()}, false);
            watch.findOwn();
            new Nursery().tidy();
            watch.look(0);
            watch.look(0);
            watch.lookClosely(0);
            watch.restOfTheJvm();
        }
    }

    @Override
    public void run() {
        LockSupport.parkNanos(LOOK_NANOS); // the child has its first item to come to
        findOwn();
        Nursery nursery = new Nursery();
        while (true) {
            LockSupport.parkNanos(LOOK_NANOS);
            try {
                nursery.tidy();
                DeadlockProof.Verdict verdict = look(System.nanoTime());
                if (verdict != DeadlockProof.Verdict.OPEN) {
                    slot.verdict(itemsSeen, verdict);
                }
            } catch (OutOfMemoryError e) {
                seen = null; // the task has taken all there is; the next look may find some
            }
        }
    }

    private void findOwn() {
        own.add(Thread.currentThread().threadId());
        for (ThreadInfo thread : BEAN.getThreadInfo(BEAN.getAllThreadIds())) {
            if (thread != null && isOfTheJvm(thread.getThreadName())) {
                own.add(thread.getThreadId());
            }
        }
    }

    private static boolean isOfTheJvm(String name) {
        return List.of("Reference Handler", "Finalizer", "Common-Cleaner", "Signal Dispatcher", "Notification Thread",
                "Attach Listener", "VirtualThread-unblocker").contains(name);
    }

    private DeadlockProof.Verdict look(long now) {
        long items = slot.itemsAcquire();
        Thread.State state = worker.getState();
        if (items != itemsSeen) {
            itemsSeen = items;
            seen = null;
            waits = 0;
            naps = 0;
            looks = 0;
            inside = 0;
            waitingSince = now;
            return DeadlockProof.Verdict.OPEN;
        }
        looks++;
        if (state == Thread.State.RUNNABLE) {
            seen = null;
            lookInside();
            return halfMadeClasses && inside > CLASS_LOOKS ? DeadlockProof.Verdict.UNPROVEN : verdictByTime(now);
        }
        inside = 0;
        return lookClosely(now);
    }

    private DeadlockProof.Verdict lookClosely(long now) {
        ThreadInfo info = info(worker.threadId());
        if (info == null || isSleeping(info)) {
            seen = null;
            return verdictByTime(now);
        }
        boolean unlimited = isWaitingWithoutLimit(info);
        StringBuilder what = new StringBuilder(describe(info));
        boolean allWait = true; // the worker was met waiting, whatever it does now
        boolean allUnlimited = unlimited;
        for (long id : BEAN.getAllThreadIds()) {
            ThreadInfo other = id == worker.threadId() || gone.contains(id) || own.contains(id) ? null : info(id);
            if (other != null && !isOfTheJvm(other.getThreadName())) {
                boolean isIdle = isIdleWorker(other);
                boolean waitsForEver = isWaitingWithoutLimit(other);
                allUnlimited &= isIdle || waitsForEver;
                allWait &= isIdle || waitsForEver || isWaitingWithLimit(other);
                what.append(describe(other)); // idle ones, too: two that hand work to each other may both be met idle
            }
        }
        waits += allWait ? 1 : 0;
        boolean hopeless = unlimited && (allUnlimited || gone.holdUp(worker, info.getLockOwnerId()));
        String rest = hopeless ? restOfTheJvm() : "";
        String moved = what.append(rest).toString();
        boolean twice = !rest.isEmpty() && moved.equals(seen);
        seen = rest.isEmpty() ? null : moved;
        return twice ? DeadlockProof.Verdict.PROVEN : verdictByTime(now);
    }

    /**
     * How often each of the JVM's own threads has slept and woken, or nothing where one does not sleep: it may be about to
     * enqueue the reference, or to run the finalizer, that somebody waits for.
     */
    private String restOfTheJvm() {
        StringBuilder rest = new StringBuilder("rest");
        for (int number : ownNumbers) {
            String thread = "/proc/self/task/" + number;
            ProcFs.ProcessStatus status = ProcFs.status(thread);
            if (status != null && status.state() != 'S') {
                return "";
            }
            rest.append(' ').append(ProcFs.number(thread + "/status", "voluntary_ctxt_switches"));
        }
        return rest.toString();
    }

    private DeadlockProof.Verdict verdictByTime(long now) {
        if (now - waitingSince < PATIENCE_NANOS) {
            return DeadlockProof.Verdict.OPEN;
        }
        boolean stuck = waits > MOSTLY * looks || naps > NAPPING * looks;
        waits = 0;
        naps = 0;
        looks = 0;
        waitingSince = now;
        return stuck ? DeadlockProof.Verdict.UNPROVEN : DeadlockProof.Verdict.OPEN;
    }

    private static @Nullable ThreadInfo info(long id) {
        ThreadInfo[] infos = BEAN.getThreadInfo(new long[] {id}, FRAMES);
        return infos[0];
    }

    /** What changes whenever the thread moves. */
    private static String describe(ThreadInfo info) {
        return info.getThreadId() + " " + info.getThreadState() + " " + info.getBlockedCount() + " "
                + info.getWaitedCount() + "\n";
    }

    private static boolean isWaitingWithoutLimit(ThreadInfo info) {
        return info.getThreadState() == Thread.State.WAITING || info.getThreadState() == Thread.State.BLOCKED;
    }

    private static boolean isWaitingWithLimit(ThreadInfo info) {
        return info.getThreadState() == Thread.State.TIMED_WAITING && !isSleeping(info);
    }

    private static boolean isSleeping(ThreadInfo info) {
        return info.getThreadState() == Thread.State.TIMED_WAITING && top(info, "java.lang.Thread", "sleep");
    }

    /** A worker that waits for something to do; not one that waits for the time of a task that it has. */
    private static boolean isIdleWorker(ThreadInfo info) {
        return isWaiting(info) && (top(info, "java.util.concurrent.ForkJoinPool", "awaitWork")
                || (top(info, "java.util.concurrent.ThreadPoolExecutor", "getTask")
                        && (info.getThreadState() == Thread.State.WAITING || !isInDelayingQueue(info))));
    }

    private static boolean isInDelayingQueue(ThreadInfo info) {
        for (String queue : DELAYING) {
            if (top(info, queue, "take") || top(info, queue, "poll")) {
                return true;
            }
        }
        return false;
    }

    private static boolean isWaiting(ThreadInfo info) {
        return isWaitingWithoutLimit(info) || info.getThreadState() == Thread.State.TIMED_WAITING;
    }

    private static boolean top(ThreadInfo info, String type, String method) {
        for (StackTraceElement frame : info.getStackTrace()) {
            if (frame.getClassName().equals(type) && frame.getMethodName().equals(method)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the worker waits in the JVM, for a class's initialiser for example, or waits or naps in native code. */
    private void lookInside() {
        String call = ProcFs.line(workerTask + "/syscall");
        if (call != null && DeadlockProof.isEndlessPrivateWait(call)) {
            waits++;
            inside++;
            return;
        }
        inside = 0;
        if (call != null && DeadlockProof.isNap(call)) {
            naps++;
        }
    }
}
