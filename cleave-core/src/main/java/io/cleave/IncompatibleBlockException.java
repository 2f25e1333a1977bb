package io.cleave;

import org.jspecify.annotations.Nullable;

/** A block of shared memory is not what was expected: another format, size or kind, another user's, or damaged. */
public final class IncompatibleBlockException extends CleaveException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes an error with a message.
     *
     * @param message what went wrong, with the figures, and what to do about it
     */
    public IncompatibleBlockException(String message) {
        super(message);
    }

    /**
     * Makes an error with a message and a cause.
     *
     * @param message what went wrong, with the figures, and what to do about it
     * @param cause the error below, or null
     */
    public IncompatibleBlockException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
