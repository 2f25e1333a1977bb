package io.cleave;

import org.jspecify.annotations.Nullable;

/** A process that computed for this one ended before its work was done. */
public final class WorkerDiedException extends CleaveException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes an error with a message.
     *
     * @param message what went wrong, with the figures, and what to do about it
     */
    public WorkerDiedException(String message) {
        super(message);
    }

    /**
     * Makes an error with a message and a cause.
     *
     * @param message what went wrong, with the figures, and what to do about it
     * @param cause the error below, or null
     */
    public WorkerDiedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
