package io.cleave.objects;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What a list of values does with many of them under one lock: in steps that each leave a list, but for the sort. */
final class HeapListBulk<E extends @Nullable Object> {
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

    /** What is held of the elements that are going, so that they go as they were. */
    static final class Held implements AutoCloseable {
        private final List<LiveStructure.Hold> all = new ArrayList<>();
        private @Nullable Object busy;

        /** Whether a predicate is true of an element, which then is held; false also where it cannot be held now. */
        <E extends @Nullable Object> boolean isTrue(E element, Predicate<? super E> filter) {
            LiveStructure.Hold hold = LiveStructure.tryHold(element);
            if (hold == null) {
                busy = element;
                return false;
            }
            boolean isTrue = false;
            try {
                isTrue = filter.test(element);
                if (isTrue) {
                    all.add(hold);
                }
                return isTrue;
            } finally {
                if (!isTrue) {
                    hold.close();
                }
            }
        }

        /** Whether an element could not be held, so that all is to be done anew. */
        boolean isBusy() {
            return busy != null;
        }

        /** Waits for that element, if there was one, without the lock of the list; whether there was. */
        boolean awaitBusy() {
            Object element = busy;
            busy = null;
            LiveStructure.awaitHold(element);
            return element != null;
        }

        @Override
        public void close() {
            all.forEach(LiveStructure.Hold::close);
            all.clear();
        }
    }

    /** Removes what a predicate is true of, once it has been asked for all. */
    boolean removeIf(Predicate<? super E> filter) {
        Objects.requireNonNull(filter, "the predicate is null");
        Held held = new Held();
        while (true) {
            boolean isAny = slots.locked(null, changes -> removeIf(changes, filter, held));
            if (!held.awaitBusy()) {
                return isAny;
            }
        }
    }

    private boolean removeIf(SlotChanges changes, Predicate<? super E> filter, Held held) {
        try (held) {
            int count = (int) changes.count();
            BitSet isGoing = new BitSet(count);
            for (int i = 0; i < count && !held.isBusy(); i++) {
                isGoing.set(i, held.isTrue(slots.element(changes, i), filter));
            }
            if (held.isBusy()) {
                return false; // nothing has gone yet
            }
            for (int end = isGoing.length(); end > 0; end = isGoing.previousSetBit(end - 1) + 1) {
                long start = changes.leafStart(end - 1);
                end = (int) removeSome(changes, start, end, isGoing.get((int) start, end));
            }
            return !isGoing.isEmpty();
        }
    }

    /** Replaces one after the other. */
    void replaceAll(UnaryOperator<E> operator) {
        Objects.requireNonNull(operator, "the operator is null");
        boolean _ = slots.locked(null, changes -> {
            long count = changes.count();
            try (ValueBuffer buffer = slots.lend()) {
                for (int i = 0; i < count; i++) {
                    E old = slots.element(changes, i);
                    E element = operator.apply(old);
                    if (!LiveStructure.areSame(old, element)) {
                        slots.put(changes.slotAt(i), values.encode(element, buffer), buffer);
                    }
                }
            }
            return true;
        });
    }

    /** A slot's word and what it means. */
    private record Pair<E extends @Nullable Object>(long word, E element) {}

    /** Sorts, by one change. */
    @SuppressWarnings("unchecked") // an array of pairs
    void sort(@Nullable Comparator<? super E> comparator) {
        boolean _ = slots.locked(null, changes -> {
            Pair<E>[] pairs = (Pair<E>[]) new Pair<?>[(int) changes.count()];
            for (int i = 0; i < pairs.length; i++) {
                pairs[i] = new Pair<>(slots.word(changes, i), slots.element(changes, i));
            }
            Comparator<? super E> order = comparator != null ? comparator : (Comparator<E>) Comparator.naturalOrder();
            Arrays.sort(pairs, (one, other) -> order.compare(one.element(), other.element()));
            if (pairs.length > 1) {
                changes.replaceAll(MemorySegment.ofArray(Arrays.stream(pairs).mapToLong(Pair::word).toArray()));
            }
            return true;
        });
    }
}
