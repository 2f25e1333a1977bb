package io.cleave.owner;

import io.cleave.os.Errno;
import io.cleave.os.Futex;
import io.cleave.os.Unistd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Where virtual threads sleep on words in shared memory: they park, and one daemon thread waits in the kernel for all.
 *
 * <h2>Overview</h2>
 *
 * The sleepers on one word form a group. The daemon goes round: it compares the words of all groups with what their
 * sleepers expect, unparks those that expect something else, and sleeps on up to 127 words and a bell by futex_waitv(2).
 * A word that changes between the comparison and the sleep is refused by the kernel. Who comes with a word that the
 * daemon does not know yet rings the bell. Where there are more words than one call takes, each call takes the next
 * ones and is short, so that every word is compared every few milliseconds; before Linux 5.16, which has no such call,
 * the daemon sleeps on the bell only, and as shortly.
 *
 * <p>
 * One wake-up in the kernel wakes all sleepers of the group: they look for themselves, and those that find nothing come
 * back. Where the sleepers have left meanwhile, the wake-up is passed on to another process.
 *
 * <p>
 * The daemon ends when nobody has slept for a while. A forked child has none, and begins with a room of its own. Where no
 * thread can be started for it, the sleepers look for themselves, at short intervals, and try again to start one; where
 * it dies, it wakes all of them, who come back and start another.
 */
final class Room {
    private static final int WORDS = Futex.WAITV_MAX - 1;
    private static final long SHORT_NANOS = 1_000_000;
    private static final long IDLE_NANOS = 100_000_000;
    /** How long a sleeper parks at most while there is no daemon. */
    private static final long UNSERVED_NANOS = 5_000_000;
    private static final MemorySegment VECTOR = Arena.global().allocate((long) Futex.WAITV_MAX
            * Futex.WAITV_ENTRY_BYTES, 8);
    private static final SharedCell BELL = new SharedCell(Arena.global().allocate(Long.BYTES, Long.BYTES), 0);

    private static volatile Room current = ofProcess();

    private final int pid = Unistd.getpid();
    private final MemorySegment vector;
    private final SharedCell bell;
    private final ThreadFactory threads;
    /** By the word's address. Guarded by this. */
    private final Map<Long, Group> groups = new HashMap<>();
    /** Whether the daemon runs. Written under this. */
    private volatile boolean isServed;
    /** Whether the kernel lacks futex_waitv, or is to be taken for one that does. Of the daemon only. */
    private boolean isPolling = Boolean.getBoolean("cleave.withoutFutexWaitv");
    /** Where in the list of groups the next call begins. Of the daemon only. */
    private int next;

    private static final class Sleeper {
        final Thread thread = Thread.currentThread();
        final SharedCell cell;
        final int expected;
        final Cell.Suspicion suspicion;
        volatile boolean isAwake;

        Sleeper(SharedCell cell, long expected, Cell.Suspicion suspicion) {
            this.cell = cell;
            this.expected = (int) expected;
            this.suspicion = suspicion;
        }

        void wakeUp() {
            isAwake = true;
            LockSupport.unpark(thread);
        }

        boolean isDone(boolean isTimeToLook) {
            try {
                cell.checkOpen();
                return cell.hasChanged(expected) || (isTimeToLook && suspicion.isRaised());
            } catch (RuntimeException e) {
                return true; // closed: it finds that out for itself
            }
        }
    }

    /** The sleepers on one word. Guarded by the room. */
    private static final class Group {
        final SharedCell cell;
        final List<Sleeper> sleepers = new ArrayList<>();
        /** The word when all of the group were last compared with it. */
        int seen;
        /** Whether somebody came since. */
        boolean hasNew = true;

        Group(SharedCell cell) {
            this.cell = cell;
        }
    }

    /**
     * @param vector for {@link Futex#waitv}, {@link Futex#WAITV_MAX} entries, this room's alone
     * @param bell a word of this room's alone
     * @param threads makes the daemon
     */
    Room(MemorySegment vector, SharedCell bell, ThreadFactory threads) {
        this.vector = vector;
        this.bell = bell;
        this.threads = threads;
    }

    private static Room ofProcess() {
        return new Room(VECTOR, BELL, Thread.ofPlatform().daemon().name("cleave-waiter").factory());
    }

    static Room current() {
        Room room = current;
        if (room.pid != Unistd.getpid()) {
            room = ofProcess();
            current = room;
        }
        return room;
    }

    /** As {@link Cell#sleep}, for a virtual thread. */
    boolean sleep(SharedCell cell, long expected, Patience wait, Cell.Suspicion suspicion) throws InterruptedException {
        cell.checkOpen();
        if (wait.isInterruptible() && Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (cell.hasChanged(expected)) {
            return true;
        }
        if (wait.isOver()) {
            return false;
        }
        Sleeper sleeper = new Sleeper(cell, expected, suspicion);
        try {
            enter(sleeper);
            boolean inTime = park(sleeper, wait);
            cell.checkOpen();
            return inTime;
        } finally {
            leave(sleeper);
        }
    }

    private boolean park(Sleeper sleeper, Patience wait) throws InterruptedException {
        boolean wasInterrupted = false;
        try {
            while (!sleeper.isAwake) {
                if (wait.isOver()) {
                    return false;
                }
                if (!isServed) {
                    if (sleeper.isDone(true)) {
                        return true;
                    }
                    startDaemon();
                }
                long deadline = isServed ? wait.deadlineNanos()
                        : Math.min(wait.deadlineNanos(), System.nanoTime() + UNSERVED_NANOS);
                if (deadline == Futex.NEVER) {
                    LockSupport.park(this);
                } else {
                    LockSupport.parkNanos(this, deadline - System.nanoTime());
                }
                if (Thread.interrupted()) {
                    if (wait.isInterruptible()) {
                        throw new InterruptedException();
                    }
                    wasInterrupted = true;
                }
            }
            return true;
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void enter(Sleeper sleeper) {
        boolean mustRing;
        synchronized (this) {
            Group group = groups.get(sleeper.cell.address());
            mustRing = group == null || group.sleepers.isEmpty() || group.seen != sleeper.expected;
            if (group == null || group.sleepers.isEmpty()) { // an empty one's handle may be closed
                group = new Group(sleeper.cell);
                groups.put(sleeper.cell.address(), group);
            }
            group.sleepers.add(sleeper);
            group.hasNew = true;
        }
        startDaemon();
        if (mustRing) {
            ring();
        }
    }

    /** Makes sure that there is a daemon, if a thread can be had; without one, sleepers look for themselves. */
    private synchronized void startDaemon() {
        if (isServed) {
            return;
        }
        boolean isStarted = false;
        try {
            isServed = true;
            threads.newThread(this::serve).start();
            isStarted = true;
        } catch (OutOfMemoryError e) { // "unable to create native thread": perhaps there will be room for one soon
            isStarted = false;
        } finally {
            isServed = isStarted;
        }
    }

    private void ring() {
        long before;
        do {
            before = bell.get();
        } while (!bell.cas(before, before + 1));
        bell.wake(1);
    }

    private synchronized void leave(Sleeper sleeper) {
        Group group = groups.get(sleeper.cell.address());
        if (group != null) {
            group.sleepers.remove(sleeper);
        }
    }

    /** Wakes those of this process who sleep on the word at an address. */
    static void wakeAll(long address) {
        Room room = current();
        synchronized (room) {
            Group group = room.groups.get(address);
            if (group != null) {
                group.sleepers.forEach(Sleeper::wakeUp);
            }
        }
    }

    private void serve() {
        boolean hasEnded = false;
        try {
            goRound();
            hasEnded = true;
        } finally {
            if (!hasEnded) {
                abandon();
            }
        }
    }

    /** The daemon dies of an error: whoever sleeps looks for itself, and comes back to start another. */
    private synchronized void abandon() {
        isServed = false;
        groups.values().forEach(group -> group.sleepers.forEach(Sleeper::wakeUp));
    }

    private void goRound() {
        long nextLook = System.nanoTime() + Patience.SLICE_NANOS;
        long idleSince = System.nanoTime();
        while (true) {
            long rung = bell.get();
            long now = System.nanoTime();
            boolean isTimeToLook = now - nextLook >= 0;
            if (isTimeToLook) {
                nextLook = now + Patience.SLICE_NANOS;
            }
            List<Group> waiting = compare(isTimeToLook);
            if (!waiting.isEmpty()) {
                idleSince = now;
            } else if (now - idleSince > IDLE_NANOS && end()) {
                return;
            }
            sleep(waiting, rung, nextLook);
        }
    }

    private synchronized boolean end() {
        isServed = !groups.isEmpty();
        return !isServed;
    }

    /** Wakes those whose word has changed, and returns the groups that are left. */
    private synchronized List<Group> compare(boolean isTimeToLook) {
        List<Group> waiting = new ArrayList<>(groups.size());
        for (Iterator<Group> i = groups.values().iterator(); i.hasNext();) {
            Group group = i.next();
            compare(group, isTimeToLook);
            if (group.sleepers.isEmpty()) {
                i.remove();
            } else {
                waiting.add(group);
            }
        }
        return waiting;
    }

    private static void compare(Group group, boolean isTimeToLook) {
        int word = 0;
        boolean isReadable = true;
        try {
            word = (int) group.cell.get();
        } catch (RuntimeException e) {
            isReadable = false;
        }
        if (!isReadable || group.hasNew || word != group.seen || isTimeToLook) {
            group.seen = word;
            group.hasNew = false;
            group.sleepers.removeIf(sleeper -> {
                boolean isDone = sleeper.isAwake || sleeper.isDone(isTimeToLook);
                if (isDone) {
                    sleeper.wakeUp();
                }
                return isDone;
            });
        }
    }

    private void sleep(List<Group> waiting, long rung, long nextLook) {
        int count = isPolling ? 0 : Math.min(WORDS, waiting.size());
        boolean isAll = count == waiting.size();
        long until = isAll ? nextLook : System.nanoTime() + SHORT_NANOS;
        Futex.setEntry(vector, 0, bell.address(), (int) rung);
        for (int i = 0; i < count; i++) {
            Group group = waiting.get((next + i) % waiting.size());
            Futex.setEntry(vector, i + 1, group.cell.address(), group.seen);
        }
        int result = isPolling ? poll(rung, until) : Futex.waitv(vector, count + 1, until);
        if (result > 0) {
            arrive(waiting.get((next + result - 1) % waiting.size()));
            for (int i = 0; i < count; i++) {
                passOn(waiting.get((next + i) % waiting.size())); // the kernel names one of those that it woke for
            }
        } else if (result < 0) {
            refused(-result, rung);
        }
        next = isAll ? 0 : (next + count) % waiting.size();
    }

    /** What the kernel says instead of a wake-up must not lead to another call at once, unless it says "look again". */
    private void refused(int errno, long rung) {
        switch (errno) {
            case Errno.EAGAIN, Errno.ETIMEDOUT, Errno.EINTR -> Thread.onSpinWait(); // the next round tells
            case Errno.ENOSYS, Errno.EPERM -> isPolling = true; // an older kernel, or a filter of system calls
            default -> poll(rung, System.nanoTime() + SHORT_NANOS); // such as a word that was unmapped just now
        }
    }

    private int poll(long rung, long until) {
        try {
            bell.sleep(rung, new Patience(until, false), () -> false);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // it was not to be interruptible
        }
        return 0;
    }

    /** A wake-up has come for a group. */
    private synchronized void arrive(Group group) {
        group.sleepers.forEach(Sleeper::wakeUp);
    }

    /** A wake-up that may have come for a group is for somebody else where nobody is there any more. */
    private void passOn(Group group) {
        synchronized (this) {
            if (!group.sleepers.isEmpty()) {
                return;
            }
        }
        try {
            group.cell.wake(1);
        } catch (IllegalStateException ignored) {
            // The handle was closed, and that woke everybody.
        }
    }
}
