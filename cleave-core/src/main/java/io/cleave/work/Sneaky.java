package io.cleave.work;

/** Throws any exception as it is, so that a caller gets the type that the task threw. */
public final class Sneaky {
    private Sneaky() {
    }

    /**
     * Throws an exception that the caller need not declare.
     *
     * @param thrown any exception
     * @param <E> what the compiler takes it for
     * @return never
     * @throws E the exception
     */
    @SuppressWarnings("unchecked")
    public static <E extends Throwable> RuntimeException rethrow(Throwable thrown) throws E {
        throw (E) thrown;
    }
}
