package io.cleave.sync;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** What the other process does in {@link SyncProcessesTest}. */
@SuppressWarnings({"LockNotBeforeTry", "SystemOut"})
final class SyncMain {
    static final int WORDS = 1_000;
    static final int SLEEPERS = 10_000;

    private SyncMain() {
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "hold" -> hold();
            case "lock" -> {
                SharedMutex.named("m").lock();
                System.out.println("held");
                Thread.sleep(Long.MAX_VALUE);
            }
            case "count" -> count(Integer.parseInt(arguments[1]));
            case "pong" -> pong(Integer.parseInt(arguments[1]));
            case "sleepers" -> sleepers();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void hold() throws Exception {
        SharedMutex.named("m").lock();
        SharedReadWriteLock lock = SharedReadWriteLock.named("rw");
        lock.readLock().lock();
        SharedSemaphore.named("s", 5).acquire(4);
        SharedSemaphore.named("used", 5).acquire(4);
        SharedSemaphore.named("used", 5).disown(3);
        System.out.println("held");
        Thread.sleep(Long.MAX_VALUE);
    }

    private static void count(int times) {
        try (SharedMutex mutex = SharedMutex.named("m"); SharedAtomicLong count = SharedAtomicLong.named("c")) {
            System.out.println("ready");
            for (int i = 0; i < times; i++) {
                mutex.lock();
                try {
                    count.setPlain(count.getPlain() + 1);
                } finally {
                    mutex.unlock();
                }
            }
        }
    }

    private static void pong(int rounds) throws InterruptedException {
        try (SharedSemaphore ping = SharedSemaphore.named("ping", 0);
                SharedSemaphore pong = SharedSemaphore.named("pong", 0)) {
            for (int i = 0; i < rounds; i++) {
                ping.acquire();
                ping.disown(1);
                pong.release();
            }
        }
    }

    /** Many virtual threads wait on many words, and all are woken. */
    private static void sleepers() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            List<SharedEvent> events = new ArrayList<>();
            for (int i = 0; i < WORDS; i++) {
                events.add(SharedEvent.at(arena.allocate(SharedEvent.BYTES, 64)));
            }
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < SLEEPERS; i++) {
                SharedEvent event = events.get(i % WORDS);
                threads.add(Thread.ofVirtual().start(() -> {
                    try {
                        event.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }));
            }
            long asleep = 0;
            while (asleep < SLEEPERS) {
                Thread.sleep(20);
                asleep = threads.stream().filter(thread -> thread.getState() == Thread.State.WAITING).count();
            }
            long start = System.nanoTime();
            events.forEach(SharedEvent::set);
            for (Thread thread : threads) {
                thread.join();
            }
            System.out.println("woken " + asleep + " in " + (System.nanoTime() - start) / 1_000_000 + " ms");
        }
    }
}
