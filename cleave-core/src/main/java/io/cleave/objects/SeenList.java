package io.cleave.objects;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * The elements of a list as they were at some moment, and where they are later, for who has the lock. As long as only
 * elements have been set that is the same place. Else equal ones stand for each other, in their order: which is which
 * nobody can tell, and for structures, of which none equals another one, it makes no difference.
 */
final class SeenList {
    /** The place of an element that is there no more. */
    static final int GONE = -1;

    private final long version;
    private final SeenElement[] elements;

    /** @param elements is not changed any more */
    SeenList(long version, SeenElement[] elements) {
        this.version = version;
        this.elements = elements;
    }

    int size() {
        return elements.length;
    }

    SeenElement get(int index) {
        return elements[index];
    }

    /** Where each element is now; {@link #GONE} for those that are gone, or have been replaced. Under the lock. */
    int[] places(ValueSlots<?> slots, SlotChanges changes) {
        return slots.slots().current().version() == version ? samePlaces(slots, changes)
                : otherPlaces(slots, changes);
    }

    private int[] samePlaces(ValueSlots<?> slots, SlotChanges changes) {
        int[] places = new int[elements.length];
        for (int i = 0; i < places.length; i++) {
            places[i] = slots.isStill(changes, i, elements[i]) ? i : GONE;
        }
        return places;
    }

    private int[] otherPlaces(ValueSlots<?> slots, SlotChanges changes) {
        Map<SeenElement, Deque<Integer>> left = new HashMap<>();
        for (int i = 0; i < elements.length; i++) {
            left.computeIfAbsent(elements[i], _ -> new ArrayDeque<>()).addLast(i);
        }
        int[] places = new int[elements.length];
        Arrays.fill(places, GONE);
        long count = changes.count();
        for (int i = 0; i < count && !left.isEmpty(); i++) {
            SeenElement now = slots.seen(changes, i);
            Deque<Integer> equal = left.get(now);
            if (equal != null) {
                places[equal.removeFirst()] = i;
                if (equal.isEmpty()) {
                    Deque<Integer> _ = left.remove(now);
                }
            }
        }
        return places;
    }
}
