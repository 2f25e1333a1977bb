package io.cleave.work;

import java.util.concurrent.Executor;

/**
 * Runs what follows from a time-out in a daemon thread of its own: the one that looks at the time does so for the whole JVM,
 * and must not wait for code of the caller's.
 */
public final class Apart {
    private Apart() {
    }

    /**
     * An executor that starts a thread for each command.
     *
     * @param name the threads'
     * @return the executor
     */
    public static Executor named(String name) {
        return command -> Thread.ofPlatform().daemon().name(name).start(command);
    }
}
