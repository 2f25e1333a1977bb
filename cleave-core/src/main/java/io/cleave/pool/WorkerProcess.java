package io.cleave.pool;

import java.io.InputStream;

/** A worker's process, however it was made. */
interface WorkerProcess {
    long pid();

    /** Ends it as {@code kill -9} does, if it has not ended. */
    void kill();

    /** Waits for its end, interrupted or not; returns its exit code, or 128 and a signal's number. To be called once. */
    int awaitEnd();

    /** What it writes to standard output. */
    InputStream output();

    /** What it writes to standard error. */
    InputStream errors();

    /**
     * A process that was started.
     *
     * @param process the process
     */
    record Spawned(Process process) implements WorkerProcess {
        @Override
        public long pid() {
            return process.pid();
        }

        @Override
        public void kill() {
            process.destroyForcibly();
        }

        /** Waits here: the thread in which {@link Process#onExit} completes has a stack too small for much else. */
        @Override
        public int awaitEnd() {
            boolean ended = false;
            while (!ended) {
                try {
                    process.waitFor();
                    ended = true;
                } catch (InterruptedException e) {
                    // nobody of ours does that, and the process has not ended
                }
            }
            return process.exitValue();
        }

        @Override
        public InputStream output() {
            return process.getInputStream();
        }

        @Override
        public InputStream errors() {
            return process.getErrorStream();
        }
    }
}
