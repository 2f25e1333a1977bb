package io.cleave.memory.raw;

import io.cleave.AllocationException;
import io.cleave.os.Errno;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

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
    /** How long a collection may take, with the wait for what another thread is about to end. */
    private static final long LONGEST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private static final List<BooleanSupplier> RESERVES = new CopyOnWriteArrayList<>();
    /** What has not ended yet. */
    private static final Set<Watch> WATCHES = ConcurrentHashMap.newKeySet();
    /** How much has ended. */
    private static final AtomicLong ENDED = new AtomicLong();

    /** How many collections were fruitful. Written under the class's lock. */
    private static volatile long rounds;
    /** When the next collection may be tried; guarded by the class. */
    private static long notBefore = System.nanoTime();

    private Shortage() {
    }

    /** Made in the JVM itself, never in a forked child, which has no threads. */
    private static final class Collector {
        private static final AtomicReference<Collector> CURRENT = new AtomicReference<>(new Collector());

        private final Cleaner cleaner = Cleaner.create();
        private final int pid = Unistd.getpid();

        /** The one of this process, as a copy of a JVM has not the thread of the other. */
        static Cleaner cleaner() {
            Collector known = CURRENT.get();
            if (known.pid != Unistd.getpid()) {
                Collector own = new Collector();
                known = CURRENT.compareAndSet(known, own) ? own : CURRENT.get();
            }
            return known.cleaner;
        }
    }

    /** Something that ends once, by whoever comes first. */
    private static final class Watch {
        private final WeakReference<Object> holder;
        private final Runnable end;
        private Cleaner.@Nullable Cleanable cleanable;
        private volatile boolean done;

        Watch(Object holder, Runnable end) {
            this.holder = new WeakReference<>(holder);
            this.end = end;
        }

        boolean isForgotten() {
            return holder.refersTo(null);
        }

        void run() {
            try {
                end.run();
            } finally {
                WATCHES.remove(this);
                ENDED.incrementAndGet();
                done = true;
            }
        }
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
        Watch watch = new Watch(holder, end);
        Cleaner.Cleanable cleanable = Collector.cleaner().register(holder, watch::run);
        watch.cleanable = cleanable;
        WATCHES.add(watch);
        return cleanable;
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
    public static <T extends @Nullable Object> T mended(Supplier<T> attempt) {
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

    /**
     * Collects garbage for who has met a shortage that is none of the system's, unless that was fruitless lately.
     *
     * @return whether something has ended by it
     */
    public static boolean collect() {
        return collect(rounds);
    }

    private static boolean isShortage(RuntimeException failure) {
        return failure instanceof AllocationException || (failure instanceof SystemCallException call
                && (call.isOutOfDescriptors() || call.errno() == Errno.ENOMEM));
    }

    private static boolean giveUpReserves() {
        boolean any = false;
        for (BooleanSupplier reserve : RESERVES) {
            try {
                any |= reserve.getAsBoolean();
            } catch (RuntimeException ignored) {
                // It may take what is short itself. A collection may help that, and the caller is told of the shortage.
            }
        }
        return any;
    }

    /** Collects garbage; false where that is not worth a try, or ended nothing. Of many callers at once one does it. */
    private static synchronized boolean collect(long seen) {
        if (rounds != seen) {
            return true; // somebody has, since the caller failed
        }
        long start = System.nanoTime();
        if (start - notBefore < 0 || WATCHES.isEmpty() || Unistd.isForkedChild()) {
            return false;
        }
        long before = ENDED.get();
        System.gc();
        endForgotten(start);
        long end = System.nanoTime();
        if (ENDED.get() == before) {
            notBefore = end + Math.max(LEAST_PAUSE_NANOS, PAUSE * (end - start));
            return false;
        }
        rounds++;
        return true;
    }

    /** Ends what has been found, which the cleaner's thread may take long to get to; waits for what that is at already. */
    private static void endForgotten(long start) {
        List<Watch> forgotten = WATCHES.stream().filter(Watch::isForgotten).toList();
        for (Watch watch : forgotten) {
            Cleaner.Cleanable cleanable = watch.cleanable;
            if (cleanable != null) {
                end(cleanable);
            }
        }
        while (!forgotten.stream().allMatch(watch -> watch.done) && System.nanoTime() - start < LONGEST_WAIT_NANOS) {
            LockSupport.parkNanos(NAP_NANOS);
        }
    }

    private static void end(Cleaner.Cleanable cleanable) {
        try {
            cleanable.clean();
        } catch (RuntimeException ignored) {
            // A name that the system refuses to remove stays as an orphan; descriptor and memory have been given up.
        }
    }
}
