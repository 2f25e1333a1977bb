package io.cleave.objects;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.ListIterator;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The list of {@link SharedList}: values over a {@link SlotList}. */
final class HeapList<E extends @Nullable Object> extends AbstractList<E> implements SharedList<E>, LiveStructure {
    private final ValueSlots<E> slots;
    private final StoredValue<E> values;
    private final HeapListBulk<E> bulk;
    private final ListRemoval<E> removal;

    /**
     * The list with a name.
     *
     * @param name for messages
     * @throws io.cleave.IncompatibleBlockException where it was made with another class
     */
    HeapList(String name, SlotList slots, ValueEncoding<E> encoding) {
        this(slots, encoding);
        slots.checkSchema(name, encoding.schema());
    }

    /** The list that another structure holds, whose classes are known by that. */
    HeapList(SlotList slots, ValueEncoding<E> encoding) {
        this.slots = new ValueSlots<>(slots, encoding);
        this.values = this.slots.values();
        this.bulk = new HeapListBulk<>(this.slots);
        this.removal = new ListRemoval<>(this.slots, bulk);
    }

    SlotList slots() {
        return slots.slots();
    }

    @Override
    public boolean isSame(@Nullable Object other) {
        return other instanceof HeapList<?> list && slots().isSame(list.slots());
    }

    ListReader<E> reader() {
        return slots.reader();
    }

    @Override
    public boolean isInUse() {
        return !slots().hasEnded();
    }

    @Override
    public @Nullable Hold tryHold() {
        Held held = new Held(slots()); // before there is a lock that an error would leave
        return slots().tryLock(HOLD_NANOS) ? held : null;
    }

    /** The lock of a list. */
    private record Held(SlotList slots) implements Hold {
        @Override
        public Stamp stamp() {
            return slots.stamp();
        }

        @Override
        public void close() {
            slots.unlock();
        }
    }

    @Override
    public Stamp stamp() {
        SlotChanges _ = slots().lock();
        try {
            return slots().stamp();
        } finally {
            slots().unlock();
        }
    }

    @Override
    public void beginCode(UserCode code) {
        code.begin(slots().heap(), slots().header(), slots().generation());
    }

    @Override
    public E get(int index) {
        return slots.reader().get(index);
    }

    @Override
    public int size() {
        return (int) slots().count();
    }

    @Override
    public boolean isEmpty() {
        return slots().count() == 0;
    }

    @Override
    public E set(int index, E element) {
        return set(index, element, null);
    }

    /** As {@link #set(int, Object)}, where the list is still what a view was made of. */
    E set(int index, E element, @Nullable ListView expected) {
        try (ValueBuffer buffer = slots.lend()) {
            if (LiveStructure.isOne(element) && isThere(index, element, expected)) {
                return element; // it is not to be copied into its own place
            }
            long word = values.encode(element, buffer);
            return slots.exchange(index, expected, changes -> slots.put(changes.slotAt(index), word, buffer));
        }
    }

    /** Whether a structure is an element of the list, which still is what a view was made of. */
    private boolean isThere(int index, E structure, @Nullable ListView expected) {
        if (expected == null) {
            return LiveStructure.areSame(structure, get(index));
        }
        slots().check(expected); // the index was one then
        boolean isSame = LiveStructure.areSame(structure, get(index));
        slots().check(expected);
        return isSame;
    }

    @Override
    public boolean add(E element) {
        ListView _ = add(-1, element, null);
        return true;
    }

    @Override
    public void add(int index, E element) {
        if (index < 0) {
            throw SlotList.outOfBounds(index, slots().count());
        }
        ListView _ = add(index, element, null);
    }

    /**
     * Inserts an element.
     *
     * @param index -1 for the end
     * @return what the list is then
     */
    ListView add(int index, E element, @Nullable ListView expected) {
        try (ValueBuffer buffer = slots.lend()) {
            long word = values.encode(element, buffer);
            return slots.locked(expected, changes -> {
                long count = changes.count();
                if (index > count) {
                    throw SlotList.outOfBounds(index, count);
                }
                boolean isAtEnd = index < 0 || index == count;
                if (word == StoredValue.NOTHING || !isAtEnd || !changes.appendInPlace(word)) {
                    slots.change(change -> {
                        long stored = word == StoredValue.NOTHING ? values.store(change, buffer) : word;
                        changes.insert(change, isAtEnd ? count : index, ValueSlots.bytes(stored));
                    });
                    buffer.forgetMade();
                }
                return slots().current();
            });
        }
    }

    @Override
    public boolean addAll(Collection<? extends E> collection) {
        return bulk.addAll(-1, collection, null) != null;
    }

    @Override
    public boolean addAll(int index, Collection<? extends E> collection) {
        if (index < 0 || index > slots().count()) {
            throw SlotList.outOfBounds(index, slots().count());
        }
        return bulk.addAll(index, collection, null) != null;
    }

    @Override
    public E remove(int index) {
        return slots.exchange(index, null, changes -> dropLocked(changes, index));
    }

    /** What was removed, and what the list is then. */
    record Removed<E extends @Nullable Object>(E element, ListView view) {}

    /** As {@link #remove(int)}, where the list is still what a view was made of. */
    Removed<E> remove(int index, ListView expected) {
        AtomicReference<ListView> after = new AtomicReference<>(expected);
        E old = slots.exchange(index, expected, changes -> {
            dropLocked(changes, index);
            after.setPlain(slots().current());
        });
        return new Removed<>(old, after.getPlain());
    }

    private void dropLocked(SlotChanges changes, int index) {
        long word = slots.word(changes, index);
        slots.change(change -> {
            changes.replace(change, index, 1, ValueSlots.bytes());
            slots.free(word, change);
        });
    }

    /**
     * Removes an element if it still is the one that was seen, or equal to it.
     *
     * @return whether it was
     */
    boolean removeIfSame(int index, SeenElement seen) {
        return slots.locked(null, changes -> {
            boolean isSame = slots.isStill(changes, index, seen);
            if (isSame) {
                dropLocked(changes, index);
            }
            return isSame;
        });
    }

    /**
     * Replaces an element if it still is the one that was seen, or equal to it.
     *
     * @return the new one; null where it was another
     */
    @Nullable SeenElement setIfSame(int index, SeenElement seen, E element) {
        try (ValueBuffer buffer = slots.lend()) {
            long encoded = values.encode(element, buffer);
            return slots.<@Nullable SeenElement>locked(null, changes -> {
                if (!slots.isStill(changes, index, seen)) {
                    return null;
                }
                if (!LiveStructure.isOne(element) || !LiveStructure.areSame(element, slots.element(changes, index))) {
                    slots.put(changes.slotAt(index), encoded, buffer);
                }
                return slots.seen(changes, index);
            });
        }
    }

    @Override
    public boolean remove(@Nullable Object element) {
        return removal.removeEqual(element);
    }

    @Override
    protected void removeRange(int from, int to) {
        ListView _ = bulk.removeRange(from, to, null);
    }

    HeapListBulk<E> bulk() {
        return bulk;
    }

    @Override
    public boolean removeIf(Predicate<? super E> filter) {
        return removal.removeIf(filter);
    }

    @Override
    public boolean removeAll(Collection<?> collection) {
        return RemovalByContent.removeAll(this, collection);
    }

    @Override
    public boolean retainAll(Collection<?> collection) {
        return RemovalByContent.retainAll(this, collection);
    }

    @Override
    public void replaceAll(UnaryOperator<E> operator) {
        bulk.replaceAll(operator);
    }

    @Override
    public void sort(@Nullable Comparator<? super E> comparator) {
        bulk.sort(comparator);
    }

    @Override
    public void clear() {
        boolean _ = slots.locked(null, changes -> {
            changes.clear();
            return true;
        });
    }

    @Override
    public int indexOf(@Nullable Object element) {
        ListIterator<E> all = listIterator();
        while (all.hasNext()) {
            if (LiveStructure.isEqual(all.next(), element)) {
                return all.previousIndex();
            }
        }
        return -1;
    }

    @Override
    public int lastIndexOf(@Nullable Object element) {
        ListIterator<E> all = listIterator(size());
        while (all.hasPrevious()) {
            if (LiveStructure.isEqual(all.previous(), element)) {
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
    @SuppressWarnings("NullAway") // elements may be null, which the overridden method does not say
    public Object[] toArray() {
        return slots.reader().toArray();
    }

    @Override
    @SuppressWarnings({"unchecked", "NullAway"}) // storing checks the class; null is what the interface asks for
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
        ListView seen = slots().current();
        int _ = Objects.checkFromToIndex(from, to, (int) seen.count());
        return new HeapSubList<>(this, null, from, to - from, seen);
    }
}
