package io.cleave.pool;

import io.cleave.channel.Doorbell;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The thread that drives a crew where nobody who waits does, and looks after what takes too long. It lives while there are
 * workers or work. All but what the thread does outside the lock is guarded by the crew's lock.
 */
final class Collector {
    /** While a worker boots it cannot wake anybody. */
    private static final long BOOT_NAP_NANOS = 100_000;
    private static final long LOOK_NANOS = 10_000_000;
    /** How soon it looks again while leaders come and go, so that none of them needs to wake it. */
    private static final long SOON_NANOS = 1_000_000;
    private static final long LONGEST_NANOS = 10_000_000_000L;

    private final Crew crew;
    private @Nullable Thread thread;
    /** Whether it counts among the sleepers at the crew's bell. */
    private boolean announced;
    /** Whether it sleeps where the bell cannot wake it. */
    private boolean parked;
    private long wakes;
    /** A leader has left work behind since the last look, and may come back. */
    private boolean isLeaderExpected;

    Collector(Crew crew) {
        this.crew = crew;
    }

    /** Starts it, if it is not there; returns why that cannot be, or null. */
    @Nullable Throwable ensureStarted() {
        try {
            if (thread == null) {
                thread = Thread.ofPlatform().daemon().name("cleave-" + crew.name() + "-collector").start(this::run);
            }
            return null;
        } catch (Throwable t) { // an OutOfMemoryError is what HotSpot makes of a limit of threads, too
            return t;
        }
    }

    /** Whether there is such a thread. */
    boolean isAlive() {
        return thread != null;
    }

    /** It is to be woken by what workers send from now on. */
    void wakeForLater() {
        if (parked) {
            if (!isLookingWithin(SOON_NANOS)) {
                wake();
            }
        } else if (crew.settings.taskTimeoutNanos() > 0 || crew.roster().isBooting()) {
            if (!isLookingOften()) {
                wake();
            }
        } else {
            announce();
        }
    }

    /** A leader leaves work behind. It most often comes back at once, so that nobody is woken in the meantime. */
    void expectLeader() {
        silence();
        if (!isLookingWithin(SOON_NANOS)) {
            wake();
        }
        isLeaderExpected = true;
    }

    private void announce() {
        Doorbell bell = crew.bell();
        if (!announced && bell != null && thread != null) {
            announced = true;
            bell.announce();
        }
    }

    /** Whether it will look in some milliseconds anyway, or is woken. */
    boolean isLookingOften() {
        return !parked && isLookingWithin(LOOK_NANOS);
    }

    private boolean isLookingWithin(long nanos) {
        return thread != null && wakes - System.nanoTime() < nanos;
    }

    /** It is to look now. */
    void wake() {
        Thread sleeping = thread;
        if (sleeping == null) {
            if (crew.hasWork() || !crew.roster().isEmpty()) {
                var _ = ensureStarted(); // else whoever waits next tries again
            }
            return;
        }
        isLeaderExpected = false;
        wakes = System.nanoTime();
        LockSupport.unpark(sleeping);
        Doorbell bell = crew.bell();
        if (bell != null) {
            bell.ringAnyway();
        }
    }

    /** It is not to be woken by what workers send. */
    void silence() {
        if (announced) {
            announced = false;
            Objects.requireNonNull(crew.bell()).retract();
        }
    }

    /** How it sleeps until its next look. */
    private enum Sleep {
        AT_THE_BELL, APART, NAP, NOT_ANY_MORE
    }

    private void run() {
        boolean goesOn = true;
        while (goesOn) {
            try {
                goesOn = lookAndSleep();
            } catch (Throwable t) { // it lacked memory, most likely: this thread is the only one that does this
                LockSupport.parkNanos(LOOK_NANOS);
            }
        }
    }

    /** Looks once, and sleeps until the next time; false where there is none. */
    private boolean lookAndSleep() {
        Sleep sleep;
        Doorbell bell;
        int ticket;
        long until;
        crew.lock().lock();
        try {
            look();
            bell = crew.bell();
            ticket = bell == null ? 0 : bell.ticket();
            sleep = nextSleep(bell);
            until = wakes;
        } finally {
            crew.unlock();
        }
        switch (sleep) {
            case NAP -> LockSupport.parkNanos(BOOT_NAP_NANOS);
            case APART -> LockSupport.parkNanos(until - System.nanoTime());
            case AT_THE_BELL -> {
                if (bell != null && !isReadable()) {
                    bell.sleepAnnounced(ticket, until);
                }
            }
            case NOT_ANY_MORE -> {
            }
        }
        return sleep != Sleep.NOT_ANY_MORE;
    }

    private void look() {
        parked = false;
        silence();
        try {
            if (!crew.hasLeader() && !isLeaderExpected) {
                crew.drain();
            }
            crew.housekeep();
        } catch (RuntimeException | Error e) { // this thread is the only one that does this
            crew.afterwards().add(() -> Debug.log(() -> crew.name() + ": " + e)); // and the next look may fare better
        }
    }

    private Sleep nextSleep(@Nullable Doorbell bell) {
        if (crew.roster().isEmpty() && !crew.hasWork()) {
            thread = null;
            crew.disconnect();
            crew.signalEnd();
            return Sleep.NOT_ANY_MORE;
        }
        boolean soon = isLeaderExpected && crew.hasWork();
        isLeaderExpected = false;
        boolean apart = crew.hasLeader() || soon || bell == null;
        wakes = System.nanoTime() + (soon ? SOON_NANOS : crew.hasWork() && !apart ? LOOK_NANOS : longLook());
        if (apart || bell == null) {
            parked = true;
            return Sleep.APART;
        }
        if (crew.hasWork()) {
            if (crew.roster().isBooting()) {
                return Sleep.NAP;
            }
            announce();
        }
        return Sleep.AT_THE_BELL;
    }

    /** Until when an idle worker may have to be sent home. */
    private long longLook() {
        return crew.isShutUnderLock() || crew.roster().isSomebodyLeaving() ? LOOK_NANOS
                : Math.min(LONGEST_NANOS, crew.settings.idleNanos() / 4 + LOOK_NANOS);
    }

    private boolean isReadable() {
        crew.lock().lock();
        try {
            return !crew.hasLeader() && crew.roster().isReadable();
        } finally {
            crew.lock().unlock();
        }
    }

    /** Waits for the end of the thread; there are no workers any more. */
    void end() {
        Thread ending;
        crew.lock().lock();
        try {
            ending = thread;
        } finally {
            crew.lock().unlock();
        }
        if (ending != null) {
            join(ending);
        }
    }

    static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
