package io.cleave;

import org.jspecify.annotations.Nullable;

/** A text is not a token of shared data, or not one that this version understands. */
public final class TokenException extends CleaveException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes an error with a message.
     *
     * @param message what went wrong, with the figures, and what to do about it
     */
    public TokenException(String message) {
        super(message);
    }

    /**
     * Makes an error with a message and a cause.
     *
     * @param message what went wrong, with the figures, and what to do about it
     * @param cause the error below, or null
     */
    public TokenException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
