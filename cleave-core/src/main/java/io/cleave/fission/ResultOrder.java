package io.cleave.fission;

import io.cleave.work.Absent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The way of results from chunks of windows to the consumer: in the order of the items where that is wanted, so that what
 * comes early waits for what is due; and up to the first failed item, where one has failed.
 */
final class ResultOrder {
    private static final long MOST_BUFFERED = 64L << 20;

    private final boolean ordered;
    private final Deque<Window> windows = new ArrayDeque<>();
    private Deque<Object> ready = new ArrayDeque<>();
    private Deque<Object> spare = new ArrayDeque<>();
    private long delivered;
    private long bufferedBytes;
    /** Set where an ordered run has met a failure at its place: nothing behind it is wanted. */
    private @Nullable Window failedWindow;
    private int failedChunk;

    ResultOrder(boolean ordered) {
        this.ordered = ordered;
    }

    // What the consumer takes

    boolean isReady() {
        return !ready.isEmpty();
    }

    int readyCount() {
        return ready.size();
    }

    /** Takes the next result, of those that are there. */
    @Nullable Object take() {
        return value(ready.remove());
    }

    /** Takes all results that are there; they are given back by {@link #emptied}. */
    Deque<Object> takeAll() {
        Deque<Object> taken = ready;
        ready = spare;
        return taken;
    }

    /** Gives back what {@link #takeAll} gave. */
    void emptied(Deque<Object> taken) {
        taken.clear();
        spare = taken;
    }

    /** What an entry of {@link #takeAll} stands for. */
    static @Nullable Object value(Object entry) {
        return Absent.value(entry);
    }

    /** Hands a result on. */
    void deliver(@Nullable Object value) {
        ready.add(Absent.entry(value));
        delivered++;
    }

    /** How many results have been handed on, ever. */
    long delivered() {
        return delivered;
    }

    // Windows and chunks

    void add(Window window) {
        windows.add(window);
    }

    Iterable<Window> windows() {
        return windows;
    }

    int windowCount() {
        return windows.size();
    }

    /** Whether all results of all windows have been handed on. */
    boolean isDelivered() {
        Window last = windows.peekLast();
        return last == null || (windows.size() == 1 && last.isDelivered());
    }

    /** A result of a chunk is there. One that comes behind a failure is not wanted. */
    void receive(Window window, int number, @Nullable Object value, int bytes) {
        if (isUnwanted(window, number)) {
            return;
        }
        Window.Chunk chunk = window.chunks[number];
        chunk.received++;
        if (!ordered || (window == windows.peek() && number == window.due && chunk.early.isEmpty())) {
            deliver(value);
        } else {
            chunk.early.add(Absent.entry(value));
            chunk.earlyBytes += bytes;
            bufferedBytes += bytes;
        }
    }

    /**
     * Hands on what is due: the results of the first chunk that is not complete, and of the complete ones before it.
     *
     * @return the failure that is due, or null
     */
    @Nullable Throwable releaseDue() {
        Throwable due = null;
        while (due == null && !windows.isEmpty()) {
            Window window = windows.element();
            due = releaseDue(window);
            if (due != null || !window.isDelivered()) {
                break;
            }
            windows.remove();
            window.close();
        }
        return due;
    }

    private @Nullable Throwable releaseDue(Window window) {
        while (!window.isDelivered()) {
            Window.Chunk chunk = window.chunks[window.due];
            ready.addAll(chunk.early);
            delivered += chunk.early.size();
            bufferedBytes -= chunk.earlyBytes;
            chunk.early = new ArrayList<>(0);
            chunk.earlyBytes = 0;
            if (chunk.failure != null) {
                return chunk.failure;
            }
            if (!chunk.ended) {
                return null;
            }
            window.due++;
        }
        return null;
    }

    /** Whether a child's results are wanted now: all are, unless too much waits already for results before them. */
    boolean mayDrain(Child child) {
        Window first = windows.peek();
        return !ordered || bufferedBytes < MOST_BUFFERED || first == null || first.ownerAcquire(first.due) <= 0
                || (child.window == first && first.ownerAcquire(first.due) == child.number);
    }

    void close() {
        windows.forEach(Window::close);
        windows.clear();
    }

    // A failure at its place

    /** The computing of a chunk has failed: results before it are still wanted, and nothing behind it. */
    void failAt(Window window, int chunk, Throwable thrown) {
        if (isBehindFailure(window, chunk)) {
            return;
        }
        window.chunks[chunk].failure = thrown;
        failedWindow = window;
        failedChunk = chunk;
    }

    boolean hasFailed() {
        return failedWindow != null;
    }

    /** Whether a chunk comes behind the one that has failed, or is it. */
    boolean isUnwanted(Window window, int chunk) {
        return (window == failedWindow && chunk == failedChunk) || isBehindFailure(window, chunk);
    }

    /** Whether a chunk comes behind the one that has failed. */
    boolean isBehindFailure(Window window, int chunk) {
        if (failedWindow == null) {
            return false;
        }
        if (window == failedWindow) {
            return chunk > failedChunk;
        }
        for (Window each : windows) {
            if (each == window) {
                return false;
            }
            if (each == failedWindow) {
                return true;
            }
        }
        return true;
    }

    /** How many chunks of a window are wanted: all, or those before the failed one. */
    int wanted(Window window) {
        if (window == failedWindow) {
            return failedChunk;
        }
        return isBehindFailure(window, 0) ? 0 : window.chunks.length;
    }
}
