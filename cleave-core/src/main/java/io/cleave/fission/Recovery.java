package io.cleave.fission;

import io.cleave.WorkerDiedException;
import io.cleave.fork.ChildLife;
import io.cleave.fork.Forks;
import io.cleave.os.Signals;
import io.cleave.os.WholeFork;
import io.cleave.work.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What becomes of an item at which a child has ended.
 *
 * <p>
 * A child ends for one of these reasons. It left, for want of work or memory or because it was asked to: what it had
 * not delivered of its chunk goes to another. It can provably never go on: it is killed, and its item tried once more
 * in a fresh child, and then in the calling JVM, which has all the threads that the item may need. It has filled Eden:
 * as before, but an item that does so in a fresh child alone is too large. It took too long over an item, exited, or
 * was killed: the run fails, or the item is tried again as often as the settings say, but never in the calling JVM.
 */
final class Recovery {
    private static final int MOST_EXHAUSTIONS = 20;
    /** How much of what was free of Eden a child has written, at least, when it could not allocate any more. */
    private static final int EXHAUSTED_PERCENT = 85;
    /** How often an item that may not run in the calling JVM is tried again after a deadlock. */
    private static final int RETRIES_IN_CHILDREN = 20;
    /** How many children of one thread that cannot go on in their hook are made up for by others. */
    private static final int RETRIES_OF_HOOKS = 5;
    private static final int HOPELESS_DEADLOCKS = 16;
    /** After each so many deadlocks at an item it is made sure that large objects have room, twice as much as before. */
    private static final int DEADLOCKS_TO_MAKE_ROOM = 4;

    private final Settings settings;
    private final Body body;
    private final Children.Listener listener;
    private final Spawner spawner;
    /** Of the items at which a child has ended or had to be ended. */
    private final Map<Long, ItemHistory> histories = new HashMap<>();
    private boolean anyLost;
    private long roomForLarge = 64L << 20;
    private long provenDeadlocks;
    private int deadlocksAtItems;
    private long unprovenTimeouts;
    private int stuckHooks;
    /** Children that could not go on, an unproven one counting as many. */
    private long hopelessness;

    Recovery(Settings settings, Body body, Children.Listener listener, Spawner spawner) {
        this.settings = settings;
        this.body = body;
        this.listener = listener;
        this.spawner = spawner;
    }

    long provenDeadlocks() {
        return provenDeadlocks;
    }

    long unprovenTimeouts() {
        return unprovenTimeouts;
    }

    /**
     * Whether nearly every child has met a deadlock, so that forking does not help; never where an item has cost a child its
     * life, as then somebody else has to be there for that item.
     */
    boolean isHopeless(long itemsFromChildren) {
        return hopelessness >= HOPELESS_DEADLOCKS && itemsFromChildren < hopelessness && !anyLost;
    }

    /** Whether an item may be computed in the calling JVM: it has never cost a child its life. */
    boolean mayRunHere(long item) {
        ItemHistory history = histories.get(item);
        return history == null || history.losses() == 0;
    }

    /** A child has ended by itself, or was ended by somebody else; what it had sent has been taken. */
    void ended(Child child, int status) {
        boolean sudden = Signals.signalOf(status) == Signals.SIGKILL && !child.forkedBy.isAlive()
                && !settings.isFinal();
        long item = blamed(child);
        boolean isDone = item < 0 && child.hasBegun();
        if (sudden || child.isLeaving() || isDone) { // it had said all that it had to say, however it has ended then
            orphan(child, false);
            return;
        }
        if (Signals.signalOf(status) == 0 && Signals.exitCodeOf(status) == WholeFork.EXIT_NOT_WHOLE
                && !child.hasBegun()) {
            spawner.refused(Forks.notWhole());
            orphan(child, false);
            return;
        }
        if (item >= 0 && isTriedAgain(item, ItemHistory::died)) {
            spawner.successorDue();
            orphan(child, false);
            return;
        }
        lose(child, new WorkerDiedException("child " + child.pid + " ended too early: " + howItEnded(status)
                + child.where() + HsErr.describe(HsErr.of(child.pid, child.forkedMillis))));
    }

    /**
     * A child has taken too long, and was killed.
     *
     * @param where it was at
     */
    void late(Child child, String where) {
        long item = blamed(child);
        if (item < 0 && child.hasBegun()) {
            orphan(child, false); // it has sent the result just now
            return;
        }
        if (item < 0) {
            listener.fail(Failure.timedOut(Duration.ofNanos(settings.itemTimeoutNanos()), where.substring(2), "", -1,
                    "child " + child.pid));
            return;
        }
        if (isTriedAgain(item, ItemHistory::timedOut)) {
            spawner.successorDue();
            orphan(child, false);
            return;
        }
        lose(child, Failure.timedOut(Duration.ofNanos(settings.itemTimeoutNanos()), where.substring(2),
                Failure.textOf(child.window.items[(int) child.slot.index()]), item, "child " + child.pid));
    }

    /**
     * A child could never go on, and was killed.
     *
     * @param dirtied how many bytes of memory it had written
     */
    void stuck(Child child, DeadlockProof.Verdict verdict, long dirtied) {
        if (verdict == DeadlockProof.Verdict.PROVEN) {
            provenDeadlocks++;
            hopelessness++;
        } else {
            unprovenTimeouts++;
            hopelessness += child.isWhole ? HOPELESS_DEADLOCKS : 0; // each has taken long
        }
        spawner.successorDue();
        long item = blamed(child);
        Path crash = HsErr.of(child.pid, child.forkedMillis);
        if (child.slot.isInHook() && !child.isLeaving()) {
            if (!child.isWhole && !settings.isFinal() && ++stuckHooks <= RETRIES_OF_HOOKS) {
                orphan(child, false); // it may have been a lock of the compiler's, at that moment
                return;
            }
            listener.fail(
                    new WorkerDiedException("child " + child.pid + " waited for a thread that a child does not have"
                            + child.where()));
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

    /** A child that crashed, and then met a deadlock in HotSpot's report of it. It must not be tried in this JVM. */
    private void crashed(Child child, long item, Path report) {
        if (isTriedAgain(item, ItemHistory::died)) {
            orphan(child, false);
            return;
        }
        lose(child, new WorkerDiedException("child " + child.pid + " crashed" + child.where() + HsErr.describe(report)
                + ", which ends early, because the child met a deadlock while it wrote it"));
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
                            + " that such a thread held at the fork" + child.where()
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
                            + " child does not have" + child.where() + ", " + history.deadlocks() + " times over; "
                            + (history.losses() > 0
                                    ? "the calling JVM does not try, as the item has ended a child before"
                                    : "perhaps it uses virtual threads, of which the calling JVM always has some that wait for a"
                                            + " processor, or loads a class that makes compiled code invalid: load its classes in"
                                            + " the calling JVM first, or allow a warm-up, so that such items are computed"
                                            + " there")));
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
        spawner.wantRoom();
        long eden = child.slot.eden();
        Window.Chunk chunk = child.window.chunks[child.chunk];
        int together = chunk.received > 0 ? 1 : Math.max(1, chunk.end - chunk.done); // a slice may still be cut smaller
        if (together > 1) {
            spawner.noteItemOf(eden / together);
        }
        boolean fair = together == 1 && child.slot.itemsAcquire() == 1 && eden >= Eden.size() / 2;
        ItemHistory history = historyOf(item);
        history.exhausted();
        boolean again = fair && history.exhaustedAlone();
        boolean isHopeless = again || history.exhaustions() > MOST_EXHAUSTIONS;
        boolean mayRunHere = !settings.isFinal() && !settings.isIsolated() && history.losses() == 0;
        if (isHopeless && mayRunHere) {
            orphan(child, true); // the caller can collect garbage
            return;
        }
        if (isHopeless || settings.isFinal()) {
            lose(child, new WorkerDiedException("the task needs more memory than a child has" + child.where()
                    + ": it had filled at least " + (dirtied >> 20) + " MiB when Eden's " + (eden >> 20)
                    + " MiB, free at the fork, were used up, and a child cannot collect garbage;"
                    + " give the young generation more room (-Xmn), or let an item do less"
                    + (settings.isFinal() ? "" : ", or allow a warm-up: then the calling JVM computes such items")));
            return;
        }
        if (fair) {
            System.gc(); // once: the largest Eden there can be, before the verdict
        }
        orphan(child, false);
    }

    /** Whether an item that has cost a child its life is given to another. */
    private boolean isTriedAgain(long item, Consumer<ItemHistory> loss) {
        anyLost = true;
        ItemHistory history = historyOf(item);
        loss.accept(history);
        return history.losses() <= settings.maxRetries();
    }

    /** A child has ended at an item that is not tried again. */
    private void lose(Child child, Throwable why) {
        listener.lost(child, why);
        if (body.forgives() && child.currentItem() >= 0) {
            spawner.successorDue();
            orphan(child, false);
        }
    }

    /**
     * The item at which a child has ended: the one begun last, unless all that comes of it is here; else -1. What a child
     * does after an item, or before its first, is no item's doing; to send what was gathered is the last one's.
     */
    private long blamed(Child child) {
        int index = (int) child.slot.index();
        if (index < 0) {
            return -1;
        }
        Window window = child.window;
        int at = window.chunkOf(index);
        Window.Chunk chunk = window.chunks[at];
        int taken = window.starts[at] + (body.isItemwise() ? chunk.received : chunk.done);
        return chunk.ended || index < taken ? -1 : child.currentItem();
    }

    /** Hands on the chunks that a child had claimed and not finished; "here" concerns the one it was at. */
    void orphan(Child child, boolean here) {
        Window window = child.window;
        for (int c = window.due; c < window.chunks.length; c++) {
            if (window.ownerAcquire(c) == child.number && !window.chunks[c].ended) {
                listener.orphaned(window, c, here && c == child.chunk);
            }
        }
    }

    private ItemHistory historyOf(long item) {
        return histories.computeIfAbsent(item, ignored -> new ItemHistory());
    }

    private static String howItEnded(int status) {
        int code = Signals.signalOf(status) != 0 ? 0 : Signals.exitCodeOf(status);
        return switch (code) {
            case ChildLife.EXIT_BY_HOOK -> "System.exit was called in it";
            case ChildLife.EXIT_BROKEN -> "it could not report what went wrong";
            default -> Signals.describe(status);
        };
    }
}
