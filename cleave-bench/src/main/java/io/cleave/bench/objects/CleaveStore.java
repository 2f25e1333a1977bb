package io.cleave.bench.objects;

import io.cleave.objects.SharedHeap;
import io.cleave.objects.SharedMap;

/** {@link SharedMap}. */
final class CleaveStore extends JavaStore {
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
    SharedMap<Long, String> map() {
        return map;
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
