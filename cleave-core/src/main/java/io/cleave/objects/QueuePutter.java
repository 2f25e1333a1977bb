package io.cleave.objects;

import io.cleave.HeapFullException;
import io.cleave.heap.BiasedLock;
import io.cleave.heap.Change;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Patience;
import java.lang.invoke.VarHandle;
import java.util.List;

/** Puts elements into a {@link QueueRing}, whose comment says how. */
final class QueuePutter {
    private final QueueRing ring;
    private final HeapMemory memory;
    private final boolean isStack;
    private final long tailBlock;
    private final BiasedLock lock;
    private final long longestInSlot;
    private final QueueTail end;
    private final QueueGap gap;
    private final QueueSide takers;

    QueuePutter(QueueRing ring) {
        this.ring = ring;
        this.memory = ring.heap().inside();
        this.isStack = ring.isStack();
        this.tailBlock = ring.tailBlock();
        this.lock = ring.putLock();
        this.longestInSlot = ring.longestInSlot();
        this.end = new QueueTail(ring);
        this.gap = new QueueGap(ring);
        this.takers = ring.takers();
    }

    /**
     * Puts elements, as many as there is room for.
     *
     * @param elements their bytes
     * @param from the first of them
     * @param patience for the lock
     * @return how many were put
     * @throws io.cleave.HeapFullException where there is no block for one; those before it have been put
     */
    int put(List<QueueContent> elements, int from, Patience patience) throws InterruptedException {
        if (!ring.enter(lock, patience)) {
            return 0;
        }
        int count = 0;
        try {
            while (from + count < elements.size() && putOne(elements.get(from + count))) {
                count++;
            }
            return count;
        } finally {
            ring.leave(lock, takers, count);
        }
    }

    /**
     * Puts an element, where there is room.
     *
     * @param patience for the lock
     * @return whether it was put
     * @throws io.cleave.HeapFullException where there is no block for it
     */
    boolean put(QueueContent element, Patience patience) throws InterruptedException {
        return putIfRoom(element, patience)
                || (gap.isOpen() && closeGap(patience) && putIfRoom(element, patience));
    }

    /** Makes sure that what somebody has taken out of the middle leaves room, whether it lives or not. */
    private boolean closeGap(Patience patience) throws InterruptedException {
        if (!ring.enter(ring.takeLock(), patience)) {
            return false;
        }
        long head = ring.headAcquire();
        try {
            gap.close();
            return true;
        } finally {
            ring.leave(ring.takeLock(), ring.putters(), (int) (ring.headAcquire() - head)); // room for others as well
        }
    }

    private boolean putIfRoom(QueueContent element, Patience patience) throws InterruptedException {
        if (!ring.enter(lock, patience)) {
            return false;
        }
        boolean isPut = false;
        try {
            isPut = putOne(element);
            return isPut;
        } finally {
            ring.leave(lock, takers, isPut ? 1 : 0);
        }
    }

    private boolean putOne(QueueContent element) {
        long tail = end.position();
        if (end.isFull(tail)) {
            return false;
        }
        long id = tail;
        if (isStack) {
            id = memory.getPlain(tailBlock + QueueLayout.SEQUENCE);
            memory.setOpaque(tailBlock + QueueLayout.SEQUENCE, id + 1);
        } else {
            end.begin(tail);
        }
        long slot = ring.slotAt(tail);
        memory.setRelease(slot + QueueLayout.ID, id); // SYNC: queue-id; after what was there, before what it is for
        VarHandle.storeStoreFence();
        long length = element.length();
        if (length <= longestInSlot) {
            element.copyTo(memory, slot + QueueLayout.CONTENT);
            HeapMemory.stored();
            end.publish(tail, length);
        } else {
            putLong(element, slot, tail);
        }
        return true;
    }

    private void putLong(QueueContent element, long slot, long tail) {
        try {
            putLongOnce(element, slot, tail);
        } catch (HeapFullException e) {
            if (!ring.heap().makeRoom()) {
                throw e;
            }
            putLongOnce(element, slot, tail);
        }
    }

    private void putLongOnce(QueueContent element, long slot, long tail) {
        try (Change change = ring.heap().change()) {
            long block = change.allocate(element.length());
            element.copyTo(memory, block);
            memory.setOpaque(slot + QueueLayout.BLOCK_IN_SLOT, block);
            memory.setOpaque(slot + QueueLayout.LENGTH_IN_SLOT, element.length());
            change.set(slot, QueueLayout.stampOfBlock(ring.lap(tail))); // SYNC: queue-stamp
            change.set(tailBlock + QueueLayout.TAIL, tail + 1); // SYNC: queue-tail
            change.commit();
        }
    }
}
