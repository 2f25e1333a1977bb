package io.cleave.sync;

import io.cleave.memory.SharedMemory;
import io.cleave.os.CrashPoint;
import io.cleave.testing.Delays;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.locks.Condition;

/** Uses a named object once, in a process that may be made to die at any of its stores. */
@SuppressWarnings({"LockNotBeforeTry", "WaitNotInLoop", "SystemOut"})
final class CrashingUser {

    private CrashingUser() {
    }

    public static void main(String[] arguments) throws Exception {
        String name = arguments.length > 1 ? arguments[1] : "";
        switch (arguments[0]) {
            case "mutex" -> mutex(SharedMutex.named(name));
            case "signal" -> signal(SharedMutex.named(name));
            case "semaphore" -> semaphore(SharedSemaphore.named(name, 3));
            case "rw" -> readWrite(SharedReadWriteLock.named(name));
            case "event" -> event(SharedEvent.named(name));
            case "latch" -> SharedCountDownLatch.named(name, 1).countDown();
            case "barrier" -> barrier(SharedBarrier.named(name, 2));
            case "closing" -> closing(arguments[1], arguments[2], Integer.parseInt(arguments[3]));
            case "slot" -> mutex(SharedMutex.at(Arena.global().allocate(SharedMutex.BYTES, 8)));
            default -> onBlock(arguments[0], SharedMemory.open(name).segment());
        }
        Runtime.getRuntime().halt(0); // nothing is closed, as with the others
    }

    /** Uses that wait for what the test holds. */
    private static void onBlock(String use, MemorySegment segment) throws Exception {
        switch (use) {
            case "mutex-wait-async" -> {
                SharedMutex mutex = SharedMutex.at(segment);
                mutex.acquireAsync().get().close();
            }
            case "condition-wait" -> {
                SharedMutex mutex = SharedMutex.at(segment);
                mutex.acquire();
                mutex.condition(0).await();
                mutex.unlock();
            }
            case "semaphore-wait-async" -> {
                SharedSemaphore semaphore = SharedSemaphore.at(segment);
                semaphore.acquireAsync().get();
                semaphore.release();
            }
            case "barrier-wait" -> barrier(SharedBarrier.at(segment));
            default -> throw new IllegalArgumentException(use);
        }
    }

    /** Closes a handle under a thread that waits through it, and dies at a step of that. */
    private static void closing(String kind, String name, int step) throws Exception {
        AutoCloseable handle = open(kind, name);
        Thread waiter = Thread.ofPlatform().daemon().start(() -> {
            try {
                await(handle);
            } catch (IllegalStateException e) {
                System.out.println("sent away");
            } catch (Exception e) {
                System.out.println(e);
            }
        });
        Delays.pause(Delays.SHORT);
        CrashPoint.dieAt(step);
        handle.close();
        waiter.join();
    }

    private static AutoCloseable open(String kind, String name) {
        return switch (kind) {
            case "condition" -> SharedMutex.named(name);
            case "semaphore" -> SharedSemaphore.named(name, 3);
            case "rw" -> SharedReadWriteLock.named(name);
            case "latch" -> SharedCountDownLatch.named(name, 1);
            case "barrier" -> SharedBarrier.named(name, 3);
            default -> throw new IllegalArgumentException(kind);
        };
    }

    private static void await(AutoCloseable handle) throws Exception {
        switch (handle) {
            case SharedMutex mutex -> {
                mutex.acquire();
                mutex.condition(0).await();
            }
            case SharedSemaphore semaphore -> semaphore.acquire(2);
            case SharedReadWriteLock lock -> lock.writeLock().lock();
            case SharedCountDownLatch latch -> latch.await();
            case SharedBarrier barrier -> barrier.await();
            default -> throw new IllegalArgumentException(handle.toString());
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
