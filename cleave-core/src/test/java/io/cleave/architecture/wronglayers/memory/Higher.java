package io.cleave.architecture.wronglayers.memory;

/** What a class of a lower layer must not know: see {@code ArchitectureTest}. */
public final class Higher {}
