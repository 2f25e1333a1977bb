package io.cleave.cli.lines;

/** What computes. */
public enum PoolKind {
    /** JVMs of their own. */
    PROCESS,
    /** Threads of this JVM. */
    THREAD,
    /** Forked copies of this JVM. */
    FISSION
}
