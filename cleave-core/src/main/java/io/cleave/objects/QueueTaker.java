package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Patience;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Takes elements out of a {@link QueueRing}, whose comment says how. */
final class QueueTaker<E> {
    /** How many elements are taken at once. */
    private static final int BATCH = Change.MOST_FREES - 2;

    private final QueueRing ring;
    private final QueueElements<E> elements;
    private final HeapMemory memory;
    private final MemorySegment all;
    private final boolean isStack;
    private final long headAt;
    private final long tailAt;
    private final long lockAt;
    private final QueueGap gap;
    private final QueueSide putters;

    QueueTaker(QueueRing ring, QueueElements<E> elements) {
        this.ring = ring;
        this.elements = elements;
        this.memory = ring.heap().memory();
        this.all = memory.segment();
        this.isStack = ring.isStack();
        this.headAt = ring.headBlock() + QueueLayout.HEAD;
        this.tailAt = ring.tailBlock() + QueueLayout.TAIL;
        this.lockAt = ring.takeLockAt();
        this.gap = new QueueGap(ring);
        this.putters = ring.putters();
    }

    /**
     * Takes the next element.
     *
     * @param mayTake asked when everything is ready: the element stays where this says no
     * @param patience for the lock
     * @return null where there is none, or it was not to be taken
     */
    @Nullable E take(BooleanSupplier mayTake, Patience patience) throws InterruptedException {
        if (!ring.enter(lockAt, patience)) {
            return null;
        }
        E taken = null;
        try {
            gap.close();
            long position = next(0);
            long stamp = stamp(position);
            if (stamp == 0) {
                return null;
            }
            E element = decode(position, stamp);
            if (mayTake.getAsBoolean()) {
                moveEnd(position, 1, QueueLayout.isInBlock(stamp));
                taken = element;
            }
            return taken;
        } finally {
            ring.leave(lockAt, putters, taken == null ? 0 : 1);
        }
    }

    /**
     * Takes the next elements.
     *
     * @param target gets them; null where nobody wants to see them
     * @param most how many at most
     * @return how many were taken; where that is not 0 there may be more
     */
    int take(@Nullable List<E> target, int most, Patience patience) throws InterruptedException {
        if (!ring.enter(lockAt, patience)) {
            return 0;
        }
        int taken = 0;
        try {
            gap.close();
            boolean hasBlocks = false;
            int count = 0;
            long position = next(0);
            long stamp = stamp(position);
            while (stamp != 0 && count < Math.min(BATCH, most)
                    && (target == null || isAdded(target, position, stamp))) {
                hasBlocks |= QueueLayout.isInBlock(stamp);
                count++;
                position = next(count);
                stamp = stamp(position);
            }
            if (count > 0) {
                moveEnd(next(count - 1), count, hasBlocks);
            }
            taken = count;
            return taken;
        } finally {
            ring.leave(lockAt, putters, taken);
        }
    }

    /** Whether an element could be read; where it is the first of several the caller has to know why not. */
    private boolean isAdded(List<E> target, long position, long stamp) {
        try {
            return target.add(decode(position, stamp));
        } catch (RuntimeException e) {
            if (target.isEmpty()) {
                throw e;
            }
            return false;
        }
    }

    /** The position of an element to take, after so many others. */
    private long next(int others) {
        return isStack ? memory.getPlain(tailAt) - 1 - others : memory.getPlain(headAt) + others;
    }

    /** The stamp of an element that can be taken; 0 where there is none at the position. */
    private long stamp(long position) {
        if (isStack && position - memory.getPlain(headAt) < 0) {
            return 0;
        }
        long stamp = memory.getAcquire(ring.slotAt(position)); // SYNC: queue-stamp
        return QueueLayout.isOfLap(stamp, ring.lap(position)) ? stamp : 0;
    }

    /** Takes the elements up to a position. */
    private void moveEnd(long last, int count, boolean hasBlocks) {
        long endAt = isStack ? tailAt : headAt;
        long end = isStack ? last : last + 1;
        if (!hasBlocks) {
            memory.setRelease(endAt, end);
            return;
        }
        try (Change change = ring.heap().change()) {
            change.set(endAt, end);
            for (int i = 0; i < count; i++) {
                ring.freeBlock(change, isStack ? last + i : last - i);
            }
            change.commit();
        }
    }

    /** The element of a slot that cannot change meanwhile, as its lock is held. */
    private E decode(long position, long stamp) {
        long slot = ring.slotAt(position);
        long at = slot + QueueLayout.CONTENT;
        long length = QueueLayout.length(stamp);
        if (QueueLayout.isInBlock(stamp)) {
            at = memory.getPlain(slot + QueueLayout.BLOCK_IN_SLOT);
            length = memory.getPlain(slot + QueueLayout.LENGTH_IN_SLOT);
        }
        boolean isReadable = QueueLayout.isFull(stamp) && length >= 0 && length <= ValueEncoding.MOST_BYTES
                && memory.isCommitted(at, length);
        E element = isReadable ? elements.decode(all, at, length) : null;
        if (element == null) {
            throw QueueRing.damaged("position " + position + " has the stamp " + Long.toHexString(stamp));
        }
        return element;
    }

    /**
     * Takes elements out of wherever they are.
     *
     * @param ids whose they are, in ascending order; those that are there no more are passed over
     * @return how many were taken
     */
    int remove(long[] ids) throws InterruptedException {
        if (!ring.enter(lockAt, Patience.UNINTERRUPTIBLY)) {
            return 0;
        }
        int count = 0;
        try {
            gap.close();
            count = gap.remove(ids);
            return count;
        } finally {
            ring.leave(lockAt, putters, count);
        }
    }
}
