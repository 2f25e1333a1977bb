package io.cleave.objects;

import io.cleave.heap.HeapMemory;

/** The end of a {@link QueueRing} where elements are put, for who holds the lock for putting. */
final class QueueTail {
    private final QueueRing ring;
    private final HeapMemory memory;
    private final boolean isStack;
    private final int capacity;
    private final long tailAt;
    private final long begunAt;
    private final long knownHeadAt;

    QueueTail(QueueRing ring) {
        this.ring = ring;
        this.memory = ring.heap().inside();
        this.isStack = ring.isStack();
        this.capacity = ring.capacity();
        this.tailAt = ring.tailBlock() + QueueLayout.TAIL;
        this.begunAt = ring.tailBlock() + QueueLayout.BEGUN;
        this.knownHeadAt = ring.tailBlock() + QueueLayout.KNOWN_HEAD;
    }

    /** Where the next element goes; what a dead process had begun to put is finished, or forgotten. */
    long position() {
        long tail = memory.getPlain(tailAt);
        if (isStack || memory.getPlain(begunAt) == tail || !ring.hasAt(tail)) {
            return tail;
        }
        memory.setRelease(tailAt, tail + 1); // SYNC: queue-tail
        return tail + 1;
    }

    boolean isFull(long position) {
        if (position - memory.getPlain(knownHeadAt) < capacity) {
            return false;
        }
        long head = ring.headAcquire();
        memory.setOpaque(knownHeadAt, head); // a guess that errs on the safe side
        return position - head >= capacity;
    }

    /** Says that a position's slot is about to be written. */
    void begin(long position) {
        memory.setOpaque(begunAt, position + 1);
    }

    /** Makes what was written into a position's slot an element of the queue's. */
    void publish(long position, long length) {
        memory.setRelease(ring.slotAt(position), QueueLayout.stamp(ring.lap(position), length)); // SYNC: queue-stamp
        memory.setRelease(tailAt, position + 1); // SYNC: queue-tail
    }
}
