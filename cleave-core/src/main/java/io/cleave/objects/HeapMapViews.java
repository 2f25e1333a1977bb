package io.cleave.objects;

import java.util.AbstractCollection;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The views of a map: its keys, its values, its entries. */
final class HeapMapViews {
    private HeapMapViews() {
    }

    private static <T> Spliterator<T> spliterator(Iterator<T> iterator, int more) {
        return Spliterators.spliteratorUnknownSize(iterator, Spliterator.CONCURRENT | Spliterator.NONNULL | more);
    }

    /** The keys. */
    static final class Keys<K, V> extends AbstractSet<K> {
        private final HeapMap<K, V> map;

        Keys(HeapMap<K, V> map) {
            this.map = map;
        }

        @Override
        public Iterator<K> iterator() {
            return HeapMapIterator.overKeys(map);
        }

        @Override
        public Spliterator<K> spliterator() {
            return HeapMapViews.spliterator(iterator(), Spliterator.DISTINCT);
        }

        @Override
        public int size() {
            return map.size();
        }

        @Override
        public boolean contains(Object key) {
            return map.containsKey(key);
        }

        @Override
        public boolean remove(Object key) {
            return map.removeKey(key);
        }

        @Override
        public void clear() {
            map.clear();
        }
    }

    /** The values. */
    static final class Values<K, V> extends AbstractCollection<V> {
        private final HeapMap<K, V> map;

        Values(HeapMap<K, V> map) {
            this.map = map;
        }

        @Override
        public Iterator<V> iterator() {
            return new HeapMapIterator<>(map, map.cursor(true), (_, value) -> value);
        }

        @Override
        public Spliterator<V> spliterator() {
            return HeapMapViews.spliterator(iterator(), 0);
        }

        @Override
        public int size() {
            return map.size();
        }

        @Override
        public boolean contains(Object value) {
            return map.containsValue(value);
        }

        @Override
        public boolean removeIf(Predicate<? super V> filter) {
            Objects.requireNonNull(filter, "the filter is null");
            return map.entrySet().removeIf(entry -> filter.test(entry.getValue()));
        }

        @Override
        public boolean remove(@Nullable Object value) {
            if (value == null) {
                return false;
            }
            for (Map.Entry<K, V> entry : map.entrySet()) {
                if (LiveStructure.isEqual(entry.getValue(), value) && map.remove(entry.getKey(), value)) {
                    return true;
                }
            }
            return false;
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
        public void clear() {
            map.clear();
        }
    }

    /** The entries. */
    static final class Entries<K, V> extends AbstractSet<Map.Entry<K, V>> {
        private final HeapMap<K, V> map;

        Entries(HeapMap<K, V> map) {
            this.map = map;
        }

        @Override
        public Iterator<Map.Entry<K, V>> iterator() {
            return new HeapMapIterator<>(map, map.cursor(true), (key, value) -> new Entry<>(map, key, value));
        }

        @Override
        public Spliterator<Map.Entry<K, V>> spliterator() {
            return HeapMapViews.spliterator(iterator(), Spliterator.DISTINCT);
        }

        @Override
        public int size() {
            return map.size();
        }

        @Override
        public boolean contains(@Nullable Object entry) {
            return entry instanceof Map.Entry<?, ?> other && other.getKey() != null && other.getValue() != null
                    && LiveStructure.isEqual(map.get(other.getKey()), other.getValue());
        }

        @Override
        public boolean remove(@Nullable Object entry) {
            return entry instanceof Map.Entry<?, ?> other && other.getKey() != null
                    && map.remove(other.getKey(), other.getValue());
        }

        @Override
        public boolean removeIf(Predicate<? super Map.Entry<K, V>> filter) {
            Objects.requireNonNull(filter, "the filter is null");
            boolean isAny = false;
            for (Map.Entry<K, V> entry : this) {
                isAny |= map.removeIf(entry, filter);
            }
            return isAny;
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
        public void clear() {
            map.clear();
        }
    }

    /** An entry as it was read, which writes through. */
    static final class Entry<K, V> extends AbstractMap.SimpleEntry<K, V> {
        private static final long serialVersionUID = 1L;

        private final transient HeapMap<K, V> map;

        Entry(HeapMap<K, V> map, K key, V value) {
            super(key, value);
            this.map = map;
        }

        @Override
        public V setValue(V value) {
            V replaced = map.put(getKey(), value);
            V live = map.isHolding() ? map.get(getKey()) : null;
            V known = super.setValue(live == null ? value : live);
            return map.isHolding() && replaced != null ? replaced : known;
        }
    }
}
