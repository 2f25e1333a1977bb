package io.cleave.objects;

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
    private final Class<E> type;
    private final StoredValue<E> values;

    /**
     * The values of a list.
     *
     * @param name for messages
     * @throws io.cleave.IncompatibleBlockException where it was made with another class
     */
    ValueSlots(String name, SlotList slots, ValueEncoding<E> encoding) {
        this.slots = slots;
        this.heap = slots.heap();
        this.memory = slots.memory();
        this.type = encoding.type();
        this.values = new StoredValue<>(memory, encoding);
        slots.checkSchema(name, encoding.schema());
    }

    SlotList slots() {
        return slots;
    }

    Heap heap() {
        return heap;
    }

    Class<E> type() {
        return type;
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
        if (!StoredValue.isBlock(word)) {
            return this;
        }
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

    /** The word of an element's slot as it is now; {@link StoredValue#NOTHING} where there is no such element. */
    long word(int index) {
        ListView seen = null;
        while (true) {
            try {
                seen = slots.view(seen, index);
            } catch (IndexOutOfBoundsException e) {
                return StoredValue.NOTHING;
            }
            long slotAt = slots.slotAt(seen, index);
            if (slotAt != SlotList.CHANGED) {
                long word = memory.getAcquire(slotAt); // SYNC: list-slot
                if (slots.isCurrent(seen)) {
                    return word;
                }
            }
        }
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
        try (Change change = heap.change()) {
            long stored = word == StoredValue.NOTHING ? values.store(change, buffer) : word;
            change.set(stripeAt, memory.getPlain(stripeAt) + 1); // SYNC: list-stripe
            change.set(slotAt, stored); // SYNC: list-slot
            StoredValue.free(old, change);
            change.commit();
        }
    }

    /** Words as the bytes of slots. */
    static byte[] bytes(long... words) {
        byte[] bytes = new byte[words.length * Long.BYTES];
        MemorySegment.ofArray(bytes).copyFrom(MemorySegment.ofArray(words));
        return bytes;
    }
}
