package io.cleave.pool;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.fork.ChildLife;
import io.cleave.os.Signals;
import io.cleave.work.Failure;
import io.cleave.work.PoolMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a worker ended.
 *
 * @param status its exit code, or 128 and a signal's number
 * @param output the end of what it wrote to standard output
 * @param errors the end of what it wrote to standard error
 * @param report the path of HotSpot's report, or empty
 */
record WorkerEnd(int status, String output, String errors, String report) {
    private static final Pattern REPORT = Pattern.compile("^# (/.*hs_err.*|/.*\\.log)$", Pattern.MULTILINE);
    private static final int SIGNALED = 128;
    private static final int MOST_SIGNAL = 64;
    private static final int MOST_QUOTED = 1000;
    /** HotSpot's where it is to end for want of memory. */
    private static final int EXIT_NO_MEMORY = 3;

    /** Finds out what there is to know of a worker whose process has ended. */
    static WorkerEnd of(CrewWorker worker, int status, long tailMillis) {
        String errors = tail(worker.errors, tailMillis);
        String output = tail(worker.output, tailMillis);
        Matcher named = REPORT.matcher(output + "\n" + errors);
        Path usual = Path.of("hs_err_pid" + worker.pid() + ".log").toAbsolutePath();
        String report = named.find() ? named.group(1) : isFresh(usual, worker.startedMillis) ? usual.toString() : "";
        return new WorkerEnd(status, output, errors, report);
    }

    private static boolean isFresh(Path report, long sinceMillis) {
        try {
            return Files.getLastModifiedTime(report).toMillis() >= sinceMillis;
        } catch (IOException e) {
            return false;
        }
    }

    private static String tail(@org.jspecify.annotations.Nullable OutputPump pump, long millis) {
        if (pump == null) {
            return "";
        }
        try {
            if (!pump.awaitEnd(millis)) {
                pump.abandon();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return pump.tail();
    }

    private int signal() {
        return status > SIGNALED && status <= SIGNALED + MOST_SIGNAL ? status - SIGNALED : 0;
    }

    boolean isKill() {
        return signal() == Signals.SIGKILL;
    }

    String text() {
        int signal = signal();
        return signal == 0 ? "exit code " + status : "killed by " + Signals.nameOf(signal) + " (signal " + signal + ")";
    }

    /** The error for a batch that the worker had begun. */
    Batch.Reason at(Batch batch, CrewWorker worker) {
        String who = worker.toString();
        String begin = who + " ended " + during(worker.slot.phase()) + " item " + batch.next() + " (";
        String rest = "): " + why(worker);
        Object item = batch.nextItem();
        long index = batch.next();
        return () -> {
            String text = Failure.textOf(item);
            String message = begin + text + rest;
            return withAccount(error(message), message, text, index, who);
        };
    }

    private static String during(int phase) {
        return switch (phase) {
            case PoolMemory.DECODING -> "while it deserialised the task or";
            case PoolMemory.ENCODING -> "while it serialised the result of";
            default -> "at";
        };
    }

    /** The error for those who wait, where workers end before they can do anything. */
    Batch.Reason before(CrewWorker worker, boolean isInitializing) {
        String message = (isInitializing ? worker + " ended in the initializer: "
                : worker + " ended before it could begin: ") + why(worker);
        return () -> error(message);
    }

    private String why(CrewWorker worker) {
        String killed = worker.killed;
        boolean exited = signal() == 0 && killed == null && report.isEmpty();
        return (killed != null ? "it was killed, as " + killed : text())
                + (exited && worker.isUp() ? reasonOfExit() : "")
                + (isKill() && killed == null ? ", perhaps by the system for want of memory" : "")
                + (report.isEmpty() ? "" : "; see " + report)
                + (errors.isEmpty() ? "" : "; it had written to standard error: " + quoted(errors))
                + (worker.isUp() || output.isEmpty() ? "" // a JVM that cannot start says why on standard output
                        : "; it had written to standard output: " + quoted(output));
    }

    /** Who may have called for an exit code; the codes that nobody else gives are known. */
    private String reasonOfExit() {
        return switch (status) {
            case ChildLife.EXIT_STUCK -> "";
            case PoolMemory.EXIT_ORPHANED -> ", as it took its pool's process for ended";
            case PoolMemory.EXIT_BROKEN -> ", as it could not go on, or report why";
            case EXIT_NO_MEMORY -> ", as -XX:+ExitOnOutOfMemoryError demands, or as System.exit or Runtime.halt was "
                    + "called in it";
            default -> ", as System.exit or Runtime.halt was called in it";
        };
    }

    private static String quoted(String text) {
        return text.length() <= MOST_QUOTED ? text : "..." + text.substring(text.length() - MOST_QUOTED);
    }

    private WorkerDiedException error(String message) {
        int signal = signal();
        return new WorkerDiedException(message, signal == 0 ? status : -1, signal == 0 ? "" : Signals.nameOf(signal),
                errors, report);
    }

    private static Throwable withAccount(Throwable error, String message, String item, long index, String worker) {
        error.addSuppressed(new WorkerException(message, item, index, worker, "", null));
        return error;
    }

    /** The error for an item that takes too long. */
    static Batch.Reason timedOut(PoolSettings settings, Batch batch, CrewWorker worker) {
        String who = worker.toString();
        Object item = batch.nextItem();
        long index = batch.next();
        return () -> {
            String text = Failure.textOf(item);
            return Failure.timedOut(Duration.ofNanos(settings.taskTimeoutNanos()),
                    "at item " + index + " (" + text + ")", text, index, who);
        };
    }

    /** The error for an initializer that takes too long. */
    static Batch.Reason lateInitializer(PoolSettings settings, CrewWorker worker) {
        String who = worker.toString();
        return () -> Failure.timedOut(Duration.ofNanos(settings.taskTimeoutNanos()), "in the initializer",
                "the initializer", -1, who);
    }
}
