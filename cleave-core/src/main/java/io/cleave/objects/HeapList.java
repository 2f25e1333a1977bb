package io.cleave.objects;

import io.cleave.heap.Change;
import io.cleave.heap.Heap;
import io.cleave.heap.HeapMemory;
import io.cleave.objects.SlotList.View;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.ListIterator;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The list of {@link SharedList}: values over a {@link SlotList}. */
final class HeapList<E extends @Nullable Object> extends AbstractList<E> implements SharedList<E> {
    private final SlotList slots;
    private final Heap heap;
    private final HeapMemory memory;
    private final Class<E> type;
    private final StoredValue<E> values;

    /**
     * The list over its slots.
     *
     * @param name for messages
     * @throws io.cleave.IncompatibleBlockException where it was made with another class
     */
    HeapList(String name, SlotList slots, ValueEncoding<E> encoding) {
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

    @Override
    public int size() {
        return (int) slots.count();
    }

    @Override
    public boolean isEmpty() {
        return slots.count() == 0;
    }

    @Override
    @SuppressWarnings("unchecked") // it is not this list, so what was read is an element
    public E get(int index) {
        View seen = null;
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

    /** The element in a slot; this list where the view is not current, or the slot has changed meanwhile. */
    private @Nullable Object read(View seen, long slotAt) {
        long word = memory.getAcquire(slotAt); // SYNC: list-slot
        if (StoredValue.isBlock(word)) {
            return readBlock(seen, slotAt);
        }
        return slots.isCurrent(seen) ? values.decodeInline(word) : this;
    }

    private @Nullable Object readBlock(View seen, long slotAt) {
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
    private boolean isSame(View seen, long slotAt, long word, long stripe) {
        VarHandle.loadLoadFence(); // what was read of the block comes before the looks
        return memory.getAcquire(slotAt) == word && memory.getAcquire(slots.stripeAt(slotAt)) == stripe
                && slots.isCurrent(seen);
    }

    /** The word of an element's slot as it is now; {@link StoredValue#NOTHING} where there is no such element. */
    long word(int index) {
        View seen = null;
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

    /** Something that is done under the lock, if the list is still what it was thought to be. */
    private interface Action<R extends @Nullable Object> {
        R run(SlotChanges changes);
    }

    private <R extends @Nullable Object> R locked(@Nullable View expected, Action<R> action) {
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

    @Override
    public E set(int index, E element) {
        return set(index, element, null);
    }

    /** As {@link #set(int, Object)}, where the list is still what a view was made of. */
    E set(int index, E element, @Nullable View expected) {
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            long word = values.encode(element, buffer);
            return locked(expected, changes -> {
                long slotAt = changes.slotAt(index);
                E old = values.decode(memory.getPlain(slotAt));
                put(slotAt, word, buffer);
                return old;
            });
        }
    }

    /** Puts an encoded value into a slot. */
    private void put(long slotAt, long word, ValueBuffer buffer) {
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

    @Override
    public boolean add(E element) {
        add(-1, element, null);
        return true;
    }

    @Override
    public void add(int index, E element) {
        if (index < 0) {
            throw SlotList.outOfBounds(index, slots.count());
        }
        add(index, element, null);
    }

    /**
     * Inserts an element.
     *
     * @param index -1 for the end
     * @return what the list is then
     */
    View add(int index, E element, @Nullable View expected) {
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            long word = values.encode(element, buffer);
            return locked(expected, changes -> {
                long count = changes.count();
                if (index > count) {
                    throw SlotList.outOfBounds(index, count);
                }
                boolean isAtEnd = index < 0 || index == count;
                if (word == StoredValue.NOTHING || !isAtEnd || !changes.appendInPlace(word)) {
                    try (Change change = heap.change()) {
                        long stored = word == StoredValue.NOTHING ? values.store(change, buffer) : word;
                        changes.insert(change, isAtEnd ? count : index, bytes(stored));
                        change.commit();
                    }
                }
                return slots.current();
            });
        }
    }

    private static byte[] bytes(long... words) {
        byte[] bytes = new byte[words.length * Long.BYTES];
        MemorySegment.ofArray(bytes).copyFrom(MemorySegment.ofArray(words));
        return bytes;
    }

    @Override
    public boolean addAll(Collection<? extends E> collection) {
        return addAll(-1, collection, null) != null;
    }

    @Override
    public boolean addAll(int index, Collection<? extends E> collection) {
        if (index < 0 || index > slots.count()) {
            throw SlotList.outOfBounds(index, slots.count());
        }
        return addAll(index, collection, null) != null;
    }

    /** As {@link #add(int, Object, View)} for many; null where the collection is empty. */
    @Nullable View addAll(int index, Collection<? extends E> collection, @Nullable View expected) {
        EncodedValues<E> encoded = new EncodedValues<>(values, type, collection.toArray());
        if (encoded.size() == 0) {
            return null;
        }
        return locked(expected, changes -> {
            long count = changes.count();
            if (index > count) {
                throw SlotList.outOfBounds(index, count);
            }
            long at = index < 0 ? count : index;
            for (int done = 0; done < encoded.size();) {
                done += insertSome(changes, at + done, encoded, done);
            }
            return slots.current();
        });
    }

    private int insertSome(SlotChanges changes, long index, EncodedValues<E> encoded, int from) {
        long most = SlotChanges.MOST_INSERTED_BYTES / Long.BYTES;
        if (index == changes.count() && changes.room() > 0) {
            most = Math.min(most, changes.room());
        }
        long[] words = new long[encoded.step(from, most, SlotChanges.MOST_BLOCKS)];
        try (Change change = heap.change()) {
            for (int i = 0; i < words.length; i++) {
                words[i] = encoded.store(change, from + i);
            }
            changes.insert(change, index, bytes(words));
            change.commit();
        }
        return words.length;
    }

    @Override
    public E remove(int index) {
        return locked(null, changes -> removeLocked(changes, index));
    }

    /** What was removed, and what the list is then. */
    record Removed<E extends @Nullable Object>(E element, View view) {}

    /** As {@link #remove(int)}, where the list is still what a view was made of. */
    Removed<E> remove(int index, View expected) {
        return locked(expected, changes -> new Removed<>(removeLocked(changes, index), slots.current()));
    }

    private E removeLocked(SlotChanges changes, int index) {
        long word = memory.getPlain(changes.slotAt(index));
        E old = values.decode(word);
        try (Change change = heap.change()) {
            changes.replace(change, index, 1, bytes());
            StoredValue.free(word, change);
            change.commit();
        }
        return old;
    }

    /**
     * Removes an element if its slot still has a word.
     *
     * @return whether it had
     */
    boolean removeIfSame(int index, long word) {
        return locked(null, changes -> {
            boolean isSame = index < changes.count() && memory.getPlain(changes.slotAt(index)) == word;
            if (isSame) {
                E _ = removeLocked(changes, index);
            }
            return isSame;
        });
    }

    /**
     * Replaces an element if its slot still has a word.
     *
     * @return the word that it has then; {@link StoredValue#NOTHING} where it had another
     */
    long setIfSame(int index, long word, E element) {
        try (ValueBuffer buffer = ValueBuffer.lend()) {
            long encoded = values.encode(element, buffer);
            return locked(null, changes -> {
                if (index >= changes.count() || memory.getPlain(changes.slotAt(index)) != word) {
                    return StoredValue.NOTHING;
                }
                put(changes.slotAt(index), encoded, buffer);
                return memory.getPlain(changes.slotAt(index));
            });
        }
    }

    @Override
    public boolean remove(@Nullable Object element) {
        return locked(null, changes -> {
            long count = changes.count();
            for (int i = 0; i < count; i++) {
                if (Objects.deepEquals(values.decode(memory.getPlain(changes.slotAt(i))), element)) {
                    E _ = removeLocked(changes, i);
                    return true;
                }
            }
            return false;
        });
    }

    @Override
    protected void removeRange(int from, int to) {
        removeRange(from, to, null);
    }

    /** Removes a range, as much at once as one change can. */
    View removeRange(int from, int to, @Nullable View expected) {
        return locked(expected, changes -> {
            for (long end = to; end > from;) {
                long start = Math.max(from, changes.leafStart(end - 1));
                BitSet all = new BitSet();
                all.set(0, (int) (end - start));
                end = removeSome(changes, start, end, all);
            }
            return slots.current();
        });
    }

    /**
     * Removes elements of one leaf, from its end on, as many as one change can.
     *
     * @param start the first of the leaf that may go
     * @param end behind the last
     * @param isGoing which of those go, counted from the start
     * @return behind the last that is not done
     */
    private long removeSome(SlotChanges changes, long start, long end, BitSet isGoing) {
        int last = isGoing.previousSetBit((int) (end - start) - 1);
        if (last < 0) {
            return start;
        }
        long[] kept = new long[last + 1];
        int keptFrom = kept.length;
        int first = last;
        int blocks = 0;
        try (Change change = heap.change()) {
            for (int i = last; i >= 0 && blocks < SlotChanges.MOST_BLOCKS; i--) {
                long word = memory.getPlain(changes.slotAt(start + i));
                if (isGoing.get(i)) {
                    blocks += StoredValue.isBlock(word) ? 1 : 0;
                    StoredValue.free(word, change);
                } else {
                    kept[--keptFrom] = word;
                }
                first = i;
            }
            changes.replace(change, start + first, last + 1 - first,
                    bytes(Arrays.copyOfRange(kept, keptFrom, kept.length)));
            change.commit();
        }
        return start + first;
    }

    @Override
    public boolean removeIf(Predicate<? super E> filter) {
        Objects.requireNonNull(filter, "the predicate is null");
        return locked(null, changes -> {
            int count = (int) changes.count();
            BitSet isGoing = new BitSet(count);
            for (int i = 0; i < count; i++) {
                isGoing.set(i, filter.test(values.decode(memory.getPlain(changes.slotAt(i)))));
            }
            for (int end = isGoing.length(); end > 0; end = isGoing.previousSetBit(end - 1) + 1) {
                long start = changes.leafStart(end - 1);
                end = (int) removeSome(changes, start, end, isGoing.get((int) start, end));
            }
            return !isGoing.isEmpty();
        });
    }

    @Override
    public boolean removeAll(Collection<?> collection) {
        Objects.requireNonNull(collection, "the collection is null");
        return removeIf(collection::contains);
    }

    @Override
    public boolean retainAll(Collection<?> collection) {
        Objects.requireNonNull(collection, "the collection is null");
        return removeIf(element -> !collection.contains(element));
    }

    @Override
    public void replaceAll(UnaryOperator<E> operator) {
        Objects.requireNonNull(operator, "the operator is null");
        locked(null, changes -> {
            long count = changes.count();
            try (ValueBuffer buffer = ValueBuffer.lend()) {
                for (int i = 0; i < count; i++) {
                    long slotAt = changes.slotAt(i);
                    E element = type.cast(operator.apply(values.decode(memory.getPlain(slotAt))));
                    put(slotAt, values.encode(element, buffer), buffer);
                }
            }
            return true;
        });
    }

    /** A slot's word and what it means. */
    private record Pair<E extends @Nullable Object>(long word, E element) {}

    @Override
    @SuppressWarnings("unchecked") // an array of pairs
    public void sort(@Nullable Comparator<? super E> comparator) {
        locked(null, changes -> {
            Pair<E>[] pairs = new Pair[(int) changes.count()];
            for (int i = 0; i < pairs.length; i++) {
                long word = memory.getPlain(changes.slotAt(i));
                pairs[i] = new Pair<>(word, values.decode(word));
            }
            Comparator<? super E> order = comparator != null ? comparator : (Comparator<E>) Comparator.naturalOrder();
            Arrays.sort(pairs, (one, other) -> order.compare(one.element(), other.element()));
            if (pairs.length > 1) {
                changes.replaceAll(MemorySegment.ofArray(Arrays.stream(pairs).mapToLong(Pair::word).toArray()));
            }
            return true;
        });
    }

    @Override
    public void clear() {
        locked(null, changes -> {
            changes.clear();
            return true;
        });
    }

    @Override
    public int indexOf(@Nullable Object element) {
        ListIterator<E> all = listIterator();
        while (all.hasNext()) {
            if (Objects.deepEquals(all.next(), element)) {
                return all.previousIndex();
            }
        }
        return -1;
    }

    @Override
    public int lastIndexOf(@Nullable Object element) {
        ListIterator<E> all = listIterator(size());
        while (all.hasPrevious()) {
            if (Objects.deepEquals(all.previous(), element)) {
                return all.nextIndex();
            }
        }
        return -1;
    }

    @Override
    public boolean contains(@Nullable Object element) {
        return indexOf(element) >= 0;
    }

    @Override
    public @Nullable Object[] toArray() {
        return slots.consistently(this::all);
    }

    @Override
    @SuppressWarnings("unchecked") // storing checks the class
    public <T extends @Nullable Object> T[] toArray(T[] target) {
        Object[] all = toArray();
        if (target.length < all.length) {
            return (T[]) Arrays.copyOf(all, all.length, target.getClass());
        }
        System.arraycopy(all, 0, target, 0, all.length);
        if (target.length > all.length) {
            target[all.length] = null;
        }
        return target;
    }

    /** All elements of a view; null where it proves not to be current. */
    private @Nullable Object @Nullable [] all(View seen) {
        Object[] all = new Object[(int) seen.count()];
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

    @Override
    public Iterator<E> iterator() {
        return listIterator();
    }

    @Override
    public ListIterator<E> listIterator() {
        return new HeapListIterator<>(this, 0);
    }

    @Override
    public ListIterator<E> listIterator(int index) {
        if (index < 0 || index > size()) {
            throw SlotList.outOfBounds(index, size());
        }
        return new HeapListIterator<>(this, index);
    }

    @Override
    public Spliterator<E> spliterator() {
        return Spliterators.spliteratorUnknownSize(iterator(), Spliterator.ORDERED);
    }

    @Override
    public List<E> subList(int from, int to) {
        View seen = slots.current();
        Objects.checkFromToIndex(from, to, (int) seen.count());
        return new HeapSubList<>(this, null, from, to - from, seen);
    }
}
