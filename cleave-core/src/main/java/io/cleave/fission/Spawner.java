package io.cleave.fission;

import io.cleave.channel.Doorbell;
import io.cleave.fork.WholeSupport;
import io.cleave.os.SystemCallException;
import io.cleave.os.Unistd;
import org.jspecify.annotations.Nullable;

/**
 * Forks the children of one run, each with a place of its own in the memory that is shared with it, and heeds what became
 * of those before.
 */
final class Spawner implements AutoCloseable {
    /** How much of Eden should be free for a child, as 1 in so many; and for one after a child that had too little. */
    private static final int USUAL_ROOM = 10;
    private static final int MORE_ROOM = 2;

    private final Settings settings;
    private final Body body;
    private final RunMemory memory;
    private final Doorbell bell;
    /** Which places are taken. */
    private final boolean[] places;
    private final Refusals refusals = new Refusals();
    private final ForkFigures figures = new ForkFigures();
    private int number;
    private int roomWanted = USUAL_ROOM;
    private long successorsDue;
    private long reforks;
    /** The most bytes that one item has allocated in any child that has ended. */
    private long largestItem;

    Spawner(Settings settings, Body body) {
        this.settings = settings;
        this.body = body;
        this.memory = new RunMemory(settings.children());
        this.bell = memory.bell();
        this.places = new boolean[settings.children()];
    }

    Doorbell bell() {
        return bell;
    }

    ForkFigures figures() {
        return figures;
    }

    /** How many children were forked. */
    int forks() {
        return number;
    }

    /** How many of them took the place of another that could not finish. */
    long reforks() {
        return reforks;
    }

    /**
     * Forks a child for a window, which may keep results to itself for a while.
     *
     * @param isHeld whether it waits until it is let go
     * @return the child, or null where the system has refused it, now or a moment ago
     */
    @Nullable Child fork(Window window, long latencyNanos, boolean isHeld) {
        if (!refusals.mayTry()) {
            return null;
        }
        int place = 0;
        while (places[place]) {
            place++;
        }
        RunMemory.Slot slot = memory.slot(place);
        slot.reset(System.nanoTime());
        if (isHeld) {
            slot.hold();
        }
        memory.ring(place).reset();
        memory.side(place).reset();
        long share = WholeSupport.isThere() ? Long.MAX_VALUE : Eden.share(settings.children());
        int parent = Unistd.getpid();
        ChildMain main = new ChildMain(body, settings.codec(), settings.afterFork(), window, number + 1, slot,
                memory.ring(place).producer(bell, new ParentWatch(parent, slot)),
                memory.side(place).producer(), share, largestItem, latencyNanos);
        Child child = new Child(place, number + 1, window, slot, memory.ring(place).consumer(), memory.side(place));
        long start = System.nanoTime();
        Forker.Forked forked;
        try {
            forked = Forker.fork(roomWanted, settings.isFinal());
        } catch (SystemCallException e) {
            refusals.add(e);
            return null;
        }
        if (forked.pid() == 0) {
            throw main.live();
        }
        number++;
        figures.add(System.nanoTime() - start, forked.isWhole());
        places[place] = true;
        if (successorsDue > 0) {
            successorsDue--;
            reforks++;
        }
        return child.with(forked);
    }

    /** A child has ended: another may have its place. */
    void release(Child child) {
        noteLife(child);
        places[child.place] = false;
        noteItemOf(child.slot.largest());
    }

    /** Where a child has come to an item, the system does not refuse children. That it was made does not say so yet. */
    void noteLife(Child child) {
        if (!refusals.isEmpty() && child.hasBegun()) {
            refusals.clear();
        }
    }

    /** An item has allocated so many bytes. */
    void noteItemOf(long bytes) {
        largestItem = Math.max(largestItem, bytes);
    }

    /** The next child takes the place of one that could not finish. */
    void successorDue() {
        successorsDue++;
    }

    /** Children have less memory than they need. */
    void wantRoom() {
        roomWanted = MORE_ROOM;
    }

    /** The system has refused a fork, or what a child needs. */
    void refused(SystemCallException why) {
        refusals.add(why);
    }

    /** Whether the system has refused the last fork. */
    boolean isRefused() {
        return !refusals.isEmpty();
    }

    /** Why there will be no child, where the system has refused it for long; else null. */
    @Nullable SystemCallException refusal() {
        return refusals.verdict();
    }

    @Override
    public void close() {
        memory.close();
    }
}
