package io.cleave.bench.objects;

import java.util.concurrent.ConcurrentHashMap;

/** {@link ConcurrentHashMap}, which is one JVM's. */
final class LocalStore extends JavaStore {
    private ConcurrentHashMap<Long, String> map = new ConcurrentHashMap<>();

    @Override
    ConcurrentHashMap<Long, String> map() {
        return map;
    }

    @Override
    public void clear() {
        map = new ConcurrentHashMap<>();
    }

    @Override
    public void close() {
    }
}
