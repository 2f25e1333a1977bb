package io.cleave.sync;

import io.cleave.memory.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.locks.Condition;

/** Uses a named object once, in a process that may be made to die at any of its stores. */
@SuppressWarnings({"LockNotBeforeTry", "WaitNotInLoop"})
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
            case "slot" -> mutex(SharedMutex.at(Arena.global().allocate(SharedMutex.BYTES, 8)));
            default -> onBlock(arguments[0], SharedMemory.open(name).segment());
        }
        Runtime.getRuntime().halt(0); // nothing is closed, as with the others
    }

    /** Uses that wait for what the test holds. */
    private static void onBlock(String use, MemorySegment segment) throws Exception {
        switch (use) {
            case "mutex-wait" -> {
                SharedMutex mutex = SharedMutex.at(segment);
                mutex.acquire();
                mutex.consistent();
                mutex.unlock();
            }
            case "mutex-wait-async" -> {
                SharedMutex mutex = SharedMutex.at(segment);
                mutex.acquireAsync().get().close();
            }
            case "mutex-give-up" -> SharedMutex.at(segment).tryAcquire(Duration.ofMillis(20));
            case "condition-wait" -> {
                SharedMutex mutex = SharedMutex.at(segment);
                mutex.acquire();
                mutex.condition(0).await();
                mutex.unlock();
            }
            case "semaphore-wait" -> {
                SharedSemaphore semaphore = SharedSemaphore.at(segment);
                semaphore.acquire(2);
                semaphore.release(2);
            }
            case "semaphore-wait-async" -> {
                SharedSemaphore semaphore = SharedSemaphore.at(segment);
                semaphore.acquireAsync().get();
                semaphore.release();
            }
            case "semaphore-give-up" -> SharedSemaphore.at(segment).tryAcquire(2, Duration.ofMillis(20));
            case "write-wait" -> {
                SharedReadWriteLock lock = SharedReadWriteLock.at(segment);
                lock.writeLock().lock();
                lock.writeLock().unlock();
            }
            case "read-wait" -> {
                SharedReadWriteLock lock = SharedReadWriteLock.at(segment);
                lock.readLock().lock();
                lock.readLock().unlock();
            }
            case "event-wait" -> SharedEvent.at(segment).await();
            case "latch-wait" -> SharedCountDownLatch.at(segment).await();
            case "barrier-wait" -> barrier(SharedBarrier.at(segment));
            default -> throw new IllegalArgumentException(use);
        }
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
