package io.cleave.fission;

import io.cleave.WorkerDiedException;
import io.cleave.channel.Doorbell;
import io.cleave.fork.ChildLife;
import io.cleave.fork.Forks;
import io.cleave.os.Cpus;
import io.cleave.os.ProcFs;
import io.cleave.os.Signals;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import io.cleave.os.WholeFork;
import io.cleave.work.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The children of one run: watches over them, and ends them. {@link Spawner} forks them, and {@link Recovery} says what
 * becomes of their items when they end. All of it happens in the thread that drives the run.
 */
final class Children implements AutoCloseable {
    private static final int PROCESSORS = Cpus.usable();
    private static final long LOOK_NANOS = 1_000_000;
    private static final long LEAVING_NANOS = 20_000_000;
    private static final long LEAVING_NAP_NANOS = 50_000;
    /** How long a child that leaves may take over the output that it still has in a buffer. */
    private static final long LAST_WORDS_NANOS = 1_000_000_000;

    /** What a run learns of its children. */
    interface Listener {
        /** Take what the child has published. */
        void drain(Child child);

        /** A chunk of a child that ended is not done, and must be given to another or computed here. */
        void orphaned(Window window, int chunk, boolean here);

        /** The run cannot succeed. */
        void fail(Throwable why);

        /** A child has ended at an item, which is not tried again: the run fails, or the item does. */
        default void lost(Child child, Throwable why) {
            fail(why);
        }
    }

    private final Settings settings;
    private final Listener listener;
    private final Spawner spawner;
    private final Recovery recovery;
    private final List<Child> live = new ArrayList<>();
    private final List<Duration> detections = new ArrayList<>();
    private long lastLook;
    private long bytesDirtied;
    private long mostBytesDirtied;

    Children(Settings settings, Body body, Listener listener) {
        this.settings = settings;
        this.listener = listener;
        this.spawner = new Spawner(settings, body);
        this.recovery = new Recovery(settings, body, listener, spawner);
    }

    Doorbell bell() {
        return spawner.bell();
    }

    List<Child> live() {
        return live;
    }

    boolean isFull() {
        return live.size() == settings.children();
    }

    /** How long the last fork took, in nanoseconds. */
    long lastForkNanos() {
        return spawner.figures().lastNanos();
    }

    /** Whether no child is to be had for now, as the system refuses to make one. */
    boolean isRefused() {
        return live.isEmpty() && spawner.isRefused();
    }

    /** Why there will be no child, where the system has refused it for long; else null. */
    @Nullable SystemCallException refusal() {
        return live.isEmpty() ? spawner.refusal() : null;
    }

    /**
     * Whether nearly every child has met a deadlock, so that forking does not help; never where an item has cost a child its
     * life, as then somebody else has to be there for that item.
     */
    boolean isHopeless(long itemsFromChildren) {
        return recovery.isHopeless(itemsFromChildren);
    }

    /** Whether an item may be computed in the calling JVM: it has never cost a child its life. */
    boolean mayRunHere(long item) {
        return recovery.mayRunHere(item);
    }

    /**
     * Forks a child for a window, which may keep results to itself for a while.
     *
     * @param isFollowed whether another one is to be forked next: {@link #letGo} is called then
     * @return false where the system has refused it, now or a moment ago
     */
    boolean fork(Window window, long latencyNanos, boolean isFollowed) {
        boolean isHeld = isFollowed && live.size() + 1 < settings.children() && live.size() + 2 >= PROCESSORS;
        Child child = spawner.fork(window, latencyNanos, isHeld);
        if (child == null) {
            return false;
        }
        live.add(child);
        return true;
    }

    /** Lets children begin that were held while others were forked. */
    void letGo() {
        live.forEach(child -> child.slot.letGo());
    }

    /** Asks all children to leave after the item that they are at, so that successors take the code compiled since. */
    void askAllToLeave() {
        for (Child child : live) {
            if (!child.asked) {
                child.asked = true;
                child.slot.askToLeave();
            }
        }
    }

    /** Kills the children that match; what they were computing is not wanted any more. */
    void killThose(Predicate<Child> unwanted) {
        for (Child child : List.copyOf(live)) {
            if (unwanted.test(child)) {
                Signals.kill(child.pid, Signals.SIGKILL);
                Signals.waitpid(child.pid, 0);
                bury(child);
                recovery.orphan(child, false); // it may have gone back to a chunk before the failure
            }
        }
    }

    /** Ends all children at once, to be found out at the next look; what they compute is not wanted any more. */
    void killAll() {
        live.forEach(child -> Signals.kill(child.pid, Signals.SIGKILL));
    }

    /** Looks after all children: those that have ended, those that never will, those that take too long. */
    void look() {
        long now = System.nanoTime();
        if (now - lastLook < LOOK_NANOS) {
            return;
        }
        lastLook = now;
        for (Child child : List.copyOf(live)) {
            if (!child.isLive) {
                continue; // the failure of another ended it
            }
            spawner.noteLife(child);
            long result = Signals.waitpid(child.pid, Signals.WNOHANG);
            if (result != 0) {
                ended(child, result < 0 ? 0 : (int) result);
                continue;
            }
            DeadlockProof.Verdict verdict = child.look(now);
            boolean late = isLate(child, now);
            if (late && verdict == DeadlockProof.Verdict.OPEN) {
                verdict = child.look(now); // nobody may have looked for long: what it did last is not known until now
            }
            if (verdict != DeadlockProof.Verdict.OPEN) {
                stuck(child, verdict);
            } else if (late) {
                String where = child.where();
                kill(child);
                recovery.late(child, where);
            }
        }
    }

    private boolean isLate(Child child, long now) {
        return settings.itemTimeoutNanos() > 0 && (child.currentItem() >= 0 || child.slot.isInHook())
                && !child.isLeaving()
                && !child.slot.isWaiting() && child.slot.taken(now) > settings.itemTimeoutNanos();
    }

    private void ended(Child child, int status) {
        bury(child); // first: its number may be another's from now on
        listener.drain(child);
        Forker.learn(false);
        recovery.ended(child, status);
    }

    private void stuck(Child child, DeadlockProof.Verdict verdict) {
        long dirtied = ProcFs.bytesDirtied(child.pid);
        child.slot.dirtiedRelease(Math.max(0, dirtied));
        detections.add(Duration.ofNanos(System.nanoTime() - child.lastAlive));
        kill(child);
        Forker.learn(true);
        recovery.stuck(child, verdict, dirtied);
    }

    private void kill(Child child) {
        Signals.kill(child.pid, Signals.SIGKILL);
        Signals.waitpid(child.pid, 0);
        bury(child); // first: its number may be another's from now on
        listener.drain(child);
    }

    private void bury(Child child) {
        live.remove(child);
        child.isLive = false;
        spawner.release(child);
        long dirtied = child.slot.dirtiedAcquire();
        bytesDirtied += dirtied;
        mostBytesDirtied = Math.max(mostBytesDirtied, dirtied);
    }

    /** A child has left before its window was empty. */
    void successorDue(boolean forMemory) {
        spawner.successorDue();
        if (forMemory) {
            spawner.wantRoom();
        }
    }

    FissionReport report(long inParent, long inChildren) {
        ForkFigures figures = spawner.figures();
        return new FissionReport(spawner.forks(), recovery.provenDeadlocks(), recovery.unprovenTimeouts(),
                spawner.reforks(), inParent, inChildren, bytesDirtied, mostBytesDirtied, detections,
                Duration.ofNanos(figures.lastNanos()), Duration.ofNanos(figures.longestNanos()),
                Duration.ofNanos(figures.longestPauseNanos()), figures.pageTableBytes(), figures.wholeForks(),
                figures.whyNotWhole());
    }

    /**
     * Whether all children have left, given that they have nothing left to do; waits a little for those on their way, and
     * ends those that cannot get rid of their output.
     */
    boolean haveAllLeft() {
        long deadline = System.nanoTime() + LEAVING_NANOS;
        while (true) {
            boolean waiting = false;
            for (Child child : List.copyOf(live)) {
                if (child.hasLingered(LAST_WORDS_NANOS)) {
                    Signals.kill(child.pid, Signals.SIGKILL);
                    Signals.waitpid(child.pid, 0);
                    bury(child);
                } else if (child.isLeaving() && Signals.waitpid(child.pid, Signals.WNOHANG) != 0) {
                    bury(child);
                } else {
                    waiting |= child.isLeaving();
                }
            }
            if (live.isEmpty() || !waiting || System.nanoTime() - deadline > 0) {
                return live.isEmpty();
            }
            Nap.of(LEAVING_NAP_NANOS);
        }
    }

    /**
     * Kills what still lives, waits for its end and gives the memory back. Those that have said that they leave are given a
     * moment to write what they have printed: that may tell why they failed.
     */
    @Override
    public void close() {
        for (Child child : live) {
            if (!child.isLeaving()) {
                Signals.kill(child.pid, Signals.SIGKILL);
            }
        }
        for (Child child : List.copyOf(live)) {
            awaitEnd(child);
            bury(child);
        }
        spawner.close();
    }

    private static void awaitEnd(Child child) {
        while (child.isLeaving() && !child.hasLingered(LAST_WORDS_NANOS)) {
            if (Signals.waitpid(child.pid, Signals.WNOHANG) != 0) {
                return;
            }
            Nap.of(LEAVING_NAP_NANOS);
        }
        Signals.kill(child.pid, Signals.SIGKILL);
        Signals.waitpid(child.pid, 0);
    }
}
