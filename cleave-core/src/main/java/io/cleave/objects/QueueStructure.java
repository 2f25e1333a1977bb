package io.cleave.objects;

import io.cleave.heap.BiasedLock;
import io.cleave.heap.Change;
import io.cleave.heap.Check;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Cell;
import io.cleave.owner.Gate;
import io.cleave.owner.SharedCell;

/** What the directory of a heap asks of queues and stacks. */
final class QueueStructure implements Structure {
    private static final int MOST_FREES = Change.MOST_FREES - 2;

    @Override
    public void walk(Heap heap, long header, Check check) {
        if (check.reached(header) < Heap.HEADER_BYTES) {
            return;
        }
        HeapMemory memory = heap.memory();
        long headBlock = memory.getPlain(header + QueueLayout.HEAD_BLOCK);
        long tailBlock = memory.getPlain(header + QueueLayout.TAIL_BLOCK);
        if (headBlock == 0) {
            return; // all but the header is free
        }
        boolean hasBlocks = check.reached(headBlock) >= Heap.HEADER_BYTES
                && check.reached(tailBlock) >= Heap.HEADER_BYTES;
        if (!isOfNumbers(memory, header)) {
            long _ = check.reached(memory.getPlain(header + QueueLayout.SCHEMA));
        }
        for (int i = 0; i < QueueLayout.MOST_CHUNKS; i++) {
            long chunk = memory.getPlain(header + QueueLayout.CHUNKS + (long) i * Long.BYTES);
            if (chunk != 0 && check.reached(chunk) == 0) {
                hasBlocks = false;
            }
        }
        if (hasBlocks) {
            QueueRing ring = ring(heap, header);
            long tail = ring.tailAcquire();
            long head = ring.headAcquire(); // after the tail, which goes on meanwhile where elements have no blocks
            if (tail - head > ring.capacity()) {
                check.fault("the queue at " + header + " has its head at " + head + " and its tail at " + tail);
                return;
            }
            for (long position = head; position - tail < 0; position++) {
                walk(ring, position, check);
            }
            ring.table().walk(check);
        }
    }

    private static boolean isOfNumbers(HeapMemory memory, long header) {
        return kind(memory, header).isQueueOfNumbers();
    }

    private static RootKind kind(HeapMemory memory, long header) {
        RootKind kind = RootLayout.kindOf(memory, header);
        return kind == null ? RootKind.QUEUE : kind; // a damaged heap has any kind
    }

    /** Elements without a block come and go meanwhile, as that is no change of the heap. */
    private static void walk(QueueRing ring, long position, Check check) {
        HeapMemory memory = ring.heap().memory();
        long slot = ring.slotAt(position);
        long stamp = memory.getAcquire(slot);
        boolean isInside = position - ring.headAcquire() >= 0 && position - ring.tailAcquire() < 0;
        if (!QueueLayout.isOfLap(stamp, ring.lap(position))) {
            if (isInside) {
                check.fault("position " + position + " of a queue has the stamp " + Long.toHexString(stamp));
            }
        } else if (isInside || !QueueLayout.isInBlock(stamp)) {
            walkElement(ring, slot, check);
        }
    }

    /** Names the block of an element, if it has one. */
    static void walkElement(QueueRing ring, long slot, Check check) {
        HeapMemory memory = ring.heap().memory();
        long stamp = memory.getAcquire(slot);
        if (QueueLayout.isInBlock(stamp) && !ring.hasNumbers()) {
            long length = memory.getPlain(slot + QueueLayout.LENGTH_IN_SLOT);
            long size = check.reached(memory.getPlain(slot + QueueLayout.BLOCK_IN_SLOT));
            if (size != 0 && (length < 0 || length > size)) {
                check.fault("the element at " + slot + " of a queue has " + length + " bytes in " + size);
            }
        } else if (QueueLayout.isInBlock(stamp) || QueueLayout.length(stamp) > ring.longestInSlot()) {
            check.fault("the element at " + slot + " of a queue has the stamp " + Long.toHexString(stamp));
        }
    }

    private static QueueRing ring(Heap heap, long header) {
        HeapMemory memory = heap.memory();
        return new QueueRing(heap, new Gate(), header, memory.getAcquire(header), kind(memory, header),
                at -> new SharedCell(memory.segment(), at));
    }

    @Override
    public boolean dismantle(Heap heap, long header, SweepLimit limit) {
        if (heap.memory().getPlain(header + QueueLayout.HEAD_BLOCK) == 0) {
            return true;
        }
        QueueRing ring = ring(heap, header);
        BiasedLock headLock = heap.biasedLock(ring.headBlock() + QueueLayout.LOCK);
        BiasedLock tailLock = heap.biasedLock(ring.tailBlock() + QueueLayout.LOCK);
        if (!limit.tryLock(headLock)) {
            return false;
        }
        try {
            if (!limit.tryLock(tailLock)) {
                return false;
            }
            try {
                sendAway(heap, ring.headBlock());
                sendAway(heap, ring.tailBlock());
                if (!ring.hasNumbers()) {
                    freeElements(ring);
                    ring.table().freeElements();
                }
                freeBlocks(heap, header, ring);
                return true;
            } finally {
                tailLock.unlockForGood();
            }
        } finally {
            headLock.unlockForGood();
        }
    }

    /** Wakes those who wait, to find that the queue is gone. */
    private static void sendAway(Heap heap, long block) {
        HeapMemory memory = heap.memory();
        memory.setRelease(block + QueueLayout.TURN, memory.getPlain(block + QueueLayout.TURN) + 1);
        new SharedCell(memory.segment(), block + QueueLayout.TURN).wake(Cell.ALL);
    }

    /** Moves the head to the tail, and frees what is between. A gap that a dead process has left has no blocks. */
    private static void freeElements(QueueRing ring) {
        HeapMemory memory = ring.heap().memory();
        long headAt = ring.headBlock() + QueueLayout.HEAD;
        long tail = ring.tailAcquire();
        for (long head = memory.getPlain(headAt); head - tail < 0;) {
            try (Change change = ring.heap().change()) {
                for (int frees = 0; head - tail < 0 && frees < MOST_FREES; head++) {
                    long slot = ring.slotAt(head);
                    long stamp = memory.getPlain(slot);
                    if (QueueLayout.isOfLap(stamp, ring.lap(head)) && QueueLayout.isInBlock(stamp)) {
                        ring.freeBlock(change, head);
                        frees++;
                    }
                }
                change.set(headAt, head);
                change.commit();
            }
        }
    }

    private static void freeBlocks(Heap heap, long header, QueueRing ring) {
        HeapMemory memory = heap.memory();
        try (Change change = heap.change()) {
            for (int i = 0; i < QueueLayout.MOST_CHUNKS; i++) {
                long chunk = memory.getPlain(header + QueueLayout.CHUNKS + (long) i * Long.BYTES);
                if (chunk != 0) {
                    change.free(chunk);
                }
            }
            if (!ring.hasNumbers()) {
                change.free(memory.getPlain(header + QueueLayout.SCHEMA));
            }
            ring.table().freeChunks(change);
            change.free(ring.headBlock());
            change.free(ring.tailBlock());
            change.set(header + QueueLayout.HEAD_BLOCK, 0);
            change.commit();
        }
    }

    @Override
    public long size(Heap heap, long header) {
        if (heap.memory().getPlain(header + QueueLayout.HEAD_BLOCK) == 0) {
            return 0;
        }
        QueueRing ring = ring(heap, header);
        return (long) ring.size() + ring.table().returned();
    }
}
