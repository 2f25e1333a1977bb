package io.cleave.pool;

/** Hears how far a pool's work has come. It is called by the thread that takes the results, never by two at once. */
@FunctionalInterface
public interface ProgressListener {
    /**
     * Some items more are done.
     *
     * @param done how many items are done so far
     * @param total how many there are, or -1 where nobody knows yet
     */
    void onProgress(long done, long total);
}
