package io.cleave;

import org.jspecify.annotations.Nullable;

/** The process that held a lock died without giving it back, and what the lock guards may be half-changed. */
public final class OwnerDiedException extends CleaveException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes an error with a message.
     *
     * @param message what went wrong, with the figures, and what to do about it
     */
    public OwnerDiedException(String message) {
        super(message);
    }

    /**
     * Makes an error with a message and a cause.
     *
     * @param message what went wrong, with the figures, and what to do about it
     * @param cause the error below, or null
     */
    public OwnerDiedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
