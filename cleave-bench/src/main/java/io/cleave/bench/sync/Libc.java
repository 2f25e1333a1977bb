package io.cleave.bench.sync;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.cleave.os.Futex;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * What the C library offers for synchronization between processes, called as cheaply as that is legal: functions that
 * never block go by critical downcalls, which do not tell the JVM that the thread has left; functions that may block must
 * not, as a collection would wait for them.
 */
final class Libc {
    /** Bytes that are enough for a {@code pthread_mutex_t}, its attributes, or a {@code sem_t}, on any processor. */
    static final long BYTES = 64;

    private static final int PTHREAD_PROCESS_SHARED = 1;
    private static final int PTHREAD_MUTEX_ROBUST = 1;
    private static final FunctionDescriptor POINTER = FunctionDescriptor.of(JAVA_INT, ADDRESS);
    private static final FunctionDescriptor POINTER_AND_INT = FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT);
    private static final Linker.Option CRITICAL = Linker.Option.critical(false);
    private static final Linker.Option ONE_BEFORE_THE_DOTS = Linker.Option.firstVariadicArg(1);

    private static final MethodHandle ATTRIBUTES = handle("pthread_mutexattr_init", POINTER);
    private static final MethodHandle SET_SHARED = handle("pthread_mutexattr_setpshared", POINTER_AND_INT);
    private static final MethodHandle SET_ROBUST = handle("pthread_mutexattr_setrobust", POINTER_AND_INT);
    private static final MethodHandle MUTEX = handle("pthread_mutex_init",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle LOCK = handle("pthread_mutex_lock", POINTER);
    private static final MethodHandle TRY_LOCK = handle("pthread_mutex_trylock", POINTER, CRITICAL);
    private static final MethodHandle UNLOCK = handle("pthread_mutex_unlock", POINTER, CRITICAL);
    private static final MethodHandle SEMAPHORE = handle("sem_init",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
    private static final MethodHandle WAIT = handle("sem_wait", POINTER);
    private static final MethodHandle TRY_WAIT = handle("sem_trywait", POINTER, CRITICAL);
    private static final MethodHandle POST = handle("sem_post", POINTER, CRITICAL);
    private static final MethodHandle THREAD_ID = handle("gettid", FunctionDescriptor.of(JAVA_INT));
    private static final FunctionDescriptor SYSTEM_CALL = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, ADDRESS,
            JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle FUTEX_WAIT = handle("syscall", SYSTEM_CALL, ONE_BEFORE_THE_DOTS);
    private static final MethodHandle FUTEX_WAKE = handle("syscall", SYSTEM_CALL, ONE_BEFORE_THE_DOTS, CRITICAL);
    private static final long FUTEX = Futex.number();

    private Libc() {
    }

    @SuppressWarnings("restricted") // that is what this class is for
    private static MethodHandle handle(String name, FunctionDescriptor shape, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), shape, options);
    }

    /** Makes a robust mutex for several processes; the attributes are needed for the call only. */
    static void initRobust(MemorySegment mutex, MemorySegment attributes) {
        try {
            check((int) ATTRIBUTES.invokeExact(attributes), "pthread_mutexattr_init");
            check((int) SET_SHARED.invokeExact(attributes, PTHREAD_PROCESS_SHARED), "pthread_mutexattr_setpshared");
            check((int) SET_ROBUST.invokeExact(attributes, PTHREAD_MUTEX_ROBUST), "pthread_mutexattr_setrobust");
            check((int) MUTEX.invokeExact(mutex, attributes), "pthread_mutex_init");
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** {@code pthread_mutex_lock}, as it is. */
    static void lock(MemorySegment mutex) {
        try {
            check((int) LOCK.invokeExact(mutex), "pthread_mutex_lock");
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** {@code pthread_mutex_trylock}, whether it is now held. */
    static boolean tryLock(MemorySegment mutex) {
        try {
            return (int) TRY_LOCK.invokeExact(mutex) == 0;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static void unlock(MemorySegment mutex) {
        try {
            check((int) UNLOCK.invokeExact(mutex), "pthread_mutex_unlock");
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Makes a semaphore for several processes. */
    static void initSemaphore(MemorySegment semaphore, int permits) {
        try {
            check((int) SEMAPHORE.invokeExact(semaphore, PTHREAD_PROCESS_SHARED, permits), "sem_init");
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** {@code sem_trywait}, and {@code sem_wait} where that was in vain. */
    static void acquire(MemorySegment semaphore) {
        try {
            int result = (int) TRY_WAIT.invokeExact(semaphore);
            while (result != 0) { // also where a signal came
                result = (int) WAIT.invokeExact(semaphore);
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static void post(MemorySegment semaphore) {
        try {
            check((int) POST.invokeExact(semaphore), "sem_post");
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Sleeps while the word has a value; returns for whatever reason. */
    static void futexWait(MemorySegment word, int expected) {
        try {
            long _ = (long) FUTEX_WAIT.invokeExact(FUTEX, word, Futex.FUTEX_WAIT, expected, MemorySegment.NULL);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Wakes one that sleeps on the word. */
    static void futexWake(MemorySegment word) {
        try {
            long _ = (long) FUTEX_WAKE.invokeExact(FUTEX, word, Futex.FUTEX_WAKE, 1, MemorySegment.NULL);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** The calling thread, as the kernel knows it. */
    static int gettid() {
        try {
            return (int) THREAD_ID.invokeExact();
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static void check(int result, String call) {
        if (result != 0) {
            throw new IllegalStateException(call + " returned " + result);
        }
    }

    private static RuntimeException unexpected(Throwable thrown) {
        return thrown instanceof RuntimeException e ? e
                : new IllegalStateException("a downcall threw " + thrown, thrown);
    }
}
