package io.cleave;

/** A reference leads to something in a shared heap that has been freed, or dropped, since. */
public final class StaleReferenceException extends CleaveException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes an error with a message.
     *
     * @param message what was freed
     */
    public StaleReferenceException(String message) {
        super(message);
    }
}
