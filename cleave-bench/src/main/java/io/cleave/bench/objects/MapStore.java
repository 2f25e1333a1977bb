package io.cleave.bench.objects;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A map of numbers to strings, as one of the rivals has it. */
interface MapStore extends AutoCloseable {
    /**
     * The map of a way.
     *
     * @param way whose
     * @param name by which the partner finds it
     * @param leads whether to make it; a partner opens what is there
     */
    static MapStore open(String way, String name, boolean leads) throws IOException {
        return switch (way) {
            case "cleave" -> CleaveStore.open(name);
            case "chronicle-map" -> ChronicleStore.open(name, leads);
            case "ConcurrentHashMap" -> new LocalStore();
            case "bare-table" -> new BareTable();
            case "nothing" -> new NoStore();
            default -> throw new IllegalArgumentException(way);
        };
    }

    void put(long key, String value);

    @Nullable String get(long key);

    void remove(long key);

    /** Goes through all entries; returns how many chars their values have. */
    long walk();

    /** Begins anew with an empty map. */
    void clear() throws IOException;

    /** Finds the map that the leading process has now. */
    default void refresh() throws IOException {
        // most have one only
    }

    @Override
    void close();
}
