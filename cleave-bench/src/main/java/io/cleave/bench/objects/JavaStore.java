package io.cleave.bench.objects;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A rival that is a map of Java's. */
abstract class JavaStore implements MapStore {
    /** The map at hand. */
    abstract Map<Long, String> map();

    @Override
    public final void put(long key, String value) {
        String _ = map().put(key, value);
    }

    @Override
    public final @Nullable String get(long key) {
        return map().get(key);
    }

    @Override
    public final void remove(long key) {
        String _ = map().remove(key);
    }

    @Override
    public final long walk() {
        long chars = 0;
        for (String value : map().values()) {
            chars += value.length();
        }
        return chars;
    }
}
