package io.cleave.pool;

import java.io.Serializable;

/** What a worker does once, before its first task. */
@FunctionalInterface
public interface Initializer extends Serializable {
    /**
     * Prepares the worker.
     *
     * @throws Exception whatever goes wrong; the tasks that wait for a worker then fail with it
     */
    void run() throws Exception;
}
