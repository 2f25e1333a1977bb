package io.cleave.pool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * Takes the items of an iterable that is no collection, and may make its caller wait: in a thread of its own, the feeder,
 * while there is room ahead of the run's consumer. Feeder or consumer make batches of them, whoever is there first. What
 * changes is guarded by the crew's lock; the iterator, and the encoding of items, run without it.
 */
final class ItemFeed {
    private final Crew crew;
    private final ProcessRun<?> run;
    private final Iterable<?> items;
    /** Items that are taken and in no batch. */
    private final Deque<Holder> fed = new ArrayDeque<>();
    /** Signalled when there may be room. */
    private final Condition room;
    private @Nullable Thread feeder;
    /** Whether the feeder is still to take items. */
    private boolean isFeeding;
    /** Whether somebody makes batches of what is fed, and whether somebody else wanted to meanwhile. */
    private boolean isPacking;
    private boolean isPackingWanted;

    /** An item, which may be null. */
    private record Holder(@Nullable Object item) {}

    ItemFeed(Crew crew, ProcessRun<?> run, Iterable<?> items) {
        this.crew = crew;
        this.run = run;
        this.items = items;
        this.room = crew.newCondition();
    }

    /** Whether more batches may come of it, under the lock; where the source has failed nobody waits for the feeder. */
    boolean isFlowing(boolean hasFailed) {
        return isPacking || (!hasFailed && (isFeeding || !fed.isEmpty()));
    }

    /** Whether there are items in no batch, and nobody at them, under the lock. */
    boolean hasItems() {
        return !fed.isEmpty() && !isPacking;
    }

    /** There may be room, under the lock. */
    void signalRoom() {
        room.signalAll();
    }

    /** Nobody wants what is fed, under the lock; returns the feeder if it is to be interrupted. */
    @Nullable Thread drop() {
        fed.clear();
        room.signalAll();
        return isFeeding ? feeder : null;
    }

    /** Starts the feeder, and makes batches of what it has left. For the consumer. */
    void pump() {
        crew.lock().lock();
        try {
            if (feeder == null && run.wantsItems()) {
                feeder = Thread.ofVirtual().name("cleave-" + crew.name() + "-feeder").start(this::feed);
                isFeeding = true;
            }
        } finally {
            crew.unlock();
        }
        pack(false);
    }

    private void feed() {
        Throwable thrown = null;
        try {
            Iterator<?> each = items.iterator();
            while (awaitRoom() && each.hasNext()) {
                Holder item = new Holder(each.next());
                crew.lock().lock();
                try {
                    fed.add(item);
                } finally {
                    crew.unlock();
                }
                pack(true);
            }
        } catch (Throwable t) {
            thrown = t;
        }
        crew.lock().lock();
        try {
            isFeeding = false;
            run.sourceEnded(thrown);
        } finally {
            crew.unlock();
        }
        crew.nudge();
    }

    private boolean awaitRoom() throws InterruptedException {
        crew.lock().lock();
        try {
            while (run.wantsItems() && !run.hasRoomFor(fed.size())) {
                room.await();
            }
            return run.wantsItems();
        } finally {
            crew.unlock();
        }
    }

    /**
     * Makes batches of what is fed: of as many items as make a chunk, or of fewer where a worker would have to wait. One
     * thread does so at a time, and nobody waits for it: to encode an item may take long.
     *
     * @param isFeeder whether more may follow at once
     */
    private void pack(boolean isFeeder) {
        List<Holder> some = nextToPack(isFeeder, false);
        while (some != null) {
            submit(some);
            some = nextToPack(isFeeder, true);
        }
    }

    /** Items for a batch that the caller is to make; null where there are none, or another makes batches. */
    private @Nullable List<Holder> nextToPack(boolean isFeeder, boolean isPacker) {
        boolean isMissed;
        crew.lock().lock();
        try {
            if (isPacking && !isPacker) {
                isPackingWanted = true;
                return null;
            }
            int size = run.chunkSize();
            boolean isHungry = !isFeeder || isPackingWanted || crew.isHungry();
            if (run.takesBatches() && !fed.isEmpty() && (fed.size() >= size || isHungry || !isFeeding)) {
                List<Holder> some = new ArrayList<>();
                while (some.size() < size && !fed.isEmpty()) {
                    some.add(fed.poll());
                }
                isPacking = true;
                return some;
            }
            isMissed = isPacker && isPackingWanted;
            isPacking = false;
            isPackingWanted = false;
            if (isMissed) {
                run.signalChange();
            }
        } finally {
            crew.unlock();
        }
        if (isMissed) {
            crew.nudge();
        }
        return null;
    }

    private void submit(List<Holder> some) {
        int at = 0;
        while (at < some.size()) {
            Batch batch = null;
            Throwable thrown = null;
            try {
                batch = run.newBatch(some.size() - at);
                boolean more = true;
                while (more && at < some.size()) {
                    more = batch.add(some.get(at).item);
                    at++;
                }
                run.made(batch.items.size(), !more);
            } catch (Throwable t) { // whatever the item's class does
                thrown = t;
                at = some.size();
            }
            run.enter(batch, false, thrown);
        }
    }
}
