package io.cleave.objects;

import io.cleave.HeapFullException;
import io.cleave.heap.BiasedLock;
import io.cleave.heap.Change;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Gate;
import io.cleave.owner.Participants;
import io.cleave.owner.Patience;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes elements out of a {@link QueueRing}, whose comment says how, or receives them, and before these what came back to
 * its {@link QueueTable}.
 */
final class QueueTaker<E> {
    /** How many elements are taken at once. */
    private static final int BATCH = Change.MOST_FREES - 2;
    /** How many are received at once. */
    private static final int RECEIVED_BATCH = 16;
    /** Elements of more bytes are not read under the lock. */
    private static final long MOST_QUICK_BYTES = 1 << 14;
    private static final long[] NONE = {};

    private final QueueRing ring;
    private final Gate gate;
    private final QueueElements<E> elements;
    private final HeapMemory memory;
    private final boolean isStack;
    private final long headAt;
    private final long tailAt;
    private final BiasedLock lock;
    private final QueueGap gap;
    private final QueueTable table;
    private final QueueReceiver<E> receiver;
    private final QueueSide putters;

    QueueTaker(QueueRing ring, QueueElements<E> elements) {
        this.ring = ring;
        this.gate = ring.gate();
        this.elements = elements;
        this.memory = ring.heap().inside();
        this.isStack = ring.isStack();
        this.headAt = ring.headBlock() + QueueLayout.HEAD;
        this.tailAt = ring.tailBlock() + QueueLayout.TAIL;
        this.lock = ring.takeLock();
        this.gap = new QueueGap(ring);
        this.table = ring.table();
        this.receiver = new QueueReceiver<>(ring, elements);
        this.putters = ring.putters();
    }

    /** Acquires the lock, inside the gate, and looks before whether somebody has died who had received something. */
    private boolean lock(Patience patience) throws InterruptedException {
        boolean _ = table.isOwnerDead();
        return ring.lock(lock, patience);
    }

    /** Grows by one for each element for which there is room now. Under the lock. */
    private long ends() {
        return memory.getPlain(headAt) - (isStack ? memory.getPlain(tailAt) : 0);
    }

    /** Brings into order what dead processes have left. */
    private void prepare() {
        gap.close();
        table.reclaim();
    }

    /**
     * Takes the next element.
     *
     * @param mayTake asked when nothing is left to do but to take it: the element stays where this says no
     * @param patience for the lock
     * @return null where there is none, or it was not to be taken
     */
    @Nullable E take(BooleanSupplier mayTake, Patience patience) throws InterruptedException {
        gate.enter();
        try {
            if (!lock(patience)) {
                return null;
            }
            long owner = 0;
            long entry = 0;
            long before = ends();
            try {
                prepare();
                long position = next(0);
                long stamp = stamp(position);
                boolean isReturned = table.returned() > 0;
                if (!isReturned && stamp == 0) {
                    return null;
                }
                E element = !isReturned && isQuick(position, stamp) ? decode(position) : null;
                if (!mayTake.getAsBoolean()) {
                    return null;
                }
                if (element == null) {
                    owner = Participants.newOwner();
                    entry = receive(owner);
                    element = entry == 0 ? decode(position) : null;
                }
                if (element != null) {
                    moveEnd(position, 1, QueueLayout.isInBlock(stamp));
                }
                if (element != null) {
                    return element;
                }
            } finally {
                ring.unlock(lock, putters, (int) (ends() - before));
            }
            return receiver.take(entry, owner);
        } finally {
            gate.exit();
        }
    }

    /**
     * Receives the next element.
     *
     * @param open gets the delivery
     * @param mayTake asked when nothing is left to do but to receive it: the element stays where this says no
     * @param patience for the lock
     * @return null where there is none, or it was not to be received
     * @throws HeapFullException where there is no place for it beside the ring
     */
    @Nullable QueueDelivery<E> receive(Set<QueueDelivery<?>> open, BooleanSupplier mayTake, Patience patience)
            throws InterruptedException {
        gate.enter();
        try {
            if (!lock(patience)) {
                return null;
            }
            long owner = Participants.newOwner();
            long entry;
            long before = ends();
            try {
                prepare();
                boolean isReturned = table.returned() > 0;
                long position = next(0);
                if ((!isReturned && stamp(position) == 0) || !mayTake.getAsBoolean()) {
                    return null;
                }
                entry = isReturned ? receiveReturned(owner) : receiveNew(owner, 1)[0];
            } finally {
                ring.unlock(lock, putters, (int) (ends() - before));
            }
            QueueDelivery<E> delivery = new QueueDelivery<>(gate, receiver, open, receiver.read(entry, owner), entry,
                    owner, table.deliveries(entry));
            boolean _ = open.add(delivery);
            return delivery;
        } finally {
            gate.exit();
        }
    }

    /** The entry of the next element, to be read without the lock; 0 where the heap has no room for that. */
    private long receive(long owner) {
        if (table.returned() > 0) {
            return receiveReturned(owner);
        }
        try {
            return receiveNew(owner, 1)[0];
        } catch (HeapFullException e) {
            return 0;
        }
    }

    private long receiveReturned(long owner) {
        long entry = table.firstReturned();
        table.receiveReturned(entry, owner);
        return entry;
    }

    /**
     * Moves the next elements from the ring into entries.
     *
     * @return at least one entry
     * @throws HeapFullException where there is not even one
     */
    private long[] receiveNew(long owner, int most) {
        long[] entries = new long[most];
        int count = 0;
        try (Change change = ring.heap().change()) {
            while (count < most && stamp(next(count)) != 0) {
                try {
                    entries[count] = table.receive(change, ring.slotAt(next(count)), owner);
                } catch (HeapFullException e) {
                    if (count == 0) {
                        throw e;
                    }
                    break;
                }
                count++;
            }
            setEnd(change, next(count - 1));
            change.commit();
        }
        return Arrays.copyOf(entries, count);
    }

    /**
     * Takes the next elements.
     *
     * @param target gets them; null where nobody wants to see them
     * @param most how many at most, 1 or more
     * @return how many were taken; where that is not 0 there may be more
     */
    int take(@Nullable List<E> target, int most, Patience patience) throws InterruptedException {
        gate.enter();
        try {
            if (!lock(patience)) {
                return 0;
            }
            long owner = 0;
            long[] received = NONE;
            long before = ends();
            try {
                prepare();
                boolean isReturned = table.returned() > 0;
                if (target == null) {
                    return isReturned ? removeReturned() : takeQuickly(null, most);
                }
                long position = next(0);
                long stamp = stamp(position);
                if (isReturned || (stamp != 0 && !isQuick(position, stamp))) {
                    owner = Participants.newOwner();
                    received = isReturned ? new long[] {receiveReturned(owner)}
                            : receiveSome(owner, Math.min(most, RECEIVED_BATCH));
                }
                if (received.length == 0) {
                    return takeQuickly(target, most);
                }
            } finally {
                ring.unlock(lock, putters, (int) (ends() - before));
            }
            return receiver.take(received, owner, target);
        } finally {
            gate.exit();
        }
    }

    private long[] receiveSome(long owner, int most) {
        try {
            return receiveNew(owner, most);
        } catch (HeapFullException e) {
            return NONE;
        }
    }

    /** Takes elements from the ring under the lock: the first however long reading it takes. */
    private int takeQuickly(@Nullable List<E> target, int most) {
        boolean hasBlocks = false;
        int count = 0;
        long position = next(0);
        long stamp = stamp(position);
        while (stamp != 0 && count < Math.min(BATCH, most) && (target == null
                || ((count == 0 || isQuick(position, stamp)) && isAdded(target, position)))) {
            hasBlocks |= QueueLayout.isInBlock(stamp);
            count++;
            position = next(count);
            stamp = stamp(position);
        }
        if (count > 0) {
            moveEnd(next(count - 1), count, hasBlocks);
        }
        return count;
    }

    /** Whether an element could be read; where it is the first of several the caller has to know why not. */
    private boolean isAdded(List<E> target, long position) {
        try {
            return target.add(decode(position));
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

    /** Whether reading an element takes moments, and runs no code of its class. */
    private boolean isQuick(long position, long stamp) {
        return elements.isPlain() && (!QueueLayout.isInBlock(stamp)
                || memory.getPlain(ring.slotAt(position) + QueueLayout.LENGTH_IN_SLOT) <= MOST_QUICK_BYTES);
    }

    private E decode(long position) {
        return elements.read(memory, ring.slotAt(position));
    }

    /** Takes the elements up to a position. */
    private void moveEnd(long last, int count, boolean hasBlocks) {
        if (!hasBlocks) {
            memory.setRelease(isStack ? tailAt : headAt, isStack ? last : last + 1);
            return;
        }
        try (Change change = ring.heap().change()) {
            setEnd(change, last);
            for (int i = 0; i < count; i++) {
                ring.freeBlock(change, isStack ? last + i : last - i);
            }
            change.commit();
        }
    }

    private int removeReturned() {
        table.free(table.firstReturned());
        return 1;
    }

    private void setEnd(Change change, long last) {
        change.set(isStack ? tailAt : headAt, isStack ? last : last + 1);
    }

    /**
     * Takes elements out of wherever they are.
     *
     * @param ids whose they are, in ascending order; those that are there no more are passed over
     * @return how many were taken
     */
    int remove(long[] ids) throws InterruptedException {
        gate.enter();
        try {
            if (!lock(Patience.UNINTERRUPTIBLY)) {
                return 0;
            }
            long before = ends();
            try {
                prepare();
                long[] returned = table.findReturned(ids);
                for (long entry : returned) {
                    table.free(entry);
                }
                return returned.length + gap.remove(ids);
            } finally {
                ring.unlock(lock, putters, (int) (ends() - before));
            }
        } finally {
            gate.exit();
        }
    }
}
