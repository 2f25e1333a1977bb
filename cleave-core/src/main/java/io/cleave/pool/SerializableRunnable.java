package io.cleave.pool;

import java.io.Serializable;

/** A {@link Runnable} that can be sent to another JVM. */
@FunctionalInterface
public interface SerializableRunnable extends Runnable, Serializable {}
