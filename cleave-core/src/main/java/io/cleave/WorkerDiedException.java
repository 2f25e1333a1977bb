package io.cleave;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A process that computed for this one ended before its work was done. */
public final class WorkerDiedException extends CleaveException {
    private static final long serialVersionUID = 1L;

    /** The exit code, -1 where there is none. */
    private final int exitCode;
    /** The signal's name, empty where there is none. */
    private final String signal;
    /** The end of what it wrote to standard error. */
    private final String errorOutput;
    /** The path of HotSpot's report, empty where there is none. */
    private final String crashReport;

    /**
     * Makes an error with a message.
     *
     * @param message what went wrong, with the figures, and what to do about it
     */
    public WorkerDiedException(String message) {
        this(message, null);
    }

    /**
     * Makes an error with a message and a cause.
     *
     * @param message what went wrong, with the figures, and what to do about it
     * @param cause the error below, or null
     */
    public WorkerDiedException(String message, @Nullable Throwable cause) {
        super(message, cause);
        exitCode = -1;
        signal = "";
        errorOutput = "";
        crashReport = "";
    }

    /**
     * Makes an error that tells how the process ended.
     *
     * @param message what went wrong, with the figures, and what to do about it
     * @param exitCode its exit code, -1 where it has none
     * @param signal the name of the signal that ended it, empty where none did
     * @param errorOutput the end of what it wrote to standard error, empty where that is not known
     * @param crashReport the path of HotSpot's report, empty where there is none
     */
    public WorkerDiedException(String message, int exitCode, String signal, String errorOutput, String crashReport) {
        super(message, null);
        this.exitCode = exitCode;
        this.signal = signal;
        this.errorOutput = errorOutput;
        this.crashReport = crashReport;
    }

    /**
     * The process's exit code.
     *
     * @return 0 to 255; empty where a signal ended it, or where it is not known
     */
    public OptionalInt exitCode() {
        return exitCode < 0 ? OptionalInt.empty() : OptionalInt.of(exitCode);
    }

    /**
     * The signal that ended the process.
     *
     * @return its name, such as {@code "SIGKILL"}; empty where it exited, or where it is not known
     */
    public Optional<String> signal() {
        return signal.isEmpty() ? Optional.empty() : Optional.of(signal);
    }

    /**
     * The end of what the process wrote to standard error.
     *
     * @return at most 4 KiB of text, empty where there was none or it is not known
     */
    public String errorOutput() {
        return errorOutput;
    }

    /**
     * The report that HotSpot wrote of its crash.
     *
     * @return its path; empty where there was no crash, or no report was found
     */
    public Optional<Path> crashReport() {
        return crashReport.isEmpty() ? Optional.empty() : Optional.of(Path.of(crashReport));
    }
}
