package io.cleave.objects;

import java.util.AbstractList;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Collections outside of a heap that fields of live objects can have whatever they are declared as: what a copy of an
 * object has, and what stands for a structure that nobody has made yet. They are as threadsafe, and can be changed, as
 * the ones below them.
 */
final class DetachedStructures {
    private DetachedStructures() {
    }

    /** A value of a field as what that is declared as. */
    static @Nullable Object as(Class<?> type, @Nullable Object value) {
        return value == null || type.isInstance(value) ? value
                : type == SharedList.class && value instanceof List<?> list ? new OfList<>(list)
                        : type == SharedSet.class && value instanceof Set<?> set ? new OfSet<>(set)
                                : type == SharedMap.class && value instanceof Map<?, ?> map ? new OfMap<>(map) : value;
    }

    /** A list. */
    static final class OfList<E extends @Nullable Object> extends AbstractList<E> implements SharedList<E> {
        private final List<E> list;

        OfList(List<E> list) {
            this.list = list;
        }

        @Override
        public E get(int index) {
            return list.get(index);
        }

        @Override
        public int size() {
            return list.size();
        }

        @Override
        public E set(int index, E element) {
            return list.set(index, element);
        }

        @Override
        public void add(int index, E element) {
            list.add(index, element);
        }

        @Override
        public E remove(int index) {
            return list.remove(index);
        }

        @Override
        protected void removeRange(int from, int to) {
            list.subList(from, to).clear();
        }
    }

    /** A set. */
    static final class OfSet<E> extends AbstractSet<E> implements SharedSet<E> {
        private final Set<E> set;

        OfSet(Set<E> set) {
            this.set = set;
        }

        @Override
        public Iterator<E> iterator() {
            return set.iterator();
        }

        @Override
        public int size() {
            return set.size();
        }

        @Override
        public boolean contains(Object element) {
            return set.contains(element);
        }

        @Override
        public boolean add(E element) {
            return set.add(element);
        }

        @Override
        public boolean remove(Object element) {
            return set.remove(element);
        }
    }

    /** A map, whose changes nobody can watch. */
    static final class OfMap<K, V> extends AbstractMap<K, V> implements SharedMap<K, V> {
        private final Map<K, V> map;

        OfMap(Map<K, V> map) {
            this.map = map;
        }

        @Override
        public Set<Map.Entry<K, V>> entrySet() {
            return map.entrySet();
        }

        @Override
        public @Nullable V get(Object key) {
            return map.get(key);
        }

        @Override
        public boolean containsKey(Object key) {
            return map.containsKey(key);
        }

        @Override
        public @Nullable V put(K key, V value) {
            return map.put(key, value);
        }

        @Override
        public @Nullable V remove(Object key) {
            return map.remove(key);
        }

        @Override
        public @Nullable V putIfAbsent(K key, V value) {
            return map.putIfAbsent(key, value);
        }

        @Override
        public boolean remove(Object key, Object value) {
            return map.remove(key, value);
        }

        @Override
        public boolean replace(K key, V oldValue, V newValue) {
            return map.replace(key, oldValue, newValue);
        }

        @Override
        public @Nullable V replace(K key, V value) {
            return map.replace(key, value);
        }

        @Override
        public AutoCloseable watch(BiConsumer<K, V> onChange, LongConsumer onMissed) {
            throw new UnsupportedOperationException("a copy of a map cannot be watched; watch the one in the heap");
        }
    }
}
