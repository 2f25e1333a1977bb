package io.cleave.sync;

import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.locks.Condition;

/** Uses a named object once, in a process that may be made to die at any of its stores. */
@SuppressWarnings("LockNotBeforeTry")
final class CrashingUser {

    private CrashingUser() {
    }

    public static void main(String[] arguments) throws Exception {
        String name = arguments[1];
        switch (arguments[0]) {
            case "mutex" -> mutex(SharedMutex.named(name));
            case "signal" -> signal(SharedMutex.named(name));
            case "semaphore" -> semaphore(SharedSemaphore.named(name, 3));
            case "rw" -> readWrite(SharedReadWriteLock.named(name));
            case "event" -> event(SharedEvent.named(name));
            case "latch" -> SharedCountDownLatch.named(name, 1).countDown();
            case "barrier" -> barrier(SharedBarrier.named(name, 2));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        Runtime.getRuntime().halt(0); // nothing is closed, as with the others
    }

    private static void mutex(SharedMutex mutex) {
        mutex.lock();
        mutex.lock();
        mutex.unlock();
        mutex.unlock();
        mutex.acquire();
        mutex.unlock();
    }

    private static void signal(SharedMutex mutex) {
        Condition condition = mutex.condition(0);
        mutex.lock();
        condition.signal();
        mutex.unlock();
    }

    private static void semaphore(SharedSemaphore semaphore) throws InterruptedException {
        semaphore.acquire(2);
        semaphore.release();
        semaphore.acquire();
        semaphore.release(2);
    }

    private static void readWrite(SharedReadWriteLock lock) {
        lock.readLock().lock();
        lock.readLock().unlock();
        lock.writeLock().lock();
        lock.writeLock().lock();
        lock.readLock().lock();
        lock.writeLock().unlock();
        lock.writeLock().unlock();
        lock.readLock().unlock();
    }

    private static void event(SharedEvent event) {
        event.set();
        event.clear();
        event.set();
    }

    private static void barrier(SharedBarrier barrier) throws InterruptedException {
        try {
            barrier.await();
        } catch (BrokenBarrierException e) {
            throw new AssertionError(e);
        }
        barrier.close();
    }
}
