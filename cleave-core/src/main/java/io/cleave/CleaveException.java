package io.cleave;

import org.jspecify.annotations.Nullable;

/**
 * The base of every error that Cleave raises because of the outside world: what the system refused, what another
 * process did or left undone, what shared memory turned out to hold. Misuse by the caller is reported by
 * {@link IllegalArgumentException} and {@link IllegalStateException} instead.
 */
public class CleaveException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes an error with a message.
     *
     * @param message what went wrong, with the figures, and what to do about it
     */
    public CleaveException(String message) {
        super(message);
    }

    /**
     * Makes an error with a message and a cause.
     *
     * @param message what went wrong, with the figures, and what to do about it
     * @param cause the error below, or null
     */
    public CleaveException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
