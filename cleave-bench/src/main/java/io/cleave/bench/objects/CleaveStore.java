package io.cleave.bench.objects;

import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedMap;
import org.jspecify.annotations.Nullable;

/** {@link SharedMap}. */
final class CleaveStore implements MapStore {
    private static final long HEAP_BYTES = 4L << 30;
    private static final String NAME = "bench";

    private final SharedHeap heap;
    private SharedMap<Long, String> map;

    private CleaveStore(SharedHeap heap) {
        this.heap = heap;
        this.map = heap.map(NAME, Long.class, String.class);
    }

    static CleaveStore open(String name) {
        return new CleaveStore(SharedHeap.openOrCreate(name, HEAP_BYTES));
    }

    @Override
    public void put(long key, String value) {
        String _ = map.put(key, value);
    }

    @Override
    public @Nullable String get(long key) {
        return map.get(key);
    }

    @Override
    public void remove(long key) {
        String _ = map.remove(key);
    }

    @Override
    public long walk() {
        long chars = 0;
        for (String value : map.values()) {
            chars += value.length();
        }
        return chars;
    }

    @Override
    public void clear() {
        heap.drop(NAME);
        map = heap.map(NAME, Long.class, String.class);
    }

    @Override
    public void refresh() {
        map = heap.map(NAME, Long.class, String.class);
    }

    @Override
    public void close() {
        heap.close();
    }
}
