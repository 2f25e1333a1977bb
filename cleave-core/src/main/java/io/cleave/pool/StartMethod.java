package io.cleave.pool;

/** How the workers of a {@link ProcessPool} come into being. */
public enum StartMethod {
    /** A new JVM, which starts with the class path and options of this one, and with nothing of its memory. */
    SPAWN,

    /**
     * A copy of this JVM as it is at that moment, made in milliseconds: warm, with every class, every class loader, all
     * compiled code and all objects, but without the program's other threads. It does not fork itself: a
     * {@code Fission} that is used in it computes there.
     */
    FORK
}
