package io.cleave.objects;

import io.cleave.HeapFullException;
import io.cleave.StaleReferenceException;
import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import java.lang.foreign.MemorySegment;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The values in the slots of a list: how they are read and stored under its lock; {@link ListReader} needs none. */
final class ValueSlots<E extends @Nullable Object> {
    private final SlotList slots;
    private final Heap heap;
    private final HeapMemory memory;
    private final ValueEncoding<E> encoding;
    private final StoredValue<E> values;
    private final ListReader<E> reader;
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
        this.reader = new ListReader<>(slots, encoding, values);
    }

    /** Reads elements without the lock. */
    ListReader<E> reader() {
        return reader;
    }

    /** What is left of an element that goes. */
    @SuppressWarnings("NullAway") // an element may be null where E may
    private E detached(E element) {
        return element == null ? element : encoding.detached(element);
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

    /** What an element has, for who has the lock. */
    SeenElement seen(SlotChanges changes, long index) {
        long word = word(changes, index);
        return new SeenElement(word, StoredValue.isBlock(word) ? values.bytes(word) : null);
    }

    /** Whether an element has what was seen, for who has the lock. */
    boolean isStill(SlotChanges changes, long index, SeenElement seen) {
        if (index >= changes.count()) {
            return false;
        }
        long word = word(changes, index);
        byte[] bytes = seen.bytes();
        return bytes == null ? word == seen.word() : StoredValue.isBlock(word) && values.isThere(word, bytes);
    }

    /** Asks code of the user's about an element, which must not change the list meanwhile: {@link LiveStructure#ask}. */
    LiveStructure.@Nullable Stamp ask(Predicate<? super E> question, E element) {
        return calling(() -> LiveStructure.ask(question, element));
    }

    /** Runs code of the user's, which must not change the list meanwhile. */
    <R extends @Nullable Object> R calling(Supplier<R> code) {
        UserCode running = UserCode.ofThread();
        running.begin(heap, slots.header(), slots.generation());
        try {
            return code.get();
        } finally {
            running.end();
        }
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

    /** What is done to an element under the lock. */
    interface Doing {
        void with(SlotChanges changes);
    }

    /**
     * Does something to an element, which takes it away. No code that makes a value of bytes runs under the lock, unless it
     * is plain.
     *
     * @param expected as {@link #locked} has it
     * @return the element, or what is left of it
     * @throws IndexOutOfBoundsException where there is no such element
     */
    E exchange(int index, @Nullable ListView expected, Doing doing) {
        if (encoding.isPlain()) {
            return locked(expected, changes -> {
                E old = element(changes, index);
                doing.with(changes);
                return old;
            });
        }
        SeenElement last = null;
        while (true) {
            SeenElement seen = see(index, expected);
            E old;
            try {
                old = detached(reader.value(seen));
            } catch (StaleReferenceException e) {
                if (seen.equals(last) || !slots.isInUse()) {
                    throw e; // the element is what has ended
                }
                last = seen;
                continue;
            }
            SeenElement gone = locked(expected, changes -> {
                SeenElement now = seen(changes, index);
                if (loose == null || now.equals(seen)) {
                    doing.with(changes);
                }
                return now;
            });
            if (gone.equals(seen)) {
                return old;
            }
            if (loose == null) {
                return reader.value(gone); // somebody else has just put it there
            }
        }
    }

    private SeenElement see(int index, @Nullable ListView expected) {
        SeenElement seen = reader.see(index);
        if (seen == null) {
            if (expected != null) {
                slots.check(expected);
            }
            throw SlotList.outOfBounds(index, slots.count());
        }
        return seen;
    }

    /** Puts a value into a slot, as {@link StoredValue#encode} has left it. Under the lock. */
    void put(long slotAt, long word, ValueBuffer buffer) {
        long old = memory.getPlain(slotAt);
        if (word != StoredValue.NOTHING && !StoredValue.isBlock(old)) {
            slots.countSet();
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
