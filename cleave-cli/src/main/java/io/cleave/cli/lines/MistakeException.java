package io.cleave.cli.lines;

/** What the user has written cannot be used; the message says all that there is to say. */
public final class MistakeException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what is wrong, and what would be right
     */
    public MistakeException(String message) {
        super(message);
    }
}
