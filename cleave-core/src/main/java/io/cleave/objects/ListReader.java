package io.cleave.objects;

import io.cleave.heap.HeapMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** The values in the slots of a list, as they are read without its lock; see {@link SlotList}. */
final class ListReader<E extends @Nullable Object> {
    private final SlotList slots;
    private final HeapMemory memory;
    private final ValueEncoding<E> encoding;
    private final StoredValue<E> values;

    ListReader(SlotList slots, ValueEncoding<E> encoding, StoredValue<E> values) {
        this.slots = slots;
        this.memory = slots.memory();
        this.encoding = encoding;
        this.values = values;
    }

    /** Reads an element. */
    @SuppressWarnings({"unchecked", "NullAway"}) // what was read is an element, which may be null where E may
    E get(int index) {
        ListView seen = null;
        while (true) {
            seen = slots.view(seen, index);
            long slotAt = slots.slotAt(seen, index);
            if (slotAt != ListViews.CHANGED) {
                Object read = read(seen, slotAt);
                if (read != this) {
                    return (E) read;
                }
            }
        }
    }

    /** The element in a slot; this reader where the view is not current, or the slot has changed meanwhile. */
    private @Nullable Object read(ListView seen, long slotAt) {
        long word = memory.getAcquire(slotAt); // SYNC: list-slot
        if (StoredValue.isBlock(word)) {
            Object read = readBlock(seen, slotAt);
            return read == this ? this : values.sure(read);
        }
        return slots.isCurrent(seen) ? values.decodeInline(word) : this;
    }

    private @Nullable Object readBlock(ListView seen, long slotAt) {
        long stripe = memory.getAcquire(slots.stripeAt(slotAt)); // SYNC: list-stripe
        long word = memory.getAcquire(slotAt); // SYNC: list-slot
        return StoredValue.isBlock(word) ? readBlock(seen, slotAt, word, stripe, false) : this;
    }

    /** What is in a block, for {@link StoredValue#sure}, or its bytes alone; this reader where it is none any more. */
    private @Nullable Object readBlock(ListView seen, long slotAt, long word, long stripe, boolean isRaw) {
        long length = values.length(word);
        if (length < 0 || length > StoredValue.MOST_UNSURE_BYTES) {
            if (!isSame(seen, slotAt, word, stripe)) {
                return this;
            }
            if (length < 0) {
                throw SlotList.damaged("an element has the word " + Long.toHexString(word));
            }
        }
        Object read = isRaw ? values.bytes(word, (int) length) : values.readUnsure(word, length);
        return isSame(seen, slotAt, word, stripe) ? read : this;
    }

    /** The look whether a slot had its block all the time: slot, stripe, view, in this order. */
    private boolean isSame(ListView seen, long slotAt, long word, long stripe) {
        VarHandle.loadLoadFence(); // what was read of the block comes before the looks
        return memory.getAcquire(slotAt) == word && memory.getAcquire(slots.stripeAt(slotAt)) == stripe
                && slots.isCurrent(seen);
    }

    /** Reads what an element has; null where there is no such element. */
    @Nullable SeenElement see(int index) {
        ListView view = null;
        while (true) {
            try {
                view = slots.view(view, index);
            } catch (IndexOutOfBoundsException e) {
                return null;
            }
            long slotAt = slots.slotAt(view, index);
            if (slotAt != ListViews.CHANGED) {
                SeenElement seen = see(view, slotAt);
                if (seen != null) {
                    return seen;
                }
            }
        }
    }

    /** What is in a slot; null where the view is not current, or the slot has changed meanwhile. */
    private @Nullable SeenElement see(ListView view, long slotAt) {
        long stripe = memory.getAcquire(slots.stripeAt(slotAt)); // SYNC: list-stripe
        long word = memory.getAcquire(slotAt); // SYNC: list-slot
        if (StoredValue.isBlock(word)) {
            return readBlock(view, slotAt, word, stripe, true) instanceof byte[] bytes ? new SeenElement(word, bytes)
                    : null;
        }
        return slots.isCurrent(view) ? new SeenElement(word, null) : null;
    }

    /** The value of what was read. Code of the user's may run, so that no lock is to be held. */
    @SuppressWarnings("NullAway") // an element may be null where E may
    E value(SeenElement seen) {
        byte[] bytes = seen.bytes();
        return bytes == null ? values.decodeInline(seen.word())
                : encoding.decode(MemorySegment.ofArray(bytes), 0, bytes.length);
    }

    /** All elements as they were at one moment, but for those that were set meanwhile. */
    SeenList seeAll() {
        return slots.consistently(this::seeAll);
    }

    /** All elements of a view; null where it proves not to be current. */
    private @Nullable SeenList seeAll(ListView view) {
        SeenElement[] all = new SeenElement[(int) view.count()];
        for (int i = 0; i < all.length; i++) {
            long slotAt = slots.slotAt(view, i);
            SeenElement seen = null;
            while (seen == null) {
                if (slotAt == ListViews.CHANGED || !slots.isCurrent(view)) {
                    return null;
                }
                seen = see(view, slotAt);
            }
            all[i] = seen;
        }
        return new SeenList(view.version(), all);
    }

    /** All elements as they were at one moment, but for those that were set meanwhile. */
    @Nullable Object[] toArray() {
        if (encoding.isPlain()) {
            return slots.consistently(this::all);
        }
        SeenList seen = seeAll();
        @Nullable Object[] all = new @Nullable Object[seen.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = value(seen.get(i));
        }
        return all;
    }

    /** All elements of a view; null where it proves not to be current. */
    private @Nullable Object @Nullable [] all(ListView seen) {
        @Nullable Object[] all = new @Nullable Object[(int) seen.count()];
        for (int i = 0; i < all.length; i++) {
            long slotAt = slots.slotAt(seen, i);
            Object read = slotAt == ListViews.CHANGED ? this : read(seen, slotAt);
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
}
