package io.cleave.objects;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A weakly consistent iterator over a map.
 *
 * @param <T> what it makes of each entry
 */
final class HeapMapIterator<K, V, T> implements Iterator<T> {
    private final HeapMap<K, V> map;
    private final MapCursor<K, V> cursor;
    private final boolean hasValues;
    private final BiFunction<? super K, ? super V, ? extends T> maker;
    private @Nullable K nextKey;
    private @Nullable V nextValue;
    private @Nullable K lastKey;

    /** Over keys and values. */
    HeapMapIterator(HeapMap<K, V> map, MapCursor<K, V> cursor, BiFunction<? super K, ? super V, ? extends T> maker) {
        this(map, cursor, true, maker);
    }

    private HeapMapIterator(HeapMap<K, V> map, MapCursor<K, V> cursor, boolean hasValues,
            BiFunction<? super K, ? super V, ? extends T> maker) {
        this.map = map;
        this.cursor = cursor;
        this.hasValues = hasValues;
        this.maker = maker;
        advance();
    }

    /** Over the keys alone. */
    static <K, V> HeapMapIterator<K, V, K> overKeys(HeapMap<K, V> map) {
        return new HeapMapIterator<>(map, map.cursor(false), false, (key, _) -> key);
    }

    private void advance() {
        nextKey = null;
        nextValue = null;
        while (nextKey == null && cursor.advance()) {
            K key = cursor.key();
            if (hasValues) {
                V ahead = cursor.value();
                nextValue = ahead == null ? map.get(key) : ahead;
            }
            if (!hasValues || nextValue != null) {
                nextKey = key;
            }
        }
    }

    @Override
    public boolean hasNext() {
        return nextKey != null;
    }

    @Override
    @SuppressWarnings("NullAway") // keys alone are made of without a value
    public T next() {
        K key = nextKey;
        if (key == null) {
            throw new NoSuchElementException("the map has no more entries");
        }
        V value = nextValue;
        lastKey = key;
        advance();
        return maker.apply(key, value);
    }

    @Override
    public void remove() {
        if (lastKey == null) {
            throw new IllegalStateException("there is no entry to remove: next was not called since the last removal");
        }
        boolean _ = map.removeKey(lastKey);
        lastKey = null;
    }
}
