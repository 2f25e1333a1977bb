package io.cleave.fission;

import io.cleave.testing.Delays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;

/** A thread that holds a lock until another thread of the same process waits for it, or until it is closed. */
final class LockHolder implements AutoCloseable {
    private final ReentrantLock lock;
    private final boolean releases;
    private final Thread thread;
    private final CountDownLatch held = new CountDownLatch(1);
    private volatile boolean waitedFor;
    private volatile boolean closed;

    LockHolder(ReentrantLock lock) throws InterruptedException {
        this(lock, true);
    }

    LockHolder(ReentrantLock lock, boolean releases) throws InterruptedException {
        this.lock = lock;
        this.releases = releases;
        this.thread = Thread.ofPlatform().name("lock-holder").start(this::hold);
        held.await();
    }

    private void hold() {
        lock.lock();
        try {
            held.countDown();
            while (!closed && !(releases && waitedFor)) {
                waitedFor |= lock.hasQueuedThreads();
                Delays.pause(Delays.SHORT.dividedBy(10));
            }
        } finally {
            lock.unlock();
        }
    }

    boolean wasWaitedFor() {
        return waitedFor;
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
