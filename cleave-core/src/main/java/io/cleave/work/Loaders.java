package io.cleave.work;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The class loaders of tasks, by numbers. A forked worker has a copy of this table, and of the loaders; in a worker that was
 * started anew it is empty.
 */
public final class Loaders {
    /** Never shortened. Read without a lock, as a lock could be held by a thread that a forked worker does not have. */
    private static final List<WeakReference<ClassLoader>> ALL = new CopyOnWriteArrayList<>();

    private Loaders() {
    }

    /**
     * Whether a class is none that every JVM with the same class path finds.
     *
     * @param type a class
     * @return whether its loader is one of the program's own
     */
    public static boolean isOwn(Class<?> type) {
        ClassLoader loader = type.getClassLoader();
        return loader != null && !loader.equals(ClassLoader.getSystemClassLoader())
                && !loader.equals(ClassLoader.getPlatformClassLoader());
    }

    /**
     * The number of a class's loader.
     *
     * @param type a class of the program's {@linkplain #isOwn own}
     * @return the loader's number in this JVM, and in workers that are forked from now on
     */
    public static synchronized int numberOf(Class<?> type) {
        ClassLoader loader = type.getClassLoader();
        for (int i = 0; i < ALL.size(); i++) {
            if (ALL.get(i).refersTo(loader)) {
                return i;
            }
        }
        ALL.add(new WeakReference<>(loader));
        return ALL.size() - 1;
    }

    /**
     * The loader with a number.
     *
     * @param number from {@link #numberOf}
     * @return the loader, or null where this JVM does not have it
     */
    public static @Nullable ClassLoader of(long number) {
        return number < 0 || number >= ALL.size() ? null : ALL.get((int) number).get();
    }
}
