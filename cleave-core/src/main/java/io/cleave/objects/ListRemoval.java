package io.cleave.objects;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.function.IntUnaryOperator;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The removal of those elements of a list that code of the user's chooses.
 *
 * <p>
 * It is asked under no lock, about all elements that there were at one moment. Then, under the list's lock, those that were
 * chosen and are still there are removed. A structure is held as it goes; where somebody has changed it since the code was
 * asked, the code is asked again, and where somebody is changing it right now, he is waited for without any lock.
 */
final class ListRemoval<E extends @Nullable Object> {
    private final ValueSlots<E> slots;
    private final HeapListBulk<E> bulk;

    ListRemoval(ValueSlots<E> slots, HeapListBulk<E> bulk) {
        this.slots = slots;
        this.bulk = bulk;
    }

    /** An element that is to go, where it was, and its stamp from when it was chosen. */
    private record Choice<E extends @Nullable Object>(int index, SeenElement seen, E element,
            LiveStructure.Stamp stamp) {}

    /** What is left to do after those elements have gone that could. */
    private static final class Rest<E extends @Nullable Object> {
        final List<Choice<E>> changed = new ArrayList<>();
        final List<Choice<E>> busy = new ArrayList<>();
        boolean isAnyGone;
    }

    /** Removes what a predicate is true of, once it has been asked for all. */
    boolean removeIf(Predicate<? super E> filter) {
        Objects.requireNonNull(filter, "the predicate is null");
        SeenList all = slots.reader().seeAll();
        List<Choice<E>> chosen = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            add(choose(i, all.get(i), filter), chosen);
        }
        boolean isAny = false;
        while (!chosen.isEmpty()) {
            List<Choice<E>> going = chosen;
            Rest<E> rest = slots.locked(null, changes -> {
                int[] places = all.places(slots, changes);
                return remove(changes, going, index -> places[index]);
            });
            isAny |= rest.isAnyGone;
            chosen = rest.busy;
            for (Choice<E> busy : rest.busy) {
                LiveStructure.awaitHold(busy.element);
            }
            for (Choice<E> changed : rest.changed) {
                add(choose(changed.index, changed.seen, filter), chosen);
            }
        }
        return isAny;
    }

    private static <E extends @Nullable Object> void add(@Nullable Choice<E> choice, List<Choice<E>> chosen) {
        if (choice != null) {
            chosen.add(choice);
        }
    }

    private @Nullable Choice<E> choose(int index, SeenElement seen, Predicate<? super E> question) {
        E element = slots.reader().value(seen);
        LiveStructure.Stamp stamp = slots.ask(question, element);
        return stamp == null ? null : new Choice<>(index, seen, element, stamp);
    }

    /**
     * Removes what was chosen and is still there as it was then, under the lock.
     *
     * @param place where an element is now, by its index; {@link SeenList#GONE} where it is there no more
     */
    private Rest<E> remove(SlotChanges changes, List<Choice<E>> chosen, IntUnaryOperator place) {
        Rest<E> rest = new Rest<>();
        List<LiveStructure.Hold> holds = new ArrayList<>(chosen.size()); // so that to add one takes no memory
        try {
            BitSet isGoing = new BitSet();
            for (Choice<E> choice : chosen) {
                int now = place.applyAsInt(choice.index);
                if (now != SeenList.GONE && hold(choice, holds, rest)) {
                    isGoing.set(now);
                }
            }
            rest.isAnyGone = !isGoing.isEmpty();
            bulk.remove(changes, isGoing);
            return rest;
        } finally {
            for (int i = 0; i < holds.size(); i++) { // which makes nothing that there may be no memory for
                holds.get(i).close();
            }
        }
    }

    /** Holds an element that is to go; false where it may not go now. */
    private boolean hold(Choice<E> choice, List<LiveStructure.Hold> holds, Rest<E> rest) {
        boolean mayWait = rest.busy.isEmpty() || !(choice.element instanceof LiveStructure);
        LiveStructure.Hold hold = mayWait ? LiveStructure.tryHold(choice.element) : null;
        if (hold == null) { // one wait with the list's lock is enough; what needs none goes now, as it may be there twice
            rest.busy.add(choice);
            return false;
        }
        holds.add(hold);
        boolean isSame = hold.stamp().equals(choice.stamp);
        if (!isSame) {
            rest.changed.add(choice);
        }
        return isSame;
    }

    /** Removes the first element that equals another one. */
    boolean removeEqual(@Nullable Object other) {
        Predicate<E> question = stored -> LiveStructure.isEqual(stored, other);
        while (true) {
            Choice<E> choice = first(question);
            if (choice == null) {
                return false;
            }
            Rest<E> rest = removeOne(choice);
            while (!rest.busy.isEmpty()) {
                LiveStructure.awaitHold(choice.element);
                rest = removeOne(choice);
            }
            if (rest.isAnyGone) {
                return true;
            }
        }
    }

    private Rest<E> removeOne(Choice<E> choice) {
        return slots.locked(null, changes -> remove(changes, List.of(choice), _ -> placeOf(changes, choice)));
    }

    private int placeOf(SlotChanges changes, Choice<E> choice) {
        if (slots.isStill(changes, choice.index, choice.seen)) {
            return choice.index;
        }
        long count = changes.count();
        for (int i = 0; i < count; i++) {
            if (slots.isStill(changes, i, choice.seen)) {
                return i;
            }
        }
        return SeenList.GONE;
    }

    /** The first element that something is true of, as long as nobody changes the list; else one that it was true of. */
    private @Nullable Choice<E> first(Predicate<? super E> question) {
        LiveStructure.Stamp before = slots.slots().stamp();
        int index = 0;
        long count = slots.slots().current().count(); // what others add meanwhile need not end
        for (SeenElement seen = slots.reader().see(0); seen != null
                && index < count; seen = slots.reader().see(index)) {
            Choice<E> choice = choose(index, seen, question);
            if (choice != null) {
                return choice;
            }
            index++;
        }
        return slots.slots().stamp().equals(before) ? null : firstOfAll(question);
    }

    private @Nullable Choice<E> firstOfAll(Predicate<? super E> question) {
        SeenList all = slots.reader().seeAll();
        for (int i = 0; i < all.size(); i++) {
            Choice<E> choice = choose(i, all.get(i), question);
            if (choice != null) {
                return choice;
            }
        }
        return null;
    }
}
