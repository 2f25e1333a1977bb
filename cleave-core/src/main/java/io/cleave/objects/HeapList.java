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
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The list of {@link SharedList}: values over a {@link SlotList}. */
final class HeapList<E extends @Nullable Object> extends AbstractList<E> implements SharedList<E>, LiveStructure {
    private final ValueSlots<E> slots;
    private final StoredValue<E> values;
    private final HeapListBulk<E> bulk;

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
    }

    SlotList slots() {
        return slots.slots();
    }

    @Override
    public boolean isSame(@Nullable Object other) {
        return other instanceof HeapList<?> list && slots().isSame(list.slots());
    }

    /** Reads an element, to know it again; null where there is no such element. */
    ValueSlots.@Nullable Marked<E> find(int index) {
        return slots.find(index);
    }

    @Override
    public boolean isInUse() {
        return !slots().hasEnded();
    }

    @Override
    public @Nullable Hold tryHold() {
        return slots().tryLock(HOLD_NANOS) ? slots()::unlock : null;
    }

    @Override
    public void awaitHold() {
        SlotChanges _ = slots().lock();
        slots().unlock();
    }

    @Override
    public E get(int index) {
        return slots.get(index);
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
    @SuppressWarnings("NullAway") // an element may be null where the list's own type says so
    E set(int index, E element, @Nullable ListView expected) {
        try (ValueBuffer buffer = slots.lend()) {
            if (element instanceof LiveStructure live && isThere(index, live, expected)) {
                return element; // it is not to be copied into its own place
            }
            long word = values.encode(element, buffer);
            return slots.locked(expected, changes -> {
                long slotAt = changes.slotAt(index);
                E old = slots.detached(values.decode(slots.word(changes, index)));
                slots.put(slotAt, word, buffer);
                return old;
            });
        }
    }

    /** Whether a structure is an element of the list, which still is what a view was made of. */
    private boolean isThere(int index, LiveStructure structure, @Nullable ListView expected) {
        if (expected == null) {
            return structure.isSame(get(index));
        }
        slots().check(expected); // the index was one then
        boolean isSame = structure.isSame(get(index));
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
        return slots.locked(null, changes -> removeLocked(changes, index));
    }

    /** What was removed, and what the list is then. */
    record Removed<E extends @Nullable Object>(E element, ListView view) {}

    /** As {@link #remove(int)}, where the list is still what a view was made of. */
    Removed<E> remove(int index, ListView expected) {
        return slots.locked(expected, changes -> new Removed<>(removeLocked(changes, index), slots().current()));
    }

    @SuppressWarnings("NullAway") // an element may be null where the list's own type says so
    private E removeLocked(SlotChanges changes, int index) {
        E old = slots.detached(values.decode(slots.word(changes, index)));
        dropLocked(changes, index);
        return old;
    }

    private void dropLocked(SlotChanges changes, int index) {
        long word = slots.word(changes, index);
        slots.change(change -> {
            changes.replace(change, index, 1, ValueSlots.bytes());
            slots.free(word, change);
        });
    }

    /**
     * Removes an element if it still is the one that had a mark.
     *
     * @return whether it was
     */
    boolean removeIfSame(int index, ValueSlots.Mark mark) {
        return slots.locked(null, changes -> {
            boolean isSame = slots.isUnchanged(changes, index, mark);
            if (isSame) {
                dropLocked(changes, index);
            }
            return isSame;
        });
    }

    /**
     * Replaces an element if it still is the one that had a mark.
     *
     * @return the new one's mark; null where it was another
     */
    ValueSlots.@Nullable Mark setIfSame(int index, ValueSlots.Mark mark, E element) {
        try (ValueBuffer buffer = slots.lend()) {
            long encoded = values.encode(element, buffer);
            return slots.<ValueSlots.@Nullable Mark>locked(null, changes -> {
                if (!slots.isUnchanged(changes, index, mark)) {
                    return null;
                }
                if (!LiveStructure.areSame(element, slots.element(changes, index))) {
                    slots.put(changes.slotAt(index), encoded, buffer);
                }
                return slots.mark(changes, index);
            });
        }
    }

    @Override
    public boolean remove(@Nullable Object element) {
        HeapListBulk.Held held = new HeapListBulk.Held();
        do {
            boolean isRemoved = slots.locked(null, changes -> removeLocked(changes, element, held));
            if (isRemoved) {
                return true;
            }
        } while (held.awaitBusy());
        return false;
    }

    private boolean removeLocked(SlotChanges changes, @Nullable Object element, HeapListBulk.Held held) {
        try (held) {
            long count = changes.count();
            for (int i = 0; i < count; i++) {
                E each = slots.element(changes, i);
                if (held.isTrue(each, stored -> LiveStructure.isEqual(stored, element))) {
                    dropLocked(changes, i);
                    return true;
                }
                if (held.isBusy()) {
                    return false;
                }
            }
            return false;
        }
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
        return bulk.removeIf(filter);
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
        return slots.toArray();
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
