package io.cleave.objects;

import io.cleave.HeapFullException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** The values in the slots of a list: how they are read without its lock, and stored under it. */
final class ValueSlots<E extends @Nullable Object> {
    private final SlotList slots;
    private final Heap heap;
    private final HeapMemory memory;
    private final ValueEncoding<E> encoding;
    private final StoredValue<E> values;
    /** Where values are structures, those among which they are made and freed. */
    private final @Nullable LooseStructures loose;

    /** The values of a list that was made with their class. */
    ValueSlots(SlotList slots, ValueEncoding<E> encoding) {
        this.slots = slots;
        this.heap = slots.heap();
        this.memory = slots.memory();
        this.encoding = encoding;
        this.values = new StoredValue<>(memory, encoding);
        this.loose = encoding.loose();
    }

    /** What is left of an element that goes; null where it is. */
    @Nullable E detached(@Nullable E element) {
        return element == null ? null : encoding.detached(element);
    }

    /** What a value is encoded into, for an operation that stores it: to be closed when the list's lock is free again. */
    ValueBuffer lend() {
        ValueBuffer buffer = ValueBuffer.lend();
        if (loose != null) {
            boolean isBegun = false;
            try {
                buffer.beginHolding(loose);
                isBegun = true;
            } finally {
                if (!isBegun) {
                    buffer.close();
                }
            }
        }
        return buffer;
    }

    /** Where values are structures, those among which they are made and freed; null where they are not. */
    @Nullable LooseStructures loose() {
        return loose;
    }

    /** What a change collects. */
    interface Collecting {
        void into(Change change);
    }

    /** Makes a change that may store values or free them. Under the lock. */
    void change(Collecting collecting) {
        try {
            changeOnce(collecting);
        } catch (HeapFullException e) {
            if (!heap.makeRoom()) {
                throw e;
            }
            changeOnce(collecting);
        }
    }

    private void changeOnce(Collecting collecting) {
        if (loose == null) {
            commit(collecting);
        } else {
            loose.lists().lock();
            try {
                commit(collecting);
            } finally {
                loose.lists().unlock();
            }
        }
    }

    private void commit(Collecting collecting) {
        try (Change change = heap.change()) {
            collecting.into(change);
            change.commit();
        }
    }

    /** Frees what an element's word leads to, as a part of such a change that takes the word away. */
    void free(long word, Change change) {
        StoredValue.free(word, change, loose == null ? null : loose.lists());
    }

    SlotList slots() {
        return slots;
    }

    Heap heap() {
        return heap;
    }

    Class<E> type() {
        return encoding.type();
    }

    StoredValue<E> values() {
        return values;
    }

    /** The word of an element, for who has the lock. */
    long word(SlotChanges changes, long index) {
        return memory.getPlain(changes.slotAt(index));
    }

    /** An element, for who has the lock. */
    @SuppressWarnings("NullAway") // what was stored may be null where E may
    E element(SlotChanges changes, long index) {
        return values.decode(word(changes, index));
    }

    /** Reads an element. */
    @SuppressWarnings({"unchecked", "NullAway"}) // what was read is an element, which may be null where E may
    E get(int index) {
        ListView seen = null;
        while (true) {
            seen = slots.view(seen, index);
            long slotAt = slots.slotAt(seen, index);
            if (slotAt != SlotList.CHANGED) {
                Object read = read(seen, slotAt);
                if (read != this) {
                    return (E) read;
                }
            }
        }
    }

    /** The element in a slot; these slots where the view is not current, or the slot has changed meanwhile. */
    private @Nullable Object read(ListView seen, long slotAt) {
        long word = memory.getAcquire(slotAt); // SYNC: list-slot
        if (StoredValue.isBlock(word)) {
            return readBlock(seen, slotAt);
        }
        return slots.isCurrent(seen) ? values.decodeInline(word) : this;
    }

    private @Nullable Object readBlock(ListView seen, long slotAt) {
        long stripe = memory.getAcquire(slots.stripeAt(slotAt)); // SYNC: list-stripe
        long word = memory.getAcquire(slotAt); // SYNC: list-slot
        return StoredValue.isBlock(word) ? readBlock(seen, slotAt, word, stripe) : this;
    }

    private @Nullable Object readBlock(ListView seen, long slotAt, long word, long stripe) {
        long length = values.length(word);
        if (length < 0 || length > StoredValue.MOST_UNSURE_BYTES) {
            if (!isSame(seen, slotAt, word, stripe)) {
                return this;
            }
            if (length < 0) {
                throw SlotList.damaged("an element has the word " + Long.toHexString(word));
            }
        }
        Object read = values.readUnsure(word, length);
        return isSame(seen, slotAt, word, stripe) ? values.sure(read) : this;
    }

    /** The look whether a slot had its block all the time: slot, stripe, view, in this order. */
    private boolean isSame(ListView seen, long slotAt, long word, long stripe) {
        VarHandle.loadLoadFence(); // what was read of the block comes before the looks
        return memory.getAcquire(slotAt) == word && memory.getAcquire(slots.stripeAt(slotAt)) == stripe
                && slots.isCurrent(seen);
    }

    /** By what an element is known again: where its word is that of a block, another one may have it later. */
    record Mark(long word, long stripe, long version) {}

    /** An element, and by what it is known again. */
    record Marked<E extends @Nullable Object>(E element, Mark mark) {}

    /** Reads an element, to know it again; null where there is no such element. */
    @SuppressWarnings({"unchecked", "NullAway"}) // what was read is an element, which may be null where E may
    @Nullable Marked<E> find(int index) {
        ListView seen = null;
        while (true) {
            try {
                seen = slots.view(seen, index);
            } catch (IndexOutOfBoundsException e) {
                return null;
            }
            long slotAt = slots.slotAt(seen, index);
            if (slotAt != SlotList.CHANGED) {
                long stripe = memory.getAcquire(slots.stripeAt(slotAt)); // SYNC: list-stripe
                long word = memory.getAcquire(slotAt); // SYNC: list-slot
                Object read = StoredValue.isBlock(word) ? readBlock(seen, slotAt, word, stripe)
                        : slots.isCurrent(seen) ? values.decodeInline(word) : this;
                if (read != this) {
                    return new Marked<>((E) read, new Mark(word, stripe, seen.version()));
                }
            }
        }
    }

    /** The mark of an element that is there, for who has the lock. */
    Mark mark(SlotChanges changes, long index) {
        long slotAt = changes.slotAt(index);
        return new Mark(memory.getPlain(slotAt), memory.getPlain(slots.stripeAt(slotAt)), slots.current().version());
    }

    /** Whether an element is the one that had a mark, or equal to it; for who has the lock. */
    boolean isUnchanged(SlotChanges changes, long index, Mark mark) {
        return index < changes.count() && (StoredValue.isBlock(mark.word) ? mark(changes, index).equals(mark)
                : word(changes, index) == mark.word);
    }

    /** All elements as they were at one moment, but for those that were set meanwhile. */
    @Nullable Object[] toArray() {
        return slots.consistently(this::all);
    }

    /** All elements of a view; null where it proves not to be current. */
    private @Nullable Object @Nullable [] all(ListView seen) {
        @Nullable Object[] all = new @Nullable Object[(int) seen.count()];
        for (int i = 0; i < all.length; i++) {
            long slotAt = slots.slotAt(seen, i);
            Object read = slotAt == SlotList.CHANGED ? this : read(seen, slotAt);
            while (read == this) {
                if (!slots.isCurrent(seen)) {
                    return null;
                }
                read = read(seen, slotAt); // it was set meanwhile
            }
            all[i] = read;
        }
        return all;
    }

    /** Something that is done under the lock, if the list is still what it was thought to be. */
    interface Action<R extends @Nullable Object> {
        R run(SlotChanges changes);
    }

    /**
     * Does something under the lock.
     *
     * @param expected a view that must be current still; null where any will do
     * @throws java.util.ConcurrentModificationException where it is not
     */
    <R extends @Nullable Object> R locked(@Nullable ListView expected, Action<R> action) {
        if (loose == null) {
            return lockedOnly(expected, action);
        }
        loose.begin();
        try {
            return lockedOnly(expected, action);
        } finally {
            loose.end();
        }
    }

    private <R extends @Nullable Object> R lockedOnly(@Nullable ListView expected, Action<R> action) {
        SlotChanges changes = slots.lock();
        try {
            if (expected != null) {
                slots.check(expected);
            }
            return action.run(changes);
        } finally {
            slots.unlock();
        }
    }

    /** Puts a value into a slot, as {@link StoredValue#encode} has left it. Under the lock. */
    void put(long slotAt, long word, ValueBuffer buffer) {
        long old = memory.getPlain(slotAt);
        if (word != StoredValue.NOTHING && !StoredValue.isBlock(old)) {
            memory.setRelease(slotAt, word); // SYNC: list-slot
            return;
        }
        long stripeAt = slots.stripeAt(slotAt);
        change(change -> {
            long stored = word == StoredValue.NOTHING ? values.store(change, buffer) : word;
            change.set(stripeAt, memory.getPlain(stripeAt) + 1); // SYNC: list-stripe
            change.set(slotAt, stored); // SYNC: list-slot
            free(old, change);
        });
        buffer.forgetMade();
    }

    /** Words as the bytes of slots. */
    static byte[] bytes(long... words) {
        byte[] bytes = new byte[words.length * Long.BYTES];
        MemorySegment.ofArray(bytes).copyFrom(MemorySegment.ofArray(words));
        return bytes;
    }
}
