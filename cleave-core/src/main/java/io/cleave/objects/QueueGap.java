package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.HeapMemory;
import java.lang.invoke.VarHandle;

/**
 * Takes elements out of the middle of a {@link QueueRing}, under the lock for taking.
 *
 * <h2>Overview</h2>
 *
 * What is taken out leaves a gap, from one position to another, which the head block tells; where the two are the same there
 * is none. Then the elements before the gap move behind it one by one, from the last to the first, and the head past it in
 * the end. So who puts is not concerned, and elements keep their order, and the ids that they were put with.
 *
 * <p>
 * Each step is one {@link Change}, which leaves every element in the queue once. Who dies in the middle leaves a gap, and who
 * next comes to take something, or finds the queue full, closes it.
 */
final class QueueGap {
    private static final long[] NONE = {};

    private final QueueRing ring;
    private final HeapMemory memory;
    private final long beginAt;
    private final long endAt;
    private final long headAt;

    QueueGap(QueueRing ring) {
        this.ring = ring;
        this.memory = ring.heap().inside();
        this.beginAt = ring.headBlock() + QueueLayout.GAP_BEGIN;
        this.endAt = ring.headBlock() + QueueLayout.GAP_END;
        this.headAt = ring.headBlock() + QueueLayout.HEAD;
    }

    /** Whether there is one: while somebody takes something out, or who did has died. */
    boolean isOpen() {
        return ring.gapBeginAcquire() != ring.gapEndAcquire();
    }

    /** Closes the gap that a dead process has left, if it has. */
    void close() {
        if (isOpen()) {
            int _ = closeWithout(NONE, -1);
        }
    }

    /**
     * Takes elements out, where no gap is open.
     *
     * @param ids in ascending order
     * @return how many were there
     */
    int remove(long[] ids) {
        for (int i = ids.length - 1; i >= 0; i--) {
            long position = find(ids[i]);
            if (position - ring.tailAcquire() < 0 && id(position) == ids[i]) {
                takeOut(position, position + 1);
                return 1 + closeWithout(ids, i - 1);
            }
        }
        return 0;
    }

    /** The position of an id, or of the first one above it: ids ascend with positions. */
    private long find(long id) {
        long low = memory.getPlain(headAt);
        long high = ring.tailAcquire();
        while (high - low > 0) {
            long middle = low + ((high - low) >>> 1);
            if (id(middle) - id < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private long id(long position) {
        return memory.getPlain(ring.slotAt(position) + QueueLayout.ID);
    }

    /** Moves what is before the gap behind it, but for elements with some ids, which are taken out. */
    private int closeWithout(long[] ids, int last) {
        int count = 0;
        int next = last;
        long begin = memory.getPlain(beginAt);
        long end = memory.getPlain(endAt);
        long tail = ring.tailAcquire();
        long head = memory.getPlain(headAt);
        if (begin - head < 0 || end - begin < 0 || tail - end < 0 || tail - head > ring.capacity()) {
            throw QueueRing.damaged("it has a gap from " + begin + " to " + end + ", between " + head + " and " + tail);
        }
        while (begin != memory.getPlain(headAt)) {
            begin--;
            long id = id(begin);
            while (next >= 0 && ids[next] - id > 0) {
                next--;
            }
            if (next >= 0 && ids[next] == id) {
                takeOut(begin, end);
                count++;
            } else {
                end--;
                move(begin, end, id);
            }
        }
        try (Change change = ring.heap().change()) {
            change.set(headAt, end);
            change.set(beginAt, end);
            change.commit();
        }
        return count;
    }

    /** Takes the element out that is at the gap's new beginning. */
    private void takeOut(long begin, long end) {
        try (Change change = ring.heap().change()) {
            ring.freeBlock(change, begin);
            change.set(ring.slotAt(begin), QueueLayout.stampOfRemoved(ring.lap(begin)));
            change.set(beginAt, begin);
            change.set(endAt, end);
            change.commit();
        }
    }

    /** Moves an element from before the gap to its last slot, which nobody takes for an element meanwhile. */
    private void move(long from, long to, long id) {
        long source = ring.slotAt(from);
        long target = ring.slotAt(to);
        memory.setRelease(target + QueueLayout.ID, id); // SYNC: queue-id; after what was there, before what it is for
        VarHandle.storeStoreFence();
        memory.copy(source + QueueLayout.CONTENT, target + QueueLayout.CONTENT,
                ring.slotBytes() - QueueLayout.CONTENT);
        HeapMemory.stored();
        try (Change change = ring.heap().change()) {
            change.set(target, QueueLayout.ofLap(memory.getPlain(source), ring.lap(to))); // SYNC: queue-stamp
            change.set(beginAt, from);
            change.set(endAt, to);
            change.set(source, QueueLayout.stampOfRemoved(ring.lap(from))); // last: who sees it sees the gap that it is in
            change.commit();
        }
    }
}
