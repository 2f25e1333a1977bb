package io.cleave.bench.objects;

import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** {@link ConcurrentHashMap}, which is one JVM's. */
final class LocalStore implements MapStore {
    private ConcurrentHashMap<Long, String> map = new ConcurrentHashMap<>();

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
        map = new ConcurrentHashMap<>();
    }

    @Override
    public void close() {
    }
}
