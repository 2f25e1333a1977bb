package io.cleave.objects;

import java.util.AbstractList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/** A view of a part of a list, which fails as soon as elements come or go that did not through it. */
final class HeapSubList<E extends @Nullable Object> extends AbstractList<E> implements RandomAccess {
    private final HeapList<E> list;
    /** The view that this is a view of; null where it is one of the list. */
    private final @Nullable HeapSubList<E> parent;
    private final int from;
    private int size;
    private ListView seen;

    /** A view of a list as it was. */
    HeapSubList(HeapList<E> list, @Nullable HeapSubList<E> parent, int from, int size, ListView seen) {
        this.list = list;
        this.parent = parent;
        this.from = from;
        this.size = size;
        this.seen = seen;
    }

    /** What was done through this view: all that it is a view of knows it. */
    private void changed(int added, ListView now) {
        for (HeapSubList<E> view = this; view != null; view = view.parent) {
            view.size += added;
            view.seen = now;
        }
    }

    private void checkPlace(int index) {
        if (index < 0 || index > size) {
            throw SlotList.outOfBounds(index, size);
        }
    }

    @Override
    public int size() {
        list.slots().check(seen);
        return size;
    }

    @Override
    public E get(int index) {
        int place = from + Objects.checkIndex(index, size);
        try {
            return list.get(place);
        } finally {
            list.slots().check(seen);
        }
    }

    @Override
    public E set(int index, E element) {
        return list.set(from + Objects.checkIndex(index, size), element, seen);
    }

    @Override
    public void add(int index, E element) {
        checkPlace(index);
        changed(1, list.add(from + index, element, seen));
    }

    @Override
    public boolean addAll(Collection<? extends E> collection) {
        return addAll(size, collection);
    }

    @Override
    public boolean addAll(int index, Collection<? extends E> collection) {
        checkPlace(index);
        int added = collection.size();
        ListView now = list.bulk().addAll(from + index, collection, seen);
        if (now != null) {
            changed((int) (now.count() - seen.count()), now);
        }
        return added != 0;
    }

    @Override
    public E remove(int index) {
        HeapList.Removed<E> removed = list.remove(from + Objects.checkIndex(index, size), seen);
        changed(-1, removed.view());
        return removed.element();
    }

    @Override
    protected void removeRange(int start, int end) {
        changed(start - end, list.bulk().removeRange(from + start, from + end, seen));
    }

    @Override
    public List<E> subList(int start, int end) {
        int _ = Objects.checkFromToIndex(start, end, size());
        return new HeapSubList<>(list, this, from + start, end - start, seen);
    }
}
