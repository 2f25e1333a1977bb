package io.cleave.pool;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Placeholder. */
final class AotCache {
    private AotCache() {
    }

    static @Nullable Path find(String classPath, List<String> options) {
        return null;
    }

    static String ordered(String classPath) {
        return classPath;
    }
}
