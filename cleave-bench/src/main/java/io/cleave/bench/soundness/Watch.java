package io.cleave.bench.soundness;

import io.cleave.fission.Fission;
import io.cleave.os.ProcFs;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Ends runs that take so long that they must be stuck, and says what their children were doing. */
final class Watch implements AutoCloseable {
    private static final long STUCK_SECONDS = 120;
    private static final long HOPELESS_SECONDS = 240;

    private final ScheduledExecutorService timer = Executors
            .newScheduledThreadPool(2, Thread.ofPlatform().daemon().name("soundness-watch-", 0).factory());
    private final AtomicBoolean expired = new AtomicBoolean();
    private final Thread watched = Thread.currentThread();

    /** The watch over one run. */
    final class Guard implements AutoCloseable {
        private final Future<?> stuck;
        private final Future<?> hopeless;

        private Guard(String run, Fission pool) {
            stuck = timer.schedule(() -> expire(run, pool), STUCK_SECONDS, TimeUnit.SECONDS);
            hopeless = timer.schedule(() -> giveUp(run), HOPELESS_SECONDS, TimeUnit.SECONDS);
        }

        boolean hasExpired() {
            return expired.get();
        }

        @Override
        public void close() {
            stuck.cancel(false);
            hopeless.cancel(false);
        }
    }

    Guard begin(String run, Fission pool) {
        return new Guard(run, pool);
    }

    private void expire(String run, Fission pool) {
        expired.set(true);
        System.err.println(run + " is stuck");
        describe();
        pool.close();
    }

    private void giveUp(String run) {
        System.err.println(run + " cannot even be ended");
        describe();
        Runtime.getRuntime().halt(1);
    }

    private void describe() {
        for (StackTraceElement frame : watched.getStackTrace()) {
            System.err.println("    at " + frame);
        }
        ProcessHandle.current().children().forEach(child -> {
            System.err.println(
                    "  child " + child.pid() + ": syscall " + ProcFs.line("/proc/" + child.pid() + "/syscall"));
            String status = ProcFs.read("/proc/" + child.pid() + "/status", 4096);
            if (status != null) {
                status.lines().filter(line -> line.startsWith("State") || line.startsWith("Threads")
                        || line.contains("ctxt")).forEach(line -> System.err.println("    " + line));
            }
        });
    }

    /** Whether a run had to be ended since the last call. */
    boolean takeExpired() {
        return expired.getAndSet(false);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
