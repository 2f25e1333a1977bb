package io.cleave.bench.soundness;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A class loader of a few classes that are made in memory, and loaded when they are first needed. */
final class FreshLoader extends ClassLoader {
    private final Map<String, byte[]> classes = new ConcurrentHashMap<>();

    FreshLoader() {
        super(FreshLoader.class.getClassLoader());
    }

    void add(String name, byte[] bytes) {
        classes.put(name, bytes);
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes = classes.get(name);
        if (bytes == null) {
            throw new ClassNotFoundException(name);
        }
        return defineClass(name, bytes, 0, bytes.length);
    }
}
