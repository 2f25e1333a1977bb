package io.cleave.pool;

import io.cleave.fork.ChildLife;
import io.cleave.fork.GoneThreads;
import io.cleave.fork.Nursery;
import io.cleave.os.Unistd;
import io.cleave.os.WholeFork;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Watches, inside a forked worker, over the thread that computes: where it waits without a limit for a lock that a thread of
 * the parent's held at the fork, or was queued for, nobody will ever let go of it, and the worker ends. It is proven, as the
 * threads of the parent's do nothing here, and looked at twice.
 */
final class LockWatch implements Runnable {
    private static final long LOOK_NANOS = 50_000_000;
    private static final String WORDS = "The task waits for a lock that a thread of the calling JVM held when this worker was "
            + "forked, and that thread is not here: let tasks use locks of their own, or none is to be held when workers are "
            + "started\n";

    private final Thread worker;
    private final GoneThreads gone;
    private @Nullable String seen;

    private LockWatch(Thread worker, GoneThreads gone) {
        this.worker = worker;
        this.gone = gone;
    }

    /** Begins to watch over the calling thread. */
    static void begin() {
        LockWatch watch = new LockWatch(Thread.currentThread(), new GoneThreads(WholeFork.goneThreads()));
        Thread thread = new Thread(watch, "cleave-lock-watch");
        thread.setDaemon(true);
        thread.start();
    }

    /** Loaded when there is something to look at. */
    private static final class Threads {
        static final ThreadMXBean BEAN = ManagementFactory.getThreadMXBean();
    }

    @Override
    public void run() {
        Nursery nursery = new Nursery();
        while (true) {
            LockSupport.parkNanos(LOOK_NANOS);
            try {
                nursery.tidy();
                if (isStuck()) {
                    end();
                }
            } catch (OutOfMemoryError e) {
                seen = null; // the task has taken all there is; the next look may find some
            }
        }
    }

    private boolean isStuck() {
        Thread.State state = worker.getState();
        if (state != Thread.State.WAITING && state != Thread.State.BLOCKED) {
            seen = null;
            return false;
        }
        ThreadInfo info = Threads.BEAN.getThreadInfo(worker.threadId());
        boolean waits = info != null && (info.getThreadState() == Thread.State.WAITING
                || info.getThreadState() == Thread.State.BLOCKED);
        if (info == null || !waits || !gone.holdUp(worker, info.getLockOwnerId())) {
            seen = null;
            return false;
        }
        String now = info.getThreadState() + " " + info.getBlockedCount() + " " + info.getWaitedCount();
        boolean twice = now.equals(seen);
        seen = now;
        return twice;
    }

    /** By the descriptor, as the task may hold the stream's lock. */
    private static void end() {
        try (FileOutputStream errors = new FileOutputStream(FileDescriptor.err)) {
            errors.write(WORDS.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw Unistd._exit(ChildLife.EXIT_STUCK); // nobody reads what it says
        }
        throw Unistd._exit(ChildLife.EXIT_STUCK);
    }
}
