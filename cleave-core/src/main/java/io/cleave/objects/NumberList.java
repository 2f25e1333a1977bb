package io.cleave.objects;

import io.cleave.HeapFullException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.LongUnaryOperator;

/** What lists of numbers have in common: slots that are the numbers' bits. */
abstract class NumberList {
    /** As an index to insert at: behind the last element. */
    static final int END = -1;

    private final SlotList slots;
    private final Heap heap;
    private final HeapMemory memory;
    private final int widthShift;

    NumberList(SlotList slots) {
        this.slots = slots;
        this.heap = slots.heap();
        this.memory = slots.memory();
        this.widthShift = slots.kind().widthShift();
    }

    final SlotList slots() {
        return slots;
    }

    public final int size() {
        return (int) slots.count();
    }

    public final boolean isEmpty() {
        return slots.count() == 0;
    }

    private void put(long slotAt, long bits) {
        if (widthShift == 2) {
            memory.setIntRelease(slotAt, (int) bits); // SYNC: list-slot
        } else {
            memory.setRelease(slotAt, bits); // SYNC: list-slot
        }
    }

    /** Lets an element have what is made of what it has. */
    final long getAndUpdate(int index, LongUnaryOperator update) {
        SlotChanges changes = slots.lock();
        try {
            long slotAt = changes.slotAt(index);
            long before = slots.read(slotAt);
            put(slotAt, update.applyAsLong(before));
            return before;
        } finally {
            slots.unlock();
        }
    }

    final long getAndSet(int index, long bits) {
        SlotChanges changes = slots.lock();
        try {
            long slotAt = changes.slotAt(index);
            long before = slots.read(slotAt);
            put(slotAt, bits);
            return before;
        } finally {
            slots.unlock();
        }
    }

    final boolean compareAndSetBits(int index, long expected, long bits) {
        SlotChanges changes = slots.lock();
        try {
            long slotAt = changes.slotAt(index);
            boolean isSame = slots.read(slotAt) == expected;
            if (isSame) {
                put(slotAt, bits);
            }
            return isSame;
        } finally {
            slots.unlock();
        }
    }

    final void addBits(long bits) {
        SlotChanges changes = slots.lock();
        try {
            if (!changes.appendInPlace(bits)) {
                insert(changes, changes.count(), widthShift == 2 ? MemorySegment.ofArray(new int[] {(int) bits})
                        : MemorySegment.ofArray(new long[] {bits}));
            }
        } finally {
            slots.unlock();
        }
    }

    /**
     * Inserts numbers, in steps.
     *
     * @param index {@link #END}, or 0 to the size
     */
    final void insertAll(int index, MemorySegment numbers) {
        SlotChanges changes = slots.lock();
        try {
            long count = changes.count();
            if (index < END || index > count) {
                throw SlotList.outOfBounds(index, count);
            }
            insert(changes, index == END ? count : index, numbers);
        } finally {
            slots.unlock();
        }
    }

    private void insert(SlotChanges changes, long index, MemorySegment numbers) {
        for (long done = 0; done < numbers.byteSize();) {
            long at = index + (done >>> widthShift);
            long most = at == changes.count() && changes.room() > 0 ? changes.room() << widthShift : Long.MAX_VALUE;
            long step = Math.min(Math.min(most, SlotChanges.MOST_INSERTED_BYTES), numbers.byteSize() - done);
            byte[] part = new byte[(int) step];
            MemorySegment.ofArray(part).copyFrom(numbers.asSlice(done, step));
            change(change -> changes.insert(change, at, part));
            done += step;
        }
    }

    private void change(Consumer<Change> collecting) {
        try {
            changeOnce(collecting);
        } catch (HeapFullException e) {
            if (!heap.makeRoom()) {
                throw e;
            }
            changeOnce(collecting);
        }
    }

    private void changeOnce(Consumer<Change> collecting) {
        try (Change change = heap.change()) {
            collecting.accept(change);
            change.commit();
        }
    }

    /** Stores numbers in the places of others, one by one. */
    final void setAll(int index, MemorySegment numbers) {
        SlotChanges changes = slots.lock();
        try {
            long length = numbers.byteSize() >>> widthShift;
            long count = changes.count();
            if (index < 0 || index > count - length) {
                throw new IndexOutOfBoundsException(
                        "there are no " + length + " elements from " + index + " on in a list of " + count);
            }
            for (long i = 0; i < length; i++) {
                put(changes.slotAt(index + i), widthShift == 2 ? numbers.getAtIndex(ValueInput.INT, i)
                        : numbers.getAtIndex(ValueInput.LONG, i));
            }
        } finally {
            slots.unlock();
        }
    }

    final long remove(int index) {
        SlotChanges changes = slots.lock();
        try {
            long before = slots.read(changes.slotAt(index));
            removeRange(changes, index, index + 1L);
            return before;
        } finally {
            slots.unlock();
        }
    }

    public final void removeRange(int from, int to) {
        SlotChanges changes = slots.lock();
        try {
            long count = changes.count();
            if (from < 0 || from > to || to > count) {
                throw new IndexOutOfBoundsException("there is no range from " + from + " to " + to + " in a list of "
                        + count);
            }
            removeRange(changes, from, to);
        } finally {
            slots.unlock();
        }
    }

    private void removeRange(SlotChanges changes, long from, long to) {
        for (long end = to; end > from;) {
            long start = Math.max(from, changes.leafStart(end - 1));
            int removed = (int) (end - start);
            change(change -> changes.replace(change, start, removed, new byte[0]));
            end = start;
        }
    }

    /** Puts all elements into another order, by one change. */
    final <A> void reorder(IntFunction<A> maker, Function<A, MemorySegment> view, Consumer<A> order) {
        SlotChanges changes = slots.lock();
        try {
            A all = slots.copyAll(maker, view);
            order.accept(all);
            if (changes.count() > 1) {
                changes.replaceAll(view.apply(all));
            }
        } finally {
            slots.unlock();
        }
    }

    public final void clear() {
        SlotChanges changes = slots.lock();
        try {
            changes.clear();
        } finally {
            slots.unlock();
        }
    }
}
