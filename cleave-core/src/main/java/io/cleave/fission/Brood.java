package io.cleave.fission;

import io.cleave.WorkerDiedException;
import io.cleave.channel.Doorbell;
import io.cleave.fork.ChildLife;
import io.cleave.fork.Forks;
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
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The children of one run: forks them, watches over them, and says what became of those that ended. All of it happens
 * in the thread that drives the run.
 *
 * <p>
 * A child ends for one of these reasons. It left, for want of work or memory or because it was asked to: what it had
 * not delivered of its chunk goes to another. It can provably never go on: it is killed, and its item tried once more
 * in a fresh child, and then in the calling JVM, which has all the threads that the item may need. It has filled Eden:
 * as before, but an item that does so in a fresh child alone is too large. It took too long over an item, exited, or
 * was killed: the run fails, or the item is tried again as often as the settings say, but never in the calling JVM.
 */
final class Brood implements AutoCloseable {
    private static final long LOOK_NANOS = 1_000_000;
    private static final long LEAVING_NANOS = 20_000_000;
    private static final long LEAVING_NAP_NANOS = 50_000;
    /** How long a child that leaves may take over the output that it still has in a buffer. */
    private static final long LAST_WORDS_NANOS = 1_000_000_000;
    private static final int MOST_EXHAUSTIONS = 20;
    /** How much of what was free of Eden a child has written, at least, when it could not allocate any more. */
    private static final int EXHAUSTED_PERCENT = 85;
    /** How often an item that may not run in the calling JVM is tried again after a deadlock. */
    private static final int RETRIES_IN_CHILDREN = 20;
    private static final int HOPELESS_DEADLOCKS = 16;
    /** After each so many deadlocks at an item it is made sure that large objects have room, twice as much as before. */
    private static final int DEADLOCKS_TO_MAKE_ROOM = 4;

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
    private final Body body;
    private final Listener listener;
    private final RunMemory memory;
    private final Doorbell bell;
    private final List<Child> live = new ArrayList<>();
    private final boolean[] places;
    private final List<Duration> detections = new ArrayList<>();
    /** Of the items at which a child has ended or had to be ended. */
    private final Map<Long, ItemHistory> histories = new HashMap<>();
    private final Refusals refusals = new Refusals();

    private int number;
    private boolean anyLost;
    private long lastLook;
    private int roomWanted = 10;
    private long roomForLarge = 64L << 20;
    private long provenDeadlocks;
    private int deadlocksAtItems;
    private long unprovenTimeouts;
    /** Children that could not go on, an unproven one counting as many. */
    private long hopelessness;
    private long reforks;
    private long successorsDue;
    private long bytesDirtied;
    private long mostBytesDirtied;
    private final ForkFigures figures = new ForkFigures();
    /** The most bytes that one item has allocated in any child that has ended. */
    private long largestItem;

    Brood(Settings settings, Body body, Listener listener) {
        this.settings = settings;
        this.body = body;
        this.listener = listener;
        this.memory = new RunMemory(settings.children());
        this.bell = memory.bell();
        this.places = new boolean[settings.children()];
    }

    Doorbell bell() {
        return bell;
    }

    List<Child> live() {
        return live;
    }

    boolean isFull() {
        return live.size() == settings.children();
    }

    /** How long the last fork took, in nanoseconds. */
    long lastForkNanos() {
        return figures.lastNanos();
    }

    /**
     * Whether nearly every child has met a deadlock, so that forking does not help; never where an item has cost a child its
     * life, as then somebody else has to be there for that item.
     */
    boolean isHopeless(long itemsFromChildren) {
        return hopelessness >= HOPELESS_DEADLOCKS && itemsFromChildren < hopelessness && !anyLost;
    }

    /** Whether no child is to be had for now, as the system refuses to make one. */
    boolean isRefused() {
        return live.isEmpty() && !refusals.isEmpty();
    }

    /** Why there will be no child, where the system has refused it for long; else null. */
    @Nullable SystemCallException refusal() {
        return live.isEmpty() ? refusals.verdict() : null;
    }

    /** Whether an item may be computed in the calling JVM: it has never cost a child its life. */
    boolean mayRunHere(long item) {
        ItemHistory history = histories.get(item);
        return history == null || history.losses() == 0;
    }

    private ItemHistory historyOf(long item) {
        return histories.computeIfAbsent(item, ignored -> new ItemHistory());
    }

    /**
     * Forks a child for a window, which may keep results to itself for a while.
     *
     * @return false where the system has refused it, now or a moment ago
     */
    boolean fork(Window window, long latencyNanos) {
        if (!refusals.mayTry()) {
            return false;
        }
        int place = 0;
        while (places[place]) {
            place++;
        }
        RunMemory.Slot slot = memory.slot(place);
        slot.reset();
        memory.ring(place).reset();
        long share = Eden.share(settings.children());
        int parent = Unistd.getpid();
        ChildMain main = new ChildMain(body, settings.codec(), settings.afterFork(), window, number + 1, slot,
                memory.ring(place).producer(bell, new ParentWatch(parent, slot)), share, largestItem, latencyNanos);
        Child child = new Child(place, number + 1, window, slot, memory.ring(place).consumer());
        long start = System.nanoTime();
        Forker.Forked forked;
        try {
            forked = Forker.fork(roomWanted, settings.isFinal());
        } catch (SystemCallException e) {
            refusals.add(e);
            return false;
        }
        if (forked.pid() == 0) {
            throw main.live();
        }
        number++;
        figures.add(System.nanoTime() - start, forked.isWhole());
        places[place] = true;
        live.add(child.with(forked));
        if (successorsDue > 0) {
            successorsDue--;
            reforks++;
        }
        return true;
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
                orphan(child, false); // it may have gone back to a chunk before the failure
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
            noteLife(child);
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
                late(child);
            }
        }
    }

    /** Where a child has come to an item, the system does not refuse children. That it was made does not say so yet. */
    private void noteLife(Child child) {
        if (!refusals.isEmpty() && child.hasBegun()) {
            refusals.clear();
        }
    }

    private boolean isLate(Child child, long now) {
        return settings.itemTimeoutNanos() > 0 && (child.currentItem() >= 0 || child.slot.isInHook())
                && !child.isLeaving()
                && !child.slot.isWaiting() && now - child.slot.since() > settings.itemTimeoutNanos();
    }

    private void ended(Child child, int status) {
        listener.drain(child);
        bury(child);
        Forker.learn(false);
        boolean sudden = Signals.signalOf(status) == Signals.SIGKILL && !child.forkedBy.isAlive()
                && !settings.isFinal();
        if (sudden || child.isLeaving()) { // it had said all that it had to say, however it has ended then
            orphan(child, false);
            return;
        }
        if (Signals.signalOf(status) == 0 && Signals.exitCodeOf(status) == WholeFork.EXIT_NOT_WHOLE
                && !child.hasBegun()) {
            refusals.add(Forks.notWhole());
            orphan(child, false);
            return;
        }
        long item = child.currentItem();
        if (item >= 0 && isTriedAgain(item, ItemHistory::died)) {
            successorsDue++;
            orphan(child, false);
            return;
        }
        lose(child, new WorkerDiedException("child " + child.pid + " ended too early: " + howItEnded(status)
                + at(child) + HsErr.describe(HsErr.of(child.pid, child.forkedMillis))));
    }

    /** Whether an item that has cost a child its life is given to another. */
    private boolean isTriedAgain(long item, Consumer<ItemHistory> loss) {
        anyLost = true;
        ItemHistory history = historyOf(item);
        loss.accept(history);
        return history.losses() <= settings.maxRetries();
    }

    /** A child that crashed, and then met a deadlock in HotSpot's report of it. It must not be tried in this JVM. */
    private void crashed(Child child, long item, Path report) {
        if (isTriedAgain(item, ItemHistory::died)) {
            orphan(child, false);
            return;
        }
        lose(child, new WorkerDiedException("child " + child.pid + " crashed" + at(child) + HsErr.describe(report)
                + ", which ends early, because the child met a deadlock while it wrote it"));
    }

    /** A child has ended at an item that is not tried again. */
    private void lose(Child child, Throwable why) {
        listener.lost(child, why);
        if (body.forgives() && child.currentItem() >= 0) {
            successorsDue++;
            orphan(child, false);
        }
    }

    private static String howItEnded(int status) {
        int code = Signals.signalOf(status) != 0 ? 0 : Signals.exitCodeOf(status);
        return switch (code) {
            case ChildLife.EXIT_BY_HOOK -> "System.exit was called in it";
            case ChildLife.EXIT_BROKEN -> "it could not report what went wrong";
            default -> Signals.describe(status);
        };
    }

    private String at(Child child) {
        long index = child.slot.index();
        return child.slot.isInHook() ? ", in the hook that runs after the fork"
                : index < 0 ? ", before its first item"
                        : ", at item " + child.currentItem() + " (" + Failure.textOf(child.window.items[(int) index])
                                + ")";
    }

    private void late(Child child) {
        String where = at(child);
        kill(child);
        long item = child.currentItem();
        if (item < 0) {
            listener.fail(Failure.timedOut(Duration.ofNanos(settings.itemTimeoutNanos()), where.substring(2), "", -1,
                    "child " + child.pid));
            return;
        }
        if (isTriedAgain(item, ItemHistory::timedOut)) {
            successorsDue++;
            orphan(child, false);
            return;
        }
        lose(child, Failure.timedOut(Duration.ofNanos(settings.itemTimeoutNanos()), where.substring(2),
                Failure.textOf(child.window.items[(int) child.slot.index()]), item, "child " + child.pid));
    }

    /** A child that can never go on. */
    private void stuck(Child child, DeadlockProof.Verdict verdict) {
        long dirtied = ProcFs.bytesDirtied(child.pid);
        child.slot.dirtiedRelease(Math.max(0, dirtied));
        detections.add(Duration.ofNanos(System.nanoTime() - child.lastAlive));
        kill(child);
        Forker.learn(true);
        if (verdict == DeadlockProof.Verdict.PROVEN) {
            provenDeadlocks++;
            hopelessness++;
        } else {
            unprovenTimeouts++;
            hopelessness += child.isWhole ? HOPELESS_DEADLOCKS : 0; // each has taken long
        }
        successorsDue++;
        long item = child.currentItem();
        Path crash = HsErr.of(child.pid, child.forkedMillis);
        if (child.slot.isInHook() && !child.isLeaving()) {
            listener.fail(
                    new WorkerDiedException("child " + child.pid + " waited for a thread that a child does not have"
                            + at(child)));
        } else if (child.isLeaving() || (item < 0 && !settings.isFinal())) {
            orphan(child, false); // no item is to blame
        } else if (item < 0) {
            listener.fail(new WorkerDiedException("child " + child.pid + " could not go on, before its task"));
        } else if (crash != null) {
            crashed(child, item, crash);
        } else if (dirtied > child.slot.eden() / 100 * EXHAUSTED_PERCENT) {
            exhausted(child, item, dirtied);
        } else {
            deadlocked(child, item, verdict == DeadlockProof.Verdict.PROVEN ? 1 : 0);
        }
    }

    /**
     * An item at which a child could not go on.
     *
     * @param chances how often it is tried again in a child before the calling JVM computes it
     */
    private void deadlocked(Child child, long item, int chances) {
        if (settings.isFinal()) {
            listener.fail(
                    new WorkerDiedException("the task waited for a thread that a child does not have, or for a lock"
                            + " that such a thread held at the fork" + at(child)
                            + "; the calling JVM does not compute it, as its"
                            + " heap is not that of the fork any more. A lock that the submitting thread holds itself is the"
                            + " task's in the child"));
            return;
        }
        deadlocksAtItems++;
        ItemHistory history = historyOf(item);
        history.deadlocked();
        boolean mayRunHere = !settings.isIsolated() && history.losses() == 0;
        if (!mayRunHere && history.deadlocks() > (chances == 0 ? 1 : RETRIES_IN_CHILDREN)) {
            lose(child,
                    new WorkerDiedException("the task cannot be computed in a child: it waited for a thread that a"
                            + " child does not have" + at(child) + ", " + history.deadlocks() + " times over; "
                            + (history.losses() > 0
                                    ? "the calling JVM does not try, as the item has ended a child before"
                                    : "perhaps it loads a class that makes compiled code invalid: load its classes in the calling"
                                            + " JVM first, or allow a warm-up, so that such items are computed there")));
            return;
        }
        if (!mayRunHere && !child.isWhole) {
            UtilClasses.load();
        }
        if (!child.isWhole && deadlocksAtItems % DEADLOCKS_TO_MAKE_ROOM == 0) {
            LargeObjects.makeRoom(roomForLarge);
            roomForLarge *= 2;
        }
        orphan(child, mayRunHere && history.deadlocks() > (child.isWhole ? chances : 1));
    }

    private void exhausted(Child child, long item, long dirtied) {
        roomWanted = 2;
        long eden = child.slot.eden();
        Window.Chunk chunk = child.window.chunks[child.chunk];
        int together = chunk.received > 0 ? 1 : Math.max(1, chunk.end - chunk.done); // a slice may still be cut smaller
        if (together > 1) {
            largestItem = Math.max(largestItem, eden / together);
        }
        boolean fair = together == 1 && child.slot.itemsAcquire() == 1 && eden >= Eden.size() / 2;
        ItemHistory history = historyOf(item);
        history.exhausted();
        boolean again = fair && history.exhaustedAlone();
        if (again || settings.isFinal() || history.exhaustions() > MOST_EXHAUSTIONS) {
            lose(child, new WorkerDiedException("the task needs more memory than a child has" + at(child)
                    + ": it had filled at least " + (dirtied >> 20) + " MiB when Eden's " + (eden >> 20)
                    + " MiB, free at the fork, were used up, and a child cannot collect garbage;"
                    + " give the young generation more room (-Xmn), or let an item do less"));
            return;
        }
        if (fair) {
            System.gc(); // once: the largest Eden there can be, before the verdict
        }
        orphan(child, false);
    }

    private void kill(Child child) {
        Signals.kill(child.pid, Signals.SIGKILL);
        Signals.waitpid(child.pid, 0);
        listener.drain(child);
        bury(child);
    }

    private void bury(Child child) {
        noteLife(child);
        live.remove(child);
        child.isLive = false;
        places[child.place] = false;
        largestItem = Math.max(largestItem, child.slot.largest());
        long dirtied = child.slot.dirtiedAcquire();
        bytesDirtied += dirtied;
        mostBytesDirtied = Math.max(mostBytesDirtied, dirtied);
    }

    /** Hands on the chunks that a child had claimed and not finished; "here" concerns the one it was at. */
    private void orphan(Child child, boolean here) {
        Window window = child.window;
        for (int c = window.due; c < window.chunks.length; c++) {
            if (window.ownerAcquire(c) == child.number && !window.chunks[c].ended) {
                listener.orphaned(window, c, here && c == child.chunk);
            }
        }
    }

    /** A child has left before its window was empty. */
    void successorDue(boolean forMemory) {
        successorsDue++;
        if (forMemory) {
            roomWanted = 2;
        }
    }

    FissionReport report(long inParent, long inChildren) {
        return new FissionReport(number, provenDeadlocks, unprovenTimeouts, reforks, inParent, inChildren, bytesDirtied,
                mostBytesDirtied, detections, Duration.ofNanos(figures.lastNanos()),
                Duration.ofNanos(figures.longestNanos()), Duration.ofNanos(figures.longestPauseNanos()),
                figures.pageTableBytes(), figures.wholeForks(), figures.whyNotWhole());
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
            LockSupport.parkNanos(LEAVING_NAP_NANOS);
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
        memory.close();
    }

    private static void awaitEnd(Child child) {
        while (child.isLeaving() && !child.hasLingered(LAST_WORDS_NANOS)) {
            if (Signals.waitpid(child.pid, Signals.WNOHANG) != 0) {
                return;
            }
            LockSupport.parkNanos(LEAVING_NAP_NANOS);
        }
        Signals.kill(child.pid, Signals.SIGKILL);
        Signals.waitpid(child.pid, 0);
    }
}
