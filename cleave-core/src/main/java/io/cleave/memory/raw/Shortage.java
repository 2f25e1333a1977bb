package io.cleave.memory.raw;

import io.cleave.AllocationException;
import io.cleave.os.Errno;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import java.lang.ref.Cleaner;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What is done where memory, descriptors or mappings run out: first whoever keeps some in reserve gives it up; then
 * garbage is collected, because handles and views that nobody refers to any more may be what takes them, and the heap,
 * on which they are small, sees no reason to collect. Only what is still missing then is an error.
 *
 * <p>
 * A collection that found nothing is not repeated for as long as {@value #PAUSE} times what it took, so that a program
 * which meets the same error again and again does not spend its time collecting. A forked child does not collect.
 */
public final class Shortage {
    /** A fruitless collection is followed by a pause, of so many times its length. */
    private static final int PAUSE = 20;
    private static final long LEAST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** Collections for one call, in case that others take at once what each of them frees. */
    private static final int MOST_ROUNDS = 3;
    /** How long the collector's thread may take to end what has been found. */
    private static final long LONGEST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    /** Naps without news after which all is taken to have ended. */
    private static final int QUIET_NAPS = 3;

    private static final List<BooleanSupplier> RESERVES = new CopyOnWriteArrayList<>();
    /** What {@link #watch} was called for, and what of that has ended. */
    private static final AtomicLong WATCHED = new AtomicLong();
    private static final AtomicLong ENDED = new AtomicLong();

    /** How many collections were fruitful. Written under the class's lock. */
    private static volatile long rounds;
    /** When the next collection may be tried; guarded by the class. */
    private static long notBefore = System.nanoTime();

    private Shortage() {
    }

    /** Made in the JVM itself, never in a forked child, which has no threads. */
    private static final class Collector {
        static final Cleaner CLEANER = Cleaner.create();
    }

    /**
     * Says who keeps memory or descriptors in reserve.
     *
     * @param giveUp gives them up, and says whether there were any
     */
    public static void whenShort(BooleanSupplier giveUp) {
        RESERVES.add(giveUp);
    }

    /**
     * Ends something once, at the latest when the collector finds that an object is gone.
     *
     * @param holder the object
     * @param end ends it; must not refer to the object
     * @return what ends it at once
     */
    public static Cleaner.Cleanable watch(Object holder, Runnable end) {
        WATCHED.incrementAndGet();
        return Collector.CLEANER.register(holder, () -> {
            try {
                end.run();
            } finally {
                ENDED.incrementAndGet();
            }
        });
    }

    /**
     * Does something that may find a shortage, and does it again where that could be mended.
     *
     * @param attempt what to do; it leaves nothing behind where it fails
     * @param <T> what it makes
     * @return what it has made
     * @throws AllocationException where there is no memory, after all that could be done
     * @throws SystemCallException where there are no descriptors or mappings, likewise
     */
    public static <T> T mended(Supplier<T> attempt) {
        long seen = rounds;
        RuntimeException failure;
        try {
            return attempt.get();
        } catch (AllocationException | SystemCallException e) {
            failure = e;
        }
        boolean again = isShortage(failure) && giveUpReserves();
        for (int round = 0; isShortage(failure) && round <= MOST_ROUNDS && (again || collect(seen)); round++) {
            again = false;
            seen = rounds;
            try {
                return attempt.get();
            } catch (AllocationException | SystemCallException e) {
                failure = e;
            }
        }
        throw failure;
    }

    private static boolean isShortage(RuntimeException failure) {
        return failure instanceof AllocationException || (failure instanceof SystemCallException call
                && (call.isOutOfDescriptors() || call.errno() == Errno.ENOMEM));
    }

    private static boolean giveUpReserves() {
        boolean any = false;
        for (BooleanSupplier reserve : RESERVES) {
            any |= reserve.getAsBoolean();
        }
        return any;
    }

    /** Collects garbage; false where that is not worth a try, or ended nothing. Of many callers at once one does it. */
    private static synchronized boolean collect(long seen) {
        if (rounds != seen) {
            return true; // somebody has, since the caller failed
        }
        long start = System.nanoTime();
        if (start - notBefore < 0 || WATCHED.get() == ENDED.get() || Unistd.isForkedChild()) {
            return false;
        }
        long before = ENDED.get();
        AtomicLong reached = new AtomicLong();
        Collector.CLEANER.register(new Object(), reached::incrementAndGet); // garbage at once
        System.gc();
        awaitEnds(reached);
        long end = System.nanoTime();
        if (ENDED.get() == before) {
            notBefore = end + Math.max(LEAST_PAUSE_NANOS, PAUSE * (end - start));
            return false;
        }
        rounds++;
        return true;
    }

    /** Waits until the cleaner's thread has got to what was collected, and then until nothing more ends. */
    private static void awaitEnds(AtomicLong reached) {
        long deadline = System.nanoTime() + LONGEST_WAIT_NANOS;
        long last = ENDED.get();
        int quiet = 0;
        while (quiet < QUIET_NAPS && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(NAP_NANOS);
            long now = ENDED.get();
            quiet = reached.get() > 0 && now == last ? quiet + 1 : 0;
            last = now;
        }
    }
}
