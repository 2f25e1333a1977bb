package io.cleave.fission;

import io.cleave.work.Sneaky;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Reads an iterator in a thread of its own, as far as it is told to: an iterator may wait for whatever it likes, and so
 * does nobody else, neither who has results to hand on nor who wants to end.
 */
final class Feeder implements AutoCloseable {
    private static final long TURN_NANOS = 1_000_000;

    private final Iterable<?> items;
    /** Guards all that is below. */
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition wanted = lock.newCondition();
    private final Condition arrived = lock.newCondition();
    private List<@Nullable Object> fed = new ArrayList<>();
    /** How many items may lie in {@link #fed} before more of them are asked for. */
    private int most;
    private boolean over;
    private boolean closed;
    private @Nullable Throwable failure;

    /** Held by the feeder while the iterator's code runs. */
    private final ReentrantLock turn = new ReentrantLock();
    private final Thread thread;

    Feeder(Iterable<?> items) {
        this.items = items;
        this.thread = Thread.ofPlatform().daemon().name("cleave-fission-feeder").unstarted(this::feed);
    }

    void start() {
        thread.start();
    }

    private void feed() {
        Throwable thrown = null;
        try {
            Iterator<?> each = items.iterator();
            boolean more = true;
            while (more) {
                more = awaitRoom() && feedNext(each);
            }
        } catch (Throwable t) {
            thrown = t;
        }
        lock.lock();
        try {
            over = true;
            failure = thrown;
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean awaitRoom() {
        lock.lock();
        try {
            while (fed.size() >= most && !closed) {
                wanted.awaitUninterruptibly();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private boolean feedNext(Iterator<?> each) {
        Object item;
        turn.lock();
        try {
            if (!each.hasNext()) {
                return false;
            }
            item = each.next();
        } finally {
            turn.unlock();
        }
        lock.lock();
        try {
            fed.add(item);
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
        return true;
    }

    /**
     * Takes what has been read, and has more read until it is enough.
     *
     * @param count how many items at most
     * @param least with fewer than these nothing is taken yet, but at the end
     * @param nanos how long to wait at most
     * @return the items, perhaps none
     */
    @Nullable Object[] take(int count, int least, long nanos) {
        lock.lock();
        try {
            most = count;
            wanted.signalAll();
            await(least, nanos);
            if (fed.isEmpty() && failure != null) {
                throw Sneaky.rethrow(failure);
            }
            if (fed.size() < least && !over) {
                return new Object[0];
            }
            List<@Nullable Object> first = fed.subList(0, Math.min(count, fed.size()));
            @Nullable Object[] taken = first.toArray();
            first.clear();
            most = 0; // nothing is read that nobody has asked for
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private void await(int least, long nanos) {
        long left = nanos;
        try {
            while (fed.size() < least && !over && left > 0) {
                left = arrived.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // whoever drives the run sees it
        }
    }

    /** Whether all items have been read and taken. */
    boolean isOver() {
        lock.lock();
        try {
            return over && failure == null && fed.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Does something while the iterator's code is not running, if that can be had in a moment: a fork then copies none of the
     * locks that it may hold.
     *
     * @param action what to do
     */
    void between(Runnable action) {
        boolean mine = false;
        long deadline = System.nanoTime() + TURN_NANOS;
        while (!mine && System.nanoTime() - deadline < 0) {
            mine = turn.tryLock();
            if (!mine) {
                Nap.of(TURN_NANOS / 20);
            }
        }
        try {
            action.run();
        } finally {
            if (mine) {
                turn.unlock();
            }
        }
    }

    /** Ends the reading; waits for nothing. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            wanted.signalAll();
        } finally {
            lock.unlock();
        }
        thread.interrupt(); // the iterator may be waiting
    }
}
