package io.cleave.pool;

/** Where the standard output and the standard error of worker JVMs go. Lines are never torn apart. */
public enum WorkerOutput {
    /** To {@link System#out} and {@link System#err} of the pool's JVM. */
    STREAMS,
    /** To the system logger {@code io.cleave.pool.worker}: output as INFO, errors as WARNING. */
    LOGGER,
    /** Nowhere. Errors of workers that die still quote the end of it. */
    DISCARD
}
