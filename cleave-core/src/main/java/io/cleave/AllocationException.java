package io.cleave;

import org.jspecify.annotations.Nullable;

/** Memory that was asked for could not be reserved: the device is full, or a limit was met. */
public final class AllocationException extends CleaveException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes an error with a message.
     *
     * @param message what went wrong, with the figures, and what to do about it
     */
    public AllocationException(String message) {
        super(message);
    }

    /**
     * Makes an error with a message and a cause.
     *
     * @param message what went wrong, with the figures, and what to do about it
     * @param cause the error below, or null
     */
    public AllocationException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
