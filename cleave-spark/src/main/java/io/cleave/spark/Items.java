package io.cleave.spark;

import io.cleave.work.Absent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The items of a run, taken by one thread. Those of a collection come straight from its iterator; other iterators may
 * make their caller wait, and are read by a thread of their own, so that what is there already need not wait for what
 * is not.
 */
final class Items {
    private final Iterable<?> source;
    private final boolean isCollection;
    private final String threadName;
    private @Nullable Iterator<?> iterator;
    private long taken;

    private final ReentrantLock lock = new ReentrantLock();
    /** Something was read, or nothing more will be. */
    private final Condition news = lock.newCondition();
    /** More is wanted, or nothing more is. */
    private final Condition room = lock.newCondition();
    /** Read and not taken. Guarded by lock. */
    private final Deque<Object> read = new ArrayDeque<>();
    /** How many items may lie here. Guarded by lock. */
    private long wanted;
    /** Guarded by lock. */
    private boolean exhausted;
    /** What the iterator has thrown. Guarded by lock. */
    private @Nullable Throwable thrown;
    /** Guarded by lock. */
    private @Nullable Thread reader;
    /** Guarded by lock. */
    private boolean closed;

    Items(Iterable<?> source, String threadName) {
        this.source = source;
        this.isCollection = source instanceof Collection;
        this.threadName = threadName;
    }

    /** How many there are in all; less than 0 where nobody knows. */
    long total() {
        return source instanceof Collection<?> all ? all.size() : -1;
    }

    /** How many are left; a large number where nobody knows. */
    long left() {
        return source instanceof Collection<?> all ? Math.max(0, all.size() - taken) : Long.MAX_VALUE;
    }

    /**
     * Takes items: all that are wanted where they come from a collection, and otherwise those that are there, waiting
     * for one at least.
     *
     * @param most how many are wanted
     * @param ahead how many an iterator's reader may have ready for the next call
     * @param nanos how long to wait for one
     * @return the items; none at the end, or where none has come in that time
     * @throws Throwable what the iterator throws, once all before it is taken
     */
    List<@Nullable Object> take(int most, int ahead, long nanos) throws Throwable {
        List<@Nullable Object> items = new ArrayList<>(Math.min(most, 1024));
        if (isCollection) {
            takeNow(items, most);
        } else {
            await(items, most, ahead, nanos);
        }
        taken += items.size();
        return items;
    }

    private void takeNow(List<@Nullable Object> items, int most) throws Throwable {
        if (thrown != null) {
            throw thrown;
        }
        try {
            if (iterator == null) {
                iterator = source.iterator();
            }
            while (items.size() < most && iterator.hasNext()) {
                items.add(iterator.next());
            }
        } catch (Throwable t) {
            thrown = t;
            if (items.isEmpty()) {
                throw t;
            }
        }
    }

    private void await(List<@Nullable Object> items, int most, int ahead, long nanos)
            throws Throwable {
        lock.lock();
        try {
            wanted = ahead;
            room.signal();
            if (reader == null) {
                reader = Thread.ofPlatform().daemon().name(threadName + "-reader").start(this::readAll);
            }
            long left = nanos;
            while (read.isEmpty() && !exhausted && !closed && left > 0) {
                left = news.awaitNanos(left);
            }
            while (items.size() < most && !read.isEmpty()) {
                items.add(Absent.value(read.poll()));
            }
            room.signal();
            if (items.isEmpty() && thrown != null) {
                throw thrown;
            }
        } finally {
            lock.unlock();
        }
    }

    private void readAll() {
        Throwable failure = null;
        try {
            Iterator<?> each = source.iterator();
            while (awaitRoom() && each.hasNext()) {
                add(each.next());
            }
        } catch (Throwable t) {
            failure = t;
        }
        lock.lock();
        try {
            thrown = failure;
            exhausted = true;
            news.signal();
        } finally {
            lock.unlock();
        }
    }

    private boolean awaitRoom() throws InterruptedException {
        lock.lock();
        try {
            while (!closed && read.size() >= wanted) {
                room.await();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private void add(@Nullable Object item) {
        lock.lock();
        try {
            read.add(Absent.entry(item));
            news.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Has nothing more be read; interrupts an iterator that waits. */
    void close() {
        lock.lock();
        try {
            closed = true;
            if (reader != null) {
                reader.interrupt();
            }
            news.signal();
            room.signal();
        } finally {
            lock.unlock();
        }
    }
}
