package io.cleave.fission;

import io.cleave.channel.Doorbell;
import io.cleave.fork.WholeSupport;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.work.Sneaky;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One child that computes one body on the heap of the moment at which it was forked. It has no successor: that heap is gone
 * with it, so whatever ends it early ends the whole.
 *
 * <p>
 * One thread forks it, and one, perhaps another, looks after it then; anybody may kill it. The {@link #lock} keeps a child
 * from being reaped, and its number from going to another process, while it is being killed.
 */
final class Snapshot implements Children.Listener, Reception.Listener, AutoCloseable {
    private static final long LEAST_NAP_NANOS = 1_000_000;
    private static final long MOST_NAP_NANOS = 20_000_000;
    private static final long START_NAP_NANOS = 50_000;
    private static final int MOST_STARTS = 5;
    /** One of one thread cannot go on where the JVM's compiler was at work at the fork, which is seen within milliseconds. */
    private static final int MOST_STARTS_OF_ONE_THREAD = 20;
    private static final long REFUSED_NAP_NANOS = 5_000_000;

    private final Settings settings;
    private final Deadline deadline;
    private final ReentrantLock lock = new ReentrantLock();
    private final ResultOrder order = new ResultOrder(false);
    private final Window window;
    private final Reception reception;
    private final Children children;
    private final int process = Unistd.getpid();
    private final long begun = System.nanoTime();
    /** Guarded by {@link #lock}. */
    private @Nullable Throwable failure;
    private volatile boolean killed;

    Snapshot(Callable<?> body, Settings settings) {
        this.settings = settings;
        this.deadline = new Deadline(settings.deadlineNanos());
        Body once = new Body.Itemwise(callable -> ((Callable<?>) Objects.requireNonNull(callable)).call());
        this.window = new Window(new Object[] {body}, 0, 1);
        this.reception = new Reception(once, settings.codec(), order, new Progress(null), this);
        this.children = new Children(settings, once, this);
    }

    /**
     * Forks, and waits until the child has begun the hook or its task: until then it may end with the calling thread, or
     * because the fork was made at a bad moment, and another takes its place. What comes then is the caller's code, which is
     * not run again.
     *
     * @throws SystemCallException where the system refuses for long
     */
    void fork() {
        deadline.begin(() -> {}); // whoever looks after the child sees that it is over
        Preparation.ready(settings.codec()); // a child that had to leave for this would have no successor
        int most = WholeSupport.isThere() ? MOST_STARTS : MOST_STARTS_OF_ONE_THREAD;
        boolean begun = false;
        for (int attempt = 0; !begun && !isOver() && attempt < most; attempt++) {
            begun = forkOnce() && awaitBegin();
        }
    }

    private boolean isOver() {
        return killed || deadline.isOver();
    }

    /** Forks, where the system refuses for a moment again and again; false where nobody wants the child any more. */
    private boolean forkOnce() {
        while (!isOver()) {
            lock.lock();
            try {
                failure = null;
                if (!killed && children.fork(window, 0, false)) {
                    return true;
                }
                SystemCallException refusal = children.refusal();
                if (refusal != null) {
                    throw refusal;
                }
            } finally {
                lock.unlock();
            }
            Nap.of(REFUSED_NAP_NANOS);
        }
        return false;
    }

    /** Waits until the child has begun; false where it has ended before. */
    private boolean awaitBegin() {
        Child child = children.live().getFirst();
        while (!isOver() && !child.slot.hasBegun() && child.isLive) {
            Nap.of(START_NAP_NANOS);
            lock.lock();
            try {
                if (!killed) {
                    children.look();
                }
            } finally {
                lock.unlock();
            }
        }
        return child.slot.hasBegun();
    }

    /** Looks after the child once; false where there is nothing more to come. */
    boolean step() {
        lock.lock();
        try {
            if (killed) {
                return false;
            }
            for (Child child : List.copyOf(children.live())) {
                drain(child);
            }
            if (failure == null) {
                children.look(); // also after the result: a child may die without having said that it leaves
            }
            if (deadline.isOver()) {
                fail(deadline.error(0));
                return false;
            }
            return failure == null && !(order.isReady() && children.haveAllLeft());
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the child, for longer the longer it has been at work: it may have ended without a word. */
    void rest() {
        long now = System.nanoTime();
        long nap = Math.clamp((now - begun) / 8, LEAST_NAP_NANOS, MOST_NAP_NANOS);
        Doorbell bell = children.bell();
        int ticket = bell.prepare();
        if (children.live().stream().anyMatch(child -> child.in.isReadable())) {
            bell.cancel();
        } else {
            bell.sleep(ticket, now + nap);
        }
    }

    /** Ends the child, if it is still there; does not wait for its end. */
    void kill() {
        if (Unistd.getpid() != process) {
            return; // the child is the parent's
        }
        lock.lock();
        try {
            if (!killed) {
                killed = true;
                children.killAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** The result, after the last step; throws why there is none. */
    @Nullable Object result() {
        if (failure != null) {
            throw Sneaky.rethrow(failure);
        }
        return order.take();
    }

    boolean isKilled() {
        return killed;
    }

    /** Waits for the child's end, and gives back what it was given. */
    @Override
    public void close() {
        lock.lock();
        try {
            killed = true;
            deadline.cancel();
            children.close();
            window.close();
        } finally {
            lock.unlock();
        }
        Consumer<FissionReport> onReport = settings.onReport();
        FissionReport report = children.report(0, reception.itemsInChildren());
        if (onReport != null && report.forks() > 0) {
            onReport.accept(report);
        }
    }

    // What becomes of the child

    @Override
    public void drain(Child child) {
        while (failure == null && child.in.next()) {
            reception.take(child);
        }
    }

    @Override
    public void fail(Throwable why) {
        if (failure == null && !order.isReady()) { // what comes after the result does not matter
            failure = why;
        }
    }

    @Override
    public void failedAt(Window of, int chunk, Throwable thrown) {
        fail(thrown);
    }

    @Override
    public void orphaned(Window of, int chunk, boolean here) {
        fail(new IllegalStateException("the child has left before its task was done"));
    }

    @Override
    public void leftEarly(boolean forMemory) {
        // it has nothing else to do
    }
}
