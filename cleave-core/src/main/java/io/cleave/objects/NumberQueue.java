package io.cleave.objects;

import io.cleave.heap.BiasedLock;
import io.cleave.heap.HeapMemory;
import io.cleave.owner.Patience;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * What queues of numbers have in common: a {@link QueueRing} whose slots are the numbers' bits, each beside its stamp.
 *
 * <p>
 * They are put and taken as the ring's comment says. As nothing is ever taken out of the middle, a slot whose stamp is of a
 * position's lap keeps its number until the head has passed the position: who reads without a lock looks at the head after.
 */
abstract class NumberQueue {
    /** How many numbers are put or taken at most before others get the lock. */
    private static final int BATCH = 1024;

    private final QueueRing ring;
    private final SlotKind kind;
    private final HeapMemory memory;
    private final QueueTail end;
    private final long headAt;
    private final BiasedLock putLock;
    private final BiasedLock takeLock;
    private final QueueSide takers;
    private final QueueSide putters;

    NumberQueue(QueueRing ring, SlotKind kind) {
        this.ring = ring;
        this.kind = kind;
        this.memory = ring.heap().inside();
        this.end = new QueueTail(ring);
        this.headAt = ring.headBlock() + QueueLayout.HEAD;
        this.putLock = ring.putLock();
        this.takeLock = ring.takeLock();
        this.takers = ring.takers();
        this.putters = ring.putters();
    }

    public final int size() {
        int size = ring.size();
        ring.requireUse();
        return size;
    }

    public final boolean isEmpty() {
        return size() == 0;
    }

    public final int capacity() {
        return ring.capacity();
    }

    public final int remainingCapacity() {
        return ring.capacity() - size();
    }

    static Patience patience(long timeout, TimeUnit unit) {
        return Patience.of(timeout, Objects.requireNonNull(unit, "the unit is null"));
    }

    /** Puts a number if there is room. */
    final boolean offerBits(long bits) {
        try {
            return put(bits, Patience.UNINTERRUPTIBLY);
        } catch (InterruptedException e) {
            throw QueueSide.uninterruptible(e);
        }
    }

    /** Puts a number, and waits for room where there is none. */
    final boolean offerBits(long bits, Patience patience) throws InterruptedException {
        QueueSide.refuseInterrupted();
        return put(bits, patience) || putters.await(() -> put(bits, patience), patience);
    }

    private boolean put(long bits, Patience patience) throws InterruptedException {
        if (!ring.enter(putLock, patience)) {
            return false;
        }
        int count = 0;
        try {
            count = put(bits) ? 1 : 0;
            return count == 1;
        } finally {
            ring.leave(putLock, takers, count);
        }
    }

    /** Under the lock. */
    private boolean put(long bits) {
        long tail = end.position();
        if (end.isFull(tail)) {
            return false;
        }
        end.begin(tail);
        VarHandle.releaseFence(); // who sees the number of this lap sees that the one before it was taken
        memory.setOpaque(ring.slotAt(tail) + QueueLayout.NUMBER_IN_SLOT, bits);
        end.publish(tail, Long.BYTES);
        return true;
    }

    /** Puts as many of an array's numbers as there is room for. */
    final int offerAll(MemorySegment numbers, int index, int length) {
        try {
            int count = 0;
            int put = 1;
            while (count < length && put > 0) {
                put = put(numbers, index + count, length - count, Patience.UNINTERRUPTIBLY);
                count += put;
            }
            return count;
        } catch (InterruptedException e) {
            throw QueueSide.uninterruptible(e);
        }
    }

    /** Puts all numbers of an array, and waits for room where there is none. */
    final void putAll(MemorySegment numbers, int length) throws InterruptedException {
        QueueSide.refuseInterrupted();
        int count = 0;
        while (count < length) {
            int put = put(numbers, count, length - count, Patience.FOREVER);
            count += put;
            if (put == 0) {
                long next = get(numbers, count);
                boolean _ = putters.await(() -> put(next, Patience.FOREVER), Patience.FOREVER);
                count++;
            }
        }
    }

    private int put(MemorySegment numbers, int index, int length, Patience patience) throws InterruptedException {
        if (!ring.enter(putLock, patience)) {
            return 0;
        }
        int count = 0;
        try {
            int most = Math.min(length, BATCH);
            while (count < most && put(get(numbers, index + count))) {
                count++;
            }
            return count;
        } finally {
            ring.leave(putLock, takers, count);
        }
    }

    private long get(MemorySegment numbers, int index) {
        return kind == SlotKind.INTS ? numbers.getAtIndex(ValueInput.INT, index)
                : numbers.getAtIndex(ValueInput.LONG, index);
    }

    private void set(MemorySegment numbers, int index, long bits) {
        if (kind == SlotKind.INTS) {
            numbers.setAtIndex(ValueInput.INT, index, (int) bits);
        } else {
            numbers.setAtIndex(ValueInput.LONG, index, bits);
        }
    }

    /** Takes the next number; another where there is none. */
    final long takeOr(long other) {
        try {
            return take(other, Patience.TRY);
        } catch (InterruptedException e) {
            throw QueueSide.uninterruptible(e);
        }
    }

    /** Takes the next number, and waits for one where there is none. */
    final long takeBits() throws InterruptedException {
        QueueSide.refuseInterrupted();
        return take(0, Patience.FOREVER);
    }

    /** With no object made where there is a number. */
    private long take(long other, Patience patience) throws InterruptedException {
        if (ring.enter(takeLock, patience.isTry() ? Patience.UNINTERRUPTIBLY : patience)) {
            int count = 0;
            try {
                long head = memory.getPlain(headAt);
                if (ring.hasAt(head)) {
                    count = 1;
                    return take(head);
                }
            } finally {
                ring.leave(takeLock, putters, count);
            }
        }
        if (patience.isTry()) {
            return other;
        }
        Taking taking = new Taking(patience);
        return takers.await(taking, patience) ? taking.bits : other;
    }

    /** Under the lock. */
    private long take(long head) {
        long bits = numberAt(head);
        memory.setRelease(headAt, head + 1);
        return bits;
    }

    private long numberAt(long position) {
        return memory.getPlain(ring.slotAt(position) + QueueLayout.NUMBER_IN_SLOT);
    }

    /** Takes the next number, if there is one. */
    final Taking tryTake() {
        try {
            Taking taking = new Taking(Patience.UNINTERRUPTIBLY);
            boolean _ = taking.isDone();
            return taking;
        } catch (InterruptedException e) {
            throw QueueSide.uninterruptible(e);
        }
    }

    /** Takes the next number, and waits for one where there is none. */
    final Taking tryTake(Patience patience) throws InterruptedException {
        QueueSide.refuseInterrupted();
        Taking taking = new Taking(patience);
        boolean _ = taking.isDone() || takers.await(taking, patience);
        return taking;
    }

    /** Takes numbers into an array, as many as there are. */
    final int drainTo(MemorySegment target, int index, int length) {
        int count = 0;
        int taken = BATCH;
        while (count < length && taken == BATCH) {
            taken = takeSome(target, index + count, Math.min(BATCH, length - count));
            count += taken;
        }
        return count;
    }

    public final void clear() {
        int left = ring.capacity(); // what others put meanwhile need not go
        int taken = BATCH;
        while (left > 0 && taken == BATCH) {
            taken = takeSome(null, 0, Math.min(BATCH, left));
            left -= taken;
        }
    }

    private int takeSome(@Nullable MemorySegment target, int index, int most) {
        try {
            if (!ring.enter(takeLock, Patience.UNINTERRUPTIBLY)) {
                return 0;
            }
        } catch (InterruptedException e) {
            throw QueueSide.uninterruptible(e);
        }
        int count = 0;
        try {
            count = takeUpTo(target, index, most);
            return count;
        } finally {
            ring.leave(takeLock, putters, count);
        }
    }

    /** Under the lock. */
    private int takeUpTo(@Nullable MemorySegment target, int index, int most) {
        long head = memory.getPlain(headAt);
        int count = 0;
        for (; count < most && ring.hasAt(head + count); count++) {
            if (target != null) {
                set(target, index + count, numberAt(head + count));
            }
        }
        if (count > 0) {
            memory.setRelease(headAt, head + count);
        }
        return count;
    }

    final Reader reader() {
        return new Reader();
    }

    /** The numbers as they are now. */
    final LongStream allBits() {
        LongStream.Builder all = LongStream.builder();
        Reader reader = reader();
        for (int i = 0; i < ring.capacity() && reader.next(); i++) {
            all.add(reader.bits());
        }
        return all.build();
    }

    /** One number that is taken, and may be waited for. */
    final class Taking implements QueueSide.Attempt {
        private final Patience patience;
        private boolean isTaken;
        private long bits;

        private Taking(Patience patience) {
            this.patience = patience;
        }

        boolean isTaken() {
            return isTaken;
        }

        long bits() {
            return bits;
        }

        @Override
        public boolean isDone() throws InterruptedException {
            if (ring.enter(takeLock, patience)) {
                try {
                    long head = memory.getPlain(headAt);
                    if (ring.hasAt(head)) {
                        bits = take(head);
                        isTaken = true;
                    }
                } finally {
                    ring.leave(takeLock, putters, isTaken ? 1 : 0);
                }
            }
            return isTaken;
        }
    }

    /** Goes through the numbers in the order in which they would be taken, without a lock and without storing anything. */
    final class Reader {
        private long position = ring.headAcquire();
        private long bits;

        /** What {@link #next} has read. */
        long bits() {
            return bits;
        }

        /** Whether there is a number that has not been passed. */
        boolean next() {
            while (true) {
                boolean isThere = ring.hasAt(position);
                bits = ring.heap().memory().getPlain(ring.slotAt(position) + QueueLayout.NUMBER_IN_SLOT);
                VarHandle.loadLoadFence(); // stamp and number, and then whether they still were a number's of the queue
                long head = ring.headAcquire();
                ring.requireUse();
                if (position - head >= 0) {
                    position += isThere ? 1 : 0;
                    return isThere;
                }
                position = head;
            }
        }
    }
}
