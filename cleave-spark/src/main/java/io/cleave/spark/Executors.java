package io.cleave.spark;

import io.cleave.WorkerDiedException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.jspecify.annotations.Nullable;
import scala.runtime.AbstractFunction0;

/** What the driver hears of executors: which there are, how they were lost, and what they last wrote. */
final class Executors extends SparkListener {
    private static final int MOST_LOSSES = 16;
    private static final long LOOK_NANOS = 450_000_000;
    private static final int MOST_OUTPUT = 4096;
    private static final int CONNECT_MILLIS = 2000;
    /** A Worker that has not shown a page yet takes long for the first on a busy machine. */
    private static final int READ_MILLIS = 7000;
    /** How long the news of a lost executor may take to come, where its effect is there already. */
    private static final long NEWS_MILLIS = 1000;

    private final JavaSparkContext context;
    private final Duration patience;
    private final @Nullable Supplier<String> logs;
    /** When it was made, by {@link System#nanoTime}. */
    final long began = System.nanoTime();
    /** The last ones. Guarded by this. */
    private final Deque<Gone> gone = new ArrayDeque<>();
    /** When the last look was, and when the last one that found an executor. Guarded by this. */
    private long lookedAt = System.nanoTime();
    private long seenAt;
    private boolean hadSome;

    /** An executor that is lost, and when that was heard. */
    private record Gone(String executor, String reason, long at) {}

    /**
     * An executor's end.
     *
     * @param executor which one, empty where none is known to have ended
     * @param reason Spark's words
     * @param errorOutput the end of its standard error, empty where it cannot be had
     */
    record Loss(String executor, String reason, String errorOutput) {}

    /**
     * Hears of the executors of a context.
     *
     * @param patience how long a call may be without any executor
     * @param logs finds what executors have written that never came up, or null
     */
    Executors(JavaSparkContext context, Duration patience, @Nullable Supplier<String> logs) {
        this.context = context;
        this.patience = patience;
        this.logs = logs;
    }

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
        synchronized (this) {
            gone.addLast(new Gone(removed.executorId(), removed.reason(), System.nanoTime()));
            if (gone.size() > MOST_LOSSES) {
                gone.removeFirst();
            }
            notifyAll();
        }
    }

    /**
     * How an executor was lost. Waits a second for the news of it.
     *
     * @param executor which one, empty for the last
     * @param since when it still was there, by {@link System#nanoTime}
     */
    Loss loss(String executor, long since) {
        Gone last;
        synchronized (this) {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(NEWS_MILLIS);
            try {
                for (long left = NEWS_MILLIS; find(executor, since) == null && left > 0; left = TimeUnit.NANOSECONDS
                        .toMillis(end - System.nanoTime())) {
                    wait(left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            last = find(executor, since);
        }
        if (last == null) {
            return new Loss("", "", "");
        }
        String name = "executor " + last.executor;
        try {
            return new Loss(name, last.reason, errorOutput(last.executor));
        } catch (IOException e) {
            return new Loss(name, last.reason + " (its standard error cannot be read at "
                    + errorPage(last.executor) + ": " + e + ")", logs == null ? "" : logs.get());
        }
    }

    /** The last loss that is meant, under the lock. */
    private @Nullable Gone find(String executor, long since) {
        for (Iterator<Gone> each = gone.descendingIterator(); each.hasNext();) {
            Gone loss = each.next();
            if (loss.at - since >= 0 && (executor.isEmpty() || loss.executor.equals(executor))) {
                return loss;
            }
        }
        return null;
    }

    /** The end of what an executor has written to standard error, from the page that its worker has for it. */
    private String errorOutput(String executor) throws IOException {
        String page = errorPage(executor);
        if (!page.startsWith("http") || !page.contains("/logPage/")) {
            return logs == null ? "" : logs.get();
        }
        URLConnection connection = URI.create(page.replace("/logPage/", "/log/") + "&byteLength=" + MOST_OUTPUT).toURL()
                .openConnection();
        connection.setConnectTimeout(CONNECT_MILLIS);
        connection.setReadTimeout(READ_MILLIS);
        try (InputStream in = connection.getInputStream()) {
            return new String(in.readNBytes(2 * MOST_OUTPUT), StandardCharsets.UTF_8);
        }
    }

    /**
     * Where an executor's standard error can be read, of which Spark keeps account beyond its end; empty for nowhere.
     */
    private String errorPage(String executor) {
        try {
            return context.sc().statusStore().executorSummary(executor).executorLogs().getOrElse("stderr",
                    new AbstractFunction0<String>() {
                        @Override
                        public String apply() {
                            return "";
                        }
                    });
        } catch (NoSuchElementException e) {
            return "";
        }
    }

    /**
     * Looks, twice a second at most, whether a run waits in vain.
     *
     * @param since since when it has waited for executors, by {@link System#nanoTime}
     * @return why it is to end: there has been no executor for too long since then, or the context has been stopped;
     *         null where there is hope
     */
    @Nullable Throwable whyInVain(long since) throws InterruptedException {
        if (context.sc().isStopped()) {
            return new CancellationException("the Spark context has been stopped; what was being computed ended");
        }
        synchronized (this) {
            if (System.nanoTime() - lookedAt < LOOK_NANOS) {
                return null;
            }
            lookedAt = System.nanoTime();
        }
        boolean isThere = context.sc().isLocal() || executors() > 0;
        synchronized (this) {
            long now = System.nanoTime();
            if (isThere) {
                seenAt = now;
                hadSome = true;
                return null;
            }
            long last = hadSome && seenAt - since > 0 ? seenAt : since;
            if (now - last < patience.toNanos()) {
                return null;
            }
        }
        return noExecutor();
    }

    /** How many executors there are; not under the lock, as Spark asks a thread of its own. */
    private int executors() throws InterruptedException {
        try {
            return context.sc().getExecutorMemoryStatus().size() - 1; // one is the driver
        } catch (Exception e) {
            if (e instanceof InterruptedException interrupt) { // which Spark does not declare
                throw interrupt;
            }
            throw e;
        }
    }

    private WorkerDiedException noExecutor() {
        Loss loss = hadSome() ? loss("", began) : new Loss("", "", logs == null ? "" : logs.get());
        return new WorkerDiedException("there has been no executor of " + context.master() + " for " + patience
                + "; see the Master's page for whether it has workers with memory and cores to spare "
                + "(spark.executor.memory is " + context.getConf().get("spark.executor.memory", "1g")
                + "), and on the workers work/app-*/*/stderr for why executors end"
                + (loss.reason().isEmpty() ? "" : "; the last one that was lost: " + loss.reason())
                + (loss.errorOutput().isEmpty() ? "" : "; the end of an executor's standard error:\n"
                        + loss.errorOutput()),
                -1, "", loss.errorOutput(), "");
    }

    private synchronized boolean hadSome() {
        return hadSome;
    }
}
