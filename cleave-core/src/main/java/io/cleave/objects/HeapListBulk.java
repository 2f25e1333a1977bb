package io.cleave.objects;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What a list of values does with many of them: in steps that each leave a list, but for the sort. */
final class HeapListBulk<E extends @Nullable Object> {
    /** How often to sort elements that others change. */
    private static final int MOST_SORTS = 10;

    private final ValueSlots<E> slots;
    private final StoredValue<E> values;

    HeapListBulk(ValueSlots<E> slots) {
        this.slots = slots;
        this.values = slots.values();
    }

    /**
     * Inserts elements.
     *
     * @param index -1 for the end
     * @param expected as {@link ValueSlots#locked} has it
     * @return what the list is then; null where the collection is empty
     */
    @Nullable ListView addAll(int index, Collection<? extends E> collection, @Nullable ListView expected) {
        @Nullable Object[] all = collection.toArray();
        if (all.length == 0) {
            return null;
        }
        try (EncodedValues<E> encoded = new EncodedValues<>(values, slots, all)) {
            return slots.locked(expected, changes -> {
                long count = changes.count();
                if (index > count) {
                    throw SlotList.outOfBounds(index, count);
                }
                long at = index < 0 ? count : index;
                for (int done = 0; done < encoded.size();) {
                    done += insertSome(changes, at + done, encoded, done);
                }
                return slots.slots().current();
            });
        }
    }

    private int insertSome(SlotChanges changes, long index, EncodedValues<E> encoded, int from) {
        long most = SlotChanges.MOST_INSERTED_BYTES / Long.BYTES;
        if (index == changes.count() && changes.room() > 0) {
            most = Math.min(most, changes.room());
        }
        long[] words = new long[encoded.step(from, most, SlotChanges.MOST_BLOCKS)];
        slots.change(change -> {
            for (int i = 0; i < words.length; i++) {
                words[i] = encoded.store(change, from + i);
            }
            changes.insert(change, index, ValueSlots.bytes(words));
        });
        return words.length;
    }

    /** Removes a range, as much at once as one change can. */
    ListView removeRange(int from, int to, @Nullable ListView expected) {
        return slots.locked(expected, changes -> {
            for (long end = to; end > from;) {
                long start = Math.max(from, changes.leafStart(end - 1));
                BitSet all = new BitSet();
                all.set(0, (int) (end - start));
                end = removeSome(changes, start, end, all);
            }
            return slots.slots().current();
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
        int first = last + 1;
        int blocks = 0;
        while (first > 0 && blocks < SlotChanges.MOST_BLOCKS) {
            first--;
            blocks += isGoing.get(first) && StoredValue.isBlock(slots.word(changes, start + first)) ? 1 : 0;
        }
        int begin = first;
        slots.change(change -> {
            int keptFrom = kept.length;
            for (int i = last; i >= begin; i--) {
                long word = slots.word(changes, start + i);
                if (isGoing.get(i)) {
                    slots.free(word, change);
                } else {
                    kept[--keptFrom] = word;
                }
            }
            changes.replace(change, start + begin, last + 1 - begin,
                    ValueSlots.bytes(Arrays.copyOfRange(kept, keptFrom, kept.length)));
        });
        return start + begin;
    }

    /** Removes elements of all the list, as many at once as one change can. Under the lock. */
    void remove(SlotChanges changes, BitSet isGoing) {
        for (int end = isGoing.length(); end > 0; end = isGoing.previousSetBit(end - 1) + 1) {
            long start = changes.leafStart(end - 1);
            end = (int) removeSome(changes, start, end, isGoing.get((int) start, end));
        }
    }

    /**
     * Replaces one after the other, by what an operator makes of it without a lock. It is called again where somebody else
     * has replaced the element meanwhile.
     */
    void replaceAll(UnaryOperator<E> operator) {
        Objects.requireNonNull(operator, "the operator is null");
        int index = 0;
        long count = slots.slots().current().count(); // what others add meanwhile need not end
        for (SeenElement seen = slots.reader().see(0); seen != null
                && index < count; seen = slots.reader().see(index)) {
            if (replace(index, seen, operator)) {
                index++;
            }
        }
    }

    private boolean replace(int index, SeenElement seen, UnaryOperator<E> operator) {
        E old = slots.reader().value(seen);
        E element = slots.calling(() -> operator.apply(old));
        if (LiveStructure.areSame(old, element)) {
            return true;
        }
        try (ValueBuffer buffer = slots.lend()) {
            long word = values.encode(element, buffer);
            return slots.locked(null, changes -> {
                boolean isSame = slots.isStill(changes, index, seen);
                if (isSame) {
                    slots.put(changes.slotAt(index), word, buffer);
                }
                return isSame;
            });
        }
    }

    /** An element, and which it was before. */
    private record Sorted<E extends @Nullable Object>(int index, E element) {}

    /**
     * Sorts, by one change. Elements are compared without a lock; where others have changed more meanwhile than to add at the
     * end, mostly once more. What is new at the end of that stands behind what was sorted.
     */
    void sort(@Nullable Comparator<? super E> comparator) {
        for (int rounds = 1;; rounds++) {
            SeenList all = slots.reader().seeAll();
            List<Sorted<E>> sorted = sorted(all, comparator);
            boolean isLast = rounds == MOST_SORTS;
            if (slots.locked(null, changes -> reorder(changes, all, sorted, isLast))) {
                return;
            }
        }
    }

    @SuppressWarnings("unchecked") // the natural order fails where elements have none
    private List<Sorted<E>> sorted(SeenList all, @Nullable Comparator<? super E> comparator) {
        Comparator<? super E> order = comparator != null ? comparator : (Comparator<E>) Comparator.naturalOrder();
        List<Sorted<E>> sorted = new ArrayList<>(all.size());
        for (int i = 0; i < all.size(); i++) {
            sorted.add(new Sorted<>(i, slots.reader().value(all.get(i))));
        }
        return slots.calling(() -> {
            sorted.sort((one, other) -> order.compare(one.element(), other.element()));
            return sorted;
        });
    }

    /** Puts elements into an order; false where there are others by now, unless these are to stand behind. */
    private boolean reorder(SlotChanges changes, SeenList all, List<Sorted<E>> sorted, boolean isLast) {
        int count = (int) changes.count();
        int[] places = all.places(slots, changes);
        BitSet isSorted = new BitSet(count);
        long[] words = new long[count];
        int at = 0;
        for (Sorted<E> each : sorted) {
            int place = places[each.index()];
            if (place != SeenList.GONE) {
                isSorted.set(place);
                words[at++] = slots.word(changes, place);
            }
        }
        boolean isOrder = at == all.size() && isSorted.length() == at; // others are at the end
        if (!isOrder && !isLast) {
            return false;
        }
        for (int i = isSorted.nextClearBit(0); i < count; i = isSorted.nextClearBit(i + 1)) {
            words[at++] = slots.word(changes, i);
        }
        if (count > 1) {
            changes.replaceAll(MemorySegment.ofArray(words));
        }
        return true;
    }
}
