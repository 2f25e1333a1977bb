package io.cleave.objects;

import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Spliterator;
import org.jspecify.annotations.Nullable;

/** The set of {@link SharedSet}: the keys of a map whose values mean nothing. */
final class HeapSet<E> extends AbstractSet<E> implements SharedSet<E>, LiveStructure {
    private final HeapMap<E, Boolean> map;

    HeapSet(HeapMap<E, Boolean> map) {
        this.map = map;
    }

    @Override
    public boolean isSame(@Nullable Object other) {
        return other instanceof HeapSet<?> set && map.isSame(set.map);
    }

    @Override
    public boolean isInUse() {
        return map.isInUse();
    }

    @Override
    public @Nullable Hold tryHold() {
        return map.tryHold();
    }

    @Override
    public Stamp stamp() {
        return map.stamp();
    }

    @Override
    public void beginCode(UserCode code) {
        map.beginCode(code);
    }

    @Override
    public boolean add(E element) {
        return map.putIfAbsent(element, true) == null;
    }

    @Override
    public boolean contains(Object element) {
        return map.containsKey(element);
    }

    @Override
    public boolean remove(Object element) {
        return map.removeKey(element);
    }

    @Override
    public Iterator<E> iterator() {
        return map.keySet().iterator();
    }

    @Override
    public Spliterator<E> spliterator() {
        return map.keySet().spliterator();
    }

    @Override
    public int size() {
        return map.size();
    }

    @Override
    public boolean isEmpty() {
        return map.isEmpty();
    }

    @Override
    public void clear() {
        map.clear();
    }
}
