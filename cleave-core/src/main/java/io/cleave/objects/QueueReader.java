package io.cleave.objects;

import io.cleave.heap.HeapMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Collections;
import java.util.Iterator;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the elements of a {@link QueueRing} in the order in which they would be taken, without a lock and without
 * storing anything.
 *
 * <p>
 * <b>What is read is what was there.</b> Stamp and id of a slot are read before and after its content. Whoever writes a
 * slot stores the id first and the stamp last, each id is used once, and a slot that holds an element of the queue is never
 * written: so where both are the same, and the position is still one of the queue's, and the queue still in use, the
 * content is that of the element with the id. A block is freed after the head, the tail or the stamp has said that the
 * element is gone. What is read before the looks may be rubbish: it is bounded by what is committed.
 *
 * <p>
 * <b>A position of a stack</b> is used again in the same lap, and then has the old stamp while the new element is written. So
 * there the looks come before the content as well: the id is stored after the tail went below the position, so who has seen
 * the id and then the tail above the position has seen the end of that push, and so the new element as a whole.
 *
 * <p>
 * <b>Each once.</b> Ids ascend with positions, and elements that move go to higher positions only ({@link QueueGap}). So what
 * has been passed is known by its id. In a queue nothing is passed over that is there all the time, as the next is at this
 * position or above it. In a stack it may have moved up from it, as many positions as the head has, and those of a gap: so
 * head and gap are looked at before and after, and where they are others the position goes up by as much. What has come back
 * to the {@link QueueTable} comes before all that, by the ids of its own order, and does not return to the ring.
 */
final class QueueReader<E> {
    /** In the place of a content. */
    private enum Unsure {
        CHANGED
    }

    private final QueueRing ring;
    private final HeapMemory memory;
    private final MemorySegment all;
    private final QueueElements<E> elements;
    private final boolean isStack;
    private final QueueTable table;
    /** Whether nothing is left of what came back, what was read of it, and what is to be looked at. */
    private boolean isInRing;
    private QueueTable.@Nullable Found lastReturned;
    private Iterator<QueueTable.Found> returned = Collections.emptyIterator();
    /** Whether the position means something, and the id. */
    private boolean hasPosition;
    private boolean hasId;
    private long position;
    private long head;
    private long gapBegin;
    private long gapEnd;
    private long id;

    QueueReader(QueueRing ring, QueueElements<E> elements) {
        this(ring, elements, ring.table());
    }

    QueueReader(QueueRing ring, QueueElements<E> elements, QueueTable table) {
        this.ring = ring;
        this.memory = ring.heap().memory();
        this.all = memory.segment();
        this.elements = elements;
        this.isStack = ring.isStack();
        this.table = table;
    }

    /** The id of the element that {@link #next} has returned last. */
    long id() {
        QueueTable.Found last = lastReturned;
        return isInRing || last == null ? id : last.id();
    }

    /**
     * The next element.
     *
     * @return null where there are no more
     * @throws io.cleave.StaleReferenceException where the queue was dropped
     */
    @Nullable E next() {
        E element = isInRing ? null : nextReturned();
        if (element != null) {
            return element;
        }
        isInRing = true;
        return nextInRing();
    }

    private @Nullable E nextReturned() {
        while (true) {
            long entry = nextEntry();
            if (entry == 0) {
                ring.requireUse();
                return null;
            }
            QueueTable.Found found = new QueueTable.Found(entry, table.idAcquire(entry));
            if (!isNew(found) || !isStillReturned(found)) { // the entry of another element, which may come just now
                continue;
            }
            Object content = content(QueueTable.slot(entry), () -> isStillReturned(found));
            if (!(content instanceof Unsure) && isStillReturned(found)) {
                lastReturned = found;
                return elements.sure(content);
            }
        }
    }

    /** An entry that may have what is to be read next of what came back: the first, where that is quickly found. */
    private long nextEntry() {
        long first = lastReturned == null && !returned.hasNext() ? table.firstUnsure() : 0;
        if (first != 0 && table.isReturned(first, table.idAcquire(first))) {
            return first;
        }
        if (!returned.hasNext()) {
            returned = table.returnedAfter(lastReturned).iterator();
        }
        return returned.hasNext() ? returned.next().entry() : 0;
    }

    private boolean isNew(QueueTable.Found found) {
        QueueTable.Found last = lastReturned;
        return last == null || table.isBefore(last.id(), found.id());
    }

    private boolean isStillReturned(QueueTable.Found found) {
        VarHandle.loadLoadFence(); // what was read of the entry and its block comes before the looks
        boolean isReturned = table.isReturned(found.entry(), found.id());
        ring.requireUse();
        return isReturned;
    }

    private @Nullable E nextInRing() {
        while (true) {
            long newHead = ring.headAcquire();
            long tail = ring.tailAcquire();
            if (!hasPosition) {
                position = isStack ? tail - 1 : newHead;
                head = newHead;
                hasPosition = true;
            }
            if (isStack) {
                follow(newHead);
            } else if (position - newHead < 0) {
                position = newHead;
            }
            head = newHead;
            boolean isOver = isStack ? position - newHead < 0 : position - tail >= 0;
            if (isOver) {
                ring.requireUse();
                return null;
            }
            E element = read();
            if (element != null) {
                return element;
            }
        }
    }

    /** Goes to where the next element of a stack is at most. */
    private void follow(long newHead) {
        long begin = ring.gapBeginAcquire();
        long end = ring.gapEndAcquire();
        if (newHead != head || begin != gapBegin || end != gapEnd) {
            position += newHead - head + Math.max(0, end - begin); // of two that are not of one gap nothing follows
            gapBegin = begin;
            gapEnd = end;
        }
        position = min(position, ring.tailAcquire() - 1); // after the gap: what it has moved is below
    }

    private static long min(long one, long other) {
        return one - other < 0 ? one : other;
    }

    private void pass() {
        position += isStack ? -1 : 1;
    }

    /** The element at the position; null where there is none, or one that was there before, or it has changed meanwhile. */
    private @Nullable E read() {
        long slot = ring.slotAt(position);
        long stamp = memory.getAcquire(slot); // SYNC: queue-stamp
        long found = memory.getAcquire(slot + QueueLayout.ID); // SYNC: queue-id
        boolean isNew = !hasId || (isStack ? found - id < 0 : found - id > 0);
        if (!QueueLayout.isOfLap(stamp, ring.lap(position)) || !QueueLayout.isFull(stamp) || !isNew) {
            if (isUnchanged(slot, stamp, found)) {
                requireSense(stamp);
                pass();
            }
            return null;
        }
        if (isStack && !isUnchanged(slot, stamp, found)) { // an id that is not of the stamp's element
            return null;
        }
        Object content = content(slot, () -> isUnchanged(slot, stamp, found));
        if (content instanceof Unsure || !isUnchanged(slot, stamp, found)) {
            return null;
        }
        hasId = true;
        id = found;
        pass();
        return elements.sure(content);
    }

    /** What a slot has, to be thrown away unless it is unchanged after; {@link Unsure} where it has changed before. */
    private @Nullable Object content(long slot, BooleanSupplier isUnchanged) {
        long stamp = memory.getAcquire(slot);
        long at = slot + QueueLayout.CONTENT;
        long length = QueueLayout.length(stamp);
        if (QueueLayout.isInBlock(stamp)) {
            at = memory.getPlain(slot + QueueLayout.BLOCK_IN_SLOT);
            length = memory.getPlain(slot + QueueLayout.LENGTH_IN_SLOT);
        }
        boolean isReadable = length >= 0 && length <= ValueEncoding.MOST_BYTES && memory.isCommitted(at, length);
        if (!isReadable || length > StoredValue.MOST_UNSURE_BYTES) {
            if (!isUnchanged.getAsBoolean()) {
                return Unsure.CHANGED;
            }
            if (!isReadable) {
                throw QueueRing.damaged("an element of " + length + " bytes is at " + at);
            }
        }
        return elements.readUnsure(all, at, length);
    }

    /** A position of the queue's has a stamp of its lap; what was taken while it was read has none of anybody's. */
    private void requireSense(long stamp) {
        if (!QueueLayout.isOfLap(stamp, ring.lap(position))) {
            throw QueueRing.damaged("position " + position + " has the stamp " + Long.toHexString(stamp));
        }
    }

    /** The looks after: whether a slot is as it was, and its position one of the queue's. */
    private boolean isUnchanged(long slot, long stamp, long found) {
        VarHandle.loadLoadFence(); // what was read of the slot and its block comes before the looks
        if (memory.getAcquire(slot) != stamp || memory.getAcquire(slot + QueueLayout.ID) != found) {
            return false;
        }
        boolean isGapSame = !isStack || (position - ring.tailAcquire() < 0 && ring.gapBeginAcquire() == gapBegin
                && ring.gapEndAcquire() == gapEnd);
        long headNow = ring.headAcquire(); // last: a later gap may be at the same place, but the head has passed then
        boolean isInside = isGapSame && position - headNow >= 0 && (!isStack || headNow == head);
        ring.requireUse();
        return isInside;
    }
}
