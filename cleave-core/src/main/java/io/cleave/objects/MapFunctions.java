package io.cleave.objects;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a map does by functions of its user's: they run under the lock of the key, once for each key, as those of
 * {@link java.util.concurrent.ConcurrentHashMap} do. What makes a value of its bytes, and bytes of a value, runs there too.
 * None of that may change the map, which is found out ({@link UserCode}).
 */
final class MapFunctions<V> {
    private final MapTable table;
    private final MapWriter writer;
    private final ValueEncoding<V> values;

    MapFunctions(MapTable table, MapWriter writer, ValueEncoding<V> values) {
        this.table = table;
        this.writer = writer;
        this.values = values;
    }

    /**
     * Lets a key have what a function makes of the value that it has, or of null, or lets it go where that is null.
     *
     * @param access has a free slot where the key is absent, or the function makes null of null
     * @return the value that the key has then; null where it has none
     */
    @Nullable V compute(MapAccess access, Function<@Nullable V, @Nullable V> function) {
        boolean isOther;
        V value;
        access.beginCode(table);
        try {
            V old = writer.read(access, values);
            value = function.apply(old);
            isOther = value != null && !LiveStructure.areSame(value, old);
            if (isOther) {
                values.encode(value, access.value);
            }
        } finally {
            access.endCode();
        }
        if (isOther) {
            writer.put(access);
        } else if (value == null && access.slotAt != 0) {
            writer.remove(access);
        }
        return value == null || values.loose() == null ? value : writer.read(access, values);
    }
}
