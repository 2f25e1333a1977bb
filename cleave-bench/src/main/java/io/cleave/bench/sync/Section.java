package io.cleave.bench.sync;

import io.cleave.sync.SharedMutex;
import io.cleave.sync.SharedSemaphore;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;

/** Something that lets one in at a time: a lock, or a semaphore with one permit. */
interface Section {
    void enter();

    void leave();

    /**
     * The section of a subject.
     *
     * @param sort {@code mutex} or {@code semaphore}
     * @param way whose
     * @param memory zeroes, or what the leading side has made
     * @param leads whether to make what has to be made once
     */
    static Section of(String sort, String way, MemorySegment memory, boolean leads) {
        return switch (sort + " " + way) {
            case "mutex cleave" -> new CleaveMutex(SharedMutex.at(memory));
            case "mutex ReentrantLock" -> new Reentrant(new ReentrantLock());
            case "mutex glibc-robust" -> new Robust(robust(memory, leads));
            case "mutex glibc-robust-lock-only" -> new RobustLockOnly(robust(memory, leads));
            case "mutex bare-futex" -> new FutexMutex(memory.asSlice(0, Integer.BYTES));
            case "mutex bare-spin" -> new SpinMutex(memory);
            case "semaphore cleave" -> new CleaveSemaphore(SharedSemaphore.at(memory, 1));
            case "semaphore Semaphore" -> new JavaSemaphore(new Semaphore(1));
            case "semaphore glibc-semaphore" -> new LibcSemaphore(libcSemaphore(memory, 1, leads));
            default -> throw new IllegalArgumentException(sort + " " + way);
        };
    }

    private static MemorySegment robust(MemorySegment memory, boolean leads) {
        MemorySegment mutex = memory.asSlice(0, Libc.BYTES);
        if (leads) {
            Libc.initRobust(mutex, memory.asSlice(Libc.BYTES, Libc.BYTES));
        }
        return mutex;
    }

    /** A semaphore of the C library's, made by the leading side. */
    static MemorySegment libcSemaphore(MemorySegment memory, int permits, boolean leads) {
        MemorySegment semaphore = memory.asSlice(0, Libc.BYTES);
        if (leads) {
            Libc.initSemaphore(semaphore, permits);
        }
        return semaphore;
    }

    /** {@link SharedMutex} as users call it. */
    record CleaveMutex(SharedMutex mutex) implements Section {
        @Override
        public void enter() {
            mutex.lock();
        }

        @Override
        public void leave() {
            mutex.unlock();
        }
    }

    /** The lock of java.util.concurrent, for threads of one process only. */
    record Reentrant(ReentrantLock lock) implements Section {
        @Override
        @SuppressWarnings("LockNotBeforeTry") // the callers measure
        public void enter() {
            lock.lock();
        }

        @Override
        public void leave() {
            lock.unlock();
        }
    }

    /** The C library's robust mutex. Trying first spares it the dearer downcall that a function which may block needs. */
    record Robust(MemorySegment mutex) implements Section {
        @Override
        public void enter() {
            if (!Libc.tryLock(mutex)) {
                Libc.lock(mutex);
            }
        }

        @Override
        public void leave() {
            Libc.unlock(mutex);
        }
    }

    /** The same without trying first. */
    record RobustLockOnly(MemorySegment mutex) implements Section {
        @Override
        public void enter() {
            Libc.lock(mutex);
        }

        @Override
        public void leave() {
            Libc.unlock(mutex);
        }
    }

    /** The least that sleeps: free, held, or held and somebody may sleep. It knows no owner and survives no death. */
    record FutexMutex(MemorySegment word) implements Section {
        private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
        private static final int FREE = 0;
        private static final int HELD = 1;
        private static final int AWAITED = 2;

        @Override
        public void enter() {
            if (!INT.compareAndSet(word, 0L, FREE, HELD)) {
                while ((int) INT.getAndSet(word, 0L, AWAITED) != FREE) {
                    Libc.futexWait(word, AWAITED);
                }
            }
        }

        @Override
        public void leave() {
            if ((int) INT.getAndSet(word, 0L, FREE) == AWAITED) {
                Libc.futexWake(word);
            }
        }
    }

    /** The least that excludes: it never sleeps. */
    record SpinMutex(MemorySegment word) implements Section {
        private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

        @Override
        public void enter() {
            while (!LONG.compareAndSet(word, 0L, 0L, 1L)) {
                while ((long) LONG.getAcquire(word, 0L) != 0) {
                    Thread.onSpinWait();
                }
            }
        }

        @Override
        public void leave() {
            LONG.setRelease(word, 0L, 0L);
        }
    }

    /** {@link SharedSemaphore} as users call it. */
    record CleaveSemaphore(SharedSemaphore semaphore) implements Section {
        @Override
        public void enter() {
            semaphore.acquireUninterruptibly();
        }

        @Override
        public void leave() {
            semaphore.release();
        }
    }

    /** The semaphore of java.util.concurrent, for threads of one process only. */
    record JavaSemaphore(Semaphore semaphore) implements Section {
        @Override
        public void enter() {
            semaphore.acquireUninterruptibly();
        }

        @Override
        public void leave() {
            semaphore.release();
        }
    }

    /** The C library's semaphore, which forgets the permits of the dead. */
    record LibcSemaphore(MemorySegment semaphore) implements Section {
        @Override
        public void enter() {
            Libc.acquire(semaphore);
        }

        @Override
        public void leave() {
            Libc.post(semaphore);
        }
    }
}
