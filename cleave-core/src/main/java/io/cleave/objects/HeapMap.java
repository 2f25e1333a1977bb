package io.cleave.objects;

import io.cleave.heap.Heap;
import java.util.AbstractMap;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The map of {@link SharedMap}: keys and values over a {@link MapTable}. */
final class HeapMap<K, V> extends AbstractMap<K, V> implements SharedMap<K, V>, LiveStructure {
    /** An odd number whose bits have no pattern: the fraction of the golden ratio. */
    private static final long MULTIPLIER = 0x9e3779b97f4a7c15L;

    private final String name;
    private final MapTable table;
    private final MapWriter writer;
    private final ValueEncoding<K> keys;
    private final ValueEncoding<V> values;
    private final ValueHash hash;
    private final MapExchange<V> exchange;
    private final MapFunctions<V> functions;
    /** Where values are structures, those among which they are made and freed. */
    private final @Nullable LooseStructures loose;

    /**
     * The map over a table with a name.
     *
     * @param name for messages
     * @throws io.cleave.IncompatibleBlockException where it was made with other classes
     */
    HeapMap(String name, MapTable table, ValueEncoding<K> keys, ValueEncoding<V> values) {
        this(table, keys, values, name);
        table.checkSchema(name, keys.schema(), values.schema());
    }

    /** The map over a table that another structure holds, whose classes are known by that. */
    HeapMap(MapTable table, ValueEncoding<K> keys, ValueEncoding<V> values) {
        this(table, keys, values, "held");
    }

    private HeapMap(MapTable table, ValueEncoding<K> keys, ValueEncoding<V> values, String name) {
        this.name = name;
        this.table = table;
        this.loose = values.loose();
        this.writer = new MapWriter(table, loose == null ? null : loose.lists());
        this.keys = keys;
        this.values = values;
        this.hash = hash(table.heap());
        this.exchange = new MapExchange<>(table, writer, values);
        this.functions = new MapFunctions<>(table, writer, values);
    }

    @Override
    public boolean isInUse() {
        return !table.hasEnded();
    }

    @Override
    public @Nullable Hold tryHold() {
        return writer.tryHold(HOLD_NANOS);
    }

    @Override
    public Stamp stamp() {
        return writer.stamp();
    }

    @Override
    public void beginCode(UserCode code) {
        code.begin(table.heap(), table.header(), table.generation());
    }

    @Override
    public boolean isSame(@Nullable Object other) {
        return other instanceof HeapMap<?, ?> map && table.isSame(map.table);
    }

    /** The hash of a heap's keys. */
    static ValueHash hash(Heap heap) {
        long seed = heap.seed();
        return new ValueHash(seed, (seed * MULTIPLIER) ^ (seed >>> Integer.SIZE));
    }

    /** What finds the key's place; to be closed. */
    private MapAccess access(K key) {
        MapAccess access = MapAccess.lend();
        boolean isDone = false;
        try {
            keys.encodeKey(key, access.key);
            access.hash = hash.of(access.key.bytes(), 0, access.keyLength());
            isDone = true;
            return access;
        } finally {
            if (!isDone) {
                access.close();
            }
        }
    }

    /** As {@link #access}, for what may change the map. */
    private MapAccess writing(K key) {
        MapAccess access = access(key);
        if (loose != null) {
            boolean isBegun = false;
            try {
                access.value.beginHolding(loose);
                isBegun = true;
            } finally {
                if (!isBegun) {
                    access.close();
                }
            }
        }
        return access;
    }

    /** Whether a value is the very structure that the key has, and so is not to be copied into its place. */
    private boolean isThere(MapAccess access, V value) {
        return loose != null && LiveStructure.isOne(value)
                && LiveStructure.areSame(value, values.brief((byte[]) table.getUnsure(access, values)));
    }

    /** Whether an object can be a key of this map. */
    private boolean isKey(Object key) {
        return keys.type().isInstance(Objects.requireNonNull(key, "the key is null"));
    }

    private static <T> T notNull(T value) {
        return Objects.requireNonNull(value, "the value is null");
    }

    private static <T> T notNullFunction(T function) {
        return Objects.requireNonNull(function, "the function is null");
    }

    @Override
    @SuppressWarnings("unchecked") // the table returns what the encoding has made
    public @Nullable V get(Object key) {
        if (!isKey(key)) {
            return null;
        }
        try (MapAccess access = access(keys.type().cast(key))) {
            return (V) table.get(access, values);
        }
    }

    @Override
    public V getOrDefault(Object key, V otherwise) {
        V value = get(key);
        return value == null ? otherwise : value;
    }

    @Override
    public boolean containsKey(Object key) {
        if (!isKey(key)) {
            return false;
        }
        try (MapAccess access = access(keys.type().cast(key))) {
            return table.get(access, null) != null;
        }
    }

    @Override
    public boolean containsValue(Object value) {
        notNull(value);
        HeapMapIterator<K, V, V> all = new HeapMapIterator<>(this, cursor(true), (_, each) -> each);
        while (all.hasNext()) {
            if (LiveStructure.isEqual(all.next(), value)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public int size() {
        return (int) Math.min(new MapSize(table).size(), Integer.MAX_VALUE);
    }

    @Override
    public boolean isEmpty() {
        return new MapSize(table).size() == 0;
    }

    @Override
    public @Nullable V put(K key, V value) {
        isKey(key);
        notNull(value);
        try (MapAccess access = writing(key)) {
            if (isThere(access, value)) {
                return value;
            }
            values.encode(value, access.value);
            return exchange.exchange(access, it -> it.lockWithRoom(writer), writer::put);
        }
    }

    /** As {@link #put}, for those to whom the old value does not matter. */
    private void store(K key, V value) {
        isKey(key);
        notNull(value);
        try (MapAccess access = writing(key)) {
            if (!isThere(access, value)) {
                values.encode(value, access.value);
                access.lockWithRoom(writer);
                writer.put(access);
            }
        }
    }

    @Override
    @SuppressWarnings("unchecked") // the table returns what the encoding has made
    public @Nullable V putIfAbsent(K key, V value) {
        isKey(key);
        notNull(value);
        try (MapAccess access = writing(key)) {
            V present = (V) table.get(access, values);
            if (present != null) {
                return present;
            }
            values.encode(value, access.value);
            while (present == null) {
                access.lockWithRoom(writer);
                if (access.slotAt == 0) {
                    writer.put(access);
                    return null;
                }
                access.unlock();
                present = (V) table.get(access, values);
            }
            return present;
        }
    }

    @Override
    public void putAll(Map<? extends K, ? extends V> map) {
        map.forEach(this::store);
    }

    @Override
    public @Nullable V remove(Object key) {
        if (!isKey(key)) {
            return null;
        }
        try (MapAccess access = writing(keys.type().cast(key))) {
            return exchange.exchange(access, this::lock, this::removeFound);
        }
    }

    private void lock(MapAccess access) {
        access.lock(writer);
    }

    /** Removes the key that is locked, if it is there. */
    private void removeFound(MapAccess access) {
        if (access.slotAt != 0) {
            writer.remove(access);
        }
    }

    /** Lets the key that is locked have another value, if it is there. */
    private void replaceFound(MapAccess access) {
        if (access.slotAt != 0) {
            writer.put(access);
        }
    }

    /** As {@link #remove(Object)}, for those to whom the old value does not matter. */
    boolean removeKey(Object key) {
        if (!isKey(key)) {
            return false;
        }
        try (MapAccess access = writing(keys.type().cast(key))) {
            access.lock(writer);
            boolean isThere = access.slotAt != 0;
            if (isThere) {
                writer.remove(access);
            }
            return isThere;
        }
    }

    @Override
    public boolean remove(Object key, @Nullable Object value) {
        if (!isKey(key) || value == null) {
            return false;
        }
        try (MapAccess access = writing(keys.type().cast(key))) {
            return doIfEqual(access, value, writer::remove);
        }
    }

    /**
     * Removes an entry if code of the user's says so.
     *
     * @param entry as it was read; the code must not change the map, nor the value where that is a structure
     */
    boolean removeIf(Map.Entry<K, V> entry, Predicate<? super Map.Entry<K, V>> filter) {
        K key = entry.getKey();
        if (values.isPlain()) {
            return filter.test(entry) && remove(key, entry.getValue());
        }
        try (MapAccess access = writing(key)) {
            return exchange.doIf(access, value -> filter.test(new HeapMapViews.Entry<>(this, key, value)),
                    writer::remove);
        }
    }

    /** Does something to a key if its value equals another. */
    private boolean doIfEqual(MapAccess access, Object other, MapExchange.Doing doing) {
        if (!values.isPlain()) {
            return exchange.doIf(access, stored -> LiveStructure.isEqual(stored, other), doing);
        }
        access.lock(writer); // equality of such values is a matter of the JDK
        boolean isEqual = access.slotAt != 0 && LiveStructure.isEqual(writer.read(access, values), other);
        if (isEqual) {
            doing.to(access);
        }
        return isEqual;
    }

    @Override
    public @Nullable V replace(K key, V value) {
        isKey(key);
        notNull(value);
        try (MapAccess access = writing(key)) {
            if (isThere(access, value)) {
                return value;
            }
            values.encode(value, access.value);
            return exchange.exchange(access, this::lock, this::replaceFound);
        }
    }

    @Override
    public boolean replace(K key, V oldValue, V newValue) {
        isKey(key);
        notNull(oldValue);
        notNull(newValue);
        try (MapAccess access = writing(key)) {
            values.encode(newValue, access.value);
            return doIfEqual(access, oldValue,
                    LiveStructure.isOne(newValue) ? it -> replaceOther(it, newValue) : writer::put);
        }
    }

    /** Lets the key that is locked have a copy of a structure, unless that is the one it has. */
    private void replaceOther(MapAccess access, V value) {
        if (!LiveStructure.areSame(value, writer.read(access, values))) {
            writer.put(access);
        }
    }

    @Override
    public void replaceAll(BiFunction<? super K, ? super V, ? extends V> function) {
        notNullFunction(function);
        for (K key : keySet()) {
            V _ = computeIfPresent(key, (same, value) -> notNull(function.apply(same, value)));
        }
    }

    @Override
    @SuppressWarnings("unchecked") // the table returns what the encoding has made
    public @Nullable V computeIfAbsent(K key, Function<? super K, ? extends @Nullable V> function) {
        isKey(key);
        notNullFunction(function);
        try (MapAccess access = writing(key)) {
            V present = (V) table.get(access, values);
            if (present != null) {
                return present;
            }
            while (present == null) {
                access.lockWithRoom(writer);
                if (access.slotAt == 0) {
                    return functions.compute(access, _ -> function.apply(key));
                }
                access.unlock();
                present = (V) table.get(access, values);
            }
            return present;
        }
    }

    @Override
    public @Nullable V computeIfPresent(K key, BiFunction<? super K, ? super V, ? extends @Nullable V> function) {
        isKey(key);
        notNullFunction(function);
        try (MapAccess access = writing(key)) {
            access.lock(writer);
            return access.slotAt == 0 ? null
                    : functions.compute(access, old -> old == null ? null : function.apply(key, old));
        }
    }

    @Override
    public @Nullable V compute(K key, BiFunction<? super K, ? super @Nullable V, ? extends @Nullable V> function) {
        isKey(key);
        notNullFunction(function);
        try (MapAccess access = writing(key)) {
            access.lockWithRoom(writer);
            return functions.compute(access, old -> function.apply(key, old));
        }
    }

    @Override
    public @Nullable V merge(K key, V value, BiFunction<? super V, ? super V, ? extends @Nullable V> function) {
        isKey(key);
        notNull(value);
        notNullFunction(function);
        try (MapAccess access = writing(key)) {
            access.lockWithRoom(writer);
            return functions.compute(access, old -> old == null ? value : function.apply(old, value));
        }
    }

    @Override
    public void forEach(BiConsumer<? super K, ? super V> action) {
        notNullFunction(action);
        HeapMapIterator<K, V, Boolean> all = new HeapMapIterator<>(this, cursor(true), (key, value) -> {
            action.accept(key, value);
            return true;
        });
        while (all.hasNext()) {
            boolean _ = all.next();
        }
    }

    @Override
    public void clear() {
        for (K key : keySet()) {
            boolean _ = removeKey(key);
        }
    }

    /** Whether values are structures, of which what was put is not what is there. */
    boolean isHolding() {
        return loose != null;
    }

    MapCursor<K, V> cursor(boolean hasValues) {
        return new MapCursor<>(table, keys, hasValues ? values : null);
    }

    @Override
    public Set<K> keySet() {
        return new HeapMapViews.Keys<>(this);
    }

    @Override
    public Collection<V> values() {
        return new HeapMapViews.Values<>(this);
    }

    @Override
    public Set<Map.Entry<K, V>> entrySet() {
        return new HeapMapViews.Entries<>(this);
    }

    @Override
    public AutoCloseable watch(BiConsumer<K, V> onChange, LongConsumer onMissed) {
        notNullFunction(onChange);
        notNullFunction(onMissed);
        return new MapWatch<>(name, this, table, keys, values, onChange, onMissed).start();
    }
}
