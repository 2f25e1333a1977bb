package io.cleave.share;

import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.nio.Buffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What {@link SharedData} has loaded in this process, weakly held: an object for each name, and one more for each type of
 * array, segment, buffer or tensor as which somebody wants to have it.
 *
 * <p>
 * A value is decoded by one thread, outside of any lock, as that may run anybody's code. Other threads wait for it, but
 * for those that are decoding themselves: two values, each of which loads the other, would wait for each other.
 */
final class LoadedValues {
    /** Whether this thread is decoding, or does so for one that waits for it. */
    private static final ThreadLocal<Boolean> DECODING = new ThreadLocal<>();

    private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();

    /** An object, and whether it is the value as it was written. */
    private record Held(WeakReference<Object> object, boolean isOwn) {}

    /** What is known of a name. All is guarded by this. */
    private static final class Entry {
        private List<Held> held = new ArrayList<>();
        private final Map<Class<?>, CompletableFuture<Boolean>> underWay = new HashMap<>();

        /** What is there for a type; null where it has to be loaded. */
        synchronized <T> @Nullable T find(Class<T> type) {
            for (Held each : held) {
                Object object = each.object.get();
                if (object != null && (isView(type) ? type.isInstance(object) : each.isOwn)) {
                    if (!type.isInstance(object)) {
                        throw new IllegalArgumentException("the value is a " + object.getClass().getName() + ", not a "
                                + type.getName() + "; ask for its own type, or for Object");
                    }
                    return type.cast(object);
                }
            }
            return null;
        }

        /** Keeps what was loaded; gives what others get for that type. */
        synchronized <T> @Nullable T keep(Class<T> type, @Nullable T value) {
            T found = value == null ? null : find(type);
            if (found != null || value == null) {
                return found;
            }
            boolean isOwn = !isView(type);
            for (int i = 0; i < held.size(); i++) {
                Object object = held.get(i).object.get();
                if (isOwn && object != null && object.getClass() == value.getClass()) {
                    held.set(i, new Held(held.get(i).object, true)); // it was asked for by its own type before
                    return type.cast(object);
                }
            }
            held.add(new Held(new WeakReference<>(value), isOwn));
            return value;
        }

        /** The loading that another thread is at; null where the caller is to load. */
        synchronized @Nullable CompletableFuture<Boolean> begin(Class<?> type, CompletableFuture<Boolean> mine) {
            return underWay.putIfAbsent(type, mine);
        }

        synchronized void end(Class<?> type, CompletableFuture<Boolean> mine) {
            underWay.remove(type, mine);
        }

        /** Whether nothing is left. */
        synchronized boolean isGone() {
            held.removeIf(each -> each.object.refersTo(null));
            return held.isEmpty() && underWay.isEmpty();
        }
    }

    /** Whether a type is one of those as which an array, segment, buffer or tensor can be had. */
    private static boolean isView(Class<?> type) {
        return type.isArray() || MemorySegment.class.isAssignableFrom(type) || Buffer.class.isAssignableFrom(type)
                || type == Tensor.class;
    }

    /** The object of a name and type, loaded where it is not there. */
    <T> @Nullable T get(String name, Class<T> type) {
        entries.values().removeIf(Entry::isGone);
        while (true) {
            Entry entry = entries.computeIfAbsent(name, _ -> new Entry());
            T found = entry.find(type);
            if (found != null) {
                return found;
            }
            CompletableFuture<Boolean> mine = new CompletableFuture<>();
            CompletableFuture<Boolean> other = entry.begin(type, mine);
            if (other != null && !isDecoding()) {
                other.join(); // if that failed, this one tries, and gets the exception for itself
                continue;
            }
            T value;
            try {
                value = entry.keep(type, decode(name, type));
            } finally {
                entry.end(type, mine);
                mine.complete(true);
            }
            Entry current = entries.putIfAbsent(name, entry);
            if (current == null || current == entry) {
                return value;
            }
        }
    }

    private static <T> @Nullable T decode(String name, Class<T> type) {
        boolean wasDecoding = isDecoding();
        beginDecoding();
        try {
            return Share.read(name, type);
        } finally {
            if (!wasDecoding) {
                DECODING.remove();
            }
        }
    }

    /** Whether the calling thread is decoding. */
    static boolean isDecoding() {
        return DECODING.get() != null;
    }

    /** Says that the calling thread decodes for another until it ends. */
    static void beginDecoding() {
        DECODING.set(true);
    }

    void clear() {
        entries.clear();
    }
}
