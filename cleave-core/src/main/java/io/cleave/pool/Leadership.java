package io.cleave.pool;

import io.cleave.channel.Doorbell;
import io.cleave.os.Cpus;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Who drives a crew. Whoever waits for a result does: the first platform thread that waits becomes the leader, takes what all
 * workers send and hands out what is queued, until it has what it wants. So a call and its result cross no other thread. Where
 * nobody waits, or a virtual thread does, the pool's {@link Collector} drives.
 *
 * <p>
 * Both sleep at the pool's bell. The collector's announcement there is taken back while there is a leader, and made again when
 * the leader leaves work behind, by the leader: so that the two wake each other only when one takes over. A leader runs no
 * code of the user's until it has ceased to lead.
 */
final class Leadership {
    private static final long SPIN_NANOS = 30_000;
    /** While a worker boots it cannot wake anybody. */
    private static final long BOOT_NAP_NANOS = 100_000;
    /** Results that lie behind a long item of their batch are found at the latest after so long. */
    private static final long LOOK_NANOS = 10_000_000;
    private static final long LONG_LOOK_NANOS = 1_000_000_000L;

    private final Crew crew;
    private final ReentrantLock lock;
    private final Collector collector;
    private final int cpus = Cpus.usable();
    /** Guarded by lock. */
    private @Nullable Thread leader;

    Leadership(Crew crew, ReentrantLock lock, Collector collector) {
        this.crew = crew;
        this.lock = lock;
        this.collector = collector;
    }

    /** Whether somebody leads, under the lock. */
    boolean isLed() {
        return leader != null;
    }

    /**
     * Waits, and meanwhile drives the crew if nobody else does.
     *
     * @param isReady what to wait for; asked under the lock
     * @param changed signalled when it may have become so
     * @param deadlineNanos a moment of {@link System#nanoTime()}, or Long.MAX_VALUE for no limit
     * @return false where the deadline has passed
     */
    boolean await(BooleanSupplier isReady, Condition changed, long deadlineNanos) throws InterruptedException {
        boolean leads = false;
        lock.lock();
        try {
            while (!isReady.getAsBoolean()) {
                long now = System.nanoTime();
                long left = deadlineNanos == Long.MAX_VALUE ? Long.MAX_VALUE : deadlineNanos - now;
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (left <= 0) {
                    return false;
                }
                if (!leads && leader == null && crew.isConnected() && !Thread.currentThread().isVirtual()) {
                    leads = true;
                    leader = Thread.currentThread();
                    collector.silence();
                }
                if (leads) {
                    crew.drain();
                    crew.housekeep();
                    if (!isReady.getAsBoolean()) {
                        leadOn(now + Math.min(left, LOOK_NANOS));
                    }
                } else {
                    if (leader == null && !collector.isLookingOften()) {
                        collector.wake();
                    }
                    var _ = changed.awaitNanos(Math.min(left, LONG_LOOK_NANOS));
                }
            }
            return true;
        } finally {
            if (leads) {
                leave();
            }
            crew.unlock();
        }
    }

    private void leave() {
        leader = null;
        if (crew.hasWork()) {
            collector.expectLeader();
        } else {
            crew.disconnect();
        }
    }

    /** What a thread that takes many results does in passing, so that it need not share the lock with the collector. */
    void drive() {
        if (Thread.currentThread().isVirtual()) {
            return;
        }
        lock.lock();
        try {
            if (leader == null && crew.isConnected() && crew.hasWork()) {
                crew.drain();
                collector.expectLeader();
            }
        } finally {
            crew.unlock();
        }
    }

    /** Lets whoever leads look again at what it waits for. */
    void nudge() {
        lock.lock();
        try {
            Doorbell bell = crew.bell();
            if (leader != null && bell != null) {
                bell.ringAnyway();
            }
        } finally {
            crew.unlock();
        }
    }

    /** Lets others in, and waits for a worker to ring. The lock is held before and after. */
    private void leadOn(long deadlineNanos) {
        Doorbell sleepingPlace = Objects.requireNonNull(crew.bell());
        Roster roster = crew.roster();
        boolean booting = roster.isBooting();
        int busy = roster.busy();
        int ticket = sleepingPlace.ticket();
        Afterwards.Work work = crew.afterwards().take();
        lock.unlock();
        try {
            crew.afterwards().run(work);
            if (busy < cpus && spin(roster)) {
                return;
            }
            if (booting) {
                LockSupport.parkNanos(BOOT_NAP_NANOS);
                return;
            }
            sleepingPlace.announce();
            try {
                if (!roster.isReadable()) {
                    sleepingPlace.sleepAnnounced(ticket, deadlineNanos);
                }
            } finally {
                sleepingPlace.retract();
            }
        } finally {
            lock.lock();
        }
    }

    private static boolean spin(Roster roster) {
        long end = System.nanoTime() + SPIN_NANOS;
        do {
            for (int i = 0; i < 32; i++) {
                if (roster.isReadable()) {
                    return true;
                }
                Thread.onSpinWait();
            }
        } while (System.nanoTime() - end < 0);
        return false;
    }
}
